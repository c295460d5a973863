/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;

/** Sentences for reads and writes of regions that failed. */
final class AccessFailures {
    private AccessFailures() {}

    /** What was to be done, as in "reading 4 bytes at 0x10 of region 0 of 0000:01:00.0". */
    static String describe(String what, int region, long offset, long count, String device) {
        return "%s %d bytes at 0x%x of region %d of %s"
                .formatted(what, count, offset, region, device);
    }

    static VfioException refused(Errno errno, String description) {
        String advice =
                errno.equals(Errno.EIO)
                        ? ": is its memory enabled (COMMAND), is it in D0 (PMCSR)?"
                        : "";
        return Answers.failed(errno, description, advice);
    }

    static VfioException cutShort(String description, long done) {
        return new VfioException(
                Errno.EIO, "%s: the device did %d of them".formatted(description, done));
    }
}
