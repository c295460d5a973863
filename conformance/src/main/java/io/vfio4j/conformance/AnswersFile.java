/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** A target's answers as JSON: written after a run, read to compare runs. */
public final class AnswersFile {
    private static final JsonFactory FACTORY = new JsonFactory();

    private AnswersFile() {}

    /** The answers as JSON, one case a line. */
    public static String write(Answers answers) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
            json.writeStartObject();
            json.writeObjectPropertyStart("facts");
            answers.facts().forEach(json::writeStringProperty);
            json.writeEndObject();
            json.writeNumberProperty("millis", answers.time().toMillis());
            json.writeArrayPropertyStart("answers");
            for (Answer answer : answers.answers()) {
                json.writeRaw('\n');
                write(json, answer);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        return text.append('\n').toString();
    }

    private static void write(JsonGenerator json, Answer answer) {
        json.writeStartObject();
        json.writeStringProperty("id", answer.id());
        json.writeStringProperty("title", answer.title());
        json.writeStringProperty("cites", answer.citation());
        json.writeStringProperty("verdict", answer.verdict().word());
        json.writeArrayPropertyStart("why");
        switch (answer.verdict()) {
            case Verdict.Passed() -> {}
            case Verdict.Failed(List<String> differences) -> differences.forEach(json::writeString);
            case Verdict.NotApplicable(String reason) -> json.writeString(reason);
            case Verdict.Erred(String reason) -> json.writeString(reason);
        }
        json.writeEndArray();
        json.writeArrayPropertyStart("observations");
        answer.observations().forEach(json::writeString);
        json.writeEndArray();
        json.writeNumberProperty("millis", answer.time().toMillis());
        json.writeEndObject();
    }

    /**
     * Reads answers.
     *
     * @param text what {@link #write} has written
     * @throws IllegalArgumentException if it is something else
     */
    public static Answers read(String text) {
        try (JsonParser json = FACTORY.createParser(ObjectReadContext.empty(), text)) {
            return new Reader(json).answers();
        } catch (JacksonException bad) {
            throw new IllegalArgumentException("it is no JSON: " + bad.getOriginalMessage(), bad);
        }
    }

    /** Reads it piece by piece; what has no name here is passed over. */
    private static final class Reader {
        private final JsonParser json;

        Reader(JsonParser json) {
            this.json = json;
        }

        Answers answers() {
            SequencedMap<String, String> facts = new LinkedHashMap<>();
            List<Answer> answers = new ArrayList<>();
            long millis = 0;
            require(json.nextToken() == JsonToken.START_OBJECT);
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                JsonToken value = json.nextToken();
                switch (name) {
                    case "facts" -> facts.putAll(strings(value));
                    case "millis" -> millis = json.getLongValue();
                    case "answers" -> {
                        require(value == JsonToken.START_ARRAY);
                        while (json.nextToken() == JsonToken.START_OBJECT) {
                            answers.add(answer());
                        }
                    }
                    default -> json.skipChildren();
                }
            }
            require(!facts.isEmpty());
            return new Answers(facts, answers, Duration.ofMillis(millis));
        }

        private Map<String, String> strings(JsonToken start) {
            require(start == JsonToken.START_OBJECT);
            Map<String, String> map = new LinkedHashMap<>();
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                require(json.nextToken() == JsonToken.VALUE_STRING);
                map.put(name, json.getString());
            }
            return map;
        }

        private Answer answer() {
            Map<String, String> fields = new LinkedHashMap<>();
            Map<String, List<String>> lists = new LinkedHashMap<>();
            long millis = 0;
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                switch (json.nextToken()) {
                    case VALUE_STRING -> fields.put(name, json.getString());
                    case VALUE_NUMBER_INT -> millis = json.getLongValue();
                    case START_ARRAY -> lists.put(name, list());
                    default -> json.skipChildren();
                }
            }
            List<String> why = lists.getOrDefault("why", List.of());
            return new Answer(
                    field(fields, "id"),
                    field(fields, "title"),
                    field(fields, "cites"),
                    verdict(field(fields, "verdict"), why),
                    lists.getOrDefault("observations", List.of()),
                    Duration.ofMillis(millis));
        }

        private List<String> list() {
            List<String> list = new ArrayList<>();
            while (json.nextToken() == JsonToken.VALUE_STRING) {
                list.add(json.getString());
            }
            return list;
        }

        private static Verdict verdict(String word, List<String> why) {
            String all = String.join("; ", why);
            return switch (word) {
                case "pass" -> new Verdict.Passed();
                case "FAIL" -> new Verdict.Failed(why);
                case "n/a" -> new Verdict.NotApplicable(all);
                default -> new Verdict.Erred(all);
            };
        }

        private static String field(Map<String, String> fields, String name) {
            String value = fields.get(name);
            if (value == null) {
                throw new IllegalArgumentException("an answer in it has no " + name);
            }
            return value;
        }

        private static void require(boolean so) {
            if (!so) {
                throw new IllegalArgumentException("it is not what --answers writes");
            }
        }
    }
}
