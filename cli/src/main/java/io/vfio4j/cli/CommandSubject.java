/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.conformance.KernelProfile;
import io.vfio4j.conformance.Subject;

/**
 * The target of a command as the suite sees it.
 *
 * @param target where the device is
 * @param profile whose answers are expected
 */
record CommandSubject(Target.VfioUser target, KernelProfile profile) implements Subject {
    static CommandSubject of(Arguments arguments) {
        KernelProfile profile =
                arguments
                        .value(CommandOption.KERNEL)
                        .map(CommandSubject::profile)
                        .orElse(KernelProfile.LINUX_7_3);
        return new CommandSubject(arguments.target(), profile);
    }

    private static KernelProfile profile(String version) {
        return KernelProfile.of(version)
                .orElseThrow(() ->
                        new UsageException(
                                "--kernel is one of %s, not \"%s\""
                                        .formatted(ConformanceCommand.versions(), version)));
    }

    @Override
    public VfioDevice open() {
        return VfioDevice.open(target);
    }

    @Override
    public HostSide openHost() {
        return HostSide.connect(Arguments.controlSocket(target));
    }

    @Override
    public String name() {
        return target.toString();
    }

    @Override
    public boolean inKernel() {
        return false;
    }
}
