/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.device.PciDevice;
import io.vfio4j.models.Bench;
import io.vfio4j.models.Edu;
import io.vfio4j.power.Delays;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The devices that {@code serve} has. */
enum ServedModel {
    /** The one that teaches. */
    EDU {
        @Override
        PciDevice create(Delays delays) {
            return new Edu(delays);
        }
    },
    /** The one to measure with. */
    BENCH {
        @Override
        PciDevice create(Delays delays) {
            return new Bench(delays);
        }
    };

    /** A new device of that kind. */
    abstract PciDevice create(Delays delays);

    static ServedModel of(String name) {
        return Arrays.stream(values())
                .filter(model -> model.toString().equals(name))
                .findFirst()
                .orElseThrow(() ->
                        new UsageException(
                                "there is no device \"%s\", only %s"
                                        .formatted(
                                                name,
                                                Arrays.stream(values())
                                                        .map(ServedModel::toString)
                                                        .collect(Collectors.joining(" and ")))));
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
