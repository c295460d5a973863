/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;
import io.vfio4j.power.Access;
import io.vfio4j.power.DescriptorKind;
import io.vfio4j.power.DevicePower;
import io.vfio4j.power.FeatureRequest;
import io.vfio4j.power.FeatureSupport;
import io.vfio4j.power.LowPowerFeatures;
import io.vfio4j.power.Profile;
import io.vfio4j.power.Verdict;
import io.vfio4j.power.Wakeup;

import java.util.List;
import java.util.Optional;

/**
 * DEVICE_FEATURE as it comes off the wire, handed to the power rules piece by piece: they ask for
 * each value when its turn has come, so the order of checks is theirs alone (spec A2).
 */
final class Features {
    private static final int HEADER = 8;

    private final LowPowerFeatures rules;

    Features(DevicePower power, Profile profile) {
        rules = new LowPowerFeatures(power, FeatureSupport.lowPowerOnly(profile));
    }

    /**
     * Carries a request out.
     *
     * @param access of the request
     * @param memory holds the payload
     * @param at where in it
     * @param length bytes of it that are there
     * @param fds that came with it; taken over
     * @return 0 or minus an errno
     */
    int handle(Access access, Memory memory, long at, int length, List<Fd> fds) {
        OnTheWire request = new OnTheWire(memory, at, length, fds);
        try {
            Verdict verdict =
                    rules.request(access, request, request::wakeup, Features::carriedOutNowhere);
            return switch (verdict) {
                case Verdict.Refused refused -> {
                    request.takeBack();
                    yield -refused.why().errno();
                }
                case Verdict.Probed probed -> 0;
                case Verdict.Proceed done -> 0;
            };
        } finally {
            fds.forEach(Fd::close);
        }
    }

    /** The device supports none of the others, so the rules have refused them already. */
    private static Verdict carriedOutNowhere(Verdict.Proceed proceed) {
        throw new IllegalStateException(proceed.feature() + " is supported but not carried out");
    }

    /** Reads straight from the frame. */
    private static final class OnTheWire implements FeatureRequest {
        private final Memory memory;
        private final long at;
        private final int length;
        private final List<Fd> fds;
        private Optional<EventFdWakeup> wakeup = Optional.empty();

        OnTheWire(Memory memory, long at, int length, List<Fd> fds) {
            this.memory = memory;
            this.at = at;
            this.length = length;
            this.fds = fds;
        }

        @Override
        public long availableBytes() {
            return length;
        }

        @Override
        public long argsz() {
            return memory.getInt(at) & 0xffff_ffffL;
        }

        @Override
        public int flags() {
            return memory.getInt(at + 4);
        }

        @Override
        public int wakeupEventfd() {
            return memory.getInt(at + HEADER);
        }

        @Override
        public int descriptorCount() {
            return fds.size();
        }

        @Override
        public DescriptorKind descriptor() {
            Fd fd = fds.getFirst();
            if (EventFd.isPathOnly(fd)) {
                return DescriptorKind.NOT_OPEN;
            }
            return EventFd.isEventFd(fd) ? DescriptorKind.EVENTFD : DescriptorKind.NOT_EVENTFD;
        }

        /** From here on the device's, unless the entry is refused. */
        Wakeup wakeup() {
            EventFdWakeup made = new EventFdWakeup(EventFd.adopt(fds.removeFirst()));
            wakeup = Optional.of(made);
            return made;
        }

        void takeBack() {
            wakeup.ifPresent(EventFdWakeup::drop);
        }
    }
}
