/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.linux.EventFd;
import io.vfio4j.uapi.VfioPci;

import java.time.Duration;
import java.util.List;

/**
 * The demo's third chapter: an interrupt that is pending while the device sleeps. On a real kernel
 * an unmask by eventfd meanwhile loses it (spec I.1); here it waits.
 */
final class DemoInterrupt {
    private static final int INTX = VfioPci.VFIO_PCI_INTX_IRQ_INDEX;
    private static final Duration WHILE = Duration.ofMillis(10);

    private final DemoScene scene;
    private final VfioDevice device;
    private final HostSide host;
    private final DemoTimeline timeline;

    DemoInterrupt(DemoScene scene, DemoTimeline timeline) {
        this.scene = scene;
        this.device = scene.device();
        this.host = scene.host();
        this.timeline = timeline;
    }

    /** Runs it; the device is awake before and after. */
    void run() {
        try (EventFd interrupt = EventFd.create();
                EventFd unmask = EventFd.create()) {
            timeline.step("raise INTx", "G", step -> raise(interrupt, unmask, step));
            timeline.step("enter low power, D3cold forbidden", "B3", this::enter);
            timeline.step(
                    "unmask INTx by its eventfd", "I.1", step -> unmask(interrupt, unmask, step));
            timeline.step("read a register", "B3", step -> wake(interrupt, step));
            timeline.step("acknowledge, leave low power", "B3", step -> leave(interrupt, step));
        }
    }

    private void raise(EventFd interrupt, EventFd unmask, DemoStep step) {
        host.setD3coldAllowed(false);
        device.enableInterrupts(INTX, 0, List.of(interrupt));
        device.unmaskInterruptBy(INTX, 0, unmask);
        step.time(() -> {
            scene.register(DemoScene.RAISE, 1);
            step.expect("the interrupt arrives", true, interrupt.await(DemoScene.PATIENCE));
        });
        step.expect("its count", 1L, interrupt.drain());
        step.see("arrived once, and masked itself");
    }

    private void enter(DemoStep step) {
        step.time(() -> {
            device.enterLowPower();
            DemoScene.awaitAsleep(host, "D3hot");
        });
        step.see("asleep in D3hot, INTx pending");
    }

    private void unmask(EventFd interrupt, EventFd unmask, DemoStep step) {
        step.time(() -> {
            unmask.signal();
            DemoScene.await("the server to hear the unmask", () -> !unmask.await(Duration.ZERO));
        });
        step.expect("an interrupt", false, interrupt.await(WHILE));
        scene.expectAsleep(step, "D3hot");
        step.see("deferred: it sleeps on");
    }

    private void wake(EventFd interrupt, DemoStep step) {
        int _ = step.time(() -> scene.register(DemoScene.IDENTIFICATION));
        step.expect("the interrupt arrives", true, interrupt.await(DemoScene.PATIENCE));
        step.expect("its count", 1L, interrupt.drain());
        step.see("woke for that; now INTx arrives, once");
    }

    private void leave(EventFd interrupt, DemoStep step) {
        step.time(() -> {
            scene.register(DemoScene.ACKNOWLEDGE, 1);
            device.exitLowPower();
        });
        device.disableInterrupts(INTX);
        step.expect("an interrupt", false, interrupt.await(Duration.ZERO));
        scene.expectAwake(step);
        host.setD3coldAllowed(true);
        step.see("awake in D0, no interrupt left");
    }
}
