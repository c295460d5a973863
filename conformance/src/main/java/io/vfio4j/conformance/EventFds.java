/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.RawFeature;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;

import java.nio.file.Path;
import java.util.List;

/** What is taken as a wakeup eventfd, and what is not (spec A2 step 14). */
final class EventFds {
    private static final Path NULL = Path.of("/dev/null");
    private static final long FULL = -2;
    private static final String CITATION = "spec A2 step 14";

    private EventFds() {}

    static List<Case> cases() {
        return questions().stream().map(Case::sharingTheOpen).toList();
    }

    private static List<Case> questions() {
        return List.of(
                refused("minus-1", "-1", "EINVAL", t -> Acts.wakeupRequest(-1, 0)),
                refused("minus-2", "-2", "EINVAL", t -> Acts.wakeupRequest(-2, 0)),
                refused(
                        "not-open",
                        "a number that is not open",
                        "EBADF",
                        t -> Acts.wakeupRequest(Acts.NOT_OPEN, 0)),
                refused(
                        "null",
                        "a descriptor of /dev/null",
                        "EINVAL",
                        t -> Acts.wakeupRequest(t.owned(Fd.open(NULL, true)))),
                refused(
                        "path-only",
                        "a descriptor opened with O_PATH",
                        "EBADF",
                        t -> Acts.wakeupRequest(t.owned(Fd.openPathOnly(NULL)))),
                Case.of(
                        "A2.14.reserved",
                        "the reserved field is not checked",
                        CITATION,
                        EventFds::reserved),
                Case.of(
                        "A2.14.preloaded",
                        "a counter that is not 0",
                        CITATION,
                        t -> signalled(t, EventFd.create(5, false), 6)),
                Case.of(
                        "A2.14.semaphore",
                        "a semaphore",
                        CITATION,
                        t -> signalled(t, EventFd.create(0, true), 1)),
                Case.of("A2.14.full", "a counter that is full", CITATION, EventFds::full),
                Case.of(
                        "A2.14.closed",
                        "the descriptor is closed after the entry",
                        "spec A2, last note",
                        EventFds::closed),
                Case.of(
                        "A2.14.duplicate",
                        "a duplicate is kept, and signalled",
                        "spec A2, last note",
                        EventFds::duplicate));
    }

    /** What makes the request that is refused. */
    private interface Made {
        RawFeature by(Trial t);
    }

    private static Case refused(String id, String title, String errno, Made made) {
        return Case.of(
                "A2.14." + id,
                "W with " + title,
                CITATION,
                t -> {
                    RawFeature request = made.by(t);
                    t.does("W", errno, () -> t.device().feature(request));
                    t.staysAwake();
                });
    }

    private static void reserved(Trial t) {
        RawFeature base = Acts.wakeupRequest(0, -1);
        RawFeature request =
                RawFeature.of(base.flags(), base.payload()).withDescriptor(t.wakeup().fd());
        t.does("W", "0", () -> t.device().feature(request));
        After.W.see(t);
    }

    private static void signalled(Trial t, EventFd eventFd, long counter) {
        EventFd given = t.owned(eventFd);
        wakeOnceAsleep(t, given);
        t.expect("counter " + counter, "counter " + given.drain());
    }

    private static void wakeOnceAsleep(Trial t, EventFd given) {
        t.does("W", "0", () -> Acts.wakeup(t.device(), given));
        t.sleeps();
        t.does("a read of config space", "0", () -> Acts.readConfig(t.device()));
        t.staysAwake();
    }

    /** Nothing waits for room in it, and nothing is lost: it can still be read. */
    private static void full(Trial t) {
        EventFd given = t.eventFd();
        t.expect("filled", given.add(FULL));
        wakeOnceAsleep(t, given);
        t.expect("full or overflown", Long.compareUnsigned(given.drain(), FULL) >= 0);
    }

    private static void closed(Trial t) {
        EventFd given = EventFd.create();
        t.does("W", "0", () -> Acts.wakeup(t.device(), given));
        given.close();
        t.sleeps();
        t.does("a read of config space", "0", () -> Acts.readConfig(t.device()));
        t.staysAwake();
    }

    private static void duplicate(Trial t) {
        EventFd given = EventFd.create();
        EventFd kept = t.owned(EventFd.adopt(given.fd().duplicate()));
        t.does("W", "0", () -> Acts.wakeup(t.device(), given));
        given.close();
        t.sleeps();
        t.does("a read of config space", "0", () -> Acts.readConfig(t.device()));
        t.expect("counter 1", "counter " + kept.drain());
        t.staysAwake();
    }
}
