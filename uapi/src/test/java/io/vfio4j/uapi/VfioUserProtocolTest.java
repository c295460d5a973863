/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * vfio-user has no C header of the kernel's: these tables are the protocol text's own, row by row
 * (QEMU's docs/interop/vfio-user.rst).
 */
class VfioUserProtocolTest {
    /** Structure, then "member offset size" as the text's tables have them, then the size. */
    static final Map<String, List<String>> TABLES = new TreeMap<>();

    static {
        table(
                "vfio_user_header",
                16,
                "msg_id 0 2",
                "cmd 2 2",
                "msg_size 4 4",
                "flags 8 4",
                "error_no 12 4");
        table("vfio_user_version", 4, "major 0 2", "minor 2 2", "data 4 -");
        table(
                "vfio_user_dma_map",
                32,
                "argsz 0 4",
                "flags 4 4",
                "offset 8 8",
                "address 16 8",
                "size 24 8");
        table("vfio_user_dma_unmap", 24, "argsz 0 4", "flags 4 4", "address 8 8", "size 16 8");
        table(
                "vfio_user_device_info",
                16,
                "argsz 0 4",
                "flags 4 4",
                "num_regions 8 4",
                "num_irqs 12 4");
        table(
                "vfio_user_region_io_fds",
                16,
                "argsz 0 4",
                "flags 4 4",
                "index 8 4",
                "count 12 4",
                "sub_regions 16 -");
        table(
                "vfio_user_sub_region_ioeventfd",
                40,
                "offset 0 8",
                "size 8 8",
                "fd_index 16 4",
                "type 20 4",
                "flags 24 4",
                "padding 28 4",
                "datamatch 32 8");
        table(
                "vfio_user_sub_region_ioregionfd",
                40,
                "offset 0 8",
                "size 8 8",
                "fd_index 16 4",
                "type 20 4",
                "flags 24 4",
                "padding 28 4",
                "user_data 32 8");
        table("vfio_user_region_access", 16, "offset 0 8", "region 8 4", "count 12 4", "data 16 -");
        table("vfio_user_dma_region_access", 16, "address 0 8", "count 8 8", "data 16 -");
        table("vfio_user_region_write_multi", 8, "wr_cnt 0 8", "wrs 8 -");
        table(
                "vfio_user_region_write_multi_entry",
                24,
                "offset 0 8",
                "region 8 4",
                "count 12 4",
                "data 16 8");
        table(
                "vfio_user_device_feature_dma_logging_control",
                16,
                "page_size 0 8",
                "num_ranges 8 4",
                "reserved 12 4",
                "ranges 16 -");
        table(
                "vfio_user_device_feature_dma_logging_report",
                24,
                "iova 0 8",
                "length 8 8",
                "page_size 16 8",
                "bitmap 24 -");
        table("vfio_user_mig_data", 8, "argsz 0 4", "size 4 4", "data 8 -");
        // Structures of the kernel that vfio-user sends as they are.
        table(
                "vfio_region_info",
                32,
                "argsz 0 4",
                "flags 4 4",
                "index 8 4",
                "cap_offset 12 4",
                "size 16 8",
                "offset 24 8");
        table("vfio_info_cap_header", 8, "id 0 2", "version 2 2", "next 4 4");
        table(
                "vfio_region_info_cap_sparse_mmap",
                16,
                "header 0 8",
                "nr_areas 8 4",
                "reserved 12 4",
                "areas 16 -");
        table("vfio_region_sparse_mmap_area", 16, "offset 0 8", "size 8 8");
        table("vfio_irq_info", 16, "argsz 0 4", "flags 4 4", "index 8 4", "count 12 4");
        table(
                "vfio_irq_set",
                20,
                "argsz 0 4",
                "flags 4 4",
                "index 8 4",
                "start 12 4",
                "count 16 4",
                "data 20 -");
        table("vfio_device_feature", 8, "argsz 0 4", "flags 4 4", "data 8 -");
        table("vfio_device_feature_migration", 8, "flags 0 8");
        table("vfio_device_feature_mig_state", 8, "device_state 0 4", "data_fd 4 4");
        table("vfio_device_feature_dma_logging_range", 16, "iova 0 8", "length 8 8");
        table("vfio_device_low_power_entry_with_wakeup", 8, "wakeup_eventfd 0 4", "reserved 4 4");
    }

    static Set<String> structures() {
        return TABLES.keySet();
    }

    @ParameterizedTest
    @MethodSource("structures")
    void shouldLayOutEachPayloadAsTheTextDoes(String name) {
        StructLayout layout =
                UapiClasses.layouts().stream()
                        .filter(candidate -> candidate.name().equals(name))
                        .findFirst()
                        .orElseThrow();
        String members =
                layout.fields().stream()
                        .map(f -> "%s %d %d".formatted(f.name(), f.offset(), f.size()))
                        .collect(Collectors.joining("\n"));
        String end = layout.flexible().map(f -> "\n%s %d -".formatted(f, layout.size())).orElse("");

        assertThat(members + end + "\n= " + layout.size())
                .isEqualTo(String.join("\n", TABLES.getOrDefault(name, List.of())));
    }

    @Test
    void shouldHaveATableForEveryStructureOfTheProtocol() {
        assertThat(UapiClasses.layouts())
                .extracting(StructLayout::name)
                .filteredOn(name -> name.startsWith("vfio_user_"))
                .isSubsetOf(TABLES.keySet());
    }

    @ParameterizedTest
    @CsvSource({
        "1, VERSION, true",
        "2, DMA_MAP, true",
        "3, DMA_UNMAP, true",
        "4, DEVICE_GET_INFO, true",
        "5, DEVICE_GET_REGION_INFO, true",
        "6, DEVICE_GET_REGION_IO_FDS, true",
        "7, DEVICE_GET_IRQ_INFO, true",
        "8, DEVICE_SET_IRQS, true",
        "9, REGION_READ, true",
        "10, REGION_WRITE, true",
        "11, DMA_READ, false",
        "12, DMA_WRITE, false",
        "13, DEVICE_RESET, true",
        "15, REGION_WRITE_MULTI, true",
        "16, DEVICE_FEATURE, true",
        "17, MIG_DATA_READ, true",
        "18, MIG_DATA_WRITE, true"
    })
    void shouldNumberEachCommand(int number, VfioUserCommand command, boolean fromClient) {
        assertThat(VfioUserCommand.of(number)).contains(command);
        assertThat(command.number()).isEqualTo(number);
        assertThat(command.fromClient()).isEqualTo(fromClient);
    }

    @Test
    void shouldKnowNoOtherCommand() {
        assertThat(VfioUserCommand.values()).hasSize(17);
        assertThat(List.of(-1, 0, 14, 19, 65535)).allMatch(n -> VfioUserCommand.of(n).isEmpty());
    }

    @Test
    void shouldHaveTheTextsFlags() {
        assertThat(VfioUser.VFIO_USER_F_TYPE_MASK).isEqualTo(0b1111);
        assertThat(VfioUser.VFIO_USER_F_TYPE_COMMAND).isEqualTo(0);
        assertThat(VfioUser.VFIO_USER_F_TYPE_REPLY).isEqualTo(1);
        assertThat(VfioUser.VFIO_USER_F_NO_REPLY).isEqualTo(1 << 4);
        assertThat(VfioUser.VFIO_USER_F_ERROR).isEqualTo(1 << 5);
        assertThat(VfioUser.VFIO_USER_F_DMA_REGION_READ).isEqualTo(1 << 0);
        assertThat(VfioUser.VFIO_USER_F_DMA_REGION_WRITE).isEqualTo(1 << 1);
        assertThat(VfioUser.VFIO_USER_IO_FD_TYPE_IOEVENTFD).isEqualTo(0);
        assertThat(VfioUser.VFIO_USER_IO_FD_TYPE_IOREGIONFD).isEqualTo(1);
    }

    private static void table(String name, int size, String... rows) {
        TABLES.put(
                name,
                java.util.stream.Stream.concat(
                                java.util.Arrays.stream(rows),
                                java.util.stream.Stream.of("= " + size))
                        .toList());
    }
}
