/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.Optional;

/** Something that happens to a device; the input of {@link PowerRules#step}. */
public sealed interface PowerEvent {

    /** References and requests: the runtime PM core's own calls (spec E). */
    sealed interface ForRuntimePm extends PowerEvent {}

    /** get_noresume: one more reference, whatever the status. */
    record Get() implements ForRuntimePm {}

    /**
     * resume_and_get: one more reference and a synchronous resume; refused without the reference.
     */
    record Acquire() implements ForRuntimePm {}

    /** A synchronous resume without a reference. */
    record Resume() implements ForRuntimePm {}

    /** An asynchronous resume: through the workqueue, or deferred to the end of a suspend. */
    record RequestResume() implements ForRuntimePm {}

    /** One reference less; the last one queues an idle check. */
    record Put() implements ForRuntimePm {}

    /** One reference less and no idle check. */
    record PutNoidle() implements ForRuntimePm {}

    /** One reference less; the last one suspends within the call. */
    record PutSync() implements ForRuntimePm {}

    /** Queues an idle check if the device could suspend. */
    record Idle() implements ForRuntimePm {}

    /** The workqueue runs what was requested. */
    record Work() implements ForRuntimePm {}

    /** power/control := on: a reference held until "auto" (idempotent), then a resume. */
    record ControlOn() implements ForRuntimePm {}

    /** power/control := auto. */
    record ControlAuto() implements ForRuntimePm {}

    /** Disables runtime PM one level deeper. */
    record Disable() implements ForRuntimePm {}

    /** Undoes one disable. */
    record Enable() implements ForRuntimePm {}

    /** Sets the status by force and clears the runtime error; only while disabled or in error. */
    record ForceStatus(RuntimeStatus status) implements ForRuntimePm {}

    /** A resume-latency constraint of 0 was set or lifted. */
    record ZeroLatency(boolean set) implements ForRuntimePm {}

    /** A child became active. */
    record ChildActive() implements ForRuntimePm {}

    /** A child was suspended. */
    record ChildSuspended() implements ForRuntimePm {}

    /** What users and the host agree on with vfio (spec B). */
    sealed interface ForContract extends PowerEvent {}

    /**
     * The first open: the base reference, unless it is always held.
     *
     * @param bearsFaults see {@link Contract#faultsBorne}
     */
    record Open(boolean bearsFaults) implements ForContract {}

    /** The open could not wake the device: as before it, no idle check. */
    record OpenFailed() implements ForContract {}

    /** LOW_POWER_ENTRY, with a wakeup or without. */
    record Enter(Optional<Wakeup> wakeup) implements ForContract {}

    /** LOW_POWER_EXIT. */
    record Exit() implements ForContract {}

    /** The last close, first half: as an exit without signal. The resume comes next. */
    record LastClose() implements ForContract {}

    /** The last close, second half: D0, tear down, base reference dropped. */
    record CloseAwake() implements ForContract {}

    /** The base reference of a closed device goes. */
    record Closed() implements ForContract {}

    /** Virtual functions were enabled (n &gt; 0) or disabled (0), within a reference. */
    record Vfs(int count) implements ForContract {}

    /** The driver is being unbound, within a reference that stays. */
    record Unbind() implements ForContract {}

    /** What the function is told over PCI (spec B4 to B7). */
    sealed interface ForPci extends PowerEvent {}

    /** A PMCSR write asks for a state. */
    record PmcsrWrite(PciPowerState requested) implements ForPci {}

    /** A PMCSR write reaches the high byte: PME_En, and PME_Status, which a 1 clears. */
    record PmeWrite(boolean enable, boolean clearStatus) implements ForPci {}

    /** Something happened that the function may wake its driver for. Done: it can from here. */
    record WakeEvent() implements ForPci {}

    /** COMMAND.MEM := value. */
    record MemoryEnabled(boolean value) implements ForPci {}

    /** A function reset, within a reference. */
    record Reset() implements ForPci {}

    /** The sysfs attribute d3cold_allowed := value. */
    record D3coldAllowed(boolean value) implements ForPci {}

    /** An INTx unmask eventfd fires. Done: apply it and put; refused: it waits for the resume. */
    record IntxUnmaskKick() implements ForPci {}

    /** An ioeventfd of a memory BAR fires. Done: write and put; refused: dropped. */
    record IoEventFdKick() implements ForPci {}

    /** What the executor reports back while it carries out effects. */
    sealed interface Progress extends PowerEvent {}

    /** {@link Effect.MaskIntx} was carried out. */
    record IntxMasked(boolean changed) implements Progress {}

    /** {@link Effect.SetPowerState} ended in this state. */
    record PowerStateReached(PciPowerState state) implements Progress {}

    /** The model is awake after the user's write of D0. */
    record UserAwake() implements Progress {}

    /** The suspend is complete. */
    record SuspendFinished() implements Progress {}

    /**
     * A suspend has failed, and what the model had been told is undone.
     *
     * @param why the answer
     * @param sticks whether it becomes the runtime error
     */
    record SuspendAborted(Refusal why, boolean sticks) implements Progress {}

    /** A resume has powered the function up, or found it inaccessible. */
    record PoweredUp() implements Progress {}

    /** A resume has restored the function: vfio's runtime_resume callback. */
    record Restored() implements Progress {}

    /** The resume is complete. */
    record ResumeFinished() implements Progress {}

    /** An effect failed; the effects behind it were not carried out if it is essential. */
    record Failed(Effect effect, Refusal why) implements Progress {}
}
