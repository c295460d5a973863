/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static io.vfio4j.power.MappingView.BLANK;
import static io.vfio4j.power.MappingView.LIVE;
import static io.vfio4j.power.MappingView.REVOKED;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MappingFaultException;
import io.vfio4j.linux.Memory;
import io.vfio4j.power.MappingView;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A BAR that a client maps: its mapping faults when it must, and loses nothing (spec B4). */
class MappableMemoryTest {
    private static final int SIZE = 3 * 4096;

    private final MappableMemory memory = new MappableMemory("bar", SIZE);
    private final Memory buffer = Memory.allocate(SIZE);

    @AfterEach
    void close() {
        memory.close();
        buffer.close();
    }

    private Mapping map() {
        return Mapping.map(memory.file(), 0, SIZE, true);
    }

    private static void assertFaults(Mapping mapping) {
        for (int page = 0; page < SIZE; page += 4096) {
            int at = page;
            assertThatExceptionOfType(MappingFaultException.class)
                    .isThrownBy(() -> mapping.getInt(at));
            assertThatExceptionOfType(MappingFaultException.class)
                    .isThrownBy(() -> mapping.putInt(at, 1));
        }
    }

    @Test
    void shouldFaultUntilMemoryDecodingIsOn() {
        try (Mapping mapping = map()) {
            assertFaults(mapping);
            memory.show(LIVE);
            assertThat(mapping.getInt(0)).isZero();
        }
    }

    @Test
    void shouldShareWhatEitherSideWrites() {
        memory.show(LIVE);
        try (Mapping mapping = map()) {
            memory.store(4096, 4, 7);
            assertThat(mapping.getInt(4096)).isEqualTo(7);
            mapping.putLong(8192, 9);
            assertThat(memory.load(8192, 8)).isEqualTo(9);
            buffer.putInt(0, 11);
            assertThat(memory.write(SIZE - 4, 4, buffer, 0)).isEqualTo(4);
            assertThat(mapping.getInt(SIZE - 4)).isEqualTo(11);
        }
    }

    @Test
    void shouldFaultWhileRevokedAndGoOnWithTheSameMapping() {
        memory.show(LIVE);
        try (Mapping mapping = map()) {
            mapping.putInt(0, 1);
            mapping.putInt(SIZE - 4, 2);

            memory.show(REVOKED);
            assertFaults(mapping);
            memory.show(LIVE);

            assertThat(mapping.getInt(0)).isEqualTo(1);
            assertThat(mapping.getInt(SIZE - 4)).isEqualTo(2);
        }
    }

    @Test
    void shouldBeTheDevicesWhileRevoked() {
        memory.show(LIVE);
        try (Mapping mapping = map()) {
            mapping.putLong(4096, 5);
            memory.show(REVOKED);

            assertThat(memory.load(4096, 8)).isEqualTo(5);
            memory.store(4096, 8, 6);
            assertThat(memory.read(4096, 8, buffer, 0)).isEqualTo(8);
            assertThat(buffer.getLong(0)).isEqualTo(6);
            buffer.putLong(0, 7);
            assertThat(memory.write(4104, 8, buffer, 0)).isEqualTo(8);

            memory.show(LIVE);
            assertThat(mapping.getLong(4096)).isEqualTo(6);
            assertThat(mapping.getLong(4104)).isEqualTo(7);
        }
    }

    /** Nearly a bus where nothing answers: no access faults, none reaches the memory. */
    @Test
    void shouldReadOnesUntilTheClientItselfStoresWhileBlank() {
        memory.show(LIVE);
        try (Mapping mapping = map()) {
            mapping.putInt(0, 1);
            memory.show(BLANK);
            assertThat(mapping.getInt(0)).isEqualTo(-1);
            assertThat(mapping.getLong(SIZE - 8)).isEqualTo(-1L);
            mapping.putInt(0, 2);
            assertThat(mapping.getInt(0)).as("its own store").isEqualTo(2);
            assertThat(memory.load(0, 4)).as("what the device has").isEqualTo(1);

            memory.show(LIVE);
            assertThat(mapping.getInt(0)).isEqualTo(1);
            assertThat(mapping.getLong(SIZE - 8)).isZero();
        }
    }

    /** Ones are in what the client has left of the file, and it cannot be made whole. */
    @Test
    void shouldKeepTheContentsAndTryAgainWhenAChangeStopsHalfWay() throws Exception {
        memory.show(LIVE);
        try (Mapping mapping = map()) {
            mapping.putInt(0, 1);
            resize(memory.file(), 4096);
            memory.file().close();

            assertThatIllegalStateException().isThrownBy(() -> memory.show(BLANK));
            assertThat(mapping.getInt(0)).isEqualTo(-1);
            assertThat(memory.load(0, 4)).isEqualTo(1);
            memory.store(8192, 4, 3);
            assertThat(memory.load(8192, 4)).isEqualTo(3);
            for (MappingView again : MappingView.values()) {
                assertThatIllegalStateException()
                        .as(again + ", not taken for done")
                        .isThrownBy(() -> memory.show(again));
            }
            assertThat(memory.load(0, 4)).isEqualTo(1);
        }
    }

    @Test
    void shouldBeTheDevicesWhileBlank() {
        memory.show(LIVE);
        try (Mapping mapping = map()) {
            memory.show(BLANK);
            memory.store(4096, 8, 6);
            assertThat(memory.load(4096, 8)).isEqualTo(6);
            assertThat(mapping.getLong(4096)).isEqualTo(-1L);
            memory.show(LIVE);
            assertThat(mapping.getLong(4096)).isEqualTo(6);
        }
    }

    /** Low power may be engaged and left by a client whose mappings were blank before. */
    @Test
    void shouldKeepTheContentsThroughEveryChangeOfView() {
        memory.show(LIVE);
        try (Mapping mapping = map()) {
            mapping.putInt(0, 1);
            memory.show(BLANK);
            memory.show(REVOKED);
            assertFaults(mapping);
            memory.show(BLANK);
            assertThat(mapping.getInt(0)).isEqualTo(-1);
            memory.show(REVOKED);
            memory.show(LIVE);
            assertThat(mapping.getInt(0)).isEqualTo(1);
        }
    }

    @Test
    void shouldGiveABlankClientThatLeavesNothing() {
        memory.show(LIVE);
        try (Mapping old = map()) {
            old.putInt(0, 1);
            memory.show(BLANK);
            memory.renew();
            assertFaults(old);
            assertThat(memory.load(0, 4)).isEqualTo(1);
        }
    }

    @Test
    void shouldMakeAFileWholeThatTheClientCutWhileBlank() throws Exception {
        memory.show(LIVE);
        try (Mapping mapping = map()) {
            mapping.putInt(4096, 1);
            memory.show(BLANK);
            resize(memory.file(), 0);
            memory.show(LIVE);
            assertThat(mapping.getInt(4096)).isEqualTo(1);
        }
    }

    @Test
    void shouldTakeRevokingAndRestoringTwiceForOnce() {
        memory.show(LIVE);
        memory.show(LIVE);
        try (Mapping mapping = map()) {
            mapping.putInt(0, 1);
            memory.show(REVOKED);
            memory.show(REVOKED);
            memory.store(0, 4, 2);
            memory.show(LIVE);
            memory.show(LIVE);
            assertThat(mapping.getInt(0)).isEqualTo(2);
        }
    }

    @Test
    void shouldLeaveADepartedClientWithNothing() {
        memory.show(LIVE);
        try (Mapping old = map()) {
            old.putInt(0, 1);

            memory.renew();

            assertFaults(old);
            assertThat(memory.load(0, 4)).isEqualTo(1);
            try (Mapping mapping = map()) {
                assertThat(mapping.getInt(0)).isEqualTo(1);
                mapping.putInt(4, 2);
                assertFaults(old);
                memory.show(REVOKED);
                memory.show(LIVE);
                assertFaults(old);
                assertThat(mapping.getInt(4)).isEqualTo(2);
            }
        }
    }

    @Test
    void shouldRenewWhatIsRevoked() {
        memory.show(LIVE);
        try (Mapping old = map()) {
            old.putInt(0, 1);
            memory.show(REVOKED);
            memory.renew();
            memory.store(4, 4, 2);
            try (Mapping mapping = map()) {
                assertFaults(mapping);
                memory.show(LIVE);
                assertFaults(old);
                assertThat(mapping.getLong(0)).isEqualTo(2L << 32 | 1);
            }
        }
    }

    @Test
    void shouldKeepADepartedClientOutThoughItEnlargesItsFile() throws Exception {
        memory.show(LIVE);
        try (Fd theirs = memory.file().duplicate();
                Mapping old = Mapping.map(theirs, 0, SIZE, true)) {
            memory.renew();
            memory.store(0, 4, 0x5ec2e7);
            resize(theirs, SIZE);

            assertThat(old.getInt(0)).as("a file of zeros that nobody else has").isZero();
            old.putInt(0, 1);
            assertThat(memory.load(0, 4)).isEqualTo(0x5ec2e7);
        }
    }

    /** Not even cut: then the file is the departed client's, and no longer the device's. */
    @Test
    void shouldRenewThoughTheOldFileCannotBeCut() {
        memory.show(LIVE);
        try (Mapping old = map()) {
            old.putInt(0, 1);
            memory.file().close();

            assertThatIllegalStateException().isThrownBy(memory::renew);

            old.putInt(0, 2);
            assertThat(memory.load(0, 4)).isEqualTo(1);
            try (Mapping mapping = map()) {
                assertThat(mapping.getInt(0)).isEqualTo(1);
            }
        }
    }

    @Test
    void shouldSurviveAClientThatCutsTheFile() throws Exception {
        memory.show(LIVE);
        memory.store(0, 4, 1);
        memory.store(8192, 4, 3);
        resize(memory.file(), 4096);

        assertThat(memory.load(0, 4)).isEqualTo(1);
        assertThat(memory.load(8192, 4)).as("a bus where nothing answers").isEqualTo(0xffff_ffffL);
        memory.store(8192, 4, 4);
        assertThat(memory.read(8192, 4, buffer, 0)).isEqualTo(-Errno.EIO.number());
        assertThat(memory.write(4094, 4, buffer, 0)).isEqualTo(-Errno.EIO.number());

        memory.show(REVOKED);
        assertThat(memory.load(0, 4)).isEqualTo(1);
        memory.store(8192, 4, 5);
        memory.show(LIVE);
        try (Mapping mapping = map()) {
            assertThat(mapping.getInt(8192)).as("whole again").isEqualTo(5);
        }
    }

    @Test
    void shouldRenewAFileThatTheClientHasCut() throws Exception {
        memory.show(LIVE);
        memory.store(0, 4, 1);
        resize(memory.file(), 0);
        memory.renew();
        memory.store(8192, 4, 5);
        try (Mapping mapping = map()) {
            assertThat(mapping.getInt(8192)).isEqualTo(5);
        }
    }

    @Test
    void shouldSurviveAClientThatEnlargesTheFileWhileItIsRevoked() throws Exception {
        memory.show(LIVE);
        memory.store(0, 4, 1);
        try (Mapping mapping = map()) {
            memory.show(REVOKED);
            resize(memory.file(), 10 * SIZE);
            assertThat(mapping.getInt(0)).as("only itself is fooled").isZero();
            mapping.putInt(0, 666);

            memory.show(LIVE);
            assertThat(mapping.getInt(0)).isEqualTo(1);
            memory.show(REVOKED);
            assertFaults(mapping);
        }
    }

    @Test
    void shouldNeedNoDescriptorUntilAClientAsks() {
        int before = Fd.openCount();
        try (MappableMemory other = new MappableMemory("other", SIZE)) {
            other.show(LIVE);
            other.show(REVOKED);
            other.renew();
            assertThat(Fd.openCount()).isEqualTo(before);
            assertThat(other.file().isOpen()).isTrue();
            assertThat(Fd.openCount()).isEqualTo(before + 1);
            other.renew();
            assertThat(Fd.openCount()).isEqualTo(before);
        }
    }

    @Test
    void shouldHandItsFileOutMoreThanOnce() {
        memory.show(LIVE);
        assertThat(memory.file()).isSameAs(memory.file());
    }

    /** As a client can that has the descriptor. */
    private static void resize(Fd fd, long size) throws Exception {
        Path path = Path.of("/proc/self/fd/" + fd.number());
        try (var file = Files.newByteChannel(path, StandardOpenOption.WRITE)) {
            if (size < file.size()) {
                file.truncate(size);
            } else {
                file.position(size - 1).write(ByteBuffer.allocate(1));
            }
        }
    }
}
