/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A row of the truth table: something that is done in each of the five states, what it answers, how
 * often the wakeup is signalled, and what the device is afterwards.
 */
final class Row {
    private final String id;
    private final String title;
    private final Consumer<Trial> act;
    private final List<Need> needs = new ArrayList<>();
    private final Map<State, Cell> cells = new EnumMap<>(State.class);
    private Consumer<Trial> prepare = trial -> {};
    private Consumer<Trial> more = trial -> {};
    private boolean quiet;

    /** What a cell of the table says. */
    private record Cell(String outcome, int signals, After after) {}

    private Row(String id, String title, Consumer<Trial> act) {
        this.id = id;
        this.title = title;
        this.act = act;
    }

    /** A row that is done so. */
    static Row of(String id, String title, Consumer<Trial> act) {
        return new Row(id, title, act);
    }

    /** What the target must have. */
    Row needing(Need... some) {
        needs.addAll(List.of(some));
        return this;
    }

    /** What comes before the device is brought to its state. */
    Row prepared(Consumer<Trial> by) {
        prepare = by;
        return this;
    }

    /** It wakes nobody. */
    Row quietly() {
        quiet = true;
        return this;
    }

    /** What else is seen at once. */
    Row seeing(Consumer<Trial> also) {
        more = also;
        return this;
    }

    /** A cell. */
    Row in(State state, String outcome, int signals, After after) {
        cells.put(state, new Cell(outcome, signals, after));
        return this;
    }

    /** What is normal: the same answer everywhere, nothing ends but what a wake ends. */
    Row everywhere(String outcome) {
        return in(State.OFF, outcome, 0, After.OFF)
                .in(State.N_A, outcome, 0, After.N)
                .in(State.N_S, outcome, 0, After.N)
                .in(State.W_A, outcome, 0, After.W)
                .in(State.W_S, outcome, quiet ? 0 : 1, quiet ? After.W : After.OFF);
    }

    /** The cases, one for each cell. */
    List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (State state : State.values()) {
            if (cells.containsKey(state)) {
                Case made =
                        Case.of(
                                        "T.%s.%s".formatted(id, state),
                                        "%s in %s".formatted(title, state),
                                        "truth table, %s, %s".formatted(title, state),
                                        trial -> ask(trial, state))
                                .needing(needs.toArray(Need[]::new));
                cases.add(state == State.N_S && quiet ? made.within(Case.REPEATING) : made);
            }
        }
        return cases;
    }

    private void ask(Trial trial, State state) {
        Cell cell = java.util.Objects.requireNonNull(cells.get(state));
        prepare.accept(trial);
        trial.bring(state);
        trial.does(title, cell.outcome(), () -> act.accept(trial));
        trial.signals(cell.signals());
        more.accept(trial);
        if (state == State.N_S && quiet) {
            trial.notWokenUnheard();
        } else if (state.asleep() && quiet) {
            trial.notWoken();
        } else if (state == State.N_S && cell.after() != After.OFF) {
            trial.woke();
        }
        cell.after().see(trial);
        if (cell.after() == After.OFF) {
            trial.signals(0);
        }
    }
}
