/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * Which features a device has, and how it refuses those it lacks (spec A2 steps 7 and 8).
 *
 * @param lastFeature the highest index that core and driver know
 * @param lacking the features it lacks, with their errno
 */
public record FeatureSupport(int lastFeature, Map<Feature, Refusal> lacking) {
    /** Copies the map. */
    public FeatureSupport {
        lacking = Map.copyOf(lacking);
    }

    /** A plain PCI device on this kernel: low power and nothing else. */
    public static FeatureSupport lowPowerOnly(Profile profile) {
        Map<Feature, Refusal> lacking = new EnumMap<>(Feature.class);
        Arrays.stream(Feature.values()).forEach(f -> lacking.put(f, f.lacking()));
        return new FeatureSupport(profile.lastFeature(), lacking)
                .with(
                        Feature.LOW_POWER_ENTRY,
                        Feature.LOW_POWER_ENTRY_WITH_WAKEUP,
                        Feature.LOW_POWER_EXIT);
    }

    /** The same with more features. */
    public FeatureSupport with(Feature... features) {
        Map<Feature, Refusal> rest = new EnumMap<>(Feature.class);
        rest.putAll(lacking);
        Arrays.asList(features).forEach(rest::remove);
        return new FeatureSupport(lastFeature, rest);
    }

    /** The same without a feature, refused with this errno. */
    public FeatureSupport without(Feature feature, Refusal errno) {
        Map<Feature, Refusal> more = new EnumMap<>(Feature.class);
        more.putAll(lacking);
        more.put(feature, errno);
        return new FeatureSupport(lastFeature, more);
    }

    /** The feature of an index if it is known here, whether or not the device lacks it. */
    Optional<Feature> known(int index) {
        return index <= lastFeature ? Feature.of(index) : Optional.empty();
    }
}
