/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Something that happened, as {@code watch} tells it: {@code event NAME VALUE key=value …}, such as
 * {@code event runtime_status suspended usage=0}.
 *
 * @param name what changed: letters, digits, {@code _} and {@code /}
 * @param value what it is now, a word: no space and no {@code =}; may be empty
 * @param details more of it, each a name and a word
 */
public record HostEvent(String name, String value, SortedMap<String, String> details) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_/]+");
    private static final Pattern WORD = Pattern.compile("[^\\s=\\p{Cntrl}]*");

    /** Refuses what a line could not carry. */
    public HostEvent {
        require(NAME, "name", name);
        require(WORD, "value", value);
        details = Collections.unmodifiableSortedMap(new TreeMap<>(details));
        details.forEach((key, detail) -> {
            require(NAME, "key", key);
            require(WORD, "detail", detail);
        });
    }

    /** An event without details. */
    public static HostEvent of(String name, String value) {
        return new HostEvent(name, value, new TreeMap<>());
    }

    /**
     * Reads an event.
     *
     * @param line without its LF
     * @throws IllegalArgumentException in one sentence, if it is none
     */
    public static HostEvent parse(String line) {
        HostLine.check(line);
        String[] words = line.split(" ", -1);
        if (words.length < 2 || !words[0].equals("event")) {
            throw new IllegalArgumentException("a host event is event NAME VALUE key=value …");
        }
        String value = "";
        SortedMap<String, String> details = new TreeMap<>();
        for (int i = 2; i < words.length; i++) {
            int equals = words[i].indexOf('=');
            if (equals >= 0) {
                details.put(words[i].substring(0, equals), words[i].substring(equals + 1));
            } else if (i == 2) {
                value = words[i];
            } else {
                throw new IllegalArgumentException(
                        "\"%s\" in a host event is not key=value".formatted(words[i]));
            }
        }
        return new HostEvent(words[1], value, details);
    }

    /**
     * The line for this event, without its LF.
     *
     * @throws IllegalArgumentException if it is too long for a line
     */
    public String format() {
        var line = new StringBuilder("event ").append(name);
        if (!value.isEmpty()) {
            line.append(' ').append(value);
        }
        details.forEach((key, detail) -> line.append(' ').append(key).append('=').append(detail));
        HostLine.check(line.toString());
        return line.toString();
    }

    private static void require(Pattern pattern, String what, String text) {
        if (!pattern.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "\"%s\" cannot be the %s of a host event".formatted(text, what));
        }
    }
}
