/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

/** One way to a device, ready to be gone, on one open of it. */
interface PathLoad extends AutoCloseable {
    /**
     * Goes it, perhaps several times.
     *
     * @return how long it took once, nanoseconds
     */
    long once();

    /** Gives back what it needs. */
    @Override
    default void close() {}
}
