/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

import java.io.StringWriter;
import java.util.List;
import java.util.Locale;

/**
 * What {@link SleeperBench} has found.
 *
 * @param devices how many there were in the process
 * @param machine where it ran: processors, kernel, Java
 * @param rows what each state cost
 */
public record SleeperReport(int devices, String machine, List<Row> rows) {
    private static final JsonFactory JSON = new JsonFactory();
    private static final double NANOS_PER_MILLI = 1e6;
    private static final int THREADS_SHOWN = 4;

    /** Keeps its own list. */
    public SleeperReport {
        rows = List.copyOf(rows);
    }

    /**
     * What all devices cost together in one state.
     *
     * @param state what they did
     * @param seconds for how long
     * @param cpuNanos time that the process was on a processor
     * @param wakes how often its threads were woken
     * @param threads who was, the most first
     */
    public record Row(
            String state, double seconds, long cpuNanos, long wakes, List<Woken> threads) {
        /** Keeps its own list. */
        public Row {
            threads = List.copyOf(threads);
        }

        static Row of(String state, double seconds, List<ProcessUsage.ThreadUsage> used) {
            return new Row(
                    state,
                    seconds,
                    used.stream().mapToLong(ProcessUsage.ThreadUsage::cpuNanos).sum(),
                    used.stream().mapToLong(ProcessUsage.ThreadUsage::wakes).sum(),
                    used.stream().map(it -> new Woken(it.name(), it.wakes())).toList());
        }

        double cpuMillisPerSecond() {
            return cpuNanos / NANOS_PER_MILLI / seconds;
        }

        double wakesPerSecond() {
            return wakes / seconds;
        }
    }

    /**
     * The threads of a name.
     *
     * @param name the name, at most 15 characters of it
     * @param wakes how often they were woken
     */
    public record Woken(String name, long wakes) {}

    /** The report for people: lines, each with its newline. */
    public String toTable() {
        StringBuilder text = new StringBuilder();
        line(text, "%d devices in one process".formatted(devices), "CPU ms/s", "wakes/s", "of");
        for (Row row : rows) {
            line(
                    text,
                    row.state(),
                    number(row.cpuMillisPerSecond()),
                    number(row.wakesPerSecond()),
                    who(row));
        }
        text.append(
                "%s; %s s each%n"
                        .formatted(
                                machine,
                                number(rows.stream().mapToDouble(Row::seconds).max().orElse(0))));
        return text.toString();
    }

    private static String who(Row row) {
        return String.join(
                ", ",
                row.threads().stream()
                        .limit(THREADS_SHOWN)
                        .filter(thread -> thread.wakes() > 0)
                        .map(it -> it.name() + " " + number(it.wakes() / row.seconds()))
                        .toList());
    }

    private static void line(StringBuilder text, String... cells) {
        String line = String.format(Locale.ROOT, "%-36s %9s %9s  %s", (Object[]) cells);
        text.append(line.stripTrailing()).append('\n');
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value < 100 ? "%.2f" : "%.0f", value);
    }

    /** The report for programs: one object, in one line without newline. */
    public String toJson() {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
            out.writeStartObject();
            out.writeNumberProperty("devices", devices);
            out.writeStringProperty("machine", machine);
            out.writeArrayPropertyStart("rows");
            rows.forEach(row -> write(out, row));
            out.writeEndArray();
            out.writeEndObject();
        }
        return text.toString();
    }

    private static void write(JsonGenerator out, Row row) {
        out.writeStartObject();
        out.writeStringProperty("state", row.state());
        out.writeNumberProperty("seconds", rounded(row.seconds()));
        out.writeNumberProperty("cpu_ms_per_s", rounded(row.cpuMillisPerSecond()));
        out.writeNumberProperty("wakes_per_s", rounded(row.wakesPerSecond()));
        out.writeObjectPropertyStart("wakes");
        row.threads().forEach(it -> out.writeNumberProperty(it.name(), it.wakes()));
        out.writeEndObject();
        out.writeEndObject();
    }

    private static double rounded(double value) {
        return Math.round(value * 1e3) / 1e3;
    }
}
