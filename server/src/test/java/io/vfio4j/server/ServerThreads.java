/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import java.util.List;
import java.util.stream.Stream;

/** The threads that servers start; those of the power workqueue are the process's and stay. */
final class ServerThreads {
    private static final List<String> PREFIXES =
            List.of("vfio-user ", "accept ", "control ", "watch ", "refuse ", "vfio4j eventfds");

    private ServerThreads() {}

    /** The names of those that run now. */
    static List<String> running() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> PREFIXES.stream().anyMatch(name::startsWith))
                .toList();
    }

    /** Of those, the names that begin so. */
    static Stream<String> running(String prefix) {
        return running().stream().filter(name -> name.startsWith(prefix));
    }
}
