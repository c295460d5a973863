/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** A listener is told what changed while it was one; between note and delivery they may change. */
class AnnouncerTest {
    private static final PowerState BOUND = PowerState.bound(PowerConfig.DEFAULT);

    private final ReentrantLock lock = new ReentrantLock();
    private final Announcer announcer = new Announcer(lock);
    private final RecordingActions actions = new RecordingActions();

    private void noteUsage(int before) {
        lock.lock();
        try {
            announcer.note(BOUND.addUsage(before), BOUND.addUsage(before + 1));
        } finally {
            lock.unlock();
        }
    }

    private static PowerListener into(List<Integer> seen) {
        return (before, after) -> seen.add(before.usage() - BOUND.usage());
    }

    @Test
    void shouldDropWhatIsLeftWhenTheLastListenerGoes() {
        List<Integer> first = new ArrayList<>();
        List<Integer> second = new ArrayList<>();
        PowerListener leaving = into(first);
        announcer.add(leaving);
        noteUsage(0);
        announcer.remove(leaving);
        announcer.deliver(actions);

        announcer.add(into(second));
        noteUsage(1);
        announcer.deliver(actions);

        assertThat(first).isEmpty();
        assertThat(second).containsExactly(1);
    }

    @Test
    void shouldTellANewListenerNothingFromBefore() {
        List<Integer> first = new ArrayList<>();
        List<Integer> second = new ArrayList<>();
        announcer.add(into(first));
        noteUsage(0);
        announcer.add(into(second));
        noteUsage(1);
        announcer.deliver(actions);

        assertThat(first).containsExactly(0, 1);
        assertThat(second).containsExactly(1);
    }

    @Test
    void shouldTellARemovedListenerNothingMore() {
        List<Integer> leavingSaw = new ArrayList<>();
        List<Integer> stayingSaw = new ArrayList<>();
        PowerListener leaving = into(leavingSaw);
        announcer.add(leaving);
        announcer.add(into(stayingSaw));
        noteUsage(0);
        announcer.remove(leaving);
        announcer.deliver(actions);

        assertThat(leavingSaw).isEmpty();
        assertThat(stayingSaw).containsExactly(0);
    }
}
