/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.MemFd;
import io.vfio4j.power.Reentry;
import io.vfio4j.power.SleepEntry;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.time.Duration;

/**
 * Mapped BARs fault while the device is in low power (spec B4), and a fault is a VMM's end: it is
 * not entered before the VMM has them out of its guest's reach.
 */
@Timeout(30)
class VmmSafetyTest {
    private static final long BAR = 0xfe00_0000L;
    private static final long RAM = 0x10_0000L;
    private static final Duration NEVER = Duration.ofHours(1);

    private final LogLines log = new LogLines();

    @AfterEach
    void stop() {
        log.close();
    }

    private static Vmm boot(Bridged bridged) {
        Vmm vmm = new Vmm(bridged.socket());
        vmm.barFile(Puppet.MAPPABLE).forEach(Fd::close);
        vmm.place(Puppet.MAPPABLE, (int) BAR);
        return vmm;
    }

    /** As firmware and drivers do that turn memory on and off. */
    private static void tellOnce(Vmm vmm) {
        assertThat(vmm.map(BAR, Puppet.MAPPABLE_SIZE, Vmm.READ_WRITE)).isZero();
        assertThat(vmm.unmap(BAR, Puppet.MAPPABLE_SIZE)).isZero();
    }

    /** QEMU's order: the reply to the write of D3hot, then DMA_UNMAP, then its guest goes on. */
    @ParameterizedTest
    @EnumSource(names = {"WAKEUP", "PLAIN"})
    void shouldSleepAGraceAfterTheVmmHasUnmapped(SleepEntry by) {
        Duration grace = Duration.ofMillis(100);
        Wanted wanted = Wanted.bridge().entry(by).grace(grace);
        try (Bridged bridged = new Bridged(new Puppet(), wanted);
                Vmm vmm = boot(bridged)) {
            for (int round = 0; round < 3; round++) {
                assertThat(vmm.map(BAR, Puppet.MAPPABLE_SIZE, Vmm.READ_WRITE)).isZero();
                assertThat(vmm.d3hot()).isZero();
                assertThat(bridged.state()).isEqualTo("unmapping");
                assertThat(vmm.pmcsr() & 3).as("to the guest it is there already").isEqualTo(3);
                assertThat(bridged.state())
                        .as("a request is no sign while it is mapped")
                        .isEqualTo("unmapping");
                assertThat(bridged.sleeps()).isFalse();

                long unmapped = System.nanoTime();
                assertThat(vmm.unmap(BAR, Puppet.MAPPABLE_SIZE)).isZero();

                assertThat(vmm.pmcsr() & 3).isEqualTo(3);
                bridged.awaitState("asleep");
                assertThat(System.nanoTime() - unmapped).isGreaterThanOrEqualTo(grace.toNanos());
                assertThat(vmm.d0()).isZero();
                assertThat(bridged.sleeps()).as("before the VMM maps again").isFalse();
            }
        }
    }

    /** Its guest's IOMMU translates since: nothing is unmapped, but there is a next request. */
    @Test
    void shouldSleepAGraceAfterTheNextRequestOfAVmmThatTellsNoMore() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                Vmm vmm = boot(bridged)) {
            tellOnce(vmm);
            assertThat(vmm.d3hot()).isZero();
            assertThat(bridged.state()).isEqualTo("unmapping");

            assertThat(vmm.pmcsr() & 3).isEqualTo(3);

            bridged.awaitAsleep();
            assertThat(vmm.pmcsr() & 3).isEqualTo(3);
            assertThat(bridged.sleeps()).isTrue();
        }
    }

    @Test
    void shouldNotSleepWhileTheVmmKeepsItsMappings() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                Vmm vmm = boot(bridged)) {
            assertThat(vmm.map(BAR, Puppet.MAPPABLE_SIZE, Vmm.READ_WRITE)).isZero();
            assertThat(vmm.d3hot()).isZero();

            Bridged.soon()
                    .untilAsserted(() ->
                            assertThat(log.lines())
                                    .anyMatch(line ->
                                            line.startsWith("WARNING")
                                                    && line.contains("still has BARs mapped")
                                                    && line.contains("--bars message")));
            assertThat(bridged.wakes()).isEqualTo("entries 0 guest 0 own 0 foreign 0 failures 1");
            assertThat(bridged.state()).isEqualTo("unmapping");
            assertThat(bridged.sleeps()).isFalse();
            assertThat(vmm.d0()).isZero();
            assertThat(bridged.state()).isEqualTo("awake");
        }
    }

    /** Late is better than never. */
    @Test
    void shouldSleepWhenTheVmmUnmapsLate() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                Vmm vmm = boot(bridged)) {
            assertThat(vmm.map(BAR, Puppet.MAPPABLE_SIZE, Vmm.READ_WRITE)).isZero();
            assertThat(vmm.d3hot()).isZero();
            Bridged.soon().until(() -> bridged.wakes().endsWith("failures 1"));

            assertThat(vmm.unmap(BAR, Puppet.MAPPABLE_SIZE)).isZero();

            bridged.awaitAsleep();
        }
    }

    /** One window of several is not all of them; what is no BAR does not count. */
    @Test
    void shouldWaitForTheLastWindow() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge().grace(NEVER));
                MemFd memory = MemFd.create("guest", 1 << 20);
                Vmm vmm = boot(bridged)) {
            assertThat(vmm.map(RAM, 1 << 20, Vmm.READ_WRITE, memory.fd())).isZero();
            assertThat(vmm.map(BAR, 4096, Vmm.READ_WRITE)).isZero();
            assertThat(vmm.map(BAR + 8192, 4096, Vmm.READ_WRITE)).isZero();
            assertThat(vmm.d3hot()).isZero();

            assertThat(vmm.unmap(RAM, 1 << 20)).isZero();
            assertThat(vmm.unmap(BAR, 4096)).isZero();
            assertThat(bridged.state()).isEqualTo("unmapping");
            assertThat(vmm.unmap(BAR + 8192, 4096)).isZero();
            assertThat(bridged.state()).isEqualTo("pausing");
        }
    }

    /** A grace that is over is over: the next D3hot needs its own. */
    @Test
    void shouldNotTakeAnEarlierUnmappingForThisOnes() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge().grace(NEVER));
                Vmm vmm = boot(bridged)) {
            assertThat(vmm.map(BAR, Puppet.MAPPABLE_SIZE, Vmm.READ_WRITE)).isZero();
            assertThat(vmm.unmap(BAR, Puppet.MAPPABLE_SIZE)).as("memory off").isZero();
            assertThat(vmm.d3hot()).isZero();
            assertThat(bridged.state()).isEqualTo("unmapping");
        }
    }

    /** The guest is quicker than the grace. */
    @Test
    void shouldForgetTheEntryWhenTheGuestIsBackBeforeIt() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                Vmm vmm = boot(bridged)) {
            for (int i = 0; i < 20; i++) {
                assertThat(vmm.d3hot()).isZero();
                assertThat(vmm.d0()).isZero();
                assertThat(bridged.state()).isEqualTo("awake");
                vmm.store(Puppet.REGISTERS, 0, 4, i);
            }
            assertThat(bridged.wakes()).startsWith("entries 0");
            assertThat(vmm.load(Puppet.REGISTERS, 0, 4)).isEqualTo(19);
        }
    }

    /** Whatever the guest's state says: it is in its reach when this is answered. */
    @Test
    void shouldBeAwakeBeforeAMappingIsAnswered() {
        Wanted wanted = Wanted.bridge().reentry(Reentry.AUTO);
        try (Bridged bridged = new Bridged(new Puppet(), wanted);
                Vmm vmm = boot(bridged)) {
            tellOnce(vmm);
            assertThat(vmm.d3hot()).isZero();
            assertThat(vmm.pmcsr() & 3).isEqualTo(3);
            bridged.awaitAsleep();

            assertThat(vmm.map(BAR, Puppet.MAPPABLE_SIZE, Vmm.READ_WRITE)).isZero();

            assertThat(bridged.sleeps()).isFalse();
            assertThat(bridged.state()).isIn("unmapping", "pausing");
            assertThat(vmm.unmap(BAR, Puppet.MAPPABLE_SIZE)).isZero();
            bridged.awaitAsleep();
        }
    }

    /** A VMM that has mapped nothing, in a process of its own, need not say so. */
    @Test
    void shouldLookWhatTheVmmsProcessHasMapped() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                VmmProcess vmm = new VmmProcess(bridged.socket())) {
            assertThat(vmm.ask("map")).isEqualTo("done");
            assertThat(vmm.ask("d3hot")).isEqualTo("0");
            Bridged.soon().until(() -> bridged.wakes().endsWith("failures 1"));
            assertThat(bridged.state()).isEqualTo("unmapping");
            assertThat(vmm.ask("d0")).isEqualTo("0");
            assertThat(vmm.ask("touch")).isEqualTo("done");

            assertThat(vmm.ask("unmap")).isEqualTo("done");
            assertThat(vmm.ask("d3hot")).isEqualTo("0");
            bridged.awaitAsleep();
            assertThat(bridged.wakes()).isEqualTo("entries 1 guest 0 own 0 foreign 0 failures 1");
        }
    }

    /** Then there is nothing to wait for. */
    @Test
    void shouldServeBarsByMessageOnly() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge().byMessage().grace(NEVER));
                Vmm vmm = new Vmm(bridged.socket())) {
            assertThat(vmm.barFile(Puppet.MAPPABLE)).isEmpty();
            vmm.store(Puppet.REGISTERS, 8, 4, 123);
            vmm.store(Puppet.MAPPABLE, 8, 4, 456);
            assertThat(vmm.load(Puppet.REGISTERS, 8, 4)).isEqualTo(123);
            assertThat(vmm.load(Puppet.MAPPABLE, 8, 4)).isEqualTo(456);

            assertThat(vmm.d3hot()).isZero();

            bridged.awaitAsleep();
            assertThat(vmm.read(Puppet.REGISTERS, 8, 4).done()).isEqualTo(Errno.EIO.number());
            assertThat(vmm.read(Puppet.MAPPABLE, 8, 4).done()).isEqualTo(Errno.EIO.number());
            assertThat(vmm.write(Puppet.MAPPABLE, 8, new byte[4])).isEqualTo(Errno.EIO.number());
            assertThat(bridged.sleeps()).isTrue();

            assertThat(vmm.d0()).isZero();
            assertThat(vmm.load(Puppet.REGISTERS, 8, 4)).isEqualTo(123);
            assertThat(vmm.load(Puppet.MAPPABLE, 8, 4)).isEqualTo(456);
        }
    }

    /** One that bears faults has nothing to fear, and is not waited for. */
    @Test
    void shouldNotWaitForAClientThatBearsFaults() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge().grace(NEVER));
                Guest guest = new Guest(bridged);
                var _ = guest.device.map(Puppet.MAPPABLE)) {
            guest.sleep();
            assertThat(bridged.state()).isEqualTo("asleep");
        }
    }
}
