/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.uapi.VfioPci;
import io.vfio4j.uapi.VfioUser;

import java.util.Optional;
import java.util.function.Predicate;

/** What a case needs of its target, and what a report says of a target without it. */
enum Need {
    /** D3hot and its register. */
    PM_CAPABILITY(facts -> facts.power().isPresent(), "the device has no PM capability"),
    /** PME, its bits and its interrupt. */
    PME(
            facts -> facts.pmeShown() && facts.irqs(VfioUser.VFIO_USER_PCI_PME_IRQ_INDEX) > 0,
            "PME of the device is not shown, or it has none"),
    /** A host that can cause PME. */
    WAKE_EVENTS(Facts::wakeEvents, "the host cannot make the device signal PME"),
    /** PME from D0. */
    PME_FROM_D0(facts -> facts.pmeFrom("D0"), "the device does not signal PME from D0"),
    /** PME from D3hot. */
    PME_FROM_D3HOT(facts -> facts.pmeFrom("D3hot"), "the device does not signal PME from D3hot"),
    /** PME from D3cold. */
    PME_FROM_D3COLD(facts -> facts.pmeFrom("D3cold"), "the device does not signal PME from D3cold"),
    /** A platform that cuts the device's power when it sleeps. */
    D3COLD(Facts::d3cold, "asleep it does not reach D3cold here"),
    /** A device whose power the host can be told to cut or not, so that it sleeps in D3hot. */
    D3COLD_ALLOWED(facts -> facts.power().isPresent(), "the device has no PM capability"),
    /** A line-based interrupt. */
    INTX(facts -> facts.irqs(VfioPci.VFIO_PCI_INTX_IRQ_INDEX) > 0, "the device has no INTx"),
    /** MSI or MSI-X. */
    MESSAGES(facts -> facts.messages().isPresent(), "the device has neither MSI nor MSI-X"),
    /** MSI-X. */
    MSIX(facts -> facts.irqs(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX) > 0, "the device has no MSI-X"),
    /** An MSI-X table in a BAR that can be read. */
    MSIX_TABLE(facts -> facts.msixTable().isPresent(), "the device has no MSI-X table"),
    /** A BAR that can be mapped. */
    MAPPABLE_BAR(facts -> facts.mappable().isPresent(), "no BAR of the device can be mapped"),
    /** A memory BAR. */
    MEMORY_BAR(facts -> facts.memoryBar().isPresent(), "the device has no memory BAR"),
    /** A BAR index without a BAR. */
    ABSENT_BAR(facts -> facts.absentBar().isPresent(), "the device has all six BARs"),
    /** An expansion ROM. */
    ROM(facts -> facts.rom(), "the device has no ROM"),
    /** DEVICE_RESET. */
    RESET(Facts::resettable, "the device cannot be reset"),
    /** No DEVICE_RESET. */
    NO_RESET(facts -> !facts.resettable(), "the device can be reset"),
    /** The host's way to reset it. */
    HOST_RESET(Facts::hostReset, "the host cannot reset the device"),
    /** A bus or slot that can be reset, with no device on it that is somebody else's. */
    HOT_RESET(
            Facts::hotReset,
            "the device is on no bus or slot that can be reset, or others there are not ours"),
    /** A descriptor of the kernel. */
    DESCRIPTOR(Facts::inKernel, "a device behind a socket has no descriptor of the kernel"),
    /** A driver that the host can take the device from, and give it back to. */
    DRIVER(Facts::inKernel, "a device behind a socket has no driver to take it from"),
    /** Eventfds that stand for writes. */
    IOEVENTFD(
            facts -> facts.inKernel() && facts.scratch().isPresent(),
            "behind a socket, or no register is known that shows a write"),
    /** A way to make the device interrupt by INTx. */
    STIMULUS(facts -> facts.stimulus().isPresent(), "no way is known to make it interrupt"),
    /** An interrupt whose cause outlives a sleep in D3hot. */
    LASTING_INTERRUPT(
            facts ->
                    facts.keepsContext()
                            || facts.stimulus().map(Stimulus::outlivesSoftReset).orElse(false),
            "the device forgets in D3hot what it interrupts for"),
    /** A register that keeps what is written. */
    SCRATCH(facts -> facts.scratch().isPresent(), "no register is known that keeps a value"),
    /** Device DMA logging. */
    DMA_LOGGING(Facts::dmaLogging, "the device has no DMA logging"),
    /** Virtual functions that the host can make. */
    VIRTUAL_FUNCTIONS(Facts::virtualFunctions, "the host can make no virtual functions of it"),
    /** The count of references. */
    USAGE(
            Facts::counted,
            "the kernel does not tell power/runtime_usage (CONFIG_PM_ADVANCED_DEBUG)"),
    /** A PCI Express link that the host can ask about. */
    LINK(Facts::link, "the host knows no link of the device");

    // None of them has a state.
    @SuppressWarnings("ImmutableEnumChecker")
    private final Predicate<Facts> there;

    private final String reason;

    Need(Predicate<Facts> there, String reason) {
        this.there = there;
        this.reason = reason;
    }

    String reason() {
        return reason;
    }

    /** Why a target does not have it; empty if it has. */
    Optional<String> lacking(Facts facts) {
        return there.test(facts) ? Optional.empty() : Optional.of(reason);
    }
}
