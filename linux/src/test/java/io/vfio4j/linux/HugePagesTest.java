/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;

/** Parts of files in hugetlbfs, as a virtual machine with huge pages sends them. */
@Timeout(20)
class HugePagesTest {
    private static final long PAGE = 4096;
    private static final int MFD_HUGETLB = 4;

    private static Fd hugeFile() {
        try (Arena arena = Arena.ofConfined()) {
            int number = Libc.memfdCreate(arena.allocateFrom("huge").address(), MFD_HUGETLB);
            return Fd.own(Libc.check(number, "memfd_create", ""));
        }
    }

    private static void resize(Fd file, long size) {
        int number = file.enter();
        try {
            Libc.check(Libc.ftruncate(number, size), "ftruncate", "");
        } finally {
            file.leave();
        }
    }

    private static long sizeOf(Fd file) {
        int number = file.enter();
        try {
            return HugePages.sizeOf(number);
        } finally {
            file.leave();
        }
    }

    private static long mappings() throws Exception {
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains("memfd:huge")).count();
        }
    }

    @Test
    void shouldKnowThatOtherFilesHaveNone() {
        try (MemFd file = MemFd.create("small", PAGE);
                EventFd event = EventFd.create()) {
            assertThat(sizeOf(file.fd())).isOne();
            assertThat(sizeOf(event.fd())).isOne();
        }
    }

    @Test
    void shouldMapPartsOfAHugePage() throws Exception {
        assumeFreePages(2);
        try (Fd file = hugeFile()) {
            long huge = sizeOf(file);
            assertThat(huge).isGreaterThan(PAGE);
            resize(file, 2 * huge);
            // The hole below 1 MiB; and a part that lies on two pages.
            try (Mapping below = Mapping.map(file, 0, 0xa0000, true);
                    Mapping above = Mapping.map(file, 0xc0000, huge, true);
                    Mapping whole = Mapping.map(file, 0, 2 * huge, false)) {
                assertThat(below.size()).isEqualTo(0xa0000);
                below.putInt(0x9fffc, 1);
                above.putInt(0, 2);
                above.putInt(huge - 4, 3);
                assertThat(whole.getInt(0x9fffc)).isEqualTo(1);
                assertThat(whole.getInt(0xc0000)).isEqualTo(2);
                assertThat(whole.getInt(0xc0000 + huge - 4)).isEqualTo(3);
                assertThatThrownBy(() -> above.getInt(huge))
                        .isInstanceOf(IndexOutOfBoundsException.class);
                assertThat(above.address() % huge).isEqualTo(0xc0000);
            }
            assertThat(mappings()).isZero();
            assertThatThrownBy(() -> Mapping.map(file, 100, PAGE, true))
                    .hasMessageContaining("EINVAL");
        }
    }

    @Test
    void shouldSayThatAHugePageIsGone() {
        assumeFreePages(1);
        try (Fd file = hugeFile()) {
            resize(file, sizeOf(file));
            try (Mapping mapping = Mapping.map(file, PAGE, PAGE, true)) {
                mapping.putInt(0, 1);
                resize(file, 0);
                assertThatThrownBy(() -> mapping.getInt(0))
                        .isInstanceOf(MappingFaultException.class);
                assertThatThrownBy(() -> mapping.putInt(0, 1))
                        .isInstanceOf(MappingFaultException.class);
            }
        }
    }

    private static void assumeFreePages(int count) {
        long free = 0;
        try (var lines = Files.lines(Path.of("/proc/meminfo"))) {
            free =
                    lines.filter(line -> line.startsWith("HugePages_Free:"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                            .sum();
        } catch (java.io.IOException unreadable) {
            // Then there are none.
        }
        assumeTrue(free >= count, "no huge pages are set aside (vm.nr_hugepages)");
    }
}
