/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

/**
 * A call that the kernel refused. The message is one sentence: what was called, on what, and why
 * not, as in {@code connect /tmp/x.sock: ECONNREFUSED (connection refused)}.
 */
public class LinuxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int errno;
    private final String call;

    /**
     * Describes a failed call.
     *
     * @param errno why it failed
     * @param call the system call's name
     * @param detail what it was called on, and what to do about it if there is more to say; may be
     *     empty
     */
    public LinuxException(Errno errno, String call, String detail) {
        super(
                (detail.isEmpty() ? call : call + " " + detail)
                        + ": "
                        + errno.name()
                        + " ("
                        + errno.description()
                        + ")");
        this.errno = errno.number();
        this.call = call;
    }

    /**
     * Returns why the call failed.
     *
     * @return the error that the kernel gave
     */
    public Errno errno() {
        return Errno.of(errno);
    }

    /**
     * Returns what was called.
     *
     * @return the system call's name, for example {@code connect}
     */
    public String call() {
        return call;
    }
}
