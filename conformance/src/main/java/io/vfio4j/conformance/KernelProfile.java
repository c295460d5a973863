/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A kernel whose answers are expected: the points in which kernels differ (spec A1, G), each
 * decided by the release. Some releases were verified; of those between them it is known what the
 * ones before and after agree on, and the rest is not asked.
 *
 * @param major of a release, such as 6
 * @param minor of a release, such as 12
 */
public record KernelProfile(int major, int minor) {
    /** Linux 6.1: features 0 to 8, and MSI-X vectors cannot be added. Verified. */
    public static final KernelProfile LINUX_6_1 = new KernelProfile(6, 1);

    /** Linux 6.12: features 0 to 10. Verified. */
    public static final KernelProfile LINUX_6_12 = new KernelProfile(6, 12);

    /** Linux 7.3: features 0 to 13. Verified. */
    public static final KernelProfile LINUX_7_3 = new KernelProfile(7, 3);

    /** Begins the reason why something is not asked of a release that was not verified. */
    static final String NOT_VERIFIED = "not verified for Linux ";

    /** Whether a kernel knows something. */
    enum Known {
        YES,
        NO,
        /** It may or may not: it came at some release between two that were verified. */
        EITHER
    }

    private static final KernelProfile DYNAMIC_MSIX = new KernelProfile(6, 5);
    private static final Path RELEASE = Path.of("/proc/sys/kernel/osrelease");

    private static final Comparator<KernelProfile> AGE =
            Comparator.comparingInt(KernelProfile::major).thenComparingInt(KernelProfile::minor);

    /** Those that were verified, from the oldest. */
    public static List<KernelProfile> verified() {
        return List.of(LINUX_6_1, LINUX_6_12, LINUX_7_3);
    }

    /** As a user writes it, such as {@code 6.12}. */
    public String version() {
        return major + "." + minor;
    }

    /** Whether the core knows a feature index. None has ever gone away. */
    Known feature(int index) {
        if (since(LINUX_7_3) && !equals(LINUX_7_3)) {
            return index <= LINUX_7_3.lastFeature() ? Known.YES : Known.EITHER;
        }
        int sure = LINUX_6_1.lastFeature();
        for (KernelProfile one : verified()) {
            if (equals(one)) {
                return index <= one.lastFeature() ? Known.YES : Known.NO;
            }
            if (!since(one)) {
                int possible = one.lastFeature();
                return index <= sure ? Known.YES : index > possible ? Known.NO : Known.EITHER;
            }
            sure = one.lastFeature();
        }
        throw new AssertionError("all releases are before, at or after a verified one");
    }

    /** The highest feature index that a verified kernel's core knows. */
    private int lastFeature() {
        return since(LINUX_7_3) ? 13 : since(LINUX_6_12) ? 10 : 8;
    }

    /** Whether MSI-X vectors can be added while others are in use: kernels since 6.5. */
    boolean dynamicMsix() {
        return since(DYNAMIC_MSIX);
    }

    private boolean since(KernelProfile other) {
        return AGE.compare(this, other) >= 0;
    }

    /** The verified profile of that version, if there is one. */
    public static Optional<KernelProfile> of(String version) {
        return verified().stream().filter(one -> one.version().equals(version)).findFirst();
    }

    /** The profile of the running kernel. */
    public static KernelProfile ofThisKernel() {
        try {
            return ofRelease(Files.readString(RELEASE).strip());
        } catch (IOException unreadable) {
            throw new IllegalStateException(
                    RELEASE + " cannot be read: is /proc mounted?", unreadable);
        }
    }

    /** As {@link #ofThisKernel}, of a kernel that calls itself so. */
    static KernelProfile ofRelease(String release) {
        String[] numbers = release.split("[^0-9]+", 3);
        int major = Integer.parseInt(numbers[0]);
        int minor = numbers.length > 1 ? Integer.parseInt(numbers[1]) : 0;
        return new KernelProfile(major, minor);
    }

    @Override
    public String toString() {
        return "linux-" + version();
    }
}
