/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

/** One kind of traffic on one connection. When it returns, nothing is under way any more. */
@FunctionalInterface
interface Load {

    /**
     * Runs for a slice; allocates nothing while it does.
     *
     * @param slice begun; tells when to stop, and records
     * @throws RowFailure if the server does not play along
     */
    void run(Slice slice);
}
