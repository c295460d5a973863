/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.EventFd;

import java.util.ArrayList;
import java.util.List;

/** Looks at the watched eventfds when the test says so. */
final class ManualWatcher implements EventFdWatcher {
    private record Watched(EventFd eventFd, Runnable signalled) {}

    private final List<Watched> watches = new ArrayList<>();

    @Override
    public Watch watch(EventFd eventFd, Runnable signalled) {
        Watched watched = new Watched(eventFd, signalled);
        watches.add(watched);
        return () -> watches.remove(watched);
    }

    int watching() {
        return watches.size();
    }

    void look() {
        for (Watched watched : List.copyOf(watches)) {
            if (watched.eventFd().drain() > 0) {
                watched.signalled().run();
            }
        }
    }
}
