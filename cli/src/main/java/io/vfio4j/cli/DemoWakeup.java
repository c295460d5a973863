/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.MappedBar;
import io.vfio4j.client.RuntimeControl;
import io.vfio4j.client.Wakeup;

import java.time.Duration;

/** The demo's second chapter: low power with a wakeup, which the host causes. */
final class DemoWakeup {
    /** A device that falls asleep does so within 10 ms of being idle. */
    private static final Duration WHILE = Duration.ofMillis(30);

    private final DemoScene scene;
    private final HostSide host;
    private final DemoTimeline timeline;

    DemoWakeup(DemoScene scene, DemoTimeline timeline) {
        this.scene = scene;
        this.host = scene.host();
        this.timeline = timeline;
    }

    /** Runs it; the device is awake before and after. */
    void run(MappedBar bar) {
        try (Wakeup wakeup = Wakeup.create()) {
            timeline.step("enter low power with a wakeup", "B3", step -> enter(wakeup, step));
            timeline.step("the host reads its config space", "C", step -> hostReads(wakeup, step));
            timeline.step(
                    "nothing more is asked of it", "I5", step -> staysAwake(wakeup, bar, step));
            timeline.step("the host wakes it again", "C", step -> hostWakesAgain(wakeup, step));
        }
    }

    private void enter(Wakeup wakeup, DemoStep step) {
        step.time(() -> {
            scene.device().enterLowPower(wakeup);
            DemoScene.awaitAsleep(host, "D3cold");
        });
        step.expect("the wakeup is signalled", false, wakeup.poll());
        step.see("asleep in D3cold, wakeup not signalled");
    }

    private void hostReads(Wakeup wakeup, DemoStep step) {
        byte[] vendor = step.time(() -> host.readConfig(0, 2));
        step.expect("the vendor", "1234", "%02x%02x".formatted(vendor[1], vendor[0]));
        step.expect("the wakeup is signalled", true, wakeup.await(DemoScene.PATIENCE));
        step.expect("its count", 1L, wakeup.drain());
        scene.expectAwake(step);
        step.see("woke for that; wakeup signalled once");
    }

    private void staysAwake(Wakeup wakeup, MappedBar bar, DemoStep step) {
        step.time(() -> step.expect("a signal", false, wakeup.await(WHILE)));
        scene.expectAwake(step);
        step.expect("the mapping faults", false, DemoScene.faults(bar));
        step.see("still awake: a wakeup ends low power");
    }

    private void hostWakesAgain(Wakeup wakeup, DemoStep step) {
        step.time(() -> {
            host.setControl(RuntimeControl.ON);
            host.setControl(RuntimeControl.AUTO);
        });
        step.expect("its count", 0L, wakeup.drain());
        scene.expectAwake(step);
        step.see("no second signal");
    }
}
