/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

import java.io.StringWriter;
import java.util.List;
import java.util.Locale;

/**
 * What {@link PowerBench} has found.
 *
 * @param target the device
 * @param cycles how many in each state
 * @param machine where the client ran: processors, kernel, Java
 * @param states the states that the device reached, the least deep first
 */
public record PowerReport(String target, int cycles, String machine, List<State> states) {
    private static final JsonFactory JSON = new JsonFactory();
    private static final double NANOS_PER_MILLI = 1e6;

    /** Keeps its own list. */
    public PowerReport {
        states = List.copyOf(states);
    }

    /**
     * What was measured in one state.
     *
     * @param name such as {@code D3hot}
     * @param rows what was measured
     */
    public record State(String name, List<Row> rows) {
        /** Keeps its own list. */
        public State {
            rows = List.copyOf(rows);
        }
    }

    /**
     * One duration.
     *
     * @param name what lasted so long
     * @param p50 its median, nanoseconds
     * @param p99 what 99 of 100 did not exceed, nanoseconds
     */
    public record Row(String name, long p50, long p99) {
        static Row of(String name, Histogram times) {
            return new Row(name, times.percentile(0.5), times.percentile(0.99));
        }
    }

    /** The report for people: lines, each with its newline. */
    public String toTable() {
        StringBuilder text = new StringBuilder();
        line(text, target, "p50 ms", "p99 ms");
        for (State state : states) {
            for (Row row : state.rows()) {
                line(text, state.name() + "  " + row.name(), millis(row.p50()), millis(row.p99()));
            }
        }
        text.append("%d cycles in each state; %s%n".formatted(cycles, machine));
        return text.toString();
    }

    private static void line(StringBuilder text, String name, String p50, String p99) {
        text.append(String.format(Locale.ROOT, "%-44s %9s %9s%n", name, p50, p99));
    }

    private static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.3f", nanos / NANOS_PER_MILLI);
    }

    /** The report for programs: one object, in one line without newline; times in milliseconds. */
    public String toJson() {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
            out.writeStartObject();
            out.writeStringProperty("target", target);
            out.writeStringProperty("machine", machine);
            out.writeNumberProperty("cycles", cycles);
            out.writeArrayPropertyStart("rows");
            for (State state : states) {
                state.rows().forEach(row -> write(out, state.name(), row));
            }
            out.writeEndArray();
            out.writeEndObject();
        }
        return text.toString();
    }

    private static void write(JsonGenerator out, String state, Row row) {
        out.writeStartObject();
        out.writeStringProperty("state", state);
        out.writeStringProperty("name", row.name());
        out.writeNumberProperty("p50_ms", rounded(row.p50()));
        out.writeNumberProperty("p99_ms", rounded(row.p99()));
        out.writeEndObject();
    }

    private static double rounded(long nanos) {
        return Math.round(nanos / 1e3) / 1e3;
    }
}
