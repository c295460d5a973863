/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.client.DmaDirection;
import io.vfio4j.client.DmaMemory;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.MemFd;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Devices of one IOMMU group see the same memory: it is mapped once for all of them. */
@Timeout(20)
class SharedWindowsTest {
    private static final int PAGE = 4096;
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final DmaDirection BOTH = DmaDirection.BIDIRECTIONAL;

    private final FakeDevice.Group group = new FakeDevice.Group("iommu group 7");
    private final FakeDevice gpu = new FakeDevice("gpu", group);
    private final FakeDevice audio = new FakeDevice("audio", group);
    private final FakeDevice other = new FakeDevice("nic", new FakeDevice.Group("iommu group 8"));
    private final SharedWindows windows = new SharedWindows();
    private final MemFd ram = MemFd.create("ram", 16 * PAGE);
    private final MemFd otherRam = MemFd.create("ram", 16 * PAGE);

    @AfterEach
    void close() {
        ram.close();
        otherRam.close();
    }

    private AddressSpace.Share map(FakeDevice device, long iova) {
        return map(device, iova, ram, 0, PAGE, BOTH, Duration.ZERO);
    }

    private AddressSpace.Share map(
            FakeDevice device,
            long iova,
            MemFd file,
            long offset,
            long size,
            DmaDirection direction,
            Duration patience) {
        try (DmaMemory memory = DmaMemory.of(file.fd().duplicate(), offset, size, true)) {
            return windows.map(device.device(), iova, memory, direction, patience);
        }
    }

    @Test
    void shouldMapTheSameWindowOnce() {
        AddressSpace.Share first = map(gpu, 0x1000);
        AddressSpace.Share second = map(audio, 0x1000);
        assertThat(group.calls()).containsExactly("map 0x1000+0x1000 BIDIRECTIONAL");
        second.unmap();
        second.unmap();
        assertThat(group.mapped()).containsExactly(0x1000L);
        first.unmap();
        assertThat(group.mapped()).isEmpty();
        assertThat(windows.spaces()).isZero();
    }

    @Test
    void shouldMapForEachGroup() {
        AddressSpace.Share here = map(gpu, 0x1000);
        AddressSpace.Share there = map(other, 0x1000);
        assertThat(group.mapped()).containsExactly(0x1000L);
        assertThat(other.group().mapped()).containsExactly(0x1000L);
        assertThat(windows.spaces()).isEqualTo(2);
        here.unmap();
        there.unmap();
        assertThat(windows.spaces()).isZero();
    }

    private void assertInTheWay(
            long iova, MemFd file, long offset, long size, DmaDirection direction) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> map(audio, iova, file, offset, size, direction, Duration.ZERO))
                .withMessage(
                        "mapping %d bytes for DMA at 0x%x: gpu, of the same iommu group 7, has"
                                + " other memory at 0x2000: all devices of a group must go to the"
                                + " same guest",
                        size, iova)
                .satisfies(it -> assertThat(it.errno()).isEqualTo(Errno.EEXIST));
    }

    @Test
    void shouldRefuseADifferentWindowOverOneOfASibling() {
        AddressSpace.Share first = map(gpu, 0x2000, ram, 0, 2L * PAGE, BOTH, Duration.ZERO);
        assertInTheWay(0x2000, otherRam, 0, 2L * PAGE, BOTH);
        assertInTheWay(0x2000, ram, PAGE, 2L * PAGE, BOTH);
        assertInTheWay(0x2000, ram, 0, PAGE, BOTH);
        assertInTheWay(0x2000, ram, 0, 2L * PAGE, DmaDirection.TO_DEVICE);
        assertInTheWay(0x1000, ram, 0, 2L * PAGE, BOTH);
        assertInTheWay(0x3000, ram, 0, 2L * PAGE, BOTH);
        first.unmap();
        assertThat(group.calls()).hasSize(2);
        assertThat(windows.spaces()).isZero();
    }

    @Test
    void shouldMapBesideAWindowOfASibling() {
        AddressSpace.Share _ = map(gpu, 0x2000);
        AddressSpace.Share _ = map(audio, 0x1000);
        AddressSpace.Share _ = map(audio, 0x3000);
        AddressSpace.Share _ = map(audio, 0xffff_ffff_ffff_f000L);
        assertThat(group.mapped()).hasSize(4);
    }

    @Test
    void shouldHaveNothingOfWhatTheKernelRefuses() {
        gpu.refusal = java.util.Optional.of(new VfioException(Errno.ENOMEM, "too much"));
        assertThatThrownBy(() -> map(gpu, 0)).hasMessage("too much");
        assertThat(windows.spaces()).isZero();
        AddressSpace.Share share = map(audio, 0);
        share.unmap();
        assertThat(group.mapped()).isEmpty();
    }

    @Test
    void shouldKeepAWindowThatTheKernelDoesNotUnmap() {
        AddressSpace.Share share = map(gpu, 0);
        gpu.refusal = java.util.Optional.of(new VfioException(Errno.EIO, "no"));
        assertThatThrownBy(share::unmap).hasMessage("no");
        gpu.refusal = java.util.Optional.empty();
        share.unmap();
        assertThat(group.mapped()).isEmpty();
    }

    // ---- one goes, the others stay ----

    @Test
    void shouldLeaveTheWindowToASiblingWhenTheOneThatMappedItGivesItUp() {
        AddressSpace.Share first = map(gpu, 0);
        AddressSpace.Share second = map(audio, 0);
        first.unmap();
        gpu.device().close();
        assertThat(group.calls())
                .containsExactly("map 0x0+0x1000 BIDIRECTIONAL", "0x0 is of audio", "close gpu");
        second.unmap();
        assertThat(group.mapped()).isEmpty();
    }

    @Test
    void shouldLeaveTheWindowToASiblingWhenTheOneThatMappedItIsClosed() {
        AddressSpace.Share first = map(gpu, 0);
        AddressSpace.Share alone = map(gpu, 0x1000);
        AddressSpace.Share second = map(audio, 0);
        List.of(first, alone).forEach(AddressSpace.Share::leave);
        gpu.device().close();
        List.of(first, alone).forEach(AddressSpace.Share::gone);
        assertThat(group.mapped()).containsExactly(0L);
        second.leave();
        audio.device().close();
        second.gone();
        assertThat(group.mapped()).isEmpty();
        assertThat(windows.spaces()).isZero();
    }

    @Test
    void shouldLeaveTheWindowToASiblingThatIsNotClosedItself() {
        FakeDevice usb = new FakeDevice("usb", group);
        AddressSpace.Share first = map(gpu, 0);
        AddressSpace.Share second = map(audio, 0);
        AddressSpace.Share third = map(usb, 0);
        audio.device().close();
        first.leave();
        gpu.device().close();
        assertThat(group.calls()).contains("0x0 is of usb");
        second.gone();
        first.gone();
        assertThat(group.mapped()).containsExactly(0L);
        third.unmap();
        assertThat(group.mapped()).isEmpty();
        assertThat(windows.spaces()).isZero();
    }

    @Test
    void shouldTakeAClosedDevicesWindowForUnmapped() {
        AddressSpace.Share share = map(gpu, 0);
        gpu.device().close();
        share.unmap();
        assertThat(windows.spaces()).isZero();
    }

    /** A VMM that is started again at once: its device is closed, that of the group is closing. */
    @Test
    void shouldWaitForAWindowThatIsJustGoing() {
        AddressSpace.Share left = map(audio, 0);
        left.leave();
        CompletableFuture<AddressSpace.Share> next =
                CompletableFuture.supplyAsync(() -> map(gpu, 0, ram, 0, PAGE, BOTH, SOON));
        assertThat(
                        next.copy()
                                .completeOnTimeout(
                                        left, 100, java.util.concurrent.TimeUnit.MILLISECONDS)
                                .join())
                .as("waits")
                .isSameAs(left);
        audio.device().close();
        left.gone();
        next.join().unmap();
        assertThat(group.calls())
                .containsSubsequence(
                        "close audio",
                        "unmap 0x0+0x1000",
                        "map 0x0+0x1000 BIDIRECTIONAL",
                        "unmap 0x0+0x1000");
    }

    @Test
    void shouldWaitForADifferentWindowToGo() {
        AddressSpace.Share left = map(audio, 0);
        CompletableFuture<AddressSpace.Share> next =
                CompletableFuture.supplyAsync(() -> map(gpu, 0, otherRam, 0, PAGE, BOTH, SOON));
        left.unmap();
        next.join().unmap();
        assertThat(group.mapped()).isEmpty();
    }

    /** Clients that come and go at the same time, each with the same guest's memory. */
    @Test
    void shouldMapEachWindowWheneverSomebodyHasIt() {
        ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            FakeDevice device = new FakeDevice("device " + i, group);
            SplittableRandom random = new SplittableRandom(i);
            clients.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                for (int round = 0; round < 500; round++) {
                                    long iova = random.nextInt(3) * (long) PAGE;
                                    AddressSpace.Share share =
                                            map(device, iova, ram, iova, PAGE, BOTH, SOON);
                                    if (!group.mapped().contains(iova)) {
                                        wrong.add(
                                                "0x%x is not mapped in round %d"
                                                        .formatted(iova, round));
                                    }
                                    share.unmap();
                                }
                            }));
        }
        clients.forEach(SharedWindowsTest::join);
        assertThat(wrong).isEmpty();
        assertThat(group.mapped()).isEmpty();
        assertThat(windows.spaces()).isZero();
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException stopped) {
            throw new AssertionError(stopped);
        }
    }
}
