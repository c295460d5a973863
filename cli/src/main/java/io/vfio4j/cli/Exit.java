/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

/**
 * How a command ended: the process's exit code, and the line on standard error that explains it.
 */
public sealed interface Exit {
    /** The process's exit code. */
    int code();

    /** The command did what it was asked to. */
    record Done() implements Exit {
        @Override
        public int code() {
            return 0;
        }
    }

    /**
     * The command could not do it.
     *
     * @param why one sentence: what, where, what to do
     * @param cause what {@code --debug} shows
     */
    record Failed(String why, Throwable cause) implements Exit {
        @Override
        public int code() {
            return 1;
        }
    }

    /**
     * The command did what it could, and its output says that the answer is no: a demo step that
     * misbehaved, a wake that never came.
     */
    record Negative() implements Exit {
        @Override
        public int code() {
            return 1;
        }
    }

    /**
     * The command line means nothing.
     *
     * @param why one sentence: what is wrong with it
     */
    record Misused(String why) implements Exit {
        @Override
        public int code() {
            return 2;
        }
    }
}
