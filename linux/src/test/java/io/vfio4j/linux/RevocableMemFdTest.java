/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.BufferedReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** What is taken from every process and given back: all of it, and never anything else. */
@Timeout(60)
class RevocableMemFdTest {
    private static final int PAGE = 4096;
    private static final long ODD_SIZE = (5 << 20) + 3 * PAGE;

    private int before;

    @BeforeEach
    void count() {
        assertThat(RevocableMemFd.isLossless()).isTrue();
        before = Fd.openCount();
    }

    @AfterEach
    void shouldLeakNothing() {
        // A child's pipe is closed by the virtual machine's own thread, a moment after its end.
        Awaitility.await().until(() -> Fd.openCount() == before);
    }

    @ParameterizedTest
    @ValueSource(longs = {PAGE, 2 << 20, ODD_SIZE})
    void shouldGiveBackWhatItTook(long size) {
        long seed = 42;
        Random random = new Random(seed);
        byte[] contents = new byte[(int) size];
        random.nextBytes(contents);
        byte[] read = new byte[(int) size];
        try (RevocableMemFd file = RevocableMemFd.create("bar", size);
                Mapping mapping = Mapping.map(file.fd(), 0, size, true)) {
            mapping.put(0, contents, 0, contents.length);

            try (Memory revoked = file.revoke()) {
                assertThat(file.isRevoked()).isTrue();
                revoked.get(0, read, 0, read.length);
                assertThat(read).isEqualTo(contents);
                for (long at = 0; at < size; at += PAGE) {
                    long page = at;
                    assertThatThrownBy(() -> mapping.getInt(page))
                            .isInstanceOf(MappingFaultException.class);
                }
                revoked.putInt(0, 0x12345678);
                file.restore(revoked);
            }
            assertThat(file.isRevoked()).isFalse();
            assertThat(mapping.getInt(0)).isEqualTo(0x12345678);
            mapping.get(4, read, 4, read.length - 4);
            System.arraycopy(contents, 0, read, 0, 4);
            assertThat(read).isEqualTo(contents);
        }
    }

    @Test
    void shouldWorkWhereSpliceCopies() {
        try (RevocableMemFd file = RevocableMemFd.create("bar", 2 * PAGE);
                Mapping mapping = Mapping.map(file.fd(), 0, 2 * PAGE, true);
                Memory contents = Memory.allocate(2 * PAGE)) {
            mapping.putInt(PAGE, 5);
            file.revoke(contents, false);
            assertThatThrownBy(() -> mapping.getInt(PAGE))
                    .isInstanceOf(MappingFaultException.class);
            file.restore(contents);
            assertThat(mapping.getInt(PAGE)).isEqualTo(5);
        }
    }

    /** Pipes need descriptors; a copy needs none, and so low power can be relied on. */
    @Test
    void shouldWorkWithoutADescriptorToSpare() {
        try (RevocableMemFd file = RevocableMemFd.create("bar", ODD_SIZE);
                Mapping mapping = Mapping.map(file.fd(), 0, ODD_SIZE, true);
                Memory contents = Memory.allocate(ODD_SIZE)) {
            mapping.putInt(0, 5);
            mapping.putInt(ODD_SIZE - 4, 6);
            contents.fill(0, ODD_SIZE, (byte) 0x55);
            withoutDescriptors(() -> file.revoke(contents));
            for (long at = 0; at < ODD_SIZE; at += PAGE) {
                long page = at;
                assertThatThrownBy(() -> mapping.getInt(page))
                        .isInstanceOf(MappingFaultException.class);
            }
            assertThat(contents.getInt(0)).isEqualTo(5);
            assertThat(contents.getInt(PAGE)).isZero();
            assertThat(contents.getInt(ODD_SIZE - 4)).isEqualTo(6);
            withoutDescriptors(() -> file.restore(contents));
            assertThat(mapping.getInt(ODD_SIZE - 4)).isEqualTo(6);
        }
    }

    @Test
    void shouldTakeWhatIsLeftOfAFileThatIsCutMeanwhileWithoutADescriptorToSpare() {
        try (RevocableMemFd file = RevocableMemFd.create("bar", 4 * PAGE);
                Mapping mapping = Mapping.map(file.fd(), 0, 4 * PAGE, true);
                Memory contents = Memory.allocate(4 * PAGE)) {
            mapping.putInt(0, 1);
            contents.fill(0, contents.size(), (byte) 0x55);
            Libc.ftruncate(file.fd().number(), 2 * PAGE);
            withoutDescriptors(() -> file.revoke(contents));
            assertThat(contents.getInt(0)).isEqualTo(1);
            assertThat(contents.getInt(3 * PAGE)).isZero();
            assertThatThrownBy(() -> mapping.getInt(0)).isInstanceOf(MappingFaultException.class);
        }
    }

    /** With one descriptor left: enough to load a class, too few for a pipe. */
    private static void withoutDescriptors(Runnable body) {
        int nofile = 7;
        try (Memory limits = Memory.allocate(32)) {
            int second;
            try (EventFd one = EventFd.create();
                    EventFd two = EventFd.create()) {
                second = Math.max(one.fd().number(), two.fd().number());
            }
            Libc.check(Libc.prlimit(0, nofile, 0, limits.address()), "prlimit", "");
            limits.putLong(16, second);
            limits.putLong(24, limits.getLong(8));
            Libc.check(Libc.prlimit(0, nofile, limits.address() + 16, 0), "prlimit", "");
            try {
                body.run();
            } finally {
                Libc.check(Libc.prlimit(0, nofile, limits.address(), 0), "prlimit", "");
            }
        }
    }

    @Test
    void shouldReadAsZerosWhatNobodyWrote() {
        try (RevocableMemFd file = RevocableMemFd.create("bar", ODD_SIZE);
                Mapping mapping = Mapping.map(file.fd(), 0, ODD_SIZE, true)) {
            mapping.putByte(3 * PAGE, (byte) 7);
            try (Memory revoked = file.revoke()) {
                for (long at = 0; at < ODD_SIZE; at += 8) {
                    assertThat(revoked.getLong(at)).isEqualTo(at == 3 * PAGE ? 7 : 0);
                }
            }
        }
    }

    @Test
    void shouldLoseNoStoreOfAnyProcess() throws Exception {
        // Words in the first and in the last piece, far apart and in pages of their own.
        long size = 3 << 20;
        long distance = 96 * PAGE;
        try (RevocableMemFd file = RevocableMemFd.create("bar", size)) {
            String path = "/proc/" + ProcessHandle.current().pid() + "/fd/" + file.fd().number();
            Process child =
                    ChildJvm.start(
                            StoreProbe.class,
                            List.of("--enable-native-access=io.vfio4j.linux"),
                            path,
                            Long.toString(size),
                            "0",
                            Long.toString(distance),
                            "8");
            try (BufferedReader output = child.inputReader(StandardCharsets.UTF_8);
                    OutputStream input = child.getOutputStream()) {
                assertThat(output.readLine()).isEqualTo("storing");
                try (StoreProbe.Storer own =
                        new StoreProbe.Storer(Path.of(path), size, 8, distance, 8)) {
                    revokeUnder(own, file);
                    assertThat(own.lost.get()).isZero();
                }
                input.write('\n');
                input.flush();
                assertThat(output.readLine()).isEqualTo("faults=true lost=0");
            }
            assertThat(child.waitFor()).isZero();
        }
    }

    /** Revokes and restores, each time while a thread of ours is storing. */
    private static void revokeUnder(StoreProbe.Storer storer, RevocableMemFd file)
            throws InterruptedException {
        AtomicBoolean stop = new AtomicBoolean();
        Thread thread =
                Thread.ofPlatform()
                        .start(() -> {
                            while (!stop.get()) {
                                storer.run(1000);
                            }
                        });
        try (Memory contents = Memory.allocate(file.size())) {
            for (int round = 0; round < 40; round++) {
                awaitMoreThan(storer.stores.get(), storer.stores);
                long met = storer.faults.get();
                file.revoke(contents);
                awaitMoreThan(met, storer.faults);
                file.restore(contents);
            }
        }
        stop.set(true);
        thread.join();
    }

    /** A page without contents is the shared page of zeros, which must not be what is taken. */
    @Test
    void shouldLoseNoFirstStoreToAPage() throws Exception {
        int pages = 512;
        for (int round = 0; round < 30; round++) {
            try (RevocableMemFd file = RevocableMemFd.create("bar", (long) pages * PAGE);
                    Mapping mapping = Mapping.map(file.fd(), 0, (long) pages * PAGE, true);
                    Memory contents = Memory.allocate((long) pages * PAGE)) {
                AtomicLong stored = new AtomicLong();
                Thread thread =
                        Thread.ofPlatform()
                                .start(() -> {
                                    try {
                                        for (int page = 0; page < pages; page++) {
                                            mapping.putInt((long) page * PAGE, 7);
                                            stored.incrementAndGet();
                                        }
                                    } catch (MappingFaultException revoked) {
                                        // As far as it got.
                                    }
                                });
                while (stored.get() < 20) {
                    Thread.onSpinWait();
                }
                file.revoke(contents);
                thread.join();
                for (int page = 0; page < stored.get(); page++) {
                    assertThat(contents.getInt((long) page * PAGE)).isEqualTo(7);
                }
            }
        }
    }

    @Test
    void shouldNotLetAnotherHolderPreventIt() {
        try (RevocableMemFd file = RevocableMemFd.create("bar", PAGE);
                Fd other = file.fd().duplicate()) {
            assertThat(Libc.fcntl(other.number(), 1033 /* F_ADD_SEALS */, 2 /* F_SEAL_SHRINK */))
                    .isEqualTo(-Errno.EPERM.number());
            file.revoke().close();
        }
    }

    @Test
    void shouldSurviveAHolderThatChangesTheSize() {
        try (RevocableMemFd file = RevocableMemFd.create("bar", 4 * PAGE);
                Mapping mapping = Mapping.map(file.fd(), 0, 4 * PAGE, true);
                Memory contents = Memory.allocate(4 * PAGE)) {
            mapping.putInt(0, 1);
            mapping.putInt(3 * PAGE, 3);
            contents.fill(0, contents.size(), (byte) 0x55);
            Libc.ftruncate(file.fd().number(), 2 * PAGE);
            file.revoke(contents);
            assertThat(contents.getInt(0)).isEqualTo(1);
            assertThat(contents.getInt(3 * PAGE)).isZero();

            Libc.ftruncate(file.fd().number(), 9 * PAGE);
            contents.putInt(3 * PAGE, 4);
            file.restore(contents);
            assertThat(mapping.getInt(3 * PAGE)).isEqualTo(4);
        }
    }

    @Test
    void shouldRefuseWhatIsOutOfOrder() {
        try (RevocableMemFd file = RevocableMemFd.create("bar", PAGE);
                Memory contents = Memory.allocate(PAGE);
                Memory small = Memory.allocate(8)) {
            assertThatThrownBy(() -> file.restore(contents))
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> file.revoke(small))
                    .isInstanceOf(IllegalArgumentException.class);
            file.revoke(contents);
            assertThatThrownBy(() -> file.revoke(contents))
                    .isInstanceOf(IllegalStateException.class);
        }
        assertThatThrownBy(() -> RevocableMemFd.create("bar", 100))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static void awaitMoreThan(long before, AtomicLong count) {
        Awaitility.await()
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> count.get() > before);
    }
}
