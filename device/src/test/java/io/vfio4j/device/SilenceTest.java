/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Memory;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.Profile;
import io.vfio4j.uapi.HostReply;
import io.vfio4j.uapi.HostRequest;
import io.vfio4j.uapi.PciRegs;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.Arrays;

/** Who answers an access in which power state, and who may reach memory (spec B5, E). */
class SilenceTest {
    private static final int EIO = -Errno.EIO.number();
    private static final int EINVAL = -Errno.EINVAL.number();
    private static final int EFAULT = -Errno.EFAULT.number();
    private static final int PMCSR = 0x44;

    private static final PciDescription ALL_STATES =
            Hosted.FULL.withPower(
                    PowerManagement.downToD3cold().withD1AndD2().withDelays(Delays.ZERO));

    private final Hosted hosted = Hosted.opened(ALL_STATES);

    @AfterEach
    void close() {
        hosted.close();
    }

    /** Nobody decodes memory, and the bus makes all ones of that; the kernel refuses nothing. */
    @Nested
    class InD1AndD2 {
        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        void shouldReadAllOnesOfABar(int state) {
            hosted.store(1, 0, 8, 5);
            hosted.config(PMCSR, 2, state);
            hosted.model.calls();

            for (int bar : new int[] {0, 1, 2, 3, 4}) {
                assertThat(hosted.load(bar, 8, 8)).isEqualTo(-1L);
                assertThat(hosted.load(bar, 3, 2)).isEqualTo(0xffff);
            }
            assertThat(hosted.model.calls()).as("the model hears nothing").isEmpty();
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        void shouldLoseWhatIsWrittenToABar(int state) {
            hosted.store(1, 0, 8, 5);
            hosted.store(2, 0, 8, 6);
            hosted.config(PMCSR, 2, state);
            hosted.model.calls();
            for (int bar : new int[] {0, 1, 2, 3, 4}) {
                hosted.store(bar, 0, 8, 9);
            }
            assertThat(hosted.model.calls()).isEmpty();

            hosted.config(PMCSR, 2, 0);
            assertThat(hosted.load(1, 0, 8)).isEqualTo(5);
            assertThat(hosted.load(2, 0, 8)).isEqualTo(6);
        }

        @Test
        void shouldStillKnowABadAccess() {
            hosted.config(PMCSR, 2, 1);
            assertThat(hosted.read(1, 256, 4)).isEqualTo(EINVAL);
            assertThat(hosted.write(1, -1, 4)).isEqualTo(EINVAL);
            assertThat(hosted.read(5, 0, 4)).as("no such BAR").isEqualTo(EINVAL);
            assertThat(hosted.read(1, 252, 8)).as("cut at the end").isEqualTo(4);
            assertThat(hosted.write(1, 252, 8)).isEqualTo(4);
        }

        @Test
        void shouldRefuseMemoryThatIsOff() {
            hosted.config(PMCSR, 2, 1);
            hosted.config(PciRegs.PCI_COMMAND, 2, 0);
            assertThat(hosted.read(1, 0, 4)).isEqualTo(EIO);
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2, 3})
        void shouldAnswerConfigAccesses(int state) {
            hosted.config(PMCSR, 2, state);
            hosted.config(PciRegs.PCI_INTERRUPT_LINE, 1, 5);
            assertThat(hosted.config(PciRegs.PCI_VENDOR_ID, 2)).isEqualTo(0x1234);
            assertThat(hosted.config(PciRegs.PCI_INTERRUPT_LINE, 1)).isEqualTo(5);
        }
    }

    /** A power-up after which the device stays silent (spec E). */
    @Nested
    class Inaccessible {
        private final Stubborn model = new Stubborn();
        private final ManualScheduler scheduler = new ManualScheduler();
        private final ManualClock clock = new ManualClock();
        private final HostedDevice device =
                new HostedDevice(
                        model,
                        new HostOptions(scheduler, clock, new ManualWatcher(), Profile.LINUX_7_3));

        @AfterEach
        void close() {
            device.close();
        }

        private void openUnready() {
            scheduler.drain();
            assertThat(device.power().powerState()).isEqualTo(PciPowerState.D3COLD);
            model.ready = false;
            device.open(new NoMessages());
        }

        private int read(int region, long offset, int count) {
            try (DeviceAccess access = device.access()) {
                return access.read(region, offset, count, hosted.buffer, 0);
            }
        }

        @Test
        void shouldReadAllOnesOfConfigurationSpace() {
            openUnready();
            assertThat(read(Hosted.CONFIG, 0, 4096)).isEqualTo(4096);
            byte[] all = new byte[4096];
            hosted.buffer.get(0, all, 0, 4096);
            byte[] ones = new byte[4096];
            Arrays.fill(ones, (byte) 0xff);
            assertThat(all).isEqualTo(ones);
            assertThat(read(Hosted.CONFIG, 4095, 2)).isEqualTo(EFAULT);
            assertThat(read(0, 0, 4)).isEqualTo(EIO);
        }

        @Test
        void shouldLoseWhatIsWrittenToConfigurationSpace() {
            openUnready();
            try (DeviceAccess access = device.access()) {
                hosted.buffer.putInt(0, 0xff);
                int line = PciRegs.PCI_INTERRUPT_LINE;
                assertThat(access.write(Hosted.CONFIG, line, 1, hosted.buffer, 0)).isEqualTo(1);
                assertThat(access.write(Hosted.CONFIG, PMCSR, 2, hosted.buffer, 0)).isEqualTo(2);
            }
            device.lastClose();
            scheduler.drain();
            model.ready = true;
            device.open(new NoMessages());
            assertThat(read(Hosted.CONFIG, PciRegs.PCI_INTERRUPT_LINE, 1)).isEqualTo(1);
            assertThat(hosted.buffer.getByte(0)).isZero();
        }

        @Test
        void shouldBeAllOnesForTheHostToo() {
            openUnready();
            assertThat(device.host(new HostRequest.ReadConfig(0, 4)))
                    .isEqualTo(new HostReply.Ok("ffffffff"));
        }

        @Test
        void shouldDoNoDma() {
            openUnready();
            assertThat(model.dmaWorks()).isFalse();
        }

        @Test
        void shouldBeGivenUpAfterTheTimeout() {
            long before = clock.nanoTime();
            openUnready();
            assertThat(Duration.ofNanos(clock.nanoTime() - before))
                    .isGreaterThanOrEqualTo(Delays.SPEC.readyTimeout())
                    .isLessThan(Delays.SPEC.readyTimeout().multipliedBy(3));
        }

        @Test
        void shouldNotBeWhatAnswersInTime() {
            scheduler.drain();
            model.ready = false;
            model.readyAfterAsking = 5;
            device.open(new NoMessages());
            assertThat(read(Hosted.CONFIG, 0, 2)).isEqualTo(2);
            assertThat(hosted.buffer.getByte(0)).isEqualTo((byte) 0x34);
        }
    }

    /** A model that does not wake. */
    @Nested
    class AfterAFailedResume {
        @Test
        void shouldDoNoDma() {
            Stubborn model = new Stubborn();
            HostOptions options =
                    new HostOptions(
                            new ManualScheduler(),
                            new ManualClock(),
                            new ManualWatcher(),
                            Profile.LINUX_7_3);
            try (HostedDevice device = new HostedDevice(model, options)) {
                device.open(new NoMessages());
                assertThat(model.dmaWorks()).isTrue();
                write(device, 3);
                assertThat(model.dmaWorks()).isFalse();
                model.wakes = false;
                write(device, 0);
                assertThat(device.power().powerState()).isEqualTo(PciPowerState.D3HOT);
                assertThat(model.dmaWorks()).isFalse();
                model.wakes = true;
                write(device, 0);
                assertThat(model.dmaWorks()).isTrue();
            }
        }

        private void write(HostedDevice device, int state) {
            hosted.buffer.putInt(0, state);
            try (DeviceAccess access = device.access()) {
                access.write(Hosted.CONFIG, PMCSR, 2, hosted.buffer, 0);
            }
        }
    }

    /** Wakes and answers when the test lets it. */
    private static final class Stubborn extends PciDevice {
        private boolean wakes = true;
        private boolean ready = true;
        private int readyAfterAsking = Integer.MAX_VALUE;

        Stubborn() {
            super(ALL_STATES.withoutBusMaster().withPower(PowerManagement.downToD3cold()));
        }

        /** DMA to where nothing is mapped: only in D0 is that what is wrong with it. */
        boolean dmaWorks() {
            try (Memory target = Memory.allocate(1)) {
                dma().read(0, target, 0, 1);
                return true;
            } catch (DmaException refused) {
                return !refused.errno().equals(Errno.EIO);
            }
        }

        @Override
        protected boolean ready() {
            return ready || --readyAfterAsking <= 0;
        }

        @Override
        protected void resume(PciPowerState from) {
            if (!wakes) {
                throw new IllegalStateException("the model does not wake");
            }
        }
    }
}
