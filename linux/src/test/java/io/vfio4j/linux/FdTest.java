/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;

/** A descriptor has one owner, and its number is never used for someone else's file. */
@Timeout(20)
class FdTest {
    @Test
    void shouldCountWhatIsOpen() {
        int before = Fd.openCount();
        Fd fd = Fd.open(Path.of("/dev/null"), true);
        assertThat(Fd.openCount()).isEqualTo(before + 1);
        Fd second = fd.duplicate();
        assertThat(Fd.openCount()).isEqualTo(before + 2);
        assertThat(second.number()).isNotEqualTo(fd.number());
        fd.close();
        assertThat(second.isOpen()).isTrue();
        second.close();
        assertThat(Fd.openCount()).isEqualTo(before);
    }

    @Test
    void shouldReplaceWhatAFileHolds(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("control"), "auto\n");
        try (Fd fd = Fd.openToReplace(file);
                Memory memory = Memory.allocate(2)) {
            memory.put(0, new byte[] {'o', 'n'}, 0, 2);
            assertThat(fd.write(0, memory, 0, 2)).isEqualTo(2);
            assertThatThrownBy(() -> fd.read(0, memory, 0, 2))
                    .isInstanceOf(LinuxException.class)
                    .hasMessageContaining("EBADF");
        }
        assertThat(file).hasContent("on");
        Path absent = directory.resolve("absent");
        assertThatThrownBy(() -> Fd.openToReplace(absent)).hasMessageContaining("ENOENT");
        assertThat(absent).doesNotExist();
    }

    @Test
    void shouldReadAndWriteValuesByOneCallOfTheirWidth() {
        try (MemFd file = MemFd.create("values", 16)) {
            Fd fd = file.fd();
            fd.writeValue(0, 0x1122_3344_5566_7788L, 8);
            assertThat(fd.readValue(0, 8)).isEqualTo(0x1122_3344_5566_7788L);
            assertThat(fd.readValue(0, 4)).as("zero-extended").isEqualTo(0x5566_7788L);
            assertThat(fd.readValue(4, 2)).isEqualTo(0x3344);
            fd.writeValue(1, -1, 1);
            assertThat(fd.readValue(0, 4)).isEqualTo(0x5566_ff88L);
            assertThat(fd.readValue(14, 2)).isZero();
            assertThatThrownBy(() -> fd.readValue(14, 4))
                    .isInstanceOfSatisfying(
                            ShortTransferException.class,
                            e -> assertThat(e.transferred()).isEqualTo(2))
                    .hasMessageContaining("2 bytes of 4");
            assertThatThrownBy(() -> fd.readValue(-1, 4))
                    .isInstanceOf(LinuxException.class)
                    .hasMessageContaining("EINVAL");
            assertThatThrownBy(() -> fd.writeValue(-1, 0, 4)).hasMessageContaining("EINVAL");
            assertThatThrownBy(() -> fd.readValue(0, 9))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> fd.writeValue(0, 0, 0))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
        Fd closed = Fd.open(Path.of("/dev/null"), false);
        closed.close();
        assertThatThrownBy(() -> closed.readValue(0, 4)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldCloseOnce() {
        Fd fd = Fd.open(Path.of("/dev/null"), false);
        int number = fd.number();
        fd.close();
        // The lowest free number is given out next: a second close would hit this one.
        try (Fd next = Fd.open(Path.of("/dev/null"), false)) {
            assertThat(next.number()).isEqualTo(number);
            fd.close();
            assertThat(Libc.fcntl(number, 1, 0)).isNotNegative();
        }
        assertThat(fd.isOpen()).isFalse();
        assertThat(fd).hasToString("fd " + number + " (closed)");
    }

    @Test
    void shouldRefuseUseAfterClose() {
        Fd fd = Fd.open(Path.of("/dev/null"), false);
        fd.close();
        assertThatThrownBy(fd::number)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageMatching("descriptor \\d+ is closed");
        assertThatThrownBy(fd::duplicate).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> Ioctl.call(fd, 0, 0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> Mapping.map(fd, 0, 1, false))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldKeepTheNumberAsLongAsACallIsInside() {
        Fd fd = Fd.open(Path.of("/dev/null"), false);
        int number = fd.enter();
        fd.close();
        assertThat(Libc.fcntl(number, 1, 0)).isNotNegative();
        assertThat(fd.tryEnter()).isFalse();
        fd.leave();
        assertThat(Libc.fcntl(number, 1, 0)).isEqualTo(-Errno.EBADF.number());
    }

    @Test
    void shouldSayWhatCouldNotBeOpened() {
        assertThatThrownBy(() -> Fd.open(Path.of("/nowhere/at all"), false))
                .isInstanceOf(LinuxException.class)
                .hasMessage("open /nowhere/at all: ENOENT (no such file or directory)");
        assertThatThrownBy(() -> Fd.own(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldOpenNamesThatAreNotAscii() {
        assertThatThrownBy(() -> Fd.open(Path.of("/tmp").resolve("Gerät"), false))
                .isInstanceOfSatisfying(
                        LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
    }

    @Test
    void shouldReadAndWriteAtAPosition() {
        try (MemFd file = MemFd.create("positions", 16);
                Memory memory = Memory.allocate(32)) {
            memory.putLong(8, 0x0102030405060708L);
            assertThat(file.fd().write(4, memory, 8, 8)).isEqualTo(8);
            assertThat(file.fd().read(4, memory, 16, 16)).isEqualTo(12);
            assertThat(memory.getLong(16)).isEqualTo(0x0102030405060708L);
            assertThat(file.fd().read(16, memory, 0, 1)).isZero();
            assertThatThrownBy(() -> file.fd().read(0, memory, 31, 2))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }
}
