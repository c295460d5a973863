/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Walks version data token by token; whatever is not understood is passed over. */
final class VersionDataReader {
    private static final long DEFAULT_MIGRATION_PGSIZE = 4096;

    private final JsonParser in;

    private int maxMsgFds = VersionCapabilities.DEFAULTS.maxMsgFds();
    private long maxDataXferSize = VersionCapabilities.DEFAULTS.maxDataXferSize();
    private long maxDmaMaps = VersionCapabilities.DEFAULTS.maxDmaMaps();
    private long pgsizes = VersionCapabilities.DEFAULTS.pgsizes();
    private Optional<VersionCapabilities.Migration> migration = Optional.empty();
    private Optional<VersionCapabilities.TwinSocket> twinSocket = Optional.empty();
    private boolean writeMultiple = VersionCapabilities.DEFAULTS.writeMultiple();
    private VersionCapabilities.LowPower lowPower = VersionCapabilities.DEFAULTS.lowPower();

    VersionDataReader(JsonParser in) {
        this.in = in;
    }

    VersionCapabilities read() {
        in.nextToken();
        object("VERSION data", this::topMember);
        if (in.nextToken() != null) {
            throw new IllegalArgumentException("VERSION data has something after its JSON object");
        }
        return new VersionCapabilities(
                maxMsgFds,
                maxDataXferSize,
                maxDmaMaps,
                pgsizes,
                migration,
                twinSocket,
                writeMultiple,
                lowPower);
    }

    private void topMember(String name) {
        if (name.equals("capabilities")) {
            object(name, this::capability);
        } else {
            in.skipChildren();
        }
    }

    private void capability(String name) {
        switch (name) {
            case "max_msg_fds" -> maxMsgFds = (int) number(name, Integer.MAX_VALUE);
            case "max_data_xfer_size" -> maxDataXferSize = number(name, Long.MAX_VALUE);
            case "max_dma_maps" -> maxDmaMaps = number(name, Long.MAX_VALUE);
            case "pgsizes" -> pgsizes = number(name, Long.MAX_VALUE);
            case "migration" -> migration = Optional.of(migration());
            case "twin_socket" -> twinSocket = Optional.of(twinSocket());
            case "write_multiple" -> writeMultiple = bool(name);
            case "low_power" -> lowPower = lowPower();
            default -> in.skipChildren();
        }
    }

    private VersionCapabilities.Migration migration() {
        var found =
                new Object() {
                    long pgsize = DEFAULT_MIGRATION_PGSIZE;
                    OptionalLong maxBitmapSize = OptionalLong.empty();
                };
        object(
                "migration",
                name -> {
                    switch (name) {
                        case "pgsize" -> found.pgsize = number(name, Long.MAX_VALUE);
                        case "max_bitmap_size" ->
                                found.maxBitmapSize = OptionalLong.of(number(name, Long.MAX_VALUE));
                        default -> in.skipChildren();
                    }
                });
        return new VersionCapabilities.Migration(found.pgsize, found.maxBitmapSize);
    }

    private VersionCapabilities.TwinSocket twinSocket() {
        var found =
                new Object() {
                    boolean supported;
                    OptionalInt fdIndex = OptionalInt.empty();
                };
        object(
                "twin_socket",
                name -> {
                    switch (name) {
                        case "supported" -> found.supported = bool(name);
                        case "fd_index" ->
                                found.fdIndex =
                                        OptionalInt.of((int) number(name, Integer.MAX_VALUE));
                        default -> in.skipChildren();
                    }
                });
        return new VersionCapabilities.TwinSocket(found.supported, found.fdIndex);
    }

    private VersionCapabilities.LowPower lowPower() {
        var found =
                new Object() {
                    boolean mappingFaults;
                    boolean pme;
                };
        object(
                "low_power",
                name -> {
                    switch (name) {
                        case "mapping_faults" -> found.mappingFaults = bool(name);
                        case "pme" -> found.pme = bool(name);
                        default -> in.skipChildren();
                    }
                });
        return new VersionCapabilities.LowPower(found.mappingFaults, found.pme);
    }

    /**
     * Gives each member's name to {@code member}, which consumes the value the parser stands on.
     */
    private void object(String where, java.util.function.Consumer<String> member) {
        if (in.currentToken() != JsonToken.START_OBJECT) {
            throw wrong(where, "an object");
        }
        while (in.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = in.currentName();
            in.nextToken();
            member.accept(name);
        }
    }

    private long number(String where, long max) {
        if (in.currentToken() == JsonToken.VALUE_NUMBER_INT) {
            var type = in.getNumberType();
            if (type == JsonParser.NumberType.INT || type == JsonParser.NumberType.LONG) {
                long value = in.getLongValue();
                if (value >= 0 && value <= max) {
                    return value;
                }
            }
        }
        throw wrong(where, "a whole number from 0 to " + max);
    }

    private boolean bool(String where) {
        return switch (in.currentToken()) {
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case null, default -> throw wrong(where, "true or false");
        };
    }

    private static IllegalArgumentException wrong(String where, String expected) {
        return new IllegalArgumentException(
                "VERSION data: %s must be %s".formatted(where, expected));
    }
}
