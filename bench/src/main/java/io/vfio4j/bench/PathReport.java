/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.client.Target;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** What {@link PathBench} has found. */
public final class PathReport {
    private static final JsonFactory JSON = new JsonFactory();
    private static final double NANOS_PER_MICRO = 1e3;

    private final List<Target> targets;
    private final List<String> mapped;
    private final String machine;
    private final List<Map<Target, Map<PathRow, Long>>> rounds;

    /**
     * Made of what was measured.
     *
     * @param mapped the files that each target's registers were mapped from
     * @param rounds each target's median of each row, nanoseconds
     */
    PathReport(
            List<Target> targets,
            List<String> mapped,
            String machine,
            List<Map<Target, Map<PathRow, Long>>> rounds) {
        this.targets = List.copyOf(targets);
        this.mapped = List.copyOf(mapped);
        this.machine = machine;
        this.rounds = List.copyOf(rounds);
    }

    /**
     * One row of one target.
     *
     * @param name what was measured
     * @param target of what
     * @param median of all rounds' medians, nanoseconds
     * @param least of them
     * @param most of them
     * @param ratio to the first target, the median of each round's; empty for the first itself, and
     *     where that has no such row
     */
    public record Row(
            String name,
            String target,
            long median,
            long least,
            long most,
            Optional<Double> ratio) {}

    /** All rows that a target has, each with its targets in order. */
    public List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (PathRow row : PathRow.values()) {
            for (Target target : targets) {
                List<Long> medians = medians(row, target);
                if (!medians.isEmpty()) {
                    rows.add(
                            new Row(
                                    row.title(),
                                    target.toString(),
                                    middle(medians),
                                    medians.getFirst(),
                                    medians.getLast(),
                                    ratio(row, target)));
                }
            }
        }
        return rows;
    }

    /** In order, from the least. */
    private List<Long> medians(PathRow row, Target target) {
        return rounds.stream()
                .flatMap(round -> median(round, row, target).stream())
                .sorted()
                .toList();
    }

    private static Optional<Long> median(
            Map<Target, Map<PathRow, Long>> round, PathRow row, Target target) {
        return Optional.ofNullable(round.getOrDefault(target, Map.of()).get(row));
    }

    private Optional<Double> ratio(PathRow row, Target target) {
        Target first = targets.getFirst();
        if (target.equals(first)) {
            return Optional.empty();
        }
        List<Double> ratios = new ArrayList<>();
        for (Map<Target, Map<PathRow, Long>> round : rounds) {
            Optional<Long> its = median(round, row, target);
            Optional<Long> firsts = median(round, row, first).filter(nanos -> nanos > 0);
            if (its.isPresent() && firsts.isPresent()) {
                ratios.add((double) its.get() / firsts.get());
            }
        }
        return ratios.isEmpty()
                ? Optional.empty()
                : Optional.of(middle(ratios.stream().sorted().toList()));
    }

    private static <T> T middle(List<T> sorted) {
        return Objects.requireNonNull(sorted.get(sorted.size() / 2));
    }

    /** The report for people: lines, each with its newline. */
    public String toTable() {
        int width = targets.stream().mapToInt(it -> it.toString().length()).max().orElse(0);
        StringBuilder text = new StringBuilder();
        line(text, width, "", "", "p50 µs", "rounds' p50 µs", "× first");
        String before = "";
        for (Row row : rows()) {
            line(
                    text,
                    width,
                    row.name().equals(before) ? "" : row.name(),
                    row.target(),
                    micros(row.median()),
                    micros(row.least()) + " – " + micros(row.most()),
                    row.ratio().map(it -> String.format(Locale.ROOT, "%.2f", it)).orElse(""));
            before = row.name();
        }
        for (int i = 0; i < targets.size(); i++) {
            text.append(
                    "%s: registers are mapped from %s%n"
                            .formatted(
                                    targets.get(i),
                                    mapped.get(i).isEmpty() ? "nothing" : mapped.get(i)));
        }
        text.append("%d rounds; %s%n".formatted(rounds.size(), machine));
        return text.toString();
    }

    private static void line(StringBuilder text, int width, String name, Object... columns) {
        String format = "%-36s %-" + Math.max(1, width) + "s %9s %21s %8s";
        List<Object> all = new ArrayList<>(List.of(name));
        all.addAll(List.of(columns));
        text.append(String.format(Locale.ROOT, format, all.toArray()).stripTrailing())
                .append(System.lineSeparator());
    }

    /** Three digits are as many as a machine is good for. */
    private static String micros(long nanos) {
        double micros = nanos / NANOS_PER_MICRO;
        int decimals = micros < 10 ? 2 : micros < 100 ? 1 : 0;
        return String.format(Locale.ROOT, "%." + decimals + "f", micros);
    }

    /** The report for programs: one object, in one line without newline; times in nanoseconds. */
    public String toJson() {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
            out.writeStartObject();
            out.writeStringProperty("machine", machine);
            out.writeNumberProperty("rounds", rounds.size());
            out.writeArrayPropertyStart("targets");
            for (int i = 0; i < targets.size(); i++) {
                out.writeStartObject();
                out.writeStringProperty("target", targets.get(i).toString());
                out.writeStringProperty("mapped_from", mapped.get(i));
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeArrayPropertyStart("rows");
            rows().forEach(row -> write(out, row));
            out.writeEndArray();
            out.writeEndObject();
        }
        return text.toString();
    }

    private static void write(JsonGenerator out, Row row) {
        out.writeStartObject();
        out.writeStringProperty("name", row.name());
        out.writeStringProperty("target", row.target());
        out.writeNumberProperty("p50_ns", row.median());
        out.writeNumberProperty("least_ns", row.least());
        out.writeNumberProperty("most_ns", row.most());
        row.ratio()
                .ifPresent(ratio ->
                        out.writeNumberProperty("ratio", Math.round(ratio * 1000) / 1000.0));
        out.writeEndObject();
    }
}
