/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.RegionAccess;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioIrqInfo;
import io.vfio4j.uapi.VfioIrqSet;
import io.vfio4j.uapi.VfioPci;
import io.vfio4j.uapi.VfioRegionInfo;
import io.vfio4j.uapi.VfioUser;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserDmaMap;
import io.vfio4j.uapi.VfioUserHeader;

import java.util.List;
import java.util.Optional;

/**
 * The device behind a connection, as far as a benchmark needs one: BAR0, and the registers in BAR2
 * by which the bench device sends DMA messages and interrupts.
 */
final class BenchDevice {
    /** Registers in BAR2. */
    static final int REGISTERS = 2;

    /** u64 dma_iova, u32 dma_len, u32 dma_count. */
    static final int DMA = 0x00;

    /** u32: 1 sends DMA_READ messages, 2 DMA_WRITE. */
    static final int COMMAND = 0x10;

    /** u32: a write triggers vector 0. */
    static final int IRQ = 0x14;

    /** u64 last_ns, s64 status. */
    static final int OUTCOME = 0x18;

    /** Where the driver's memory is to the device. */
    static final long IOVA = 0x10_0000;

    private static final int REGISTERS_SIZE = 4096;
    private static final int REQUEST = VfioUserHeader.SIZE;

    private final Connection connection;
    private int id;

    BenchDevice(Connection connection) {
        this.connection = connection;
    }

    /**
     * The size of a region.
     *
     * @return bytes, 0 if there is none
     */
    long regionSize(int region) {
        VfioRegionInfo ask = new VfioRegionInfo(VfioRegionInfo.LAYOUT.size(), 0, region, 0, 0, 0);
        ask.write(connection.out(), REQUEST);
        int size = VfioRegionInfo.LAYOUT.size();
        int reply = call(VfioUserCommand.DEVICE_GET_REGION_INFO, size, size);
        return VfioRegionInfo.read(connection.in(), reply + VfioUserHeader.SIZE).size();
    }

    /** Whether BAR2 is of the bench device: what is written to its DMA registers can be read. */
    boolean hasRegisters() {
        if (regionSize(REGISTERS) != REGISTERS_SIZE) {
            return false;
        }
        int marker = 0x5eed;
        setDma(IOVA, 0, marker);
        int data = read(REGISTERS, DMA, 16);
        boolean kept =
                connection.in().getLong(data) == IOVA
                        && connection.in().getInt(data + 12) == marker;
        setDma(0, 0, 0);
        return kept;
    }

    /** How many interrupts an index has. */
    int interruptCount(int index) {
        int size = VfioIrqInfo.LAYOUT.size();
        new VfioIrqInfo(size, 0, index, 0).write(connection.out(), REQUEST);
        int reply = call(VfioUserCommand.DEVICE_GET_IRQ_INFO, size, size);
        return VfioIrqInfo.read(connection.in(), reply + VfioUserHeader.SIZE).count();
    }

    /** Tells the server that there is memory at {@link #IOVA}, which is reached by messages. */
    void mapDma(long bytes) {
        int flags = VfioUser.VFIO_USER_F_DMA_REGION_READ | VfioUser.VFIO_USER_F_DMA_REGION_WRITE;
        int size = VfioUserDmaMap.LAYOUT.size();
        new VfioUserDmaMap(size, flags, 0, IOVA, bytes).write(connection.out(), REQUEST);
        call(VfioUserCommand.DMA_MAP, size, 0);
    }

    /** Has MSI-X vector 0 signal an eventfd. */
    void configureInterrupt(EventFd eventFd) {
        int flags = Vfio.VFIO_IRQ_SET_DATA_EVENTFD | Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
        int size = VfioIrqSet.LAYOUT.size();
        new VfioIrqSet(size, flags, VfioPci.VFIO_PCI_MSIX_IRQ_INDEX, 0, 1)
                .write(connection.out(), REQUEST);
        header(VfioUserCommand.DEVICE_SET_IRQS, size);
        connection.send(REQUEST + size, List.of(eventFd.fd()));
        connection.receiveReply(id, VfioUserHeader.SIZE);
    }

    /** Sets what the next command transfers. */
    void setDma(long iova, int length, int count) {
        Memory out = connection.out();
        out.putLong(Requests.ACCESS, iova);
        out.putInt(Requests.ACCESS + 8, length);
        out.putInt(Requests.ACCESS + 12, count);
        write(REGISTERS, DMA, 16);
    }

    /** What came of the last command: empty if all is well. */
    Optional<Errno> dmaFailure() {
        int data = read(REGISTERS, OUTCOME, 16);
        long status = connection.in().getLong(data + 8);
        return status == 0 ? Optional.empty() : Optional.of(Errno.of((int) -status));
    }

    private int read(int region, long offset, int count) {
        nextId();
        int size = Requests.read(connection.out(), 0, region, offset, count);
        Requests.setId(connection.out(), 0, id);
        connection.send(0, size);
        int reply = connection.receiveReply(id, Requests.ACCESS + count);
        return reply + VfioUserHeader.SIZE + RegionAccess.DATA;
    }

    /** The data is in place already. */
    private void write(int region, long offset, int count) {
        nextId();
        int size = Requests.write(connection.out(), 0, region, offset, count, false);
        Requests.setId(connection.out(), 0, id);
        connection.send(0, size);
        connection.receiveReply(id, Requests.ACCESS);
    }

    private int call(VfioUserCommand command, int payload, int replyPayload) {
        header(command, payload);
        connection.send(0, VfioUserHeader.SIZE + payload);
        return connection.receiveReply(id, VfioUserHeader.SIZE + replyPayload);
    }

    private void header(VfioUserCommand command, int payload) {
        nextId();
        int size = VfioUserHeader.SIZE + payload;
        VfioUserHeader.writeCommand(connection.out(), 0, id, command.number(), size, false);
    }

    private void nextId() {
        id = (id + 1) & 0xffff;
    }
}
