/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioUserCommand;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** Configuration space, decoded, and not believed where it makes no sense. */
@Timeout(20)
class PciConfigTest {
    @TempDir static Path directory;

    private final byte[] space = new byte[4096];
    private final ByteBuffer bytes = ByteBuffer.wrap(space).order(ByteOrder.LITTLE_ENDIAN);

    PciConfigTest() {
        bytes.putShort(0x00, (short) 0x1234);
        bytes.putShort(0x02, (short) 0x11e8);
        bytes.putShort(0x04, (short) 0x0006);
        bytes.putShort(0x06, (short) 0x0010);
        bytes.putInt(0x08, 0x00ff0010);
        bytes.putShort(0x2c, (short) 0x1af4);
        bytes.putShort(0x2e, (short) 0x1100);
        bytes.put(0x34, (byte) 0x40);
        capability(0x40, PciRegs.PCI_CAP_ID_PM, 0x50);
        bytes.putShort(0x42, (short) 0xca23);
        bytes.putShort(0x44, (short) 0x810b);
        capability(0x50, PciRegs.PCI_CAP_ID_MSIX, 0x70);
        capability(0x70, PciRegs.PCI_CAP_ID_EXP, 0);
        bytes.putInt(0x100, 0x14010000 | PciRegs.PCI_EXT_CAP_ID_ERR);
        bytes.putInt(0x140, 0x00010000 | PciRegs.PCI_EXT_CAP_ID_DSN);
    }

    private void capability(int offset, int id, int next) {
        bytes.put(offset, (byte) id);
        bytes.put(offset + 1, (byte) next);
    }

    @Test
    void shouldTellIdsAndClass() {
        PciConfig config = PciConfig.of(space);
        assertThat(config.size()).isEqualTo(4096);
        assertThat(config.vendorId()).isEqualTo(0x1234);
        assertThat(config.deviceId()).isEqualTo(0x11e8);
        assertThat(config.command())
                .isEqualTo(PciRegs.PCI_COMMAND_MEMORY | PciRegs.PCI_COMMAND_MASTER);
        assertThat(config.status()).isEqualTo(PciRegs.PCI_STATUS_CAP_LIST);
        assertThat(config.revision()).isEqualTo(0x10);
        assertThat(config.classCode()).isEqualTo(0x00ff00);
        assertThat(config.subsystemVendorId()).isEqualTo(0x1af4);
        assertThat(config.subsystemId()).isEqualTo(0x1100);
    }

    @Test
    void shouldWalkBothCapabilityLists() {
        assertThat(PciConfig.of(space).capabilities())
                .containsExactly(
                        new PciCapability(PciRegs.PCI_CAP_ID_PM, 0x40, false),
                        new PciCapability(PciRegs.PCI_CAP_ID_MSIX, 0x50, false),
                        new PciCapability(PciRegs.PCI_CAP_ID_EXP, 0x70, false),
                        new PciCapability(PciRegs.PCI_EXT_CAP_ID_ERR, 0x100, true),
                        new PciCapability(PciRegs.PCI_EXT_CAP_ID_DSN, 0x140, true))
                .extracting(PciCapability::name)
                .containsExactly(
                        "Power Management",
                        "MSI-X",
                        "PCI Express",
                        "Advanced Error Reporting",
                        "Device Serial Number");
    }

    @Test
    void shouldSeeTheExtendedListOnlyInALargeSpace() {
        assertThat(PciConfig.of(Arrays.copyOf(space, 256)).capabilities())
                .hasSize(3)
                .noneMatch(PciCapability::extended);
        assertThat(PciConfig.of(Arrays.copyOf(space, 64)).capabilities()).isEmpty();
    }

    @Test
    void shouldDecodePowerManagement() {
        PciPowerManagement pm = PciConfig.of(space).powerManagement().orElseThrow();
        assertThat(pm.offset()).isEqualTo(0x40);
        assertThat(pm.version()).isEqualTo(3);
        assertThat(pm.d1()).isTrue();
        assertThat(pm.d2()).isFalse();
        assertThat(pm.pmeFrom()).containsExactly("D0", "D3hot", "D3cold");
        assertThat(pm.state()).isEqualTo("D3hot");
        assertThat(pm.noSoftReset()).isTrue();
        assertThat(pm.pmeEnabled()).isTrue();
        assertThat(pm.pmeStatus()).isTrue();
        assertThat(new PciPowerManagement(0x40, 2, 0).state()).isEqualTo("D0");
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 55", "2, 100", "3, 160", "4, 220", "5, 270", "6, 320", "7, 375"})
    void shouldDecodeTheAuxiliaryCurrent(int code, int milliamperes) {
        assertThat(new PciPowerManagement(0x40, code << 6 | 0xfe3f, 0).auxCurrent())
                .isEqualTo(milliamperes);
    }

    @Test
    void shouldDecodeEachBitOfTheCapabilities() {
        for (int bit = 0; bit < 16; bit++) {
            PciPowerManagement pm = new PciPowerManagement(0x40, 1 << bit, 0);
            assertThat(pm.version()).isEqualTo(bit < 3 ? 1 << bit : 0);
            assertThat(pm.pmeClock()).isEqualTo(bit == 3);
            assertThat(pm.immediateReadiness()).isEqualTo(bit == 4);
            assertThat(pm.deviceSpecificInitialization()).isEqualTo(bit == 5);
            assertThat(pm.auxCurrent() > 0).isEqualTo(bit >= 6 && bit <= 8);
            assertThat(pm.d1()).isEqualTo(bit == 9);
            assertThat(pm.d2()).isEqualTo(bit == 10);
            assertThat(pm.pmeFrom()).hasSize(bit >= 11 ? 1 : 0);
        }
    }

    @Test
    void shouldFindNothingWithoutAList() {
        bytes.putShort(0x06, (short) 0);
        bytes.putInt(0x100, 0);
        assertThat(PciConfig.of(space).capabilities()).isEmpty();
        assertThat(PciConfig.of(space).powerManagement()).isEmpty();
    }

    @Test
    void shouldFindNothingWhereNothingAnswers() {
        Arrays.fill(space, (byte) 0xff);
        assertThat(PciConfig.of(space).vendorId()).isEqualTo(0xffff);
        assertThat(PciConfig.of(space).capabilities()).isEmpty();
    }

    @Test
    void shouldEndAListThatRunsInACircleOrOutOfTheSpace() {
        capability(0x70, PciRegs.PCI_CAP_ID_EXP, 0x40);
        bytes.putInt(0x140, 0x10010000 | PciRegs.PCI_EXT_CAP_ID_DSN);
        assertThat(PciConfig.of(space).capabilities()).hasSize(5);

        capability(0x70, PciRegs.PCI_CAP_ID_EXP, 0x3c);
        bytes.putInt(0x140, 0xffd10000 | PciRegs.PCI_EXT_CAP_ID_DSN);
        assertThat(PciConfig.of(space).capabilities()).hasSize(5);
    }

    @Test
    void shouldNotDecodePowerManagementAtTheVeryEnd() {
        byte[] small = Arrays.copyOf(space, 256);
        small[0x34] = (byte) 0xfc;
        small[0xfc] = PciRegs.PCI_CAP_ID_PM;
        assertThat(PciConfig.of(small).powerManagement()).isEmpty();
    }

    @Test
    void shouldRefuseToReadOutsideTheSpace() {
        PciConfig config = PciConfig.of(new byte[256]);
        assertThatThrownBy(() -> config.readInt(253)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> config.readByte(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void shouldReadADeviceLive() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            client.reply(
                                    client.expect(VfioUserCommand.DEVICE_GET_REGION_INFO),
                                    DeviceInfoTest.region(3, 4096, 0, 0).array());
                            while (true) {
                                Optional<Peer.Frame> next = client.receive();
                                if (next.isEmpty()) {
                                    return;
                                }
                                Peer.Frame read = next.get();
                                assertThat(read.u32(8)).isEqualTo(7);
                                int offset = (int) read.u64(0);
                                client.replyRead(
                                        read,
                                        Arrays.copyOfRange(space, offset, offset + read.u32(12)));
                            }
                        })) {
            try (VfioDevice device = server.open()) {
                PciConfig config = PciConfig.of(device);
                assertThat(config.vendorId()).isEqualTo(0x1234);
                assertThat(config.revision()).isEqualTo(0x10);
                assertThat(config.capabilities()).hasSize(5);
                assertThat(config.find(PciRegs.PCI_CAP_ID_MSIX))
                        .contains(new PciCapability(PciRegs.PCI_CAP_ID_MSIX, 0x50, false));
                assertThat(config.powerManagement()).isPresent();
            }
        }
    }
}
