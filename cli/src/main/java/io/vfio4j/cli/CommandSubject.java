/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.OpenOptions;
import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioPciBinding;
import io.vfio4j.conformance.KernelProfile;
import io.vfio4j.conformance.RuntimeTrace;
import io.vfio4j.conformance.Subject;
import io.vfio4j.conformance.TracedHost;

import java.util.Optional;

/**
 * The target of a command as the suite sees it.
 *
 * @param target where the device is
 * @param options how it is opened
 * @param profile whose answers are expected
 * @param trace where the usage count is from if the kernel does not tell it in sysfs
 */
record CommandSubject(
        Target target, OpenOptions options, KernelProfile profile, Optional<RuntimeTrace> trace)
        implements Subject, AutoCloseable {
    static CommandSubject of(Arguments arguments) {
        Target target = arguments.target();
        Optional<String> version = arguments.value(CommandOption.KERNEL);
        KernelProfile profile =
                switch (target) {
                    case Target.VfioUser _ ->
                            version.map(CommandSubject::profile).orElse(KernelProfile.LINUX_7_3);
                    case Target.Pci _ -> {
                        if (version.isPresent()) {
                            throw new UsageException(
                                    "--kernel is for devices behind a socket: %s is a device of this machine's kernel"
                                            .formatted(target));
                        }
                        yield KernelProfile.ofThisKernel();
                    }
                };
        return new CommandSubject(target, arguments.openOptions(target), profile, trace(target));
    }

    private static Optional<RuntimeTrace> trace(Target target) {
        if (!(target instanceof Target.Pci(var address))) {
            return Optional.empty();
        }
        try (HostSide host = HostSide.of(address)) {
            return TracedHost.needless(host) ? Optional.empty() : RuntimeTrace.of(address);
        }
    }

    static KernelProfile profile(String version) {
        return KernelProfile.of(version)
                .orElseThrow(() ->
                        new UsageException(
                                "--kernel is one of %s, not \"%s\""
                                        .formatted(ConformanceCommand.versions(), version)));
    }

    @Override
    public VfioDevice open() {
        trace.ifPresent(RuntimeTrace::forget);
        return VfioDevice.open(target, options);
    }

    @Override
    public HostSide openHost() {
        HostSide host = HostSide.beside(target);
        return trace.<HostSide>map(count -> new TracedHost(host, count)).orElse(host);
    }

    @Override
    public void bindAgain() {
        if (!(target instanceof Target.Pci(var address))) {
            throw new UnsupportedOperationException(target + " has no driver");
        }
        // Not closed: it is to stay vfio-pci's.
        VfioPciBinding _ = VfioPciBinding.bind(address);
    }

    @Override
    public String name() {
        return target.toString();
    }

    @Override
    public boolean inKernel() {
        return target instanceof Target.Pci;
    }

    @Override
    public void close() {
        trace.ifPresent(RuntimeTrace::close);
    }
}
