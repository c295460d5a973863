/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.RawFeature;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioFeature;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Which features there are, and which operations the low-power ones have (spec A1, A2). */
final class Features {
    /** One more than the newest kernel has, and one to be sure. */
    private static final int LAST_ASKED = 15;

    /** What a kernel says to a feature that it does not know. */
    private static final String UNKNOWN = "ENOTTY";

    private static final int HEADER = 8;
    private static final int LARGE = 4000;

    private Features() {}

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (int i = 0; i <= LAST_ASKED; i++) {
            int index = i;
            cases.add(
                    Case.of(
                                    String.format(Locale.ROOT, "A1.feature.%02d", index),
                                    "feature %d, %s"
                                            .formatted(
                                                    index,
                                                    VfioFeature.of(index)
                                                            .map(Enum::name)
                                                            .orElse("of no kernel")),
                                    "spec A1, A2 steps 7 and 8",
                                    t -> feature(t, index))
                            .sharingTheOpen());
        }
        for (int feature : new int[] {Acts.ENTRY, Acts.WAKEUP, Acts.EXIT}) {
            cases.add(
                    Case.of(
                                    "A2.operations." + feature,
                                    "the operations of feature " + feature,
                                    "spec A2 steps 6, 9, 10 and 11",
                                    t -> operations(t, feature))
                            .sharingTheOpen());
            cases.add(
                    Case.of(
                                    "A2.size." + feature,
                                    "argsz of feature " + feature,
                                    "spec A2 step 12",
                                    t -> size(t, feature))
                            .sharingTheOpen());
        }
        return cases;
    }

    private static void feature(Trial t, int index) {
        String answer = answer(t.facts(), index);
        boolean either = answer.equals(UNKNOWN) && VfioFeature.of(index).isPresent();
        if (!either && t.facts().profile().feature(index) == KernelProfile.Known.EITHER) {
            String why = KernelProfile.NOT_VERIFIED + t.facts().profile().version();
            throw new Trial.Inapplicable(why);
        }
        int probe = index | Acts.PROBE;
        t.does("PROBE", answer, () -> t.device().feature(RawFeature.of(probe)));
        if (!answer.equals("0")) {
            // What is lacking is lacking for every operation: step 8 precedes step 9.
            RawFeature get = RawFeature.of(index | Acts.GET, new byte[LARGE]);
            RawFeature set = RawFeature.of(index | Acts.SET, new byte[LARGE]);
            t.does("GET", answer, () -> t.device().feature(get));
            t.does("SET", answer, () -> t.device().feature(set));
        }
        t.staysAwake();
    }

    /** What a plain PCI function says to a probe, of a feature that its kernel may know. */
    private static String answer(Facts facts, int index) {
        Optional<VfioFeature> known = VfioFeature.of(index);
        if (facts.profile().feature(index) == KernelProfile.Known.NO || known.isEmpty()) {
            return UNKNOWN;
        }
        return switch (known.get()) {
            case LOW_POWER_ENTRY, LOW_POWER_ENTRY_WITH_WAKEUP, LOW_POWER_EXIT -> "0";
            case PCI_VF_TOKEN -> facts.sriov() ? "0" : "ENOTTY";
            case DMA_LOGGING_START, DMA_LOGGING_STOP, DMA_LOGGING_REPORT ->
                    facts.dmaLogging() ? "0" : "ENOTTY";
            case DMA_BUF -> facts.dmaBuf() ? "0" : "ENOTTY";
            case MIG_PRECOPY_INFO_V2 -> "EINVAL";
            case MIGRATION, MIG_DEVICE_STATE, MIG_DATA_SIZE, BUS_MASTER, ZPCI_ERROR -> "ENOTTY";
        };
    }

    private static void operations(Trial t, int feature) {
        probe(t, "PROBE", "0", feature | Acts.PROBE);
        probe(t, "PROBE, SET", "0", feature | Acts.PROBE | Acts.SET);
        probe(t, "PROBE, GET", "EINVAL", feature | Acts.PROBE | Acts.GET);
        probe(t, "PROBE, GET, SET", "EINVAL", feature | Acts.PROBE | Acts.GET | Acts.SET);
        probe(t, "GET", "EINVAL", feature | Acts.GET);
        probe(t, "GET, SET", "EINVAL", feature | Acts.GET | Acts.SET);
        probe(t, "no operation", "EINVAL", feature);
        t.staysAwake();
    }

    private static void probe(Trial t, String what, String expected, int flags) {
        t.does(what, expected, () -> t.device().feature(RawFeature.of(flags)));
    }

    private static void size(Trial t, int feature) {
        boolean wakeup = feature == Acts.WAKEUP;
        RawFeature good =
                wakeup
                        ? Acts.wakeupRequest(t.wakeup().fd())
                        : RawFeature.of(feature | Vfio.VFIO_DEVICE_FEATURE_SET);
        t.does("argsz 7", "EINVAL", () -> t.device().feature(good.withArgsz(HEADER - 1)));
        if (wakeup) {
            t.does("argsz 8", "EINVAL", () -> t.device().feature(good.withArgsz(HEADER)));
            t.does("argsz 12", "EINVAL", () -> t.device().feature(good.withArgsz(HEADER + 4)));
        }
        t.staysAwake();
        t.does("argsz 4000", "0", () -> t.device().feature(good.withArgsz(LARGE)));
        switch (feature) {
            case Acts.ENTRY -> After.N.see(t);
            case Acts.WAKEUP -> After.W.see(t);
            default -> After.OFF.see(t);
        }
    }
}
