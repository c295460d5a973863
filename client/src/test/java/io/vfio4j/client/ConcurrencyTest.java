/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.VfioUserCommand;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** Any thread, any time: calls exclude each other, DMA goes on, close ends what is under way. */
@Timeout(20)
class ConcurrencyTest {
    @TempDir static Path directory;

    @Test
    void shouldGiveEachThreadItsOwnAnswerWhileDmaGoesOn() {
        int threads = 4;
        int reads = 300;
        AtomicInteger messages = new AtomicInteger();
        try (FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    client.reply(
                                            client.expect(VfioUserCommand.DMA_MAP), new byte[0]);
                                    for (int i = 0; i < threads * reads; i++) {
                                        Peer.Frame read =
                                                client.expect(VfioUserCommand.REGION_READ);
                                        if (i % 3 == 0) {
                                            client.dmaWrite(
                                                    8L * i, Peer.bytes(8).putLong(i).array());
                                            Peer.Frame _ =
                                                    client.expectReply(VfioUserCommand.DMA_WRITE);
                                            messages.incrementAndGet();
                                        }
                                        client.replyRead(
                                                read,
                                                Peer.bytes(4).putInt((int) read.u64(0)).array());
                                    }
                                    client.expectEnd();
                                });
                Memory memory = Memory.allocate(8L * threads * reads)) {
            try (VfioDevice device = server.open()) {
                DmaWindow _ = device.mapDma(0, memory, DmaDirection.FROM_DEVICE);
                List<CompletableFuture<Void>> all = new ArrayList<>();
                for (int t = 0; t < threads; t++) {
                    int base = t * reads;
                    all.add(
                            CompletableFuture.runAsync(() -> {
                                for (int i = 0; i < reads; i++) {
                                    assertThat(device.readInt(0, base + i)).isEqualTo(base + i);
                                }
                            }));
                }
                all.forEach(CompletableFuture::join);
            }
            for (int i = 0; i < threads * reads; i += 3) {
                assertThat(memory.getLong(8L * i)).isEqualTo(i);
            }
            assertThat(messages).hasPositiveValue();
        }
    }

    @Test
    void shouldEndACallThatIsUnderWayWhenAnotherThreadCloses() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            Peer.Frame _ = client.expect(VfioUserCommand.DEVICE_RESET);
                            asked.countDown();
                            client.expectEnd();
                        })) {
            VfioDevice device = server.open();
            CompletableFuture<Void> call = CompletableFuture.runAsync(device::reset);
            asked.await();
            device.close();
            assertThatThrownBy(call::join)
                    .isInstanceOf(CompletionException.class)
                    .cause()
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("was closed by another thread");
        }
    }

    @Test
    void shouldServeSeveralDevicesIndependently() {
        try (FakeServer one = echo();
                FakeServer two = echo();
                VfioDevice first = one.open();
                VfioDevice second = two.open()) {
            for (int i = 0; i < 10; i++) {
                assertThat(first.readInt(0, i)).isEqualTo(i);
                assertThat(second.readInt(0, 100 + i)).isEqualTo(100 + i);
            }
        }
    }

    private static FakeServer echo() {
        return FakeServer.agreeing(
                directory,
                client -> {
                    while (true) {
                        Optional<Peer.Frame> next = client.receive();
                        if (next.isEmpty()) {
                            return;
                        }
                        Peer.Frame read = next.get();
                        client.replyRead(read, Peer.bytes(4).putInt((int) read.u64(0)).array());
                    }
                });
    }
}
