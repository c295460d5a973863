/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/** What is opened for the first of several devices, and closed after the last. */
class SharedTest {
    private final Shared<String, Thing> things = new Shared<>();
    private final List<String> log = new ArrayList<>();

    private final class Thing implements Shared.Closing {
        private final String name;

        private Thing(String name) {
            this.name = name;
            log.add("open " + name);
        }

        @Override
        public void close() {
            log.add("close " + name);
        }
    }

    private Shared<String, Thing>.Lease take(String name) {
        return things.take(name, () -> new Thing(name));
    }

    @Test
    void shouldOpenOnceAndCloseAfterTheLast() {
        var first = take("a");
        var second = take("a");
        assertThat(first.value()).isSameAs(second.value());
        first.close();
        first.close();
        assertThat(log).containsExactly("open a");
        assertThat(things.isOpen("a")).isTrue();
        second.close();
        assertThat(log).containsExactly("open a", "close a");
        assertThat(things.isOpen("a")).isFalse();
        take("a").close();
        assertThat(log).containsExactly("open a", "close a", "open a", "close a");
    }

    @Test
    void shouldKeepThingsApart() {
        try (var _ = take("a");
                var _ = take("b")) {
            assertThat(log).containsExactly("open a", "open b");
        }
    }

    @Test
    void shouldForgetWhatCouldNotBeOpened() {
        assertThatThrownBy(() ->
                        things.take(
                                "a",
                                () -> {
                                    throw new IllegalStateException("no");
                                }))
                .hasMessage("no");
        assertThat(things.isOpen("a")).isFalse();
        try (var lease = take("a")) {
            assertThat(lease.value()).isNotNull();
        }
    }
}
