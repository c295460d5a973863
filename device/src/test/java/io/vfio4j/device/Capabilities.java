/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.uapi.PciRegs;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The two chains of capabilities, walked as an operating system walks them.
 *
 * @param standard id to offset, in the order of the chain
 * @param extended the same, from 0x100
 */
record Capabilities(Map<Integer, Integer> standard, Map<Integer, Integer> extended) {
    private static final int FIRST_EXTENDED = PciRegs.PCI_CFG_SPACE_SIZE;

    static Capabilities of(Hosted hosted) {
        return new Capabilities(standardOf(hosted), extendedOf(hosted));
    }

    private static Map<Integer, Integer> standardOf(Hosted hosted) {
        Map<Integer, Integer> found = new LinkedHashMap<>();
        int at = (int) hosted.config(PciRegs.PCI_CAPABILITY_LIST, 1);
        while (at != 0) {
            assertThat(at).isBetween(PciRegs.PCI_STD_HEADER_SIZEOF, FIRST_EXTENDED - 4);
            assertThat(at % 4).isZero();
            assertThat(found).as("a chain without loops").hasSizeLessThan(48);
            found.put((int) hosted.config(at, 1), at);
            at = (int) hosted.config(at + 1, 1);
        }
        return found;
    }

    private static Map<Integer, Integer> extendedOf(Hosted hosted) {
        Map<Integer, Integer> found = new LinkedHashMap<>();
        int at = hosted.region(Hosted.CONFIG).size() > FIRST_EXTENDED ? FIRST_EXTENDED : 0;
        while (at != 0) {
            assertThat(at).isBetween(FIRST_EXTENDED, PciRegs.PCI_CFG_SPACE_EXP_SIZE - 4);
            assertThat(at % 4).isZero();
            assertThat(found).as("a chain without loops").hasSizeLessThan(480);
            int header = (int) hosted.config(at, 4);
            if (header == 0) {
                break;
            }
            assertThat(header >> 16 & 0xf).as("version").isPositive();
            found.put(header & 0xffff, at);
            at = header >>> 20;
        }
        return found;
    }

    /** Where a capability of the first chain is; it must be there. */
    int at(int id) {
        assertThat(standard).containsKey(id);
        return standard.getOrDefault(id, 0);
    }

    /** Where an extended one is; it must be there. */
    int extendedAt(int id) {
        assertThat(extended).containsKey(id);
        return extended.getOrDefault(id, 0);
    }
}
