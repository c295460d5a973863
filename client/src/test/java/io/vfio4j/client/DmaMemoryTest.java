/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.MappingFaultException;
import io.vfio4j.linux.MemFd;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.file.Path;

/** Memory of a descriptor that somebody else has sent, who can be wrong, or lie. */
@Timeout(20)
class DmaMemoryTest {
    private static final int PAGE = 4096;

    private int descriptors;
    private MemFd guest;

    @BeforeEach
    void make() {
        // What a process opens once and for all is not a leak.
        DmaMemory.allocate(PAGE).close();
        try (EventFd event = EventFd.create()) {
            assertThat(event.fd().isOpen()).isTrue();
        }
        descriptors = Fd.openCount();
        guest = MemFd.create("guest", 4 * PAGE);
    }

    @AfterEach
    void leakNoDescriptor() {
        guest.close();
        assertThat(Fd.openCount()).isEqualTo(descriptors);
    }

    /** As if it had been sent. */
    private Fd sent() {
        return guest.fd().duplicate();
    }

    private static void assertRefused(
            Fd sent, long offset, long size, boolean writable, Errno errno, String why) {
        assertThatThrownBy(
                        () -> {
                            DmaMemory _ = DmaMemory.of(sent, offset, size, writable);
                        })
                .isInstanceOfSatisfying(
                        VfioException.class, e -> assertThat(e.errno()).isEqualTo(errno))
                .hasMessageStartingWith("taking %d bytes at %d of fd ".formatted(size, offset))
                .hasMessageContaining(why);
        assertThat(sent.isOpen()).as("taken over").isFalse();
    }

    // What it is

    @Test
    void shouldBeTheBytesOfWhoSentIt() {
        try (DmaMemory whole = DmaMemory.of(sent(), 0, 4 * PAGE, true);
                DmaMemory part = DmaMemory.of(sent(), PAGE, 2 * PAGE, true);
                Memory seen = Memory.allocate(8)) {
            part.putInt(4, 77);
            assertThat(whole.getInt(PAGE + 4)).isEqualTo(77);
            guest.read(PAGE, seen, 0, 8);
            assertThat(seen.getInt(4)).isEqualTo(77);
            assertThat(part.size()).isEqualTo(2 * PAGE);
            assertThat(part.offset()).isEqualTo(PAGE);
            assertThat(part.isWritable()).isTrue();
            assertThatThrownBy(() -> part.getInt(2 * PAGE))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void shouldOwnTheDescriptor() {
        Fd sent = sent();
        DmaMemory memory = DmaMemory.of(sent, 0, PAGE, true);
        assertThat(memory.fd()).isSameAs(sent);
        memory.close();
        memory.close();
        assertThat(sent.isOpen()).isFalse();
        assertThatThrownBy(() -> memory.getInt(0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(memory::identity).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldTellTheSameMemoryFromOther() {
        try (DmaMemory one = DmaMemory.of(sent(), PAGE, PAGE, true);
                DmaMemory same = DmaMemory.of(sent(), PAGE, PAGE, false);
                DmaMemory shifted = DmaMemory.of(sent(), 0, PAGE, true);
                DmaMemory longer = DmaMemory.of(sent(), PAGE, 2 * PAGE, true);
                DmaMemory other = DmaMemory.allocate(PAGE)) {
            assertThat(one.identity()).isEqualTo(same.identity());
            assertThat(one.identity())
                    .isNotEqualTo(shifted.identity())
                    .isNotEqualTo(longer.identity())
                    .isNotEqualTo(other.identity());
            assertThat(one.identity().offset()).isEqualTo(PAGE);
            assertThat(one.identity().size()).isEqualTo(PAGE);
            assertThat(other.offset()).isZero();
        }
    }

    // What it cannot be

    @Test
    void shouldTakeFilesOnly(@TempDir Path directory) {
        UnixStream[] pair = UnixStream.pair();
        try (UnixStream one = pair[0];
                UnixStream _ = pair[1];
                EventFd event = EventFd.create()) {
            Fd socket = one.fd().duplicate();
            assertRefused(socket, 0, PAGE, true, Errno.EINVAL, "it is a socket: memory is shared");
            Fd eventFd = event.fd().duplicate();
            assertRefused(eventFd, 0, PAGE, true, Errno.EINVAL, "it is no file: ");
        }
        Fd folder = Fd.open(directory, false);
        assertRefused(folder, 0, PAGE, false, Errno.EINVAL, "it is a directory: ");
        Fd zeros = Fd.open(Path.of("/dev/zero"), true);
        assertRefused(zeros, 0, PAGE, true, Errno.EINVAL, "it is a character device: ");
    }

    @ParameterizedTest
    @CsvSource({"1, 4096", "0, 100", "2048, 2048", "0, 0", "0, -4096", "4096, 1"})
    void shouldTakeWholePagesOnly(long offset, long size) {
        assertRefused(sent(), offset, size, true, Errno.EINVAL, "no whole pages of 4096 bytes");
    }

    @ParameterizedTest
    @CsvSource({"-4096, 4096", "9223372036854771712, 4096", "4096, 9223372036854771712"})
    void shouldTakeNoRangeThatNoFileHas(long offset, long size) {
        assertRefused(sent(), offset, size, true, Errno.EINVAL, "no file has them");
    }

    @Test
    void shouldTakeNothingBeyondTheFile() {
        assertRefused(sent(), 0, 5 * PAGE, true, Errno.EINVAL, "the file has 16384");
        assertRefused(sent(), 4 * PAGE, PAGE, true, Errno.EINVAL, "the file has 16384");
        guest.truncate(3 * PAGE + 1);
        DmaMemory.of(sent(), 0, 4 * PAGE, true).close();
        guest.truncate(3 * PAGE);
        assertRefused(sent(), 0, 4 * PAGE, true, Errno.EINVAL, "the file has 12288");
        // A file can claim to be larger than what a process can map.
        guest.truncate(Long.MAX_VALUE - PAGE + 1);
        assertRefused(sent(), 0, 1L << 61, true, Errno.ENOMEM, "ENOMEM");
    }

    @Test
    void shouldTakeWhatTheDescriptorAllows() {
        Path path = Path.of("/proc/self/fd/" + guest.fd().number());
        assertRefused(Fd.open(path, false), 0, PAGE, true, Errno.EACCES, "must be open for");
        assertRefused(Fd.openPathOnly(path), 0, PAGE, false, Errno.EBADF, "EBADF");
        try (DmaMemory memory = DmaMemory.of(Fd.open(path, false), 0, PAGE, false)) {
            assertThat(memory.isWritable()).isFalse();
            assertThat(memory.getInt(0)).isZero();
            assertThatThrownBy(() -> memory.putInt(0, 1))
                    .isInstanceOf(UnsupportedOperationException.class);
        }
    }

    // What becomes of it

    @Test
    void shouldSayThatTheFileBecameShorter() {
        try (DmaMemory memory = DmaMemory.of(sent(), 0, 2 * PAGE, true);
                Memory block = Memory.allocate(2 * PAGE)) {
            memory.putInt(0, 1);
            memory.putInt(PAGE, 2);
            guest.truncate(PAGE);
            assertThat(memory.getInt(0)).isEqualTo(1);
            assertThatThrownBy(() -> memory.getInt(PAGE)).isInstanceOf(MappingFaultException.class);
            assertThatThrownBy(() -> memory.putLong(PAGE, 1))
                    .isInstanceOf(MappingFaultException.class);
            assertThatThrownBy(() -> memory.copyTo(0, block, 0, 2 * PAGE))
                    .isInstanceOf(MappingFaultException.class);
            guest.truncate(2 * PAGE);
            assertThat(memory.getInt(PAGE)).isZero();
        }
    }

    @Test
    void shouldGiveNoDeviceWhatIsNotThere() {
        try (DmaMemory memory = DmaMemory.of(sent(), PAGE, 2 * PAGE, true)) {
            memory.require(DmaDirection.BIDIRECTIONAL, "mapping it");
            guest.truncate(2 * PAGE);
            assertThatThrownBy(() -> memory.require(DmaDirection.BIDIRECTIONAL, "mapping it"))
                    .isInstanceOfSatisfying(
                            VfioException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EFAULT))
                    .hasMessage(
                            "mapping it: EFAULT (bad address): its file has become too short: it has 8192"
                                    + " bytes, and the memory is up to 12288");
            guest.truncate(2 * PAGE + 1);
            memory.require(DmaDirection.BIDIRECTIONAL, "mapping it");
        }
    }

    @Test
    void shouldLetNoDeviceWriteWhatMayOnlyBeRead() {
        try (DmaMemory memory = DmaMemory.of(sent(), 0, PAGE, false)) {
            memory.require(DmaDirection.TO_DEVICE, "mapping it");
            for (DmaDirection direction :
                    new DmaDirection[] {DmaDirection.FROM_DEVICE, DmaDirection.BIDIRECTIONAL}) {
                assertThatThrownBy(() -> memory.require(direction, "mapping it"))
                        .isInstanceOfSatisfying(
                                VfioException.class,
                                e -> assertThat(e.errno()).isEqualTo(Errno.EACCES))
                        .hasMessageEndingWith("it may only be read");
            }
        }
    }
}
