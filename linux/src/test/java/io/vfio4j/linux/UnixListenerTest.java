/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** Listening at a path: whose file it is, who may connect, and how it ends. */
@Timeout(20)
class UnixListenerTest {
    @TempDir private Path directory;
    private Path path;
    private int before;

    @BeforeEach
    void choosePath() {
        path = directory.resolve("s");
        before = Fd.openCount();
    }

    @AfterEach
    void shouldLeakNothing() {
        assertThat(Fd.openCount()).isEqualTo(before);
    }

    @Test
    void shouldAcceptConnections() {
        try (UnixListener listener = UnixListener.bind(path, 0600);
                UnixStream client = UnixStream.connect(path);
                UnixStream server = listener.accept();
                Memory memory = Memory.allocate(8);
                FdBag bag = new FdBag()) {
            client.send(memory, 0, 8);
            assertThat(server.receive(memory, 0, 8, bag)).isEqualTo(8);
            assertThat(server.peerPid()).isEqualTo((int) ProcessHandle.current().pid());
            assertThat(listener.path()).isEqualTo(path);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0600, 0660, 0666, 0777, 0})
    void shouldGiveTheFileExactlyTheModeAskedFor(int mode) throws IOException {
        try (UnixListener listener = UnixListener.bind(path, mode)) {
            assertThat((int) Files.getAttribute(listener.path(), "unix:mode") & 07777)
                    .isEqualTo(mode);
        }
        assertThatThrownBy(() -> UnixListener.bind(path, 01000))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldRemoveItsFileOnClose() {
        UnixListener.bind(path, 0600).close();
        assertThat(path).doesNotExist();
    }

    @Test
    void shouldNotRemoveWhatSomeoneElsePutThere() throws IOException {
        UnixListener listener = UnixListener.bind(path, 0600);
        Files.delete(path);
        UnixListener successor = UnixListener.bind(path, 0600);
        listener.close();
        listener.close();
        assertThat(Files.exists(path)).isTrue();
        UnixStream.connect(path).close();
        successor.close();
    }

    @Test
    void shouldReplaceTheSocketOfADeadProcess() throws IOException {
        leaveStale();
        try (UnixListener listener = UnixListener.bind(path, 0600)) {
            UnixStream.connect(path).close();
            listener.accept().close();
        }
    }

    @Test
    void shouldRefuseAPathWhereSomeoneListens() {
        try (UnixListener listener = UnixListener.bind(path, 0600)) {
            assertThatThrownBy(() -> UnixListener.bind(listener.path(), 0600))
                    .isInstanceOfSatisfying(
                            LinuxException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.EADDRINUSE))
                    .hasMessage(
                            "bind "
                                    + path
                                    + ": another process listens there; stop it or choose another"
                                    + " path: EADDRINUSE (address already in use)");
            UnixStream.connect(path).close();
        }
    }

    @Test
    void shouldRefuseAPathWhereSomeoneListensWhoseQueueIsFull() {
        List<UnixStream> waiting = new ArrayList<>();
        try (UnixListener listener = UnixListener.bind(path, 0600)) {
            // The backlog is 128; one more fits.
            for (int i = 0; i < 129; i++) {
                waiting.add(UnixStream.connect(listener.path()));
            }
            assertThatThrownBy(() -> UnixListener.bind(path, 0600))
                    .hasMessageContaining("another process listens there");
        }
        waiting.forEach(UnixStream::close);
    }

    @Test
    void shouldNeverDeleteAFileThatIsNotASocket() throws IOException {
        Files.writeString(path, "precious");
        assertThatThrownBy(() -> UnixListener.bind(path, 0600))
                .isInstanceOfSatisfying(
                        LinuxException.class,
                        e -> assertThat(e.errno()).isEqualTo(Errno.EADDRINUSE))
                .hasMessageContaining("a file that is not a socket is there");
        assertThat(path).hasContent("precious");
    }

    @Test
    void shouldNeverFollowALinkToDeleteASocket() throws IOException {
        Path link = directory.resolve("link");
        leaveStale();
        Files.createSymbolicLink(link, path);
        assertThatThrownBy(() -> UnixListener.bind(link, 0600))
                .hasMessageContaining("a file that is not a socket is there");
        assertThat(Files.exists(path, LinkOption.NOFOLLOW_LINKS)).isTrue();
    }

    @Test
    void shouldLetOneOfManyThatStartAtOnceHaveThePath() throws IOException {
        leaveStale();
        List<CompletableFuture<UnixListener>> starting = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            starting.add(CompletableFuture.supplyAsync(() -> UnixListener.bind(path, 0600)));
        }
        List<UnixListener> listening = new ArrayList<>();
        for (CompletableFuture<UnixListener> start : starting) {
            start.handle((listener, refused) -> listener == null || listening.add(listener)).join();
        }
        assertThat(listening).hasSize(1);
        UnixStream.connect(path).close();
        listening.getFirst().close();
    }

    @Test
    void shouldWakeAcceptOnClose() {
        UnixListener listener = UnixListener.bind(path, 0600);
        CompletableFuture<UnixStream> accepting = CompletableFuture.supplyAsync(listener::accept);
        Awaitility.await().until(() -> listener.fd().users() > 0);
        listener.close();
        assertThatThrownBy(() -> accepting.get(10, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        LinuxException.class,
                        e -> assertThat(e.errno()).isEqualTo(Errno.ECANCELED));
        assertThatThrownBy(listener::accept)
                .isInstanceOfSatisfying(
                        LinuxException.class,
                        e -> assertThat(e.errno()).isEqualTo(Errno.ECANCELED));
    }

    @Test
    void shouldSayThatAPathIsTooLongAndWhatToDo() {
        Path longest = directory.resolve("x".repeat(107 - directory.toString().length() - 1));
        UnixListener.bind(longest, 0600).close();
        Path tooLong = Path.of(longest + "y");
        for (boolean connecting : new boolean[] {true, false}) {
            assertThatThrownBy(
                            () -> {
                                if (connecting) {
                                    UnixStream.connect(tooLong);
                                } else {
                                    UnixListener.bind(tooLong, 0600);
                                }
                            })
                    .isInstanceOfSatisfying(
                            LinuxException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.ENAMETOOLONG))
                    .hasMessageContaining(tooLong.toString())
                    .hasMessageContaining("108 bytes")
                    .hasMessageContaining("use a shorter directory or a relative path");
        }
    }

    @Test
    void shouldSayWhyItCannotConnect() throws IOException {
        assertThatThrownBy(() -> UnixStream.connect(path))
                .hasMessage("connect " + path + ": ENOENT (no such file or directory)");
        leaveStale();
        assertThatThrownBy(() -> UnixStream.connect(path))
                .hasMessage("connect " + path + ": ECONNREFUSED (connection refused)");
        assertThatThrownBy(() -> UnixListener.bind(directory.resolve("no/such"), 0600))
                .isInstanceOfSatisfying(
                        LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
    }

    /** What a listener leaves behind that was killed: a socket file, and nobody behind it. */
    private void leaveStale() throws IOException {
        UnixListener listener = UnixListener.bind(directory.resolve("other"), 0600);
        Files.move(directory.resolve("other"), path);
        listener.close();
        assertThat(Files.exists(path)).isTrue();
    }
}
