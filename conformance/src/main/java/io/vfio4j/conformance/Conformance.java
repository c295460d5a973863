/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The low-power contract as cases, asked of a device from outside: of a real one that vfio-pci
 * drives, or of one behind a vfio-user socket, the same cases and the same answers.
 */
public final class Conformance {
    /** On a slow machine, and for D3cold, which may have to wait for a port above. */
    private static final Duration SOON = Duration.ofSeconds(5);

    private static final Duration MOST = Duration.ofSeconds(60);

    private Conformance() {}

    /**
     * A case, by name.
     *
     * @param id its name
     * @param title what it asks
     * @param citation where the specification says so
     */
    public record Entry(String id, String title, String citation) {}

    /** All cases, in the order in which they are asked. */
    public static List<Entry> list() {
        return cases().stream().map(c -> new Entry(c.id(), c.title(), c.citation())).toList();
    }

    /**
     * Asks a device, which nobody else may have open. Its host side is left as it was found.
     *
     * @param subject the device
     * @param chosen tells by its name whether a case is to be asked
     * @param listener is told of each answer when it is there
     * @return all answers
     * @throws io.vfio4j.client.VfioException if the device or its host side cannot be opened
     */
    public static Answers run(
            Subject subject, Predicate<String> chosen, Consumer<Answer> listener) {
        return run(subject, chosen, () -> false, listener);
    }

    /**
     * Asks a device, as {@link #run(Subject, Predicate, Consumer)}, until it is to stop: the case
     * that is under way then is given up, and the host side is left as it was found all the same.
     *
     * @param subject the device
     * @param chosen tells by its name whether a case is to be asked
     * @param stop whether to stop; asked many times a second, by the thread that calls this
     * @param listener is told of each answer when it is there
     * @return the answers until then
     * @throws io.vfio4j.client.VfioException if the device or its host side cannot be opened
     */
    public static Answers run(
            Subject subject,
            Predicate<String> chosen,
            BooleanSupplier stop,
            Consumer<Answer> listener) {
        return Runner.run(subject, cases(), chosen, SOON, MOST, stop, listener);
    }

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        cases.addAll(TruthTable.cases());
        cases.addAll(IoEventFds.cases());
        cases.addAll(PowerRegister.cases());
        cases.addAll(PmeCases.cases());
        cases.addAll(BridgeCases.cases());
        cases.addAll(Closing.cases());
        cases.addAll(OrderOfChecks.cases());
        cases.addAll(Features.cases());
        cases.addAll(EventFds.cases());
        cases.addAll(Usage.cases());
        cases.addAll(Mappings.cases());
        cases.addAll(RegionAccesses.cases());
        cases.addAll(LineInterrupts.cases());
        cases.addAll(MessageInterrupts.cases());
        cases.addAll(WakeSources.cases());
        cases.addAll(Unbinding.cases());
        cases.addAll(Races.cases());
        cases.addAll(DmaLogging.cases());
        return cases;
    }
}
