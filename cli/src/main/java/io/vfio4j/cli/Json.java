/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

import java.io.StringWriter;
import java.time.Duration;
import java.util.function.Consumer;

/** Objects as lines of JSON. Loaded only where {@code --json} is given. */
final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();

    private Json() {}

    /** One object, without a line feed. */
    static String object(Consumer<JsonGenerator> fields) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
            json.writeStartObject();
            fields.accept(json);
            json.writeEndObject();
        }
        return text.toString();
    }

    /** Milliseconds, with the microseconds behind the point. */
    static void millis(JsonGenerator json, String name, Duration duration) {
        json.writeNumberProperty(name, Math.round(duration.toNanos() / 1e3) / 1e3);
    }
}
