/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.bridge.BridgeOptions;
import io.vfio4j.bridge.BridgedDevice;
import io.vfio4j.bridge.SharedWindows;
import io.vfio4j.client.HostSide;
import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.server.EventLoop;
import io.vfio4j.server.VfioUserServer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The same edu, passed on by a bridge. */
final class BridgedEdu implements Subject, AutoCloseable {
    private final ServedEdu edu;
    private final Path folder;
    private final EventLoop events = new EventLoop();
    private final VfioUserServer server = new VfioUserServer();

    BridgedEdu(KernelProfile profile, BridgeOptions options) {
        edu = new ServedEdu(profile);
        try {
            folder = Files.createTempDirectory("vfio4j-conformance-bridge-test");
        } catch (IOException refused) {
            throw new UncheckedIOException(refused);
        }
        server.serve(
                socket(),
                BridgedDevice.of(
                        new Target.VfioUser(edu.socket()), options, events, new SharedWindows()));
    }

    private Path socket() {
        return folder.resolve("bridge.sock");
    }

    @Override
    public VfioDevice open() {
        return VfioDevice.open(new Target.VfioUser(socket()));
    }

    @Override
    public HostSide openHost() {
        return HostSide.beside(new Target.VfioUser(socket()));
    }

    @Override
    public String name() {
        return "edu behind a bridge";
    }

    @Override
    public boolean inKernel() {
        return false;
    }

    @Override
    public KernelProfile profile() {
        return edu.profile();
    }

    @Override
    public void close() {
        server.close();
        events.close();
        edu.close();
        try {
            Files.delete(folder);
        } catch (IOException left) {
            throw new UncheckedIOException(left);
        }
    }
}
