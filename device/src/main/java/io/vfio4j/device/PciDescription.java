/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a PCI function has, before it does anything: identity, BARs, interrupts, power management. A
 * value; each {@code with…} method returns a new one.
 *
 * <pre>{@code
 * PciDescription.of(PciIdentity.of(0x1234, 0x11e8, 0xff0000))
 *         .withRegisters(0, 1 << 20)
 *         .withMappableMemory(2, 1 << 16)
 *         .withIntx()
 *         .withMsix(4, 4)
 *         .withPower(PowerManagement.downToD3cold());
 * }</pre>
 *
 * @param identity who it is
 * @param bars its BARs, no two of which share an index
 * @param intx it has an INTx pin (INTA)
 * @param msiVectors MSI vectors: 0 for no MSI, else a power of two up to 32
 * @param msixVectors MSI-X vectors: 0 for no MSI-X, up to 2048
 * @param msixBar the BAR that holds the MSI-X table and pending bits
 * @param pciExpress its PCI Express capability, if it has one (and 4 KiB of configuration space)
 * @param needsBusMaster its DMA is refused while COMMAND.MASTER is 0, as on hardware
 * @param power its PM capability, if it has one
 */
public record PciDescription(
        PciIdentity identity,
        List<BarDescription> bars,
        boolean intx,
        int msiVectors,
        int msixVectors,
        int msixBar,
        Optional<PciExpress> pciExpress,
        boolean needsBusMaster,
        Optional<PowerManagement> power) {

    private static final int MSIX_ENTRY = 16;
    private static final int MAX_MSIX = 2048;
    private static final long PAGE = 4096;

    /**
     * Checks that the parts fit together.
     *
     * @throws IllegalArgumentException saying what does not
     */
    public PciDescription {
        bars = List.copyOf(bars);
        long taken = 0;
        for (BarDescription bar : bars) {
            long slots = (bar.wide() ? 3L : 1L) << bar.index();
            if ((taken & slots) != 0) {
                throw new IllegalArgumentException(
                        "BAR %d is declared twice, or is the upper half of a 64-bit BAR"
                                .formatted(bar.index()));
            }
            taken |= slots;
        }
        if (msiVectors < 0 || msiVectors > 32 || Integer.bitCount(msiVectors) > 1) {
            throw new IllegalArgumentException(
                    "%d MSI vectors: a power of two up to 32 is possible".formatted(msiVectors));
        }
        if (msixVectors < 0 || msixVectors > MAX_MSIX) {
            throw badMsix(msixVectors);
        }
    }

    private static IllegalArgumentException badMsix(int vectors) {
        return new IllegalArgumentException(
                "%d MSI-X vectors: 1 to %d are possible".formatted(vectors, MAX_MSIX));
    }

    /**
     * A function with nothing but an identity and a PCI Express capability.
     *
     * @param identity who it is
     * @return the description
     */
    public static PciDescription of(PciIdentity identity) {
        return new PciDescription(
                identity,
                List.of(),
                false,
                0,
                0,
                0,
                Optional.of(PciExpress.BASIC),
                true,
                Optional.empty());
    }

    /**
     * A conventional function: no PCI Express capability, 256 bytes of configuration space.
     *
     * @return the description without the capability
     */
    public PciDescription withoutExpress() {
        return with(Optional.empty());
    }

    /**
     * The same whose PCI Express capability offers Function Level Reset, as it does at first.
     *
     * @return the description with it
     * @throws IllegalArgumentException without a PCI Express capability
     */
    public PciDescription withFlr() {
        return with(Optional.of(requireExpress("FLR").withFunctionLevelReset(true)));
    }

    /**
     * The same without Function Level Reset. DEVICE_RESET resets it all the same.
     *
     * @return the description without it
     * @throws IllegalArgumentException without a PCI Express capability
     */
    public PciDescription withoutFlr() {
        return with(Optional.of(requireExpress("FLR").withFunctionLevelReset(false)));
    }

    /**
     * Adds Advanced Error Reporting; see {@link PciDevice#reportError}.
     *
     * @return the description with the extended capability
     * @throws IllegalArgumentException without a PCI Express capability
     */
    public PciDescription withAer() {
        return with(Optional.of(requireExpress("AER").withErrorReporting()));
    }

    /**
     * Adds a Device Serial Number.
     *
     * @param number an EUI-64, its company's identifier in the top 24 bits
     * @return the description with the extended capability
     * @throws IllegalArgumentException without a PCI Express capability
     */
    public PciDescription withSerialNumber(long number) {
        return with(Optional.of(requireExpress("a serial number").withSerialNumber(number)));
    }

    private PciExpress requireExpress(String what) {
        return pciExpress.orElseThrow(() ->
                new IllegalArgumentException(
                        what + " is a matter of PCI Express, which the function lacks"));
    }

    private PciDescription with(Optional<PciExpress> capability) {
        return new PciDescription(
                identity,
                bars,
                intx,
                msiVectors,
                msixVectors,
                msixBar,
                capability,
                needsBusMaster,
                power);
    }

    /**
     * Whether it is a PCI Express function.
     *
     * @return whether it has the capability
     */
    public boolean express() {
        return pciExpress.isPresent();
    }

    /**
     * Lets the device do DMA whatever COMMAND.MASTER says: for a device that is driven by clients
     * which never write COMMAND.
     *
     * @return the description without that condition
     */
    public PciDescription withoutBusMaster() {
        return new PciDescription(
                identity, bars, intx, msiVectors, msixVectors, msixBar, pciExpress, false, power);
    }

    /**
     * Adds a BAR whose every access is a call of the device.
     *
     * @param index 0..5
     * @param size bytes, a power of two
     * @return the description with the BAR
     */
    public PciDescription withRegisters(int index, long size) {
        return with(new BarDescription(index, size, BarDescription.Backing.REGISTERS, false));
    }

    /**
     * Adds a BAR of plain memory, served by messages.
     *
     * @param index 0..5
     * @param size bytes, a power of two
     * @return the description with the BAR
     */
    public PciDescription withMemory(int index, long size) {
        return with(new BarDescription(index, size, BarDescription.Backing.MEMORY, false));
    }

    /**
     * Adds a BAR of plain memory that a client may map.
     *
     * @param index 0..5
     * @param size bytes, a power of two, at least 4096
     * @return the description with the BAR
     */
    public PciDescription withMappableMemory(int index, long size) {
        return with(new BarDescription(index, size, BarDescription.Backing.MAPPABLE, false));
    }

    /**
     * Adds any BAR.
     *
     * @param bar the BAR
     * @return the description with the BAR
     */
    public PciDescription with(BarDescription bar) {
        List<BarDescription> more = new ArrayList<>(bars);
        more.add(bar);
        return new PciDescription(
                identity,
                more,
                intx,
                msiVectors,
                msixVectors,
                msixBar,
                pciExpress,
                needsBusMaster,
                power);
    }

    /**
     * Adds an INTx pin.
     *
     * @return the description with INTA
     */
    public PciDescription withIntx() {
        return new PciDescription(
                identity,
                bars,
                true,
                msiVectors,
                msixVectors,
                msixBar,
                pciExpress,
                needsBusMaster,
                power);
    }

    /**
     * Adds MSI.
     *
     * @param vectors a power of two up to 32
     * @return the description with MSI
     */
    public PciDescription withMsi(int vectors) {
        return new PciDescription(
                identity,
                bars,
                intx,
                vectors,
                msixVectors,
                msixBar,
                pciExpress,
                needsBusMaster,
                power);
    }

    /**
     * Adds MSI-X, with its table and pending bits in a BAR of their own.
     *
     * @param vectors 1..2048
     * @param bar the BAR they get; it must not be declared otherwise
     * @return the description with MSI-X
     * @throws IllegalArgumentException if there cannot be so many, or the BAR is taken
     */
    public PciDescription withMsix(int vectors, int bar) {
        if (vectors < 1 || vectors > MAX_MSIX) {
            throw badMsix(vectors);
        }
        long table = Math.max(PAGE, Long.highestOneBit((long) vectors * MSIX_ENTRY - 1) << 1);
        PciDescription more =
                with(new BarDescription(bar, 2 * table, BarDescription.Backing.MSIX, false));
        return new PciDescription(
                identity,
                more.bars,
                intx,
                msiVectors,
                vectors,
                bar,
                pciExpress,
                needsBusMaster,
                power);
    }

    /**
     * Adds a PM capability.
     *
     * @param management how the device sleeps
     * @return the description with the capability
     */
    public PciDescription withPower(PowerManagement management) {
        return new PciDescription(
                identity,
                bars,
                intx,
                msiVectors,
                msixVectors,
                msixBar,
                pciExpress,
                needsBusMaster,
                Optional.of(management));
    }

    /**
     * The BAR of an index.
     *
     * @param index any number
     * @return the BAR, or nothing if the function has none there
     */
    public Optional<BarDescription> bar(int index) {
        return bars.stream().filter(bar -> bar.index() == index).findFirst();
    }

    /**
     * Where the MSI-X pending bits start in {@link #msixBar()}: its second half.
     *
     * @return bytes from the start of the BAR
     */
    public long msixPendingOffset() {
        return bar(msixBar).map(BarDescription::size).orElse(0L) / 2;
    }

    /**
     * The size of the configuration space.
     *
     * @return 4096 bytes with a PCI Express capability, 256 without
     */
    public int configSize() {
        return express() ? 4096 : 256;
    }
}
