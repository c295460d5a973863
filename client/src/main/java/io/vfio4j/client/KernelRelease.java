/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which Linux this is, for sentences only: what a kernel can do it is asked itself.
 *
 * @param major as the 6 of 6.12
 * @param minor as the 12 of 6.12
 */
record KernelRelease(int major, int minor) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,4})\\.(\\d{1,4})\\b.*");

    /** Reads what {@code uname -r} says, such as {@code 6.12.95-amd64}. */
    static Optional<KernelRelease> of(String text) {
        Matcher form = FORM.matcher(text);
        return form.matches()
                ? Optional.of(
                        new KernelRelease(
                                Integer.parseInt(form.group(1)), Integer.parseInt(form.group(2))))
                : Optional.empty();
    }

    boolean isBefore(int otherMajor, int otherMinor) {
        return major < otherMajor || (major == otherMajor && minor < otherMinor);
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
