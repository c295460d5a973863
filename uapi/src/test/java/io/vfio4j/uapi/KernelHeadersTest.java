/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Whatever this package says about linux/vfio.h, iommufd.h and pci_regs.h is what a C compiler says
 * about them: every number, every structure's size, every member's place, size and sign.
 */
class KernelHeadersTest {
    /** Families of linux/vfio.h that no PCI device on an ordinary IOMMU has, and why. */
    private static final Map<String, String> LEFT_OUT =
            Map.ofEntries(
                    Map.entry("VFIO_H", "the include guard"),
                    Map.entry("(VFIO|vfio)_(IOMMU|iommu)_(SPAPR|spapr)_.*", "POWER"),
                    Map.entry("VFIO_IOMMU_(ENABLE|DISABLE)", "POWER"),
                    Map.entry("(VFIO|vfio)_(EEH|eeh)_.*", "POWER"),
                    Map.entry("VFIO_(CCW|AP)_.*", "s390"),
                    Map.entry("VFIO_DEVICE_INFO_CAP_ZPCI_.*", "s390"),
                    Map.entry(".*(NVLINK2|nvlink2).*", "no longer provided"),
                    Map.entry("__VFIO_RESERVED_.*", "no longer provided"),
                    Map.entry("VFIO_REGION_TYPE_(GFX|CCW|MIGRATION_DEPRECATED)", "not vfio-pci"),
                    Map.entry("VFIO_REGION_SUBTYPE_.*", "not vfio-pci, or one vendor's"),
                    Map.entry(".*_(GFX|gfx)_.*", "graphics of mediated devices"),
                    Map.entry("VFIO_DEVICE_API_.*_STRING", "names of mediated devices"),
                    Map.entry("VFIO_DEVICE_STATE_(V1_.*|MASK)", "first migration protocol"),
                    Map.entry("vfio_device_migration_info", "first migration protocol"));

    /** What older headers say otherwise, and why. */
    private static final Map<String, String> CORRECTED_SINCE =
            Map.of(
                    "PCI_CAP_EXP_ENDPOINT_SIZEOF_V2",
                    "0x32 forgot Link Status 2, newer ones say 0x34");

    @TempDir Path scratch = Path.of("");

    @Test
    void shouldAgreeWithANewerKernelInEverything() {
        KernelHeaders newer = KernelHeaders.newer();
        Map<String, Number> claims = claims();

        assertThat(claims.keySet())
                .as("names that %s does not have", newer)
                .filteredOn(claim -> !known(newer, claim))
                .isEmpty();
        assertAgreement(newer, claims);
    }

    @Test
    void shouldAgreeWithThisMachinesHeadersInEverythingTheyHave() {
        KernelHeaders ours = KernelHeaders.ofThisMachine();
        Map<String, Number> claims = new LinkedHashMap<>(claims());
        claims.keySet().removeIf(claim -> !known(ours, claim));
        claims.keySet().removeAll(CORRECTED_SINCE.keySet());

        assertThat(claims)
                .as("a sensible part of the interface")
                .containsKey("VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP")
                .hasSizeGreaterThan(500);
        assertAgreement(ours, claims);
    }

    @Test
    void shouldHaveEveryNumberOfVfioHeader() {
        Set<String> ours = UapiClasses.headerConstants().keySet();

        assertThat(KernelHeaders.newer().numbersOf("linux/vfio.h"))
                .filteredOn(name -> wanted(name) && !ours.contains(name))
                .isEmpty();
    }

    @Test
    void shouldHaveEveryStructureOfVfioHeader() {
        Set<String> ours =
                UapiClasses.layouts().stream().map(StructLayout::name).collect(Collectors.toSet());

        assertThat(KernelHeaders.newer().structsOf("linux/vfio.h"))
                .filteredOn(name -> wanted(name) && !ours.contains(name))
                .isEmpty();
    }

    @Test
    void shouldNoticeAWrongClaim() {
        KernelHeaders ours = KernelHeaders.ofThisMachine();

        assertThat(disagreements(ours, Map.of("VFIO_DEVICE_FEATURE", 0x3b76)))
                .containsExactly("VFIO_DEVICE_FEATURE is 15221 in C, 15222 in Java");
        assertThat(disagreements(ours, Map.of("sizeof(struct vfio_irq_set)", 24))).hasSize(1);
        assertThat(disagreements(ours, Map.of("PCI_MSIX_TABLE_OFFSET", 0xfffffff8))).isEmpty();
    }

    private void assertAgreement(KernelHeaders headers, Map<String, Number> claims) {
        assertThat(disagreements(headers, claims)).as("against %s", headers).isEmpty();
    }

    private List<String> disagreements(KernelHeaders headers, Map<String, Number> claims) {
        Map<String, Long> truth = headers.evaluate(claims.keySet(), scratch);
        List<String> disagreements = new ArrayList<>();
        claims.forEach((claim, value) -> {
            Long there = truth.get(claim);
            if (there == null || !same(there, value)) {
                disagreements.add("%s is %s in C, %s in Java".formatted(claim, there, value));
            }
        });
        return disagreements;
    }

    /** Java's int may be C's unsigned int of the same bits. */
    private static boolean same(long c, Number java) {
        return c == java.longValue()
                || (java instanceof Integer number && c == Integer.toUnsignedLong(number));
    }

    private static boolean wanted(String name) {
        return LEFT_OUT.keySet().stream().noneMatch(name::matches);
    }

    /** Whether a header has the name that a claim is about. */
    private static boolean known(KernelHeaders headers, String claim) {
        var member =
                java.util.regex.Pattern.compile(".*\\(struct (\\w+), (\\w+)\\)").matcher(claim);
        var struct = java.util.regex.Pattern.compile(".*\\(struct (\\w+)\\)").matcher(claim);
        if (member.matches()) {
            return headers.hasStruct(member.group(1))
                    && headers.hasMember(member.group(1), member.group(2));
        }
        if (struct.matches()) {
            // A structure that has grown since is compared by its members alone.
            return headers.hasStruct(struct.group(1))
                    && layout(struct.group(1)).fields().stream()
                            .allMatch(field -> headers.hasMember(struct.group(1), field.name()));
        }
        return headers.has(claim);
    }

    private static StructLayout layout(String name) {
        return UapiClasses.layouts().stream()
                .filter(layout -> layout.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** C expressions and what Java believes them to be worth. */
    private static Map<String, Number> claims() {
        Map<String, Number> claims = new TreeMap<>();
        for (var constant : UapiClasses.headerConstants().entrySet()) {
            if (!constant.getKey().startsWith("VFIO_USER_")) {
                claims.put(constant.getKey(), constant.getValue());
            }
        }
        for (StructLayout layout : UapiClasses.layouts()) {
            if (!layout.name().startsWith("vfio_user_")) {
                claims.putAll(claims(layout));
            }
        }
        return claims;
    }

    private static Map<String, Number> claims(StructLayout layout) {
        Map<String, Number> claims = new TreeMap<>();
        String type = "struct " + layout.name();
        claims.put("sizeof(%s)".formatted(type), layout.size());
        claims.put("_Alignof(%s)".formatted(type), layout.alignment());
        for (StructLayout.Field field : layout.fields()) {
            String member = "(%s, %s)".formatted(type, field.name());
            claims.put("offsetof" + member, field.offset());
            claims.put("SIZEOF" + member, field.size());
            claims.put("SIGNED" + member, field.kind() == StructLayout.Kind.S32 ? 1 : 0);
        }
        layout.flexible()
                .ifPresent(name ->
                        claims.put("offsetof(%s, %s)".formatted(type, name), layout.size()));
        return claims;
    }
}
