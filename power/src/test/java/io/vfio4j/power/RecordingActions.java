/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** A device layer that writes down what it is told, and does or fails what the test asks for. */
class RecordingActions implements PowerActions {
    final List<String> log = new ArrayList<>();

    /** INTx is configured and not masked. */
    boolean intxUnmasked;

    boolean mapped;
    MappingView view = MappingView.REVOKED;

    /** Where the model was told to sleep; empty while it is awake. */
    Optional<PciPowerState> modelIn = Optional.empty();

    int pmeSignals;
    boolean answersAfterPowerOn = true;
    int pollsUntilReady;
    BooleanSupplier readyAt = () -> true;
    Optional<Refusal> failSuspend = Optional.empty();
    Optional<Refusal> failResume = Optional.empty();
    Optional<Refusal> failMove = Optional.empty();
    Optional<Refusal> failReset = Optional.empty();
    Optional<Refusal> failShow = Optional.empty();
    Runnable duringSuspend = () -> {};
    Runnable duringResume = () -> {};
    Runnable duringUnmaskIntx = () -> {};
    Runnable duringReset = () -> {};

    synchronized void record(String what) {
        log.add(what);
    }

    synchronized long count(String prefix) {
        return log.stream().filter(line -> line.startsWith(prefix)).count();
    }

    @Override
    public void suspend(PciPowerState target) {
        record("suspend " + target.sysfsName());
        duringSuspend.run();
        fail(failSuspend, "suspend");
        modelIn = Optional.of(target);
    }

    @Override
    public void resume(PciPowerState from) {
        record("resume " + from.sysfsName());
        duringResume.run();
        fail(failResume, "resume");
        modelIn = Optional.empty();
    }

    @Override
    public void setPowerState(PciPowerState from, PciPowerState to) {
        record(from.sysfsName() + "->" + to.sysfsName());
        fail(failMove, "move");
    }

    @Override
    public boolean ready() {
        record("ready?");
        return answersAfterPowerOn && pollsUntilReady-- <= 0 && readyAt.getAsBoolean();
    }

    @Override
    public void armPme(boolean armed) {
        record(armed ? "arm PME" : "disarm PME");
    }

    @Override
    public boolean maskIntx() {
        record("mask INTx");
        boolean changed = intxUnmasked;
        intxUnmasked = false;
        return changed;
    }

    @Override
    public void unmaskIntx() {
        record("unmask INTx");
        intxUnmasked = true;
        duringUnmaskIntx.run();
    }

    @Override
    public void showMappings(MappingView view) {
        record(view.name().toLowerCase(Locale.ROOT));
        fail(failShow, "show");
        mapped = view == MappingView.LIVE;
        this.view = view;
    }

    @Override
    public void pmeAsserted() {
        record("PME");
        pmeSignals++;
    }

    @Override
    public void reset() {
        record("reset");
        duringReset.run();
        fail(failReset, "reset");
    }

    @Override
    public void tearDown() {
        record("tear down");
    }

    @Override
    public void requestRelease() {
        record("REQ");
    }

    @Override
    public void warn(String message) {
        record("WARN " + message);
    }

    private static void fail(Optional<Refusal> how, String what) {
        if (how.isPresent()) {
            throw new PowerFailure(how.get(), what);
        }
    }
}
