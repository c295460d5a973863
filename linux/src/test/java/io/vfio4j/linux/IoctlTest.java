/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.util.List;

/** Requests with a number and with a structure, and the errno of one that is refused. */
class IoctlTest {
    private static final int FIONREAD = 0x541b;
    private static final int FIOCLEX = 0x5451;
    private static final int FIONCLEX = 0x5450;

    @Test
    void shouldFillAStructure() {
        UnixStream[] pair = UnixStream.pair();
        try (UnixStream here = pair[0];
                UnixStream there = pair[1];
                Memory memory = Memory.allocate(64)) {
            here.send(memory, 0, 13);
            assertThat(Ioctl.call(there.fd(), FIONREAD, memory, 20)).isZero();
            assertThat(memory.getInt(20)).isEqualTo(13);
            assertThatThrownBy(() -> Ioctl.call(there.fd(), FIONREAD, memory, 64))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void shouldPassANumber() {
        try (Fd fd = Fd.open(Path.of("/dev/null"), false)) {
            assertThat(Ioctl.call(fd, FIONCLEX, 0)).isZero();
            assertThat(Libc.fcntl(fd.number(), 1, 0)).isZero();
            assertThat(Ioctl.call(fd, FIOCLEX, 0)).isZero();
            assertThat(Libc.fcntl(fd.number(), 1, 0)).isEqualTo(1);
        }
    }

    @Test
    void shouldSayWhichRequestWasRefused() {
        try (Fd fd = Fd.open(Path.of("/dev/null"), false)) {
            assertThatThrownBy(() -> Ioctl.call(fd, 0x3b75, 0))
                    .isInstanceOfSatisfying(
                            LinuxException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.ENOTTY))
                    .hasMessageStartingWith("ioctl 0x3b75 on fd ");
        }
    }

    @Test
    void shouldEndAStructureWhereNothingCanBeRead() {
        for (int size : new int[] {0, 4, 8, 4096, 70_000}) {
            try (Memory memory = Memory.allocateBeforeGap(size)) {
                assertThat(memory.size()).isEqualTo(size);
                memory.fill(0, size, (byte) 7);
                long end = memory.address() + size;
                assertThat(Libc.open(end, 0)).as("a path behind %d", size).isEqualTo(-14);
            }
        }
        assertThatThrownBy(() -> Memory.allocateBeforeGap(-1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Memory.allocateBeforeGap((1 << 20) + 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldKeepNamedDescriptorsForTheCall() {
        try (Fd fd = Fd.open(Path.of("/dev/null"), false);
                Fd named = Fd.open(Path.of("/dev/null"), false);
                Memory memory = Memory.allocate(8)) {
            assertThat(Ioctl.call(fd, FIOCLEX, memory, 0, List.of(named, named))).isZero();
            assertThat(named.users()).isZero();
            Fd closed = named.duplicate();
            closed.close();
            assertThatThrownBy(() -> Ioctl.call(fd, FIOCLEX, memory, 0, List.of(named, closed)))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(named.users()).as("left again").isZero();
        }
    }

    @Test
    void shouldRunWhereItWasPinned() {
        Thread thread =
                Thread.ofPlatform()
                        .start(() -> {
                            Cpu.pin(0);
                            assertThat(Cpu.current()).isZero();
                        });
        assertThatThrownBy(() -> Cpu.pin(1023)).isInstanceOf(LinuxException.class);
        assertThatThrownBy(() -> Cpu.pin(1024)).isInstanceOf(IndexOutOfBoundsException.class);
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }
}
