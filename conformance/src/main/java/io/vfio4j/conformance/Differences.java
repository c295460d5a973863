/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** All differences that are allowed, each with its reason; docs/conformance.md shows them. */
public final class Differences {
    private static final String KERNEL = "kernel";
    private static final String SOCKET = "socket";

    private Differences() {}

    /** They, in the order of the suite. */
    public static List<Difference> all() {
        return List.of(
                new Difference(
                        "T.d3hot.OFF",
                        "D3hot by PMCSR",
                        "A bridge lets its client's device sleep in D3hot; to the kernel, and to a device"
                                + " host, D3hot is no sleep.",
                        by(
                                "awake", inD3hot("stays awake"),
                                "asleep", inD3hot("suspended"))),
                new Difference(
                        "T.ioeventfd.N-S",
                        "power management",
                        "A device without a PM capability sleeps in D0, and hears what an ioeventfd"
                                + " writes.",
                        by(
                                "yes", kicked("dropped", 0),
                                "no", kicked("written", 0))),
                new Difference(
                        "T.ioeventfd.W-S",
                        "power management",
                        "As without wakeup.",
                        by(
                                "yes", kicked("dropped", 1),
                                "no", kicked("written", 1))),
                new Difference(
                        "A1.feature.00",
                        "SR-IOV",
                        "A physical function of SR-IOV has a token, which a probe finds; others lack it.",
                        by(
                                "yes", List.of("PROBE → 0", "stays awake"),
                                "no", lacking("ENOTTY"))),
                new Difference(
                        "A1.feature.11",
                        "dma-buf",
                        "A kernel built with CONFIG_VFIO_PCI_DMABUF, as Debian's 7.3, has it for every"
                                + " device.",
                        by(
                                "yes", List.of("PROBE → 0", "stays awake"),
                                "no", lacking("ENOTTY"))),
                new Difference(
                        "A1.feature.12",
                        "feature 12",
                        "Linux 7.3 knows the feature, and says EINVAL for a device that does not"
                                + " migrate; 6.1 and 6.12 do not know it yet.",
                        by(
                                "not known", lacking("ENOTTY"),
                                "known", lacking("EINVAL"))),
                new Difference(
                        "B6.pme",
                        "PME",
                        "The kernel hears PME itself and hides its bits; a device host shows those of a"
                                + " device that has PME, to which it is the hardware (PME.*).",
                        by(
                                "hidden",
                                        List.of(
                                                "PME_Support reads 0",
                                                "PME bits read 0",
                                                "PMCSR := PME bits → 0",
                                                "PME bits read 0"),
                                "shown",
                                        List.of(
                                                "PME_Support names states",
                                                "PME bits read 0",
                                                "PMCSR := PME bits → 0",
                                                "PME_En reads 1 alone"))),
                new Difference(
                        "B6.d3hot",
                        "D3hot by PMCSR",
                        "As `T.d3hot.OFF`.",
                        by(
                                "awake", thereAndBack("stays awake"),
                                "asleep", thereAndBack("suspended"))),
                new Difference(
                        "C.pme.D3hot",
                        "passed on",
                        "A bridge has PME_Status for the sleeps that it lets its guest's device into;"
                                + " a client that enters low power itself has its wakeup.",
                        by(
                                "no", pme(1),
                                "yes", pme(0))),
                new Difference(
                        "C.pme.D3cold",
                        "passed on",
                        "As in D3hot.",
                        by(
                                "no", pme(1),
                                "yes", pme(0))),
                new Difference(
                        "B5.msix-table",
                        "side",
                        "The kernel owns a real device's table and shows ones; a device host is the"
                                + " hardware, and its client's driver sees what it wrote.",
                        by(
                                KERNEL, List.of("a write → 0", "all ones"),
                                SOCKET, List.of("a write → 0", "as written"))),
                new Difference(
                        "I1.unmask-asleep",
                        "side",
                        "Bug I.1 of kernels up to 7.3: an unmask eventfd kicked while the device is"
                                + " suspended loses the interrupt until it is masked and unmasked. It is"
                                + " not copied: the unmask waits for the resume.",
                        by(
                                KERNEL,
                                        List.of(
                                                "not woken",
                                                "EXIT → 0",
                                                "interrupt 0",
                                                "unmask → 0",
                                                "interrupt 0",
                                                "mask → 0",
                                                "unmask → 0",
                                                "interrupt 1"),
                                SOCKET,
                                        List.of(
                                                "interrupt 1",
                                                "not woken",
                                                "none asleep",
                                                "EXIT → 0",
                                                "interrupt 1",
                                                "interrupt 0"))),
                new Difference(
                        "MSI.resize",
                        "dynamic MSI-X",
                        "Since 6.5 vectors of MSI-X can be added while others are in use.",
                        by(
                                "no", List.of("NORESIZE"),
                                "yes", List.of("resizable"))));
    }

    private static List<String> inD3hot(String power) {
        return List.of("PMCSR := D3hot → 0", "wakeup 0", "PMCSR reads D3hot", power);
    }

    private static List<String> thereAndBack(String power) {
        return List.of(
                "PMCSR := D3hot → 0",
                power,
                "power_state D3hot",
                "a read of config space → 0",
                "a read → EIO",
                "PMCSR := D0 → 0",
                "power_state D0",
                "a read → 0");
    }

    private static List<String> pme(int status) {
        return List.of(
                "a wake event → 0",
                "wakeup 1",
                "stays awake",
                "PME_En 0, PME_Status " + status,
                "wakeup 0");
    }

    private static List<String> kicked(String what, int signals) {
        return List.of("consumed", "wakeup 0", "not woken", "suspended", what, "wakeup " + signals);
    }

    private static List<String> lacking(String errno) {
        return List.of("PROBE → " + errno, "GET → " + errno, "SET → " + errno, "stays awake");
    }

    private static SequencedMap<String, List<String>> by(
            String one, List<String> first, String two, List<String> second) {
        SequencedMap<String, List<String>> map = new LinkedHashMap<>();
        map.put(one, first);
        map.put(two, second);
        return map;
    }
}
