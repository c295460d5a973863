/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.Memory;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The frames of the hot path, read and written where they are. */
class HotFramesTest {
    private static final long AT = 32;

    private final Memory memory = Memory.allocate(4096);

    @AfterEach
    void close() {
        memory.close();
    }

    @Test
    void shouldPutEachHeaderFieldWhereTheLayoutHasIt() {
        StructLayout layout = VfioUserHeader.LAYOUT;

        assertThat(VfioUserHeader.SIZE).isEqualTo(layout.size());
        assertThat(VfioUserHeader.ID).isEqualTo(layout.offset("msg_id"));
        assertThat(VfioUserHeader.COMMAND).isEqualTo(layout.offset("cmd"));
        assertThat(VfioUserHeader.MESSAGE_SIZE).isEqualTo(layout.offset("msg_size"));
        assertThat(VfioUserHeader.FLAGS).isEqualTo(layout.offset("flags"));
        assertThat(VfioUserHeader.ERRNO).isEqualTo(layout.offset("error_no"));
    }

    @Test
    void shouldPutEachAccessFieldWhereTheLayoutHasIt() {
        assertThat(RegionAccess.SIZE).isEqualTo(RegionAccess.LAYOUT.size());
        assertThat(RegionAccess.DATA).isEqualTo(RegionAccess.LAYOUT.size());
        assertThat(RegionAccess.OFFSET).isEqualTo(RegionAccess.LAYOUT.offset("offset"));
        assertThat(RegionAccess.REGION).isEqualTo(RegionAccess.LAYOUT.offset("region"));
        assertThat(RegionAccess.COUNT).isEqualTo(RegionAccess.LAYOUT.offset("count"));
        assertThat(DmaAccess.SIZE).isEqualTo(DmaAccess.LAYOUT.size());
        assertThat(DmaAccess.DATA).isEqualTo(DmaAccess.LAYOUT.size());
        assertThat(DmaAccess.ADDRESS).isEqualTo(DmaAccess.LAYOUT.offset("address"));
        assertThat(DmaAccess.COUNT).isEqualTo(DmaAccess.LAYOUT.offset("count"));
        assertThat(RegionWriteMulti.SIZE).isEqualTo(RegionWriteMulti.LAYOUT.size());
        assertThat(RegionWriteMulti.WRITE_SIZE).isEqualTo(RegionWriteMulti.WRITE_LAYOUT.size());
        assertThat(RegionAccess.DATA).isEqualTo(RegionWriteMulti.WRITE_LAYOUT.offset("data"));
    }

    @Test
    void shouldWriteACommand() {
        VfioUserHeader.writeCommand(memory, AT, 0xfffe, 9, 32, false);

        assertThat(VfioUserHeader.id(memory, AT)).isEqualTo(0xfffe);
        assertThat(VfioUserHeader.command(memory, AT)).isEqualTo(9);
        assertThat(VfioUserHeader.size(memory, AT)).isEqualTo(32);
        assertThat(VfioUserHeader.errno(memory, AT)).isZero();
        int flags = VfioUserHeader.flags(memory, AT);
        assertThat(flags).isZero();
        assertThat(VfioUserHeader.isCommand(flags)).isTrue();
        assertThat(VfioUserHeader.isReply(flags)).isFalse();
        assertThat(VfioUserHeader.isNoReply(flags)).isFalse();
    }

    @Test
    void shouldWriteACommandThatWantsNoReply() {
        VfioUserHeader.writeCommand(memory, AT, 1, 10, 36, true);

        assertThat(VfioUserHeader.flags(memory, AT)).isEqualTo(0x10);
        assertThat(VfioUserHeader.isNoReply(VfioUserHeader.flags(memory, AT))).isTrue();
    }

    @Test
    void shouldWriteAReplyOverItsCommand() {
        memory.fill(AT, 16, (byte) 0xff);
        VfioUserHeader.writeReply(memory, AT, 7, 10, 32);

        int flags = VfioUserHeader.flags(memory, AT);
        assertThat(flags).isEqualTo(0x1);
        assertThat(VfioUserHeader.isReply(flags)).isTrue();
        assertThat(VfioUserHeader.isError(flags)).isFalse();
        assertThat(VfioUserHeader.errno(memory, AT)).isZero();
    }

    @Test
    void shouldWriteAnErrorAsABareHeader() {
        VfioUserHeader.writeError(memory, AT, 7, 16, 25);

        int flags = VfioUserHeader.flags(memory, AT);
        assertThat(flags).isEqualTo(0x21);
        assertThat(VfioUserHeader.isError(flags)).isTrue();
        assertThat(VfioUserHeader.size(memory, AT)).isEqualTo(16);
        assertThat(VfioUserHeader.errno(memory, AT)).isEqualTo(25);
    }

    @Test
    void shouldReadWhatAPeerMayLieAboutAsUnsigned() {
        memory.fill(AT, 32, (byte) 0xff);

        assertThat(VfioUserHeader.size(memory, AT)).isEqualTo(0xffff_ffffL);
        assertThat(RegionAccess.count(memory, AT)).isEqualTo(0xffff_ffffL);
        assertThat(RegionAccess.offset(memory, AT)).isNegative();
        assertThat(RegionAccess.region(memory, AT)).isNegative();
        assertThat(DmaAccess.count(memory, AT)).isNegative();
        assertThat(RegionWriteMulti.writes(memory, AT)).isNegative();
    }

    @Test
    void shouldCarryARegionAccess() {
        RegionAccess.write(memory, AT, 0x1_0000_0004L, 7, 4);

        assertThat(RegionAccess.offset(memory, AT)).isEqualTo(0x1_0000_0004L);
        assertThat(RegionAccess.region(memory, AT)).isEqualTo(7);
        assertThat(RegionAccess.count(memory, AT)).isEqualTo(4);
    }

    @Test
    void shouldCarryADmaAccess() {
        DmaAccess.write(memory, AT, 0xfee0_0000L, 1 << 20);

        assertThat(DmaAccess.address(memory, AT)).isEqualTo(0xfee0_0000L);
        assertThat(DmaAccess.count(memory, AT)).isEqualTo(1 << 20);
    }

    @Test
    void shouldCarrySeveralWrites() {
        RegionWriteMulti.putWrites(memory, AT, 2);
        RegionAccess.write(memory, RegionWriteMulti.entry(AT, 1), 0x40, 2, 8);

        assertThat(RegionWriteMulti.writes(memory, AT)).isEqualTo(2);
        assertThat(memory.getLong(AT + 8 + 24)).isEqualTo(0x40);
        assertThat(memory.getInt(AT + 8 + 24 + 12)).isEqualTo(8);
    }

    @Test
    void shouldAllocateNothing() throws Exception {
        long checksum = roundTrips(50_000); // compiled by now
        long before = allocated();
        checksum += roundTrips(50_000);
        long bytes = allocated() - before;

        assertThat(checksum).isNotZero();
        // Room for what the JVM itself does now and then; one object each time would be 800 KB.
        assertThat(bytes).isLessThan(20_000);
    }

    private long roundTrips(int times) {
        long sum = 0;
        for (int i = 0; i < times; i++) {
            VfioUserHeader.writeCommand(memory, 0, i, 9, 32, false);
            RegionAccess.write(memory, 16, i, 7, 4);
            sum += VfioUserHeader.id(memory, 0) + VfioUserHeader.size(memory, 0);
            sum += VfioUserCommand.of(VfioUserHeader.command(memory, 0)).orElseThrow().number();
            sum += RegionAccess.offset(memory, 16) + RegionAccess.count(memory, 16);
            VfioUserHeader.writeReply(memory, 0, i, 9, 36);
            DmaAccess.write(memory, 16, i, 4);
            sum += DmaAccess.address(memory, 16) + DmaAccess.count(memory, 16);
        }
        return sum;
    }

    /** Bytes this thread has ever allocated. By reflection: the module does not read management. */
    private static long allocated() throws ReflectiveOperationException {
        Object bean =
                Class.forName("java.lang.management.ManagementFactory")
                        .getMethod("getThreadMXBean")
                        .invoke(null);
        Object bytes =
                Class.forName("com.sun.management.ThreadMXBean")
                        .getMethod("getCurrentThreadAllocatedBytes")
                        .invoke(bean);
        return ((Number) bytes).longValue();
    }
}
