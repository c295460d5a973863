/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** A file in memory: its size, its bytes, its seals. */
class MemFdTest {
    @Test
    void shouldHaveTheSizeAskedForAndChangeIt() {
        try (MemFd file = MemFd.create("sized", 10_000)) {
            assertThat(file.size()).isEqualTo(10_000);
            file.truncate(1);
            assertThat(file.size()).isEqualTo(1);
        }
    }

    @Test
    void shouldReadAllOrSayThatTheFileEnds() {
        try (MemFd file = MemFd.create("read", 100);
                Memory memory = Memory.allocate(64)) {
            memory.fill(0, 64, (byte) 3);
            file.write(90, memory, 0, 20);
            assertThat(file.size()).isEqualTo(110);
            file.read(80, memory, 10, 30);
            assertThat(memory.getByte(19)).isZero();
            assertThat(memory.getByte(20)).isEqualTo((byte) 3);
            assertThatThrownBy(() -> file.read(100, memory, 0, 11))
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessage("the file ends at 110, before the end of 11 bytes at 100");
            assertThatThrownBy(() -> file.write(0, memory, 60, 5))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void shouldKeepItsSizeOnceSealed() {
        try (MemFd file = MemFd.create("sealed", 4096)) {
            file.sealSize();
            assertThatThrownBy(() -> file.truncate(0))
                    .isInstanceOfSatisfying(
                            LinuxException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.EPERM));
            assertThat(file.size()).isEqualTo(4096);
        }
    }

    @Test
    void shouldRefuseWhatIsNoFileAndLeakNothing() {
        int before = Fd.openCount();
        assertThatThrownBy(() -> MemFd.create("negative", -1))
                .isInstanceOfSatisfying(
                        LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
        assertThatThrownBy(() -> MemFd.create("n".repeat(250), 1))
                .isInstanceOf(LinuxException.class);
        assertThat(Fd.openCount()).isEqualTo(before);
    }
}
