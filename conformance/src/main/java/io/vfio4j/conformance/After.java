/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

/** What a device must be when something has happened to it, and how that is seen. */
enum After {
    /** Not engaged: its being open keeps it awake. */
    OFF {
        @Override
        void see(Trial trial) {
            trial.letGo();
            trial.staysAwake();
        }
    },
    /** Engaged without wakeup: it falls asleep, and nobody is told when it is made to leave. */
    N {
        @Override
        void see(Trial trial) {
            leave(trial, 0, 0);
        }
    },
    /** Engaged with the wakeup it had: it falls asleep, and leaving tells that one. */
    W {
        @Override
        void see(Trial trial) {
            leave(trial, 1, 0);
        }
    },
    /** Engaged with the second wakeup. */
    SECOND {
        @Override
        void see(Trial trial) {
            leave(trial, 0, 1);
        }
    };

    abstract void see(Trial trial);

    private static void leave(Trial trial, int signals, int secondSignals) {
        trial.letGo();
        trial.sleeps();
        trial.does("then EXIT", "0", () -> Acts.exit(trial.device()));
        trial.signals(signals);
        trial.secondSignals(secondSignals);
    }
}
