/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.Optional;

/**
 * The argument checks of a feature request in the kernel's order, first failure wins: steps 3 to 14
 * of spec A2. Step 1 is the session's, step 2 the access, step 15 the contract's; {@link
 * LowPowerFeatures} puts them together.
 */
public final class FeatureChecks {
    /** Bytes of argsz and flags. */
    public static final int HEADER_BYTES = 8;

    /** Bits 15:0 of the flags: the feature's index. */
    public static final int FLAG_INDEX_MASK = 0xffff;

    /** Bit 16 of the flags. */
    public static final int FLAG_GET = 1 << 16;

    /** Bit 17 of the flags. */
    public static final int FLAG_SET = 1 << 17;

    /** Bit 18 of the flags. */
    public static final int FLAG_PROBE = 1 << 18;

    private static final int FLAGS_KNOWN = FLAG_INDEX_MASK | FLAG_GET | FLAG_SET | FLAG_PROBE;

    private FeatureChecks() {}

    /** Steps 3 to 14. Pure, apart from what the request reads. */
    public static Verdict check(FeatureRequest request, FeatureSupport support) {
        // 3. The header's bytes.
        if (request.availableBytes() < HEADER_BYTES) {
            return refused(Refusal.EFAULT, 3);
        }
        // 4. argsz.
        if (request.argsz() < HEADER_BYTES) {
            return refused(Refusal.EINVAL, 4);
        }
        int flags = request.flags();
        boolean get = (flags & FLAG_GET) != 0;
        boolean set = (flags & FLAG_SET) != 0;
        boolean probe = (flags & FLAG_PROBE) != 0;
        // 5. A bit that means nothing: beats the unknown feature.
        if ((flags & ~FLAGS_KNOWN) != 0) {
            return refused(Refusal.EINVAL, 5);
        }
        // 6. Both operations at once, unless it is only asked whether: beats it as well.
        if (get && set && !probe) {
            return refused(Refusal.EINVAL, 6);
        }
        // 7. Known to core and driver?
        Optional<Feature> known = support.known(flags & FLAG_INDEX_MASK);
        if (known.isEmpty()) {
            return refused(Refusal.ENOTTY, 7);
        }
        Feature feature = known.get();
        // 8. Does this device lack it?
        Optional<Refusal> lacking = Optional.ofNullable(support.lacking().get(feature));
        if (lacking.isPresent()) {
            return refused(lacking.get(), 8);
        }
        // 9. An operation that it does not have, also when probing.
        if ((get && !feature.canGet()) || (set && !feature.canSet())) {
            return refused(Refusal.EINVAL, 9);
        }
        // 10. A probe ends here; its payload is neither needed nor read.
        if (probe) {
            return new Verdict.Probed(feature);
        }
        // 11. No operation at all.
        if (!get && !set) {
            return refused(Refusal.EINVAL, 11);
        }
        // 12. The payload that argsz speaks of; more is always accepted.
        if (request.argsz() - HEADER_BYTES < feature.minimumPayload()) {
            return refused(Refusal.EINVAL, 12);
        }
        // 13. The payload's bytes.
        if (request.availableBytes() - HEADER_BYTES < feature.payloadRead(set)) {
            return refused(Refusal.EFAULT, 13);
        }
        // 14. The wakeup descriptor; "reserved" is never checked.
        if (feature == Feature.LOW_POWER_ENTRY_WITH_WAKEUP) {
            Optional<Refusal> refusal = wakeup(request);
            if (refusal.isPresent()) {
                return refused(refusal.get(), 14);
            }
        }
        return new Verdict.Proceed(feature, set);
    }

    /**
     * Step 14 over vfio-user: the field is the index 0 of the one descriptor. Negative is EINVAL,
     * with or without a descriptor; so are several; an index behind which there is none is EBADF.
     */
    private static Optional<Refusal> wakeup(FeatureRequest request) {
        if (request.wakeupEventfd() < 0 || request.descriptorCount() > 1) {
            return Optional.of(Refusal.EINVAL);
        }
        if (request.wakeupEventfd() >= request.descriptorCount()) {
            return Optional.of(Refusal.EBADF);
        }
        return switch (request.descriptor()) {
            case EVENTFD -> Optional.empty();
            case NOT_EVENTFD -> Optional.of(Refusal.EINVAL);
            case NONE, NOT_OPEN -> Optional.of(Refusal.EBADF);
        };
    }

    private static Verdict refused(Refusal why, int step) {
        return new Verdict.Refused(why, step);
    }
}
