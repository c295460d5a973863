/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** Why a request is refused: the errno values of the contract, with Linux's numbers. */
public enum Refusal {
    /** Not permitted, e.g. a suspend that a latency constraint of 0 forbids (spec E). */
    EPERM(1),
    /** The device could not be resumed, or does not decode memory (spec A2 step 2, B5). */
    EIO(5),
    /** A descriptor that is not open (spec A2 step 14). */
    EBADF(9),
    /** Not now: in use, or a resume is pending (spec E). */
    EAGAIN(11),
    /** Runtime PM is disabled (spec E). */
    EACCES(13),
    /** Bytes that were promised and are not there (spec A2 steps 3 and 13). */
    EFAULT(14),
    /** Occupied: active children, a parent that does not wake, a second opener. */
    EBUSY(16),
    /** The device is gone or going. */
    ENODEV(19),
    /** A wrong argument, or already engaged (spec A2). */
    EINVAL(22),
    /** No such feature here (spec A2 steps 7 and 8). */
    ENOTTY(25),
    /** Not supported by this driver (spec A2 step 8, feature 11). */
    EOPNOTSUPP(95),
    /** A device that did not answer in time. */
    ETIMEDOUT(110);

    private final int errno;

    Refusal(int errno) {
        this.errno = errno;
    }

    /** The positive errno number on Linux, e.g. 22 for {@link #EINVAL}. */
    public int errno() {
        return errno;
    }
}
