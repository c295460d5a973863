/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import java.util.ArrayList;
import java.util.List;

/** What edu answers, asked once for all tests. */
final class DirectAnswers {
    static final KernelProfile PROFILE = KernelProfile.LINUX_7_3;

    /** As they were told while it was asked. */
    static final List<Answer> TOLD = new ArrayList<>();

    static final Answers ALL = ask();

    private DirectAnswers() {}

    private static Answers ask() {
        try (ServedEdu edu = new ServedEdu(PROFILE)) {
            return Conformance.run(edu, _ -> true, TOLD::add);
        }
    }
}
