/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.ClientMemory;
import io.vfio4j.device.ServedClient;
import io.vfio4j.device.ServedDevice;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.power.PowerException;
import io.vfio4j.uapi.VersionCapabilities;
import io.vfio4j.uapi.VfioUserHeader;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * One client of one device, from its VERSION to its end. Runs on a thread of its own, which reads
 * requests and answers each before the next.
 *
 * <p>Whatever the client does, the session ends by giving everything back: DMA windows unmapped,
 * its descriptors closed, low power left without a signal (last close, spec B3). The device keeps
 * its state, as the protocol says.
 */
final class Session implements DmaMessages.Pump {
    /** The most data that one message carries; what VERSION says. */
    static final int MAX_TRANSFER = 1 << 20;

    /** The largest frame: that much data and what stands before it, for the longest command. */
    static final int MAX_FRAME = MAX_TRANSFER + 4096;

    /** How long a client may take for its VERSION: until then it keeps others out for nothing. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final System.Logger LOG = System.getLogger(Session.class.getName());

    private final UnixStream stream;
    private final ServedDevice device;
    private final String name;
    private final Duration patience;
    private final Thread thread;
    private final FrameReader reader;
    private final FrameWriter writer;
    private final Reply reply = new Reply(MAX_FRAME);
    private final DeferredFrames deferred = new DeferredFrames();
    private Optional<DmaMessages> messages = Optional.empty();
    private Optional<Requests> requests = Optional.empty();
    private Optional<RuntimeException> failure = Optional.empty();
    private boolean opened;

    /**
     * A session, to be started.
     *
     * @param stream to the client; closed by the session
     * @param device what the client gets
     * @param name of the session, for the log
     */
    Session(UnixStream stream, ServedDevice device, String name) {
        this(stream, device, name, PATIENCE);
    }

    /** With less patience: for tests. */
    Session(UnixStream stream, ServedDevice device, String name, Duration patience) {
        this.stream = stream;
        this.device = device;
        this.name = name;
        this.patience = patience;
        thread = Thread.ofPlatform().daemon().name("vfio-user " + name).unstarted(this::run);
        reader = new FrameReader(stream, MAX_FRAME);
        writer = new FrameWriter(stream);
    }

    void start() {
        try {
            thread.start();
        } catch (OutOfMemoryError noThreads) {
            end();
            throw noThreads;
        }
    }

    /** Whether it is still using the device. */
    boolean isAlive() {
        return thread.isAlive();
    }

    /** Waits for its end, if it was started. */
    void join(Duration atMost) {
        if (!thread.isAlive()) {
            return;
        }
        try {
            thread.join(atMost);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** Serves until the client is gone or {@link #stop} is called. Never throws. */
    private void run() {
        try {
            if (negotiate()) {
                serve();
            }
            LOG.log(Level.DEBUG, "{0}: the client disconnected", name);
        } catch (ProtocolException broken) {
            LOG.log(Level.WARNING, "{0}: connection closed: {1}", name, broken.getMessage());
        } catch (LinuxException gone) {
            LOG.log(Level.INFO, "{0}: connection lost: {1}", name, gone.getMessage());
        } catch (RuntimeException | Error bug) {
            // One client, or one model, must not end the service of the others.
            LOG.log(Level.ERROR, name + ": connection closed after an internal error", bug);
        } finally {
            end();
        }
    }

    /** Ends the session from another thread; {@link #run} then returns. */
    void stop() {
        stream.shutdown();
    }

    /** Whether the client has hung up, though the session may not have noticed yet. */
    boolean hungUp() {
        try {
            return stream.peerClosed();
        } catch (IllegalStateException closed) {
            // The session has noticed.
            return true;
        }
    }

    private boolean negotiate() {
        if (!reader.next(patience)) {
            return false;
        }
        Memory frame = reader.frame();
        int id = VfioUserHeader.id(frame, 0);
        int command = VfioUserHeader.command(frame, 0);
        reader.takeFds().forEach(Fd::close);
        Negotiation negotiation = Negotiation.of(frame, reader.size());
        if (!negotiation.agreed()) {
            reply.send(id, command, -Errno.EINVAL.number(), writer);
            throw new ProtocolException(negotiation.refusal());
        }
        DmaMessages dma = new DmaMessages(writer, this, negotiation.maxTransfer());
        messages = Optional.of(dma);
        try {
            device.open(client(dma, negotiation.lowPower()));
        } catch (PowerException asleep) {
            reply.send(id, command, -asleep.refusal().errno(), writer);
            throw new ProtocolException("the device does not wake: " + asleep.getMessage());
        } catch (LinuxException refused) {
            reply.send(id, command, -refused.errno().number(), writer);
            throw new ProtocolException("the device does not open: " + refused.getMessage());
        }
        opened = true;
        requests = Optional.of(new Requests(device, reply, negotiation.lowPower().pme()));
        reply.send(id, command, negotiation.answer(reply.frame(), Reply.PAYLOAD), writer);
        return true;
    }

    private ServedClient client(ClientMemory memory, VersionCapabilities.LowPower agreed) {
        int process = stream.peerPid();
        return new SessionClient(
                memory,
                agreed.mappingFaults(),
                agreed.pme(),
                process > 0 ? OptionalInt.of(process) : OptionalInt.empty(),
                this::stop);
    }

    private void serve() {
        while (true) {
            Optional<DeferredFrame> next = deferred.poll();
            if (next.isPresent()) {
                try (DeferredFrame frame = next.get()) {
                    handle(frame.memory(), frame.size(), frame);
                }
            } else if (failure.isPresent()) {
                throw failure.get();
            } else if (reader.next()) {
                handle(reader.frame(), reader.size(), reader);
            } else {
                return;
            }
        }
    }

    private void handle(Memory frame, int size, FrameFds fds) {
        int id = VfioUserHeader.id(frame, 0);
        int command = VfioUserHeader.command(frame, 0);
        int flags = VfioUserHeader.flags(frame, 0);
        if (VfioUserHeader.isReply(flags)) {
            fds.closeFds();
            completeTransfer(frame, size);
            return;
        }
        reply.clear();
        int result = requests.orElseThrow().handle(command, flags, frame, size, fds);
        fds.closeFds();
        if (!VfioUserHeader.isNoReply(flags)) {
            reply.send(id, command, result, writer);
        } else if (result < 0) {
            LOG.log(
                    Level.DEBUG,
                    "{0}: a posted command {1} failed: {2}",
                    name,
                    command,
                    Errno.of(-result));
        }
    }

    private void completeTransfer(Memory frame, int size) {
        if (messages.isEmpty() || !messages.get().complete(frame, size)) {
            LOG.log(Level.DEBUG, "{0}: a reply that nobody waits for is dropped", name);
        }
    }

    @Override
    public boolean onSessionThread() {
        return Thread.currentThread().equals(thread);
    }

    @Override
    public void pumpUntilAnswered() {
        DmaMessages dma = messages.orElseThrow();
        FrameReader.Kept kept = reader.keep();
        try {
            while (!dma.answered()) {
                if (!reader.next()) {
                    dma.disconnect();
                } else if (VfioUserHeader.isReply(VfioUserHeader.flags(reader.frame(), 0))) {
                    completeTransfer(reader.frame(), reader.size());
                } else {
                    deferred.add(reader);
                }
            }
        } catch (ProtocolException | LinuxException broken) {
            // The model above us only learns that its transfer failed; the session ends after it.
            failure = Optional.of(broken);
            dma.disconnect();
        } finally {
            reader.restore(kept);
        }
    }

    /** Gives everything back, one thing after the other whatever the others do. */
    private void end() {
        // Nobody may wait for this client any more: not a device that sends it a message either.
        stop();
        quietly(() -> messages.ifPresent(DmaMessages::disconnect));
        if (opened) {
            quietly(device::lastClose);
        }
        quietly(deferred::close);
        quietly(reader::close);
        quietly(() -> messages.ifPresent(DmaMessages::close));
        quietly(reply::close);
        quietly(stream::close);
    }

    private void quietly(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException | Error bug) {
            LOG.log(Level.ERROR, name + ": cleaning up after the client failed", bug);
        }
    }
}
