/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;

import java.time.Duration;
import java.util.Locale;
import java.util.function.Supplier;

/** What an answer's length says, by the rules that hold for all requests. */
final class Answers {
    private Answers() {}

    /**
     * Refuses an answer that is an error or too short.
     *
     * @param length bytes of the answer's payload, or -errno
     * @param least how many it must have
     * @param what the request, as in "resetting vfio-user:/tmp/x"
     */
    static void require(
            VfioUserConnection connection, int length, int least, Supplier<String> what) {
        if (length < 0) {
            throw failed(Errno.of(-length), what.get(), "");
        }
        if (length < least) {
            throw connection.violation(
                    "its answer to %s has %d bytes of %d".formatted(what.get(), length, least));
        }
    }

    /** Refuses a count, of u32, that no device has: callers loop over it. */
    static void requireCount(VfioUserConnection connection, int count, int most, String what) {
        if (count < 0 || count > most) {
            throw connection.violation(
                    "it claims to have %d %s".formatted(Integer.toUnsignedLong(count), what));
        }
    }

    static VfioException failed(Errno errno, String what, String advice) {
        return new VfioException(
                errno, "%s: %s (%s)%s".formatted(what, errno.name(), errno.description(), advice));
    }

    /** A duration in a sentence, such as 10s. */
    static String readable(Duration time) {
        return time.toString().substring(2).toLowerCase(Locale.ROOT);
    }
}
