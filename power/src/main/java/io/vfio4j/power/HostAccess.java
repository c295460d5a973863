/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** A host's reference on a device while it reads or writes its config space. Close exactly once. */
public interface HostAccess extends AutoCloseable {
    /** Gives the references back; the device may idle again. */
    @Override
    void close();
}
