/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.device.PciDevice;
import io.vfio4j.models.Bench;
import io.vfio4j.models.Edu;
import io.vfio4j.models.I2c;
import io.vfio4j.models.Serial;
import io.vfio4j.power.Delays;
import io.vfio4j.tutorial.SleepingThermometer;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

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
    },
    /** The one that Linux has a driver for. */
    I2C {
        @Override
        PciDevice create(Delays delays) {
            return new I2c(delays);
        }
    },
    /** The one that every Linux has a driver for. */
    SERIAL {
        @Override
        PciDevice create(Delays delays) {
            return new Serial(delays);
        }
    },
    /** The one of docs/write-a-device.md, in a room of 20 degrees. */
    THERMOMETER {
        @Override
        PciDevice create(Delays delays) {
            return new SleepingThermometer(() -> 20_000, delays);
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
                                        .formatted(name, listed(", ", " and "))));
    }

    /** The names of all, as {@code edu, bench, i2c, serial or thermometer}. */
    static String listed(String between, String last) {
        List<String> names = Arrays.stream(values()).map(ServedModel::toString).toList();
        int end = names.size() - 1;
        return String.join(between, names.subList(0, end)) + last + names.get(end);
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
