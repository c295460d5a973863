/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import java.util.OptionalInt;

/** The client of a session, as the device that it opens sees it. */
public interface ServedClient {
    /** Reaches the client's memory by messages. */
    ClientMemory memory();

    /**
     * Whether it bears faults of its BAR mappings whenever memory is not enabled, as with a real
     * device; if not, an emulated device's read all ones then, but for low power.
     */
    boolean bearsFaults();

    /** Whether it knows the PME interrupt. */
    boolean knowsPme();

    /** Its process, as the socket tells; empty if that is not to be seen from here. */
    OptionalInt process();

    /** Ends the session, from any thread and without waiting: the client sees its socket closed. */
    void hangUp();
}
