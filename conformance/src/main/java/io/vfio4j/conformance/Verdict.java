/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import java.util.List;

/** What came of a case. */
public sealed interface Verdict {
    /** One word, as reports have it. */
    String word();

    /** All was as the specification has it. */
    record Passed() implements Verdict {
        @Override
        public String word() {
            return "pass";
        }
    }

    /**
     * Something was not.
     *
     * @param differences one sentence each: what was expected, what was observed
     */
    record Failed(List<String> differences) implements Verdict {
        /** Copies the list. */
        public Failed {
            differences = List.copyOf(differences);
        }

        @Override
        public String word() {
            return "FAIL";
        }
    }

    /**
     * The target cannot show it. Never a pass.
     *
     * @param reason why not
     */
    record NotApplicable(String reason) implements Verdict {
        @Override
        public String word() {
            return "n/a";
        }
    }

    /**
     * The case could not be carried to its end.
     *
     * @param why what went wrong
     */
    record Erred(String why) implements Verdict {
        @Override
        public String word() {
            return "ERROR";
        }
    }

    /** Whether the target is at fault, or the case. */
    default boolean bad() {
        return this instanceof Failed || this instanceof Erred;
    }
}
