/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/** A target's answers, written down for people and for machines. */
public final class Report {
    private Report() {}

    /** What the table has of an answer: a line, and where it is bad, another that says why. */
    public static List<String> lines(Answer answer) {
        return answer.verdict().bad()
                ? List.of(line(answer), "    " + String.join("; ", why(answer.verdict())))
                : List.of(line(answer));
    }

    /** The same, and what was seen, step by step. */
    public static List<String> observations(Answer answer) {
        List<String> lines = new ArrayList<>(lines(answer));
        answer.observations().forEach(seen -> lines.add("    " + seen));
        return lines;
    }

    private static String line(Answer answer) {
        String reason =
                answer.verdict() instanceof Verdict.NotApplicable(String why)
                        ? " (" + why + ")"
                        : "";
        return String.format(
                Locale.ROOT,
                "%-28s %-5s %6d ms  %s%s",
                answer.id(),
                answer.verdict().word(),
                answer.time().toMillis(),
                answer.title(),
                reason);
    }

    /** What went wrong, in full; empty lines separate cases. */
    public static List<String> failures(Answers answers) {
        List<String> lines = new ArrayList<>();
        for (Answer answer : answers.answers()) {
            if (answer.verdict().bad()) {
                lines.add("");
                lines.add("%s: %s (%s)".formatted(answer.id(), answer.title(), answer.citation()));
                why(answer.verdict()).forEach(line -> lines.add("  " + line));
                lines.add("  saw: " + String.join("; ", answer.observations()));
            }
        }
        return lines;
    }

    /** The last line: how many of each verdict, and how long it took. */
    public static String summary(Answers answers) {
        return "%s: %s, in %d ms"
                .formatted(answers.target(), answers.summary(), answers.time().toMillis());
    }

    private static List<String> why(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Passed() -> List.of();
            case Verdict.Failed(List<String> differences) -> differences;
            case Verdict.NotApplicable(String reason) -> List.of(reason);
            case Verdict.Erred(String reason) -> List.of(reason);
        };
    }

    /** The Test Anything Protocol, version 13. */
    public static String tap(Answers answers) {
        StringBuilder text = new StringBuilder("TAP version 13\n");
        text.append("1..").append(answers.answers().size()).append('\n');
        int number = 0;
        for (Answer answer : answers.answers()) {
            number++;
            String skip =
                    answer.verdict() instanceof Verdict.NotApplicable(String reason)
                            ? " # SKIP " + reason
                            : "";
            text.append(answer.verdict().bad() ? "not ok " : "ok ")
                    .append(
                            "%d - %s: %s%s\n"
                                    .formatted(number, answer.id(), escaped(answer.title()), skip));
            if (answer.verdict().bad()) {
                text.append("  ---\n  cites: ").append(quoted(answer.citation())).append('\n');
                text.append("  why:\n");
                why(answer.verdict())
                        .forEach(line -> text.append("    - ").append(quoted(line)).append('\n'));
                text.append("  observations:\n");
                answer.observations()
                        .forEach(line -> text.append("    - ").append(quoted(line)).append('\n'));
                text.append("  ...\n");
            }
        }
        return text.toString();
    }

    private static String escaped(String text) {
        return text.replace("\\", "\\\\").replace("#", "\\#");
    }

    /** A YAML string in double quotes. */
    private static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }

    /** JUnit's XML, as continuous integration reads it. */
    public static String junit(Answers answers) {
        StringWriter text = new StringWriter();
        try {
            XMLStreamWriter xml = XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(text);
            xml.writeStartDocument("UTF-8", "1.0");
            suite(xml, answers);
            xml.writeEndDocument();
            xml.close();
        } catch (XMLStreamException impossible) {
            throw new IllegalStateException("writing to memory failed", impossible);
        }
        return text.append('\n').toString();
    }

    private static void suite(XMLStreamWriter xml, Answers answers) throws XMLStreamException {
        xml.writeStartElement("testsuite");
        xml.writeAttribute("name", "conformance of " + answers.target());
        xml.writeAttribute("tests", Integer.toString(answers.answers().size()));
        xml.writeAttribute("failures", count(answers, Verdict.Failed.class));
        xml.writeAttribute("errors", count(answers, Verdict.Erred.class));
        xml.writeAttribute("skipped", count(answers, Verdict.NotApplicable.class));
        xml.writeAttribute("time", seconds(answers.time().toMillis()));
        xml.writeStartElement("properties");
        for (Map.Entry<String, String> fact : answers.facts().entrySet()) {
            xml.writeEmptyElement("property");
            xml.writeAttribute("name", fact.getKey());
            xml.writeAttribute("value", fact.getValue());
        }
        xml.writeEndElement();
        for (Answer answer : answers.answers()) {
            test(xml, answer);
        }
        xml.writeEndElement();
    }

    private static void test(XMLStreamWriter xml, Answer answer) throws XMLStreamException {
        xml.writeStartElement("testcase");
        xml.writeAttribute("classname", "conformance");
        xml.writeAttribute("name", answer.id() + ": " + answer.title());
        xml.writeAttribute("time", seconds(answer.time().toMillis()));
        switch (answer.verdict()) {
            case Verdict.Passed() -> {}
            case Verdict.Failed failed -> trouble(xml, "failure", answer);
            case Verdict.Erred erred -> trouble(xml, "error", answer);
            case Verdict.NotApplicable(String reason) -> {
                xml.writeEmptyElement("skipped");
                xml.writeAttribute("message", reason);
            }
        }
        xml.writeEndElement();
    }

    private static void trouble(XMLStreamWriter xml, String kind, Answer answer)
            throws XMLStreamException {
        xml.writeStartElement(kind);
        xml.writeAttribute("message", String.join("; ", why(answer.verdict())));
        xml.writeCharacters(
                "%s\nsaw: %s"
                        .formatted(answer.citation(), String.join("\n", answer.observations())));
        xml.writeEndElement();
    }

    private static String count(Answers answers, Class<? extends Verdict> kind) {
        return Long.toString(
                answers.answers().stream().map(Answer::verdict).filter(kind::isInstance).count());
    }

    private static String seconds(long millis) {
        return String.format(Locale.ROOT, "%d.%03d", millis / 1000, millis % 1000);
    }
}
