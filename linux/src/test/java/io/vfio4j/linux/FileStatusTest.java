/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.FileStatus.Kind;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;

/** What a descriptor is a descriptor of, as one must know who was sent it. */
@Timeout(20)
class FileStatusTest {
    @TempDir Path directory;

    private static Kind kind(Path path) {
        try (Fd fd = Fd.openPathOnly(path)) {
            return FileStatus.of(fd).kind();
        }
    }

    @Test
    void shouldTellWhatSortOfFileItIs() throws Exception {
        assertThat(kind(Files.createFile(directory.resolve("file")))).isEqualTo(Kind.FILE);
        assertThat(kind(directory)).isEqualTo(Kind.DIRECTORY);
        assertThat(kind(Path.of("/dev/null"))).isEqualTo(Kind.CHARACTER_DEVICE);
        UnixStream[] pair = UnixStream.pair();
        try (UnixStream one = pair[0];
                UnixStream _ = pair[1];
                EventFd event = EventFd.create();
                MemFd file = MemFd.create("status", 0)) {
            assertThat(FileStatus.of(one.fd()).kind()).isEqualTo(Kind.SOCKET);
            assertThat(FileStatus.of(event.fd()).kind()).isEqualTo(Kind.OTHER);
            assertThat(FileStatus.of(file.fd()).kind()).isEqualTo(Kind.FILE);
        }
    }

    @Test
    void shouldTellItsSizeAtThisMoment() {
        try (MemFd file = MemFd.create("status", 12_345)) {
            assertThat(FileStatus.of(file.fd()).size()).isEqualTo(12_345);
            file.truncate(1L << 40);
            assertThat(FileStatus.of(file.fd()).size()).isEqualTo(1L << 40);
        }
    }

    @Test
    void shouldAgreeWithTheFileSystem() throws Exception {
        Path path = Files.write(directory.resolve("file"), new byte[7]);
        try (Fd fd = Fd.open(path, false)) {
            FileStatus status = FileStatus.of(fd);
            long dev = (Long) Files.getAttribute(path, "unix:dev");
            assertThat(status.inode()).isEqualTo(Files.getAttribute(path, "unix:ino"));
            assertThat(status.device() >>> 32).as("major").isEqualTo(dev >>> 8 & 0xfff);
            assertThat(status.device() & 0xff).as("minor").isEqualTo(dev & 0xff);
            assertThat(status.size()).isEqualTo(7);
        }
    }

    @Test
    void shouldTellTheSameFileFromAnother() {
        try (MemFd one = MemFd.create("one", 4096);
                Fd again = one.fd().duplicate();
                MemFd other = MemFd.create("one", 4096)) {
            FileStatus status = FileStatus.of(one.fd());
            assertThat(status.isSame(FileStatus.of(again))).isTrue();
            assertThat(status.isSame(FileStatus.of(other.fd()))).isFalse();
            one.truncate(0);
            assertThat(status.isSame(FileStatus.of(again))).as("shorter by now").isTrue();
        }
    }

    @Test
    void shouldRefuseAClosedDescriptor() {
        MemFd file = MemFd.create("closed", 0);
        file.close();
        assertThatThrownBy(() -> FileStatus.of(file.fd()))
                .isInstanceOf(IllegalStateException.class);
    }
}
