/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.RawFeature;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The order of checks (spec A2): each step alone, and each against each later one where the errno
 * tells them apart. The request that is spoiled is always W with a good eventfd.
 *
 * <p>Not reachable from here: step 1, a descriptor that has no access yet; step 2, a failing
 * resume; step 3, a header that is not there.
 */
final class OrderOfChecks {
    private static final int HEADER = 8;
    private static final int PAYLOAD = 8;
    private static final int UNKNOWN_FLAG = 1 << 19;

    /** Feature 1: known to all kernels, and no plain PCI device migrates. */
    private static final int LACKING = 1;

    private OrderOfChecks() {}

    /** A request that is wrong in one way or in several. */
    private static final class Spoiled {
        private int index = Acts.WAKEUP;
        private int operations = Acts.SET;
        private int flags;
        private int argsz = HEADER + PAYLOAD;
        private int present = PAYLOAD;
        private boolean notOpen;

        void send(Trial t) {
            byte[] payload = new byte[present];
            if (notOpen) {
                payload = Acts.wakeupRequest(Acts.NOT_OPEN, 0).payload();
            }
            RawFeature request = RawFeature.of(index | operations | flags, payload);
            if (!notOpen && present > 0) {
                request = request.withDescriptor(t.second().fd());
            }
            t.device().feature(request.withArgsz(argsz));
        }
    }

    /** A step, what it answers, and how to fail there. */
    private enum Step {
        ARGSZ(4, "argsz 7", "EINVAL") {
            @Override
            void spoil(Spoiled request) {
                request.argsz = HEADER - 1;
            }
        },
        FLAG(5, "flag bit 19", "EINVAL") {
            @Override
            void spoil(Spoiled request) {
                request.flags = UNKNOWN_FLAG;
            }
        },
        BOTH(6, "GET and SET", "EINVAL") {
            @Override
            void spoil(Spoiled request) {
                request.operations |= Acts.GET | Acts.SET;
            }
        },
        NOT_KNOWN(7, "an unknown feature", "ENOTTY") {
            @Override
            void spoil(Spoiled request) {
                request.index = Acts.UNKNOWN;
            }
        },
        LACKED(8, "a feature that the device lacks", "ENOTTY") {
            @Override
            void spoil(Spoiled request) {
                request.index = request.index == Acts.UNKNOWN ? Acts.UNKNOWN : LACKING;
            }
        },
        OPERATION(9, "GET of a feature that has none", "EINVAL") {
            @Override
            void spoil(Spoiled request) {
                request.operations = (request.operations & ~Acts.SET) | Acts.GET;
            }
        },
        PROBED(10, "PROBE", "0") {
            @Override
            void spoil(Spoiled request) {
                request.operations |= Acts.PROBE;
            }
        },
        NO_OPERATION(11, "no operation", "EINVAL") {
            @Override
            void spoil(Spoiled request) {
                request.operations &= ~(Acts.GET | Acts.SET);
            }
        },
        SHORT(12, "argsz 12", "EINVAL") {
            @Override
            void spoil(Spoiled request) {
                request.argsz = Math.min(request.argsz, HEADER + Integer.BYTES);
            }
        },
        NOT_THERE(13, "a payload that cannot be read", "EFAULT") {
            @Override
            void spoil(Spoiled request) {
                request.present = 0;
            }
        },
        DESCRIPTOR(14, "a number that is not open", "EBADF") {
            @Override
            void spoil(Spoiled request) {
                request.notOpen = true;
            }
        },
        ENGAGED(15, "engaged already", "EINVAL") {
            @Override
            void spoil(Spoiled request) {
                // Not a fault of the request: the device has been brought there.
            }
        };

        private final int number;
        private final String text;
        private final String answer;

        Step(int number, String text, String answer) {
            this.number = number;
            this.text = text;
            this.answer = answer;
        }

        abstract void spoil(Spoiled request);

        String id() {
            return String.format(Locale.ROOT, "A2.%02d", number);
        }

        /**
         * Whether a request can fail in both ways at once, and the answer tells which was first.
         */
        boolean tellsFrom(Step later) {
            if (later.number <= number || later.answer.equals(answer)) {
                return false;
            }
            // GET instead of SET cannot be added to both; a payload that is not there holds no
            // number; without an operation, or with a probe, there is none that is wrong.
            return !(this == BOTH && later == PROBED)
                    && !(this == BOTH && later == OPERATION)
                    && !(this == NOT_THERE && later == DESCRIPTOR);
        }
    }

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (Step step : Step.values()) {
            cases.add(
                    Case.of(
                                    step.id(),
                                    step.text,
                                    "spec A2 step " + step.number,
                                    t -> ask(t, step, List.of(step)))
                            .sharingTheOpen());
        }
        for (Step first : Step.values()) {
            for (Step later : Step.values()) {
                if (first.tellsFrom(later)) {
                    cases.add(
                            Case.of(
                                            "%s-%02d".formatted(first.id(), later.number),
                                            "%s beats %s".formatted(first.text, later.text),
                                            "spec A2 steps %d and %d"
                                                    .formatted(first.number, later.number),
                                            t -> ask(t, first, List.of(first, later)))
                                    .sharingTheOpen());
                }
            }
        }
        return cases;
    }

    private static void ask(Trial t, Step first, List<Step> steps) {
        if (steps.contains(Step.ENGAGED)) {
            t.bring(State.N_A);
        }
        Spoiled request = new Spoiled();
        steps.forEach(step -> step.spoil(request));
        t.does("request", first.answer, () -> request.send(t));
        (steps.contains(Step.ENGAGED) ? After.N : After.OFF).see(t);
    }
}
