/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.RawFeature;
import io.vfio4j.client.RuntimeControl;
import io.vfio4j.linux.EventFd;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What wakes a device that sleeps in D3hot and in D3cold, and what does not (spec C). Each is asked
 * of W, where a wake is told for good; what the host does is asked of N as well, where the device
 * falls asleep again.
 */
final class WakeSources {
    /** From which of the two a source wakes. */
    private enum Wakes {
        NEVER,
        FROM_D3COLD,
        ALWAYS;

        boolean from(boolean d3cold) {
            return this == ALWAYS || (this == FROM_D3COLD && d3cold);
        }
    }

    /**
     * A source.
     *
     * @param id its part of the case's name
     * @param title what it is
     * @param outcome what it comes to
     * @param wakes whether it wakes
     * @param needs what the target must have
     * @param prepare what comes before the device sleeps
     * @param act what may wake it
     */
    private record Source(
            String id,
            String title,
            String outcome,
            Wakes wakes,
            Set<Need> needs,
            Consumer<Trial> prepare,
            Consumer<Trial> act) {
        Source needing(Need... more) {
            return new Source(id, title, outcome, wakes, Set.of(more), prepare, act);
        }

        Source prepared(Consumer<Trial> by) {
            return new Source(id, title, outcome, wakes, needs, by, act);
        }

        Source says(String errno) {
            return new Source(id, title, errno, wakes, needs, prepare, act);
        }
    }

    private static final Set<HostAttribute> LINK =
            Set.of(HostAttribute.CURRENT_LINK_SPEED, HostAttribute.CURRENT_LINK_WIDTH);

    private static final List<HostAttribute> SILENT =
            List.of(
                    HostAttribute.VENDOR,
                    HostAttribute.RESOURCE,
                    HostAttribute.IRQ,
                    HostAttribute.ENABLE,
                    HostAttribute.POWER_STATE,
                    HostAttribute.POWER_CONTROL,
                    HostAttribute.POWER_RUNTIME_STATUS,
                    HostAttribute.POWER_RUNTIME_USAGE,
                    HostAttribute.POWER_RUNTIME_SUSPENDED_TIME,
                    HostAttribute.POWER_WAKEUP,
                    HostAttribute.D3COLD_ALLOWED);

    private WakeSources() {}

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (Source source : user()) {
            cases.add(withWakeup(source, false));
            cases.add(withWakeup(source, true));
        }
        for (Source source : host()) {
            cases.add(withWakeup(source, false));
            cases.add(without(source, false));
            cases.add(withWakeup(source, true));
            cases.add(without(source, true));
        }
        cases.add(
                Case.of(
                                "C.d3cold-allowed.D3cold-to-D3hot",
                                "d3cold_allowed := 0 in D3cold: next it sleeps in D3hot",
                                "spec C",
                                WakeSources::notColdAnyMore)
                        .needing(Need.D3COLD));
        cases.add(
                Case.of(
                                "B8.held",
                                "virtual functions keep it awake",
                                "spec B8",
                                WakeSources::heldByVirtualFunctions)
                        .needing(Need.VIRTUAL_FUNCTIONS));
        return cases;
    }

    private static Source source(String id, String title, Wakes wakes, Consumer<Trial> act) {
        return new Source(id, title, "0", wakes, Set.of(), t -> {}, act);
    }

    private static List<Source> user() {
        return List.of(
                source("ioctl", "an ioctl", Wakes.ALWAYS, t -> t.device().info()),
                source(
                                "ioctl-fails",
                                "an ioctl that fails",
                                Wakes.ALWAYS,
                                t -> t.device().feature(RawFeature.of(Acts.UNKNOWN | Acts.SET)))
                        .says("ENOTTY"),
                source("exit", "EXIT", Wakes.ALWAYS, t -> Acts.exit(t.device())),
                source("pread", "a read", Wakes.ALWAYS, t -> Acts.readConfig(t.device())),
                source(
                        "pwrite",
                        "a write",
                        Wakes.ALWAYS,
                        t ->
                                t.device()
                                        .writeByte(
                                                Acts.CONFIG, PciRegs.PCI_INTERRUPT_LINE, (byte) 1)),
                source(
                                "pread-bar",
                                "a read of a BAR",
                                Wakes.ALWAYS,
                                t -> Acts.read(t.device(), t.facts().memoryBar().orElseThrow()))
                        .needing(Need.MEMORY_BAR),
                source(
                        "pread-0",
                        "a read of no bytes",
                        Wakes.NEVER,
                        t -> t.device().read(Acts.CONFIG, 0, new byte[0], 0, 0)),
                source(
                                "pread-bad",
                                "a read of a region that does not exist",
                                Wakes.NEVER,
                                t -> t.device().readInt(Acts.NO_REGION, 0))
                        .says("EINVAL"),
                source("mmap", "mmap()", Wakes.NEVER, TruthTable::map)
                        .needing(Need.MAPPABLE_BAR)
                        .prepared(TruthTable::map),
                source("touch", "a touch of a mapping", Wakes.NEVER, TruthTable::touch)
                        .needing(Need.MAPPABLE_BAR)
                        .prepared(TruthTable::map)
                        .says("BarAsleep"),
                source(
                                "ioeventfd",
                                "a kick of an ioeventfd",
                                Wakes.NEVER,
                                t -> t.interrupt().signal())
                        .needing(Need.IOEVENTFD)
                        .prepared(IoEventFds::prepare),
                source(
                                "unmask-eventfd",
                                "a kick of the INTx unmask eventfd",
                                Wakes.NEVER,
                                t -> t.interrupt().signal())
                        .needing(Need.INTX)
                        .prepared(WakeSources::unmaskable),
                source(
                                "close-duplicate",
                                "close of a duplicate",
                                Wakes.NEVER,
                                t -> t.device().descriptor().orElseThrow().duplicate().close())
                        .needing(Need.DESCRIPTOR),
                source("reset-ioctl", "DEVICE_RESET", Wakes.ALWAYS, t -> t.device().reset())
                        .needing(Need.RESET));
    }

    private static void unmaskable(Trial t) {
        EventFd unmask = t.eventFd();
        int intx = VfioPci.VFIO_PCI_INTX_IRQ_INDEX;
        t.device().enableInterrupts(intx, 0, List.of(t.eventFd()));
        t.device().unmaskInterruptBy(intx, 0, unmask);
        t.interrupt(unmask);
    }

    /** Whichever of them this kernel and this device have. */
    private static void readSilent(Trial t) {
        for (HostAttribute attribute : SILENT) {
            String _ = Trial.outcome(() -> t.host().read(attribute));
        }
    }

    private static List<Source> host() {
        List<Source> sources = new ArrayList<>();
        sources.add(
                source(
                        "config",
                        "the host reads config (lspci)",
                        Wakes.FROM_D3COLD,
                        t -> t.host().readConfig(0, 64)));
        sources.add(
                source(
                                "link",
                                "the host reads the link's speed and width",
                                Wakes.FROM_D3COLD,
                                t -> LINK.stream().sorted().forEach(t.host()::read))
                        .needing(Need.LINK));
        sources.add(
                source(
                        "silent",
                        "the host reads attributes that ask the kernel only",
                        Wakes.NEVER,
                        WakeSources::readSilent));
        sources.add(
                source(
                        "control-on",
                        "power/control := on",
                        Wakes.ALWAYS,
                        t -> {
                            t.hold();
                            t.letGo();
                        }));
        sources.add(
                source(
                        "control-auto",
                        "power/control := auto, which it is",
                        Wakes.NEVER,
                        t -> t.host().setControl(RuntimeControl.AUTO)));
        sources.add(
                source(
                                "d3cold-allowed",
                                "d3cold_allowed := what it is",
                                Wakes.ALWAYS,
                                t -> t.host().setD3coldAllowed(t.host().d3coldAllowed()))
                        .needing(Need.D3COLD_ALLOWED));
        sources.add(
                source("reset", "reset := 1", Wakes.ALWAYS, t -> t.host().resetFunction())
                        .needing(Need.HOST_RESET));
        sources.add(
                source(
                                "sriov-numvfs",
                                "sriov_numvfs := 1, then 0",
                                Wakes.ALWAYS,
                                WakeSources::makeAndTakeBack)
                        .needing(Need.VIRTUAL_FUNCTIONS));
        return sources;
    }

    private static void makeAndTakeBack(Trial t) {
        t.host().write(HostAttribute.SRIOV_NUMVFS, "1");
        t.host().write(HostAttribute.SRIOV_NUMVFS, "0");
    }

    /** Virtual functions hold a reference: an entry is taken, and has no effect until they go. */
    private static void heldByVirtualFunctions(Trial t) {
        AutoCloseable none = () -> t.host().write(HostAttribute.SRIOV_NUMVFS, "0");
        t.does("sriov_numvfs := 1", "0", () -> t.host().write(HostAttribute.SRIOV_NUMVFS, "1"));
        AutoCloseable _ = t.owned(none);
        t.does("W", "0", () -> Acts.wakeup(t.device(), t.wakeup()));
        t.staysAwake();
        t.does("sriov_numvfs := 0", "0", () -> t.host().write(HostAttribute.SRIOV_NUMVFS, "0"));
        After.W.see(t);
    }

    private static Case withWakeup(Source source, boolean d3cold) {
        String where = d3cold ? "D3cold" : "D3hot";
        return needing(
                Case.of(
                        "C.%s.%s".formatted(source.id(), where),
                        "%s, W in %s".formatted(source.title(), where),
                        "spec C wake sources, " + where,
                        t -> {
                            boolean wakes = source.wakes().from(d3cold);
                            act(t, source, State.W_S, d3cold);
                            t.signals(wakes ? 1 : 0);
                            if (wakes) {
                                After.OFF.see(t);
                                t.signals(0);
                            } else {
                                t.notWoken();
                                After.W.see(t);
                            }
                        }),
                source,
                d3cold);
    }

    private static Case without(Source source, boolean d3cold) {
        String where = d3cold ? "D3cold" : "D3hot";
        boolean wakes = source.wakes().from(d3cold);
        Case made =
                needing(
                        Case.of(
                                "C.%s.N.%s".formatted(source.id(), where),
                                "%s, N in %s".formatted(source.title(), where),
                                "spec C wake sources, " + where,
                                t -> {
                                    act(t, source, State.N_S, d3cold);
                                    if (wakes) {
                                        t.woke();
                                    } else {
                                        t.notWokenUnheard();
                                    }
                                    After.N.see(t);
                                }),
                        source,
                        d3cold);
        return wakes ? made : made.within(Case.REPEATING);
    }

    private static Case needing(Case made, Source source, boolean d3cold) {
        Case all = made.needing(source.needs().toArray(Need[]::new));
        return all.needing(d3cold ? Need.D3COLD : Need.PM_CAPABILITY);
    }

    private static void act(Trial t, Source source, State state, boolean d3cold) {
        if (d3cold) {
            t.sleepInD3cold();
        }
        source.prepare().accept(t);
        t.bring(state);
        t.does(source.title(), source.outcome(), () -> source.act().accept(t));
    }

    private static void notColdAnyMore(Trial t) {
        t.sleepInD3cold();
        t.bring(State.N_S);
        t.does("d3cold_allowed := 0", "0", t::sleepInD3hot);
        t.woke();
        t.expect("power_state D3hot", "power_state " + t.host().powerState());
        After.N.see(t);
    }
}
