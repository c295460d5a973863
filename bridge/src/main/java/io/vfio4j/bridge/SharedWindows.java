/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

/** Stand-in. */
public final class SharedWindows {
    /** x. */
    public SharedWindows() {}
}
