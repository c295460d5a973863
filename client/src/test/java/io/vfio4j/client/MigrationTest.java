/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.MemFd;
import io.vfio4j.uapi.VfioDeviceMigState;
import io.vfio4j.uapi.VfioUserCommand;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/** Features with data of their own, other than low power and the DMA log, as frames. */
@Timeout(20)
class MigrationTest {
    private static final int GET = 1 << 16;
    private static final int SET = 1 << 17;

    @TempDir static Path directory;

    private static Peer.Frame expectFeature(Peer client, int flags) {
        Peer.Frame frame = client.expect(VfioUserCommand.DEVICE_FEATURE);
        assertThat(frame.u32(4)).as("flags 0x%x", frame.u32(4)).isEqualTo(flags);
        return frame;
    }

    private static void answer(Peer client, int flags, long data) {
        Peer.Frame get = expectFeature(client, flags);
        client.reply(get, Peer.bytes(16).putInt(16).putInt(flags).putLong(data).array());
    }

    @Test
    void shouldGetAndSetStates() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            answer(client, GET | 1, 5);
                            answer(client, GET | 2, 0xffff_ffff_0000_0002L);
                            answer(client, GET | 2, 99);
                            Peer.Frame set = expectFeature(client, SET | 2);
                            assertThat(set.u32(8)).isEqualTo(3);
                            assertThat(set.u32(12)).isEqualTo(-1);
                            client.reply(set, set.payload());
                            answer(client, GET | 9, 12345);
                            Peer.Frame flags = expectFeature(client, SET | 12);
                            client.reply(flags, flags.payload());
                            client.error(expectFeature(client, SET | 2), 22);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                Migration migration = Migration.of(device);
                assertThat(migration.support()).isEqualTo(new MigrationSupport(true, false, true));
                assertThat(migration.state()).isEqualTo(VfioDeviceMigState.RUNNING);
                assertThatThrownBy(migration::state).hasMessageContaining("state 99");
                assertThat(migration.setState(VfioDeviceMigState.STOP_COPY)).isEmpty();
                assertThat(migration.dataSize()).isEqualTo(12345);
                migration.usePrecopyFlags();
                assertThatThrownBy(() -> migration.setState(VfioDeviceMigState.ERROR))
                        .hasMessageContaining("EINVAL");
            }
        }
        try (MemFd none = MemFd.create("no stream", 0)) {
            assertThatThrownBy(() -> Migration.precopyInfo(none.fd()))
                    .isInstanceOf(VfioException.class)
                    .hasMessageContaining("pre-copy");
        }
    }

    @Test
    void shouldSetATokenAndBusMastering() {
        UUID token = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            Peer.Frame set = expectFeature(client, SET);
                            assertThat(set.payload())
                                    .hasSize(24)
                                    .endsWith(0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff);
                            client.reply(set, set.payload());
                            Peer.Frame master = expectFeature(client, SET | 10);
                            assertThat(master.u32(8)).isOne();
                            client.reply(master, master.payload());
                            Peer.Frame clear = expectFeature(client, SET | 10);
                            assertThat(clear.u32(8)).isZero();
                            client.error(clear, 25);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                VfToken.set(device, token);
                BusMaster.set(device, true);
                assertThatThrownBy(() -> BusMaster.set(device, false))
                        .hasMessageContaining("ENOTTY");
                assertThatThrownBy(() ->
                                DmaBuf.export(
                                        device, 0, List.of(new RegionInfo.MappableArea(0, 4096))))
                        .isInstanceOf(UnsupportedFeatureException.class);
            }
        }
    }
}
