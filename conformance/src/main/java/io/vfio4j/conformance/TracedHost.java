/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.HostWatch;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.Errno;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.HostEvent;

import java.util.function.Consumer;

/** A host side that takes {@code power/runtime_usage} from the kernel's trace. */
public final class TracedHost implements HostSide {
    private final HostSide host;
    private final RuntimeTrace trace;

    /**
     * Answers all else as another one does.
     *
     * @param host that one; closed with this
     * @param trace where the count is from; stays the caller's
     */
    public TracedHost(HostSide host, RuntimeTrace trace) {
        this.host = host;
        this.trace = trace;
    }

    /** Whether the kernel tells the count by itself. */
    public static boolean needless(HostSide host) {
        try {
            String _ = host.read(HostAttribute.POWER_RUNTIME_USAGE);
            return true;
        } catch (VfioException without) {
            return !without.errno().equals(Errno.ENOENT);
        }
    }

    @Override
    public String read(HostAttribute attribute) {
        if (attribute != HostAttribute.POWER_RUNTIME_USAGE) {
            return host.read(attribute);
        }
        return Integer.toString(
                trace.usage()
                        .orElseThrow(() ->
                                new VfioException(
                                        Errno.ENOENT,
                                        "the kernel has traced nothing of the device yet")));
    }

    @Override
    public void write(HostAttribute attribute, String value) {
        host.write(attribute, value);
    }

    @Override
    public byte[] readConfig(int offset, int length) {
        return host.readConfig(offset, length);
    }

    @Override
    public void writeConfig(int offset, byte[] bytes) {
        host.writeConfig(offset, bytes);
    }

    @Override
    public HostWatch watch(Consumer<HostEvent> listener) {
        return host.watch(listener);
    }

    @Override
    public void unbindDriver() {
        host.unbindDriver();
    }

    @Override
    public void close() {
        host.close();
    }
}
