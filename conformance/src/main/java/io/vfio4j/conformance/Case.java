/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * One question of the suite.
 *
 * @param id its name, which stays
 * @param title what it asks
 * @param citation where the specification says so
 * @param needs what the target must have
 * @param bound how long it may take
 * @param sharing whether it may use what an earlier case has opened and left as an open gives it
 * @param body asks it
 */
record Case(
        String id,
        String title,
        String citation,
        Set<Need> needs,
        Duration bound,
        boolean sharing,
        Body body) {
    /** How long a case may take that does something a hundred times. */
    static final Duration REPEATING = Duration.ofSeconds(40);

    /** What is done and what must be seen. */
    interface Body {
        void run(Trial trial);
    }

    Case {
        needs = Set.copyOf(needs);
    }

    static Case of(String id, String title, String citation, Body body) {
        return new Case(id, title, citation, Set.of(), Duration.ofSeconds(10), false, body);
    }

    /** This case, for targets that have those things as well. */
    Case needing(Need... more) {
        Set<Need> all = EnumSet.noneOf(Need.class);
        all.addAll(needs);
        all.addAll(List.of(more));
        return new Case(id, title, citation, all, bound, sharing, body);
    }

    /** This case, which may take so long. */
    Case within(Duration longer) {
        return new Case(id, title, citation, needs, longer, sharing, body);
    }

    /**
     * This case, sharing one open with others: for those that ask about arguments and features
     * only, and leave the device as an open gives it, OFF.
     */
    Case sharingTheOpen() {
        return new Case(id, title, citation, needs, bound, true, body);
    }
}
