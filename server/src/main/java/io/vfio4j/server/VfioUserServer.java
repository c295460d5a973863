/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.ServedDevice;

import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Serves devices to vfio-user clients: a socket a device, and beside each a control socket, which
 * is to the emulated device what sysfs is to a real one.
 *
 * <p>Any number of devices share a server; what one client does never reaches another's device.
 * Thread-safe.
 *
 * <pre>{@code
 * try (var server = new VfioUserServer()) {
 *     server.serve(Path.of("/run/edu.sock"), new Edu());
 *     …
 * }
 * }</pre>
 */
public final class VfioUserServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(VfioUserServer.class.getName());

    private final List<DeviceService> services = new CopyOnWriteArrayList<>();

    /** A server without devices. */
    public VfioUserServer() {}

    /**
     * Serves a device from now on. When this returns, clients can connect.
     *
     * @param socket where; at most 103 bytes, so that {@code .ctl} can follow. A socket file that
     *     nobody serves any more is replaced
     * @param device what; the server closes it, unless this throws
     * @return the service, to end just this one
     * @throws io.vfio4j.linux.LinuxException EADDRINUSE if somebody serves that path, ENAMETOOLONG,
     *     ENOENT or EACCES as bind says
     */
    public DeviceService serve(Path socket, ServedDevice device) {
        DeviceService service = DeviceService.start(socket, device);
        services.add(service);
        return service;
    }

    /**
     * Ends all services and removes their sockets. Clients see their connections closed, all of
     * them before the first is waited for; a model that fails in its close keeps no other from its.
     */
    @Override
    public void close() {
        services.forEach(DeviceService::stop);
        for (DeviceService service : services) {
            try {
                service.close();
            } catch (RuntimeException bug) {
                LOG.log(Level.ERROR, service.socket() + ": the device failed in its close", bug);
            }
        }
    }
}
