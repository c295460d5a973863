/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

import java.io.StringWriter;
import java.util.Optional;

/** A report as one JSON object. */
final class ReportJson {
    private static final JsonFactory JSON = new JsonFactory();

    private ReportJson() {}

    static String of(BenchReport report) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
            out.writeStartObject();
            out.writeStringProperty("machine", report.machine());
            out.writeNumberProperty("rounds", report.rounds());
            out.writeNumberProperty("elapsed_seconds", report.elapsed().toMillis() / 1e3);
            out.writeArrayPropertyStart("rows");
            report.rows().forEach(row -> write(out, row));
            out.writeEndArray();
            out.writeEndObject();
        }
        return text.toString();
    }

    private static void write(JsonGenerator out, BenchRow row) {
        out.writeStartObject();
        out.writeStringProperty("name", row.name());
        out.writeStringProperty("target", row.target());
        out.writeNumberProperty("bytes", row.bytes());
        switch (row.result()) {
            case BenchResult.Failed(String reason) -> out.writeStringProperty("failed", reason);
            case BenchResult.NotAvailable(String reason) ->
                    out.writeStringProperty("not_available", reason);
            case BenchResult.Measured measured -> write(out, measured);
        }
        out.writeEndObject();
    }

    private static void write(JsonGenerator out, BenchResult.Measured measured) {
        Optional<BenchResult.Latency> latency = measured.latency();
        if (latency.isPresent()) {
            out.writeNumberProperty("p50_us", rounded(latency.get().p50()));
            out.writeNumberProperty("p99_us", rounded(latency.get().p99()));
            out.writeArrayPropertyStart("slices_p50_us");
            out.writeNumber(rounded(latency.get().lowest()));
            out.writeNumber(rounded(latency.get().highest()));
            out.writeEndArray();
        }
        out.writeNumberProperty("rate", Math.round(measured.rate()));
        out.writeStringProperty("unit", measured.unit());
        measured.floorRatio()
                .ifPresent(ratio -> out.writeNumberProperty("floor_ratio", rounded(ratio)));
    }

    private static double rounded(double value) {
        return Math.round(value * 1e3) / 1e3;
    }
}
