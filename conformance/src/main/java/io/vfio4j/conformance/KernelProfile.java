/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A kernel whose answers are expected: the points in which kernels differ (spec A1, G). */
public enum KernelProfile {
    /** Linux 6.1: features 0 to 8, and MSI-X vectors cannot be added. */
    LINUX_6_1("6.1", 8),
    /** Linux 6.12: features 0 to 10. */
    LINUX_6_12("6.12", 10),
    /** Linux 7.3: features 0 to 13. */
    LINUX_7_3("7.3", 13);

    private static final Path RELEASE = Path.of("/proc/sys/kernel/osrelease");

    private final String version;
    private final int lastFeature;

    KernelProfile(String version, int lastFeature) {
        this.version = version;
        this.lastFeature = lastFeature;
    }

    /** As a user writes it, such as {@code 6.12}. */
    public String version() {
        return version;
    }

    /** The highest feature index that the core knows. */
    int lastFeature() {
        return lastFeature;
    }

    /** Whether MSI-X vectors can be added while others are in use: kernels since 6.5. */
    boolean dynamicMsix() {
        return this != LINUX_6_1;
    }

    /** The profile of that version, if there is one. */
    public static Optional<KernelProfile> of(String version) {
        for (KernelProfile profile : values()) {
            if (profile.version.equals(version)) {
                return Optional.of(profile);
            }
        }
        return Optional.empty();
    }

    /** The newest profile that is not newer than the running kernel; the oldest before that. */
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
        if (major >= 7) {
            return LINUX_7_3;
        }
        return major == 6 && minor >= 12 ? LINUX_6_12 : LINUX_6_1;
    }

    @Override
    public String toString() {
        return "linux-" + version;
    }
}
