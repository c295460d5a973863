/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.MappedBar;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.models.Edu;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.VfioFeature;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** The demo's first chapter: low power without a wakeup. */
final class DemoSleep {
    private static final int MEMORY_BAR = 2;

    private final DemoScene scene;
    private final VfioDevice device;
    private final HostSide host;
    private final DemoTimeline timeline;
    private final byte[] pattern = new byte[Edu.MEMORY_SIZE];

    DemoSleep(DemoScene scene, DemoTimeline timeline) {
        this.scene = scene;
        this.device = scene.device();
        this.host = scene.host();
        this.timeline = timeline;
        new Random(1).nextBytes(pattern);
    }

    /** Runs it; the device is awake before and after. */
    void run(MappedBar bar) {
        timeline.step("probe features 3, 4 and 5", "A2", this::probe);
        timeline.step("map BAR2, fill it", "B4", step -> fill(bar, step));
        timeline.step("enter low power", "B3", this::enter);
        timeline.step("touch the mapping", "B4", step -> touch(bar, step));
        timeline.step("read a register", "B5", this::readRegister);
        timeline.step("nothing more is asked of it", "B3", step -> sleepAgain(bar, step));
        timeline.step("leave low power", "B3", this::leave);
        timeline.step("compare BAR2", "B4", step -> compare(bar, step));
    }

    private void probe(DemoStep step) {
        List<VfioFeature> features =
                List.of(
                        VfioFeature.LOW_POWER_ENTRY,
                        VfioFeature.LOW_POWER_ENTRY_WITH_WAKEUP,
                        VfioFeature.LOW_POWER_EXIT);
        step.time(() -> features.forEach(it -> step.expect(it.name(), true, device.supports(it))));
        step.see("entry, entry with wakeup, exit: there");
    }

    private void fill(MappedBar bar, DemoStep step) {
        step.time(() -> bar.put(0, pattern, 0, pattern.length));
        byte[] read = new byte[pattern.length];
        device.read(MEMORY_BAR, 0, read, 0, read.length);
        step.expect(
                "what a read request gets is what was written", true, Arrays.equals(pattern, read));
        step.see("%s; a read request gets the same".formatted(InfoText.size(pattern.length)));
    }

    private void enter(DemoStep step) {
        long start = System.nanoTime();
        Duration[] answered = new Duration[1];
        step.time(() -> {
            device.enterLowPower();
            answered[0] = Duration.ofNanos(System.nanoTime() - start);
            DemoScene.awaitAsleep(host, "D3cold");
        });
        step.expect("power/runtime_usage", 0, host.runtimeUsage());
        step.see("asleep in D3cold; the request took %s".formatted(Durations.format(answered[0])));
    }

    private void touch(MappedBar bar, DemoStep step) {
        String awake = host.read(HostAttribute.POWER_RUNTIME_ACTIVE_TIME);
        step.expect("the access faults", true, step.time(() -> DemoScene.faults(bar)));
        scene.expectAsleep(step, "D3cold");
        step.expect(
                "power/runtime_active_time",
                awake,
                host.read(HostAttribute.POWER_RUNTIME_ACTIVE_TIME));
        step.see("BarAsleepException; it sleeps on");
    }

    private void readRegister(DemoStep step) {
        int value = step.time(() -> scene.register(DemoScene.IDENTIFICATION));
        step.expect(
                "the register",
                Integer.toHexString(DemoScene.IDENTIFIES_AS),
                Integer.toHexString(value));
        step.see("0x%08x: it woke for that".formatted(value));
    }

    private void sleepAgain(MappedBar bar, DemoStep step) {
        step.time(() -> DemoScene.awaitAsleep(host, "D3cold"));
        step.expect("the mapping faults", true, DemoScene.faults(bar));
        step.see("asleep again, by itself");
    }

    private void leave(DemoStep step) {
        step.time(device::exitLowPower);
        scene.expectAwake(step);
        step.see("awake in D0");
    }

    private void compare(MappedBar bar, DemoStep step) {
        byte[] read = new byte[pattern.length];
        step.time(() -> bar.get(0, read, 0, read.length));
        step.expect("the contents are intact", true, Arrays.equals(pattern, read));
        step.see("all there, through the same mapping");
    }
}
