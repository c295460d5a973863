/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.client.DeviceBusyException;
import io.vfio4j.client.DmaDirection;
import io.vfio4j.client.DmaMemory;
import io.vfio4j.client.HostSide;
import io.vfio4j.client.ReleaseRequest;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.Reentry;
import io.vfio4j.power.SleepEntry;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.PciRegs;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.List;

/** Clients come and go, in good order or not: the device is the host's in between. */
@Timeout(60)
class ClientLifeTest {
    private static final int INTX = 0;

    /** What a client leaves the device in. */
    enum Left {
        AWAKE,
        ASLEEP,
        ENGAGED
    }

    private static void leave(Guest guest, Left as) {
        switch (as) {
            case AWAKE -> guest.register(0, 1);
            case ASLEEP -> guest.sleep();
            case ENGAGED -> guest.device.enterLowPower();
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldCloseTheDeviceWhenTheClientGoesAndOpenItForTheNext(Left as) {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                HostSide host = bridged.host()) {
            for (int i = 0; i < 3; i++) {
                try (Guest guest = new Guest(bridged)) {
                    assertThat(host.read(HostAttribute.ENABLE)).isEqualTo("1");
                    assertThat(guest.pm().state()).isEqualTo("D0");
                    assertThat(bridged.state()).isEqualTo("awake");
                    leave(guest, as);
                }
                bridged.awaitState("closed");
                bridged.awaitClosed();
                assertThat(host.read(HostAttribute.ENABLE)).isEqualTo("0");
                assertThat(host.read(HostAttribute.BRIDGE_CLIENT)).isEqualTo("none");
                Bridged.soon().until(bridged::sleeps);
            }
            assertThat(bridged.wakes()).endsWith("foreign 0 failures 0");
        }
    }

    @Test
    void shouldTellWhoItsClientIs() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                HostSide host = bridged.host();
                Guest _ = new Guest(bridged)) {
            assertThat(host.read(HostAttribute.BRIDGE_CLIENT))
                    .startsWith(ProcessHandle.current().pid() + " ");
        }
    }

    @Test
    void shouldRefuseASecondClient() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                Guest guest = new Guest(bridged)) {
            assertThatThrownBy(() -> new Guest(bridged)).isInstanceOf(DeviceBusyException.class);
            guest.register(0, 1);
            assertThat(guest.register(0)).isEqualTo(1);
        }
    }

    /** And a client that goes past the bridge: whoever is first has the device. */
    @Test
    void shouldBeRefusedADeviceThatSomebodyElseHas() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                Guest _ = new Guest(bridged)) {
            assertThatThrownBy(() -> VfioDevice.open(bridged.target()))
                    .isInstanceOf(DeviceBusyException.class);
        }
    }

    // ---- kept ----

    private static Wanted kept() {
        return Wanted.bridge().keep();
    }

    @ParameterizedTest
    @EnumSource
    void shouldKeepTheDeviceAndItsContextAndLetItSleep(Left as) {
        try (Bridged bridged = new Bridged(new Puppet(), kept())) {
            for (int i = 1; i < 4; i++) {
                try (Guest guest = new Guest(bridged)) {
                    assertThat(guest.pm().state()).isEqualTo("D0");
                    assertThat(guest.register(8)).isEqualTo(i - 1);
                    guest.register(8, i);
                    leave(guest, as);
                }
                bridged.awaitAsleep();
                assertThat(bridged.behind.power().powerState()).isEqualTo(PciPowerState.D3HOT);
                assertThat(bridged.behind.power().state().contract().open()).isTrue();
            }
            assertThat(bridged.wakes()).endsWith("failures 0");
        }
    }

    /** What forgets when it sleeps is not let sleep while it is kept for its context. */
    @Test
    void shouldKeepADeviceAwakeThatWouldForget() {
        try (Bridged bridged = new Bridged(new Puppet(), kept().deep())) {
            try (Guest guest = new Guest(bridged)) {
                guest.register(8, 4);
                guest.device.writeInt(Bridged.CONFIG, PciRegs.PCI_BASE_ADDRESS_0, 0xfe000000);
            }
            bridged.awaitState("awake");
            Bridged.soon().until(() -> client(bridged).equals("none"));
            assertThat(bridged.sleeps()).isFalse();
            try (Guest next = new Guest(bridged)) {
                assertThat(next.register(8)).isEqualTo(4);
            }
        }
    }

    private static String client(Bridged bridged) {
        try (HostSide host = bridged.host()) {
            return host.read(HostAttribute.BRIDGE_CLIENT);
        }
    }

    /** Its context is kept, not its reach: memory and interrupts were the client's. */
    @Test
    void shouldKeepNothingOfTheClients() {
        var puppet = new Puppet();
        try (Bridged bridged = new Bridged(puppet, kept());
                EventFd interrupt = EventFd.create();
                DmaMemory memory = DmaMemory.allocate(1 << 16)) {
            try (Guest guest = new Guest(bridged)) {
                guest.device.writeShort(Bridged.CONFIG, PciRegs.PCI_COMMAND, (short) 6);
                guest.device.enableInterrupts(INTX, 0, List.of(interrupt));
                var _ = guest.device.mapDma(0x10000, memory, DmaDirection.BIDIRECTIONAL);
                assertThat(bridged.behind.dma().size()).isEqualTo(1);
            }
            Bridged.soon().until(() -> client(bridged).equals("none"));
            Bridged.soon().until(() -> bridged.behind.dma().size() == 0);

            try (Guest next = new Guest(bridged)) {
                assertThat(next.device.readShort(Bridged.CONFIG, PciRegs.PCI_COMMAND))
                        .as("no longer master of the bus")
                        .isEqualTo((short) 2);
                puppet.raise(true);
                assertThat(interrupt.drain()).isZero();
                next.device.enableInterrupts(INTX, 0, List.of(interrupt));
                assertThat(interrupt.await(Bridged.SOON)).isTrue();
            }
        }
    }

    /** A foreign wake between two clients is nobody's PME. */
    @Test
    void shouldSleepOnWhenItIsWokenWhileItIsKept() {
        try (Bridged bridged = new Bridged(new Puppet(), kept().reentry(Reentry.NEVER));
                HostSide host = bridged.host()) {
            try (Guest guest = new Guest(bridged)) {
                guest.enablePme();
                guest.sleep();
                bridged.awaitAsleep();
            }
            Bridged.soon().until(() -> client(bridged).equals("none"));
            bridged.awaitAsleep();

            host.wakeEvent();

            Bridged.soon().until(() -> bridged.wakes().contains("foreign 1"));
            bridged.awaitAsleep();
            try (Guest next = new Guest(bridged)) {
                assertThat(next.pm().pmeStatus()).isFalse();
                next.sleep();
                bridged.awaitAsleep();
            }
        }
    }

    @Test
    void shouldGiveUpADeviceThatCannotBeKept() {
        var puppet = new Puppet();
        try (Bridged bridged = new Bridged(puppet, kept())) {
            try (Guest guest = new Guest(bridged)) {
                guest.sleep();
                bridged.awaitAsleep();
                bridged.unplug();
            }
            bridged.awaitState("closed");
            bridged.plug(new Puppet());
            try (Guest next = new Guest(bridged)) {
                assertThat(next.register(0)).isZero();
            }
        }
    }

    /** Its windows go, and with them what the entry waits for, while the device is reached. */
    @Test
    void shouldNotWaitForItselfWhenTheLastClientsWindowsGo() {
        try (Bridged bridged = new Bridged(new Puppet(), kept().grace(Duration.ZERO))) {
            try (Vmm vmm = new Vmm(bridged.socket())) {
                vmm.place(Puppet.MAPPABLE, 0xfe000000);
                assertThat(vmm.map(0xfe000000L, Puppet.MAPPABLE_SIZE, Vmm.READ_WRITE)).isZero();
                assertThat(vmm.d3hot()).isZero();
                assertThat(bridged.state()).isEqualTo("unmapping");
            }
            long gone = System.nanoTime();
            Bridged.soon().until(() -> client(bridged).equals("none"));
            assertThat(Duration.ofNanos(System.nanoTime() - gone))
                    .isLessThan(Duration.ofSeconds(2));
            try (Guest next = new Guest(bridged)) {
                assertThat(next.pm().state()).isEqualTo("D0");
            }
        }
    }

    // ---- in disorder ----

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldCleanUpAfterAVmmThatIsKilled(boolean keep) {
        Wanted wanted = keep ? kept() : Wanted.bridge();
        try (Bridged bridged = new Bridged(new Puppet(), wanted)) {
            try (VmmProcess vmm = new VmmProcess(bridged.socket())) {
                assertThat(vmm.ask("map")).isEqualTo("done");
                assertThat(vmm.ask("ram")).isEqualTo("0");
                assertThat(vmm.ask("bar")).isEqualTo("0");
                assertThat(vmm.ask("d3hot")).isEqualTo("0");
                assertThat(bridged.behind.dma().size()).isEqualTo(1);
            }
            Bridged.soon().until(() -> bridged.behind.dma().size() == 0);
            if (keep) {
                bridged.awaitAsleep();
            } else {
                bridged.awaitClosed();
            }
            try (Guest next = new Guest(bridged)) {
                next.register(0, 7);
                assertThat(next.register(0)).isEqualTo(7);
                next.sleep();
                bridged.awaitAsleep();
                next.wake();
            }
        }
    }

    /** Nobody waits for a bridge that ends, whatever its device does. */
    @ParameterizedTest
    @EnumSource
    void shouldLeaveTheDeviceToTheHostWhenItEndsWhileTheDeviceSleeps(SleepEntry by) {
        for (boolean keep : new boolean[] {false, true}) {
            Wanted wanted = keep ? kept().entry(by) : Wanted.bridge().entry(by);
            Bridged bridged = new Bridged(new Puppet(), wanted);
            try (bridged) {
                Guest guest = new Guest(bridged);
                try (guest) {
                    guest.sleep();
                    bridged.awaitState("asleep");
                    bridged.end();
                    bridged.awaitClosed();
                    assertThatThrownBy(guest::pm).isInstanceOf(VfioException.class);
                }
                Bridged.soon().until(bridged::sleeps);
                assertThat(bridged.behind.power().host().isD3coldAllowed()).isTrue();
                try (VfioDevice other = VfioDevice.open(bridged.target())) {
                    assertThat(Bridged.pm(other).state()).isEqualTo("D0");
                }
            }
        }
    }

    /** Between clients too. */
    @Test
    void shouldLeaveTheDeviceToTheHostWhenItEndsWithADeviceThatItKept() {
        int descriptors = Fd.openCount();
        try (Bridged bridged = new Bridged(new Puppet(), kept())) {
            try (Guest guest = new Guest(bridged)) {
                guest.register(0, 1);
            }
            bridged.awaitAsleep();

            bridged.end();

            bridged.awaitClosed();
            try (VfioDevice other = VfioDevice.open(bridged.target())) {
                assertThat(Bridged.pm(other).state()).isEqualTo("D0");
            }
        }
        Bridged.soon().until(() -> Fd.openCount() <= descriptors);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldLeakNoDescriptor(boolean keep) {
        try (Bridged bridged = new Bridged(new Puppet(), keep ? kept() : Wanted.bridge());
                EventFd event = EventFd.create();
                DmaMemory memory = DmaMemory.allocate(1 << 16)) {
            live(bridged, event, memory, 0);
            bridged.awaitState(keep ? "asleep" : "closed");
            int descriptors = Fd.openCount();
            for (int i = 0; i < 100; i++) {
                live(bridged, event, memory, i);
            }
            Bridged.soon().until(() -> Fd.openCount() <= descriptors);
            assertThat(bridged.wakes()).endsWith("failures 0");
        }
    }

    /** A short life, with everything in it. */
    private static void live(Bridged bridged, EventFd event, DmaMemory memory, int turn) {
        try (Guest guest = new Guest(bridged);
                var _ = guest.device.map(Puppet.MAPPABLE)) {
            guest.device.enableInterrupts(INTX, 0, List.of(event));
            var _ = guest.device.mapDma(0x10000, memory, DmaDirection.BIDIRECTIONAL);
            guest.enablePme();
            guest.sleep();
            if (turn % 2 == 0) {
                guest.wake();
            }
            if (turn % 3 == 0) {
                guest.device.reset();
            }
        }
    }

    // ---- given back ----

    @Test
    void shouldTellTheClientThatTheHostWantsTheDeviceAndHangUpOnItAfterAWhile() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                Guest guest = new Guest(bridged);
                ReleaseRequest wanted = ReleaseRequest.of(guest.device).orElseThrow()) {
            guest.sleep();
            bridged.awaitAsleep();

            bridged.behind.power().host().unbind();

            assertThat(wanted.eventFd().await(Bridged.SOON)).isTrue();
            bridged.awaitState("closed");
            bridged.awaitClosed();
            assertThatThrownBy(guest::pm).isInstanceOf(VfioException.class);
            assertThatThrownBy(() -> new Guest(bridged)).isInstanceOf(VfioException.class);
        }
    }

    /** One that lets go by itself is not hung up on. */
    @Test
    void shouldGiveTheDeviceBackAsSoonAsTheClientDoes() {
        try (Bridged bridged = new Bridged(new Puppet(), kept())) {
            try (Guest guest = new Guest(bridged);
                    ReleaseRequest wanted = ReleaseRequest.of(guest.device).orElseThrow()) {
                bridged.behind.power().host().unbind();
                assertThat(wanted.eventFd().await(Bridged.SOON)).isTrue();
            }
            bridged.awaitState("closed");
            bridged.awaitClosed();
        }
    }

    /** Nor does it keep a device for a client to come that the host wants. */
    @Test
    void shouldGiveAKeptDeviceBackToTheHost() {
        try (Bridged bridged = new Bridged(new Puppet(), kept())) {
            try (Guest guest = new Guest(bridged)) {
                guest.register(0, 1);
            }
            bridged.awaitAsleep();

            bridged.behind.power().host().unbind();

            bridged.awaitState("closed");
            bridged.awaitClosed();
        }
    }
}
