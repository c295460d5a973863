/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** A feature request with every field in the test's hand; good unless changed. */
final class RawRequest implements FeatureRequest {
    long available = 8;
    long argsz = 8;
    int flags;
    int field;
    int descriptors;
    DescriptorKind kind = DescriptorKind.NONE;
    boolean payloadRead;

    RawRequest entry() {
        flags = 3 | FeatureChecks.FLAG_SET;
        return this;
    }

    RawRequest entryWithWakeup() {
        flags = 4 | FeatureChecks.FLAG_SET;
        available = 16;
        argsz = 16;
        descriptors = 1;
        kind = DescriptorKind.EVENTFD;
        return this;
    }

    RawRequest exit() {
        flags = 5 | FeatureChecks.FLAG_SET;
        return this;
    }

    @Override
    public long availableBytes() {
        return available;
    }

    @Override
    public long argsz() {
        return argsz;
    }

    @Override
    public int flags() {
        return flags;
    }

    @Override
    public int wakeupEventfd() {
        payloadRead = true;
        return field;
    }

    @Override
    public int descriptorCount() {
        return descriptors;
    }

    @Override
    public DescriptorKind descriptor() {
        payloadRead = true;
        return kind;
    }
}
