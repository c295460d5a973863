/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.ServedDma;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.VersionCapabilities;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserHeader;
import io.vfio4j.uapi.VfioUserVersion;

import java.util.Optional;

/**
 * What came of a client's VERSION: protocol 0.0, and the capabilities of both sides.
 *
 * @param refusal why there is no agreement; empty if there is
 * @param proposed what the client can do
 */
record Negotiation(String refusal, VersionCapabilities proposed) {
    private static final int MAJOR = 0;

    /** QEMU takes only minor 0 for an answer, and nothing that we do needs more. */
    private static final int MINOR = 0;

    private static final VersionCapabilities.LowPower LOW_POWER =
            new VersionCapabilities.LowPower(true, true);

    /**
     * Reads a client's first frame.
     *
     * @param frame at offset 0
     * @param size of the frame
     * @return the outcome
     */
    static Negotiation of(Memory frame, int size) {
        int command = VfioUserHeader.command(frame, 0);
        if (command != VfioUserCommand.VERSION.number()
                || !VfioUserHeader.isCommand(VfioUserHeader.flags(frame, 0))) {
            return refused("the first message was of command %d, not VERSION".formatted(command));
        }
        try {
            return of(VfioUserVersion.read(frame, VfioUserHeader.SIZE, size - VfioUserHeader.SIZE));
        } catch (IllegalArgumentException bad) {
            return refused(String.valueOf(bad.getMessage()));
        }
    }

    private static Negotiation of(VfioUserVersion version) {
        if (version.major() != MAJOR) {
            return refused("protocol version %d; this server speaks 0".formatted(version.major()));
        }
        VersionCapabilities theirs = version.capabilities().orElse(VersionCapabilities.DEFAULTS);
        return theirs.maxDataXferSize() < 1
                ? refused("max_data_xfer_size 0 lets nothing be transferred")
                : new Negotiation("", theirs);
    }

    private static Negotiation refused(String why) {
        return new Negotiation(why, VersionCapabilities.DEFAULTS);
    }

    boolean agreed() {
        return refusal.isEmpty();
    }

    /** The most that one message to this client may carry. */
    int maxTransfer() {
        return (int) Math.min(proposed.maxDataXferSize(), Session.MAX_TRANSFER);
    }

    /**
     * What is agreed on for a device that sleeps: of all that we know, what the client proposed.
     */
    VersionCapabilities.LowPower lowPower() {
        return proposed.lowPower().and(LOW_POWER);
    }

    /**
     * Writes the reply's payload.
     *
     * @param into where
     * @param at where in it
     * @return its length
     */
    int answer(Memory into, int at) {
        VersionCapabilities ours =
                new VersionCapabilities(
                        FrameReader.MAX_FDS,
                        Session.MAX_TRANSFER,
                        Math.min(proposed.maxDmaMaps(), ServedDma.MAX_WINDOWS),
                        VersionCapabilities.DEFAULTS.pgsizes(),
                        Optional.empty(),
                        Optional.empty(),
                        proposed.writeMultiple(),
                        lowPower());
        return new VfioUserVersion(MAJOR, MINOR, Optional.of(ours)).write(into, at);
    }
}
