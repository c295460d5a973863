/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

/**
 * An access to a {@link Mapping} whose backing was not there: the file was truncated, the device's
 * BAR was revoked, or the host ran out of memory for the page.
 *
 * <p>A read that throws this yielded no value. A single write that throws it had no effect; a bulk
 * write may have stored any of its bytes that lie on pages that were still backed. The mapping
 * itself stays usable and works again once its backing returns.
 */
public class MappingFaultException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long offset;

    /**
     * Describes a fault.
     *
     * @param offset where the access began, in bytes from the start of the mapping
     * @param length how many bytes it covered
     * @param cause the virtual machine's report of the fault
     */
    public MappingFaultException(long offset, long length, Throwable cause) {
        super(
                "access to mapped bytes ["
                        + offset
                        + ", "
                        + (offset + length)
                        + ") faulted: nothing backs them now (truncated file or revoked region)",
                cause);
        this.offset = offset;
    }

    /**
     * Returns where the failed access began.
     *
     * @return bytes from the start of the mapping
     */
    public long offset() {
        return offset;
    }
}
