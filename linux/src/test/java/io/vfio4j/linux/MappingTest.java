/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;

/** Shared pages behind accessors; what happens to faults is in {@link MappingFaultTest}. */
@Timeout(20)
class MappingTest {
    private static final int PAGE = 4096;

    private MemFd file;
    private Mapping mapping;

    @BeforeEach
    void map() {
        file = MemFd.create("mapping", 2 * PAGE);
        mapping = Mapping.map(file.fd(), 0, 2 * PAGE, true);
    }

    @AfterEach
    void close() {
        mapping.close();
        file.close();
    }

    @Test
    void shouldReadAndWriteLittleEndian() {
        mapping.putLong(8, 0x0102030405060708L);
        assertThat(mapping.getLong(8)).isEqualTo(0x0102030405060708L);
        assertThat(mapping.getInt(8)).isEqualTo(0x05060708);
        assertThat(mapping.getShort(14)).isEqualTo((short) 0x0102);
        assertThat(mapping.getByte(15)).isEqualTo((byte) 1);
        mapping.putByte(15, (byte) 0x80);
        mapping.putShort(12, (short) 0xaaaa);
        mapping.putInt(8, 0xbbbbbbbb);
        assertThat(mapping.getLong(8)).isEqualTo(0x8002aaaabbbbbbbbL);
    }

    @Test
    void shouldBeTheFileForEveryoneWhoMapsIt() {
        try (Mapping second = Mapping.map(file.fd(), PAGE, PAGE, false);
                Memory memory = Memory.allocate(16)) {
            mapping.putInt(PAGE + 4, 77);
            assertThat(second.getInt(4)).isEqualTo(77);
            file.read(PAGE, memory, 0, 8);
            assertThat(memory.getInt(4)).isEqualTo(77);
            memory.putInt(4, 78);
            file.write(PAGE, memory, 0, 8);
            assertThat(second.getInt(4)).isEqualTo(78);
        }
    }

    @Test
    void shouldCopyInBulk() {
        byte[] bytes = {1, 2, 3, 4, 5};
        mapping.put(3, bytes, 1, 4);
        byte[] read = new byte[6];
        mapping.get(2, read, 0, 6);
        assertThat(read).containsExactly(0, 2, 3, 4, 5, 0);
        try (Memory memory = Memory.allocate(100)) {
            mapping.copyTo(3, memory, 10, 4);
            assertThat(memory.getInt(10)).isEqualTo(0x05040302);
            mapping.copyFrom(2 * PAGE - 4, memory, 10, 4);
            assertThat(mapping.getInt(2 * PAGE - 4)).isEqualTo(0x05040302);
        }
    }

    @Test
    void shouldOutliveTheDescriptor() {
        file.close();
        mapping.putInt(0, 5);
        assertThat(mapping.getInt(0)).isEqualTo(5);
    }

    @Test
    void shouldRefuseWhatIsOutsideOrMisaligned() {
        assertThatThrownBy(() -> mapping.getInt(2 * PAGE))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> mapping.putByte(-1, (byte) 0))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> mapping.get(2 * PAGE - 1, new byte[2], 0, 2))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> mapping.getInt(2)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> mapping.putLong(4, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldRefuseWritesIfReadOnly() {
        try (Mapping readOnly = Mapping.map(file.fd(), 0, PAGE, false);
                Memory memory = Memory.allocate(8)) {
            Class<UnsupportedOperationException> refused = UnsupportedOperationException.class;
            assertThat(readOnly.isWritable()).isFalse();
            assertThatThrownBy(() -> readOnly.putInt(0, 1)).isInstanceOf(refused);
            assertThatThrownBy(() -> readOnly.put(0, new byte[1], 0, 1)).isInstanceOf(refused);
            assertThatThrownBy(() -> readOnly.copyFrom(0, memory, 0, 8)).isInstanceOf(refused);
            assertThat(readOnly.getInt(0)).isZero();
        }
    }

    @Test
    void shouldSayWhyItCannotMap() {
        assertThatThrownBy(() -> Mapping.map(file.fd(), 1, PAGE, true))
                .isInstanceOfSatisfying(
                        LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
        assertThatThrownBy(() -> Mapping.map(file.fd(), 0, 0, true))
                .isInstanceOf(IllegalArgumentException.class);
        try (EventFd event = EventFd.create()) {
            assertThatThrownBy(() -> Mapping.map(event.fd(), 0, PAGE, true))
                    .isInstanceOfSatisfying(
                            LinuxException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV));
        }
    }

    @Test
    void shouldFaultWhereTheFileEndsAndWorkAgainWhenItGrows() {
        mapping.putInt(PAGE, 9);
        file.truncate(PAGE);
        assertThatThrownBy(() -> mapping.getInt(PAGE + 8))
                .isInstanceOfSatisfying(
                        MappingFaultException.class,
                        e -> assertThat(e.offset()).isEqualTo(PAGE + 8))
                .hasMessageContaining("[4104, 4108)");
        assertThat(mapping.getInt(0)).isZero();
        file.truncate(2 * PAGE);
        assertThat(mapping.getInt(PAGE)).isZero();
    }

    @Test
    void shouldRefuseUseAfterClose() {
        mapping.close();
        mapping.close();
        assertThat(mapping.isOpen()).isFalse();
        assertThatThrownBy(() -> mapping.getByte(0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> mapping.put(0, new byte[1], 0, 1))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(mapping::address).isInstanceOf(IllegalStateException.class);
    }

    /** An access to pages that are no longer mapped would kill this virtual machine. */
    @Test
    void shouldOutliveItsCloseWhileItIsHeld() {
        Hold hold = mapping.hold();
        assertThat(hold.address()).isEqualTo(mapping.address());
        mapping.close();
        assertThatThrownBy(mapping::hold).isInstanceOf(IllegalStateException.class);
        byte _ = mapping.getByte(0);
        hold.close();
        assertThatThrownBy(() -> mapping.getByte(0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldBeClosedSafelyUnderAccessors() throws InterruptedException {
        for (int round = 0; round < 50; round++) {
            Mapping shared = Mapping.map(file.fd(), 0, 2 * PAGE, true);
            CountDownLatch started = new CountDownLatch(1);
            AtomicReference<Throwable> end = new AtomicReference<>();
            byte[] bytes = new byte[2 * PAGE];
            boolean bulk = round % 2 == 0;
            Thread accessor =
                    Thread.ofPlatform()
                            .start(() -> {
                                try {
                                    while (true) {
                                        shared.putInt(64, shared.getInt(0) + 1);
                                        if (bulk) {
                                            shared.get(0, bytes, 0, bytes.length);
                                        }
                                        started.countDown();
                                    }
                                } catch (Throwable thrown) {
                                    end.set(thrown);
                                }
                            });
            started.await();
            shared.close();
            accessor.join();
            assertThat(end.get()).isInstanceOf(IllegalStateException.class);
        }
    }
}
