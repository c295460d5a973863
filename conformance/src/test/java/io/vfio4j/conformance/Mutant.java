/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.RawFeature;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;

import org.jspecify.annotations.Nullable;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A device that is wrong in one way: it does what a good one does, but for some calls. */
final class Mutant implements Subject {
    /** What it does in a call's place. */
    interface Change {
        @Nullable Object call(Call call) throws Throwable;
    }

    /** What does not come is waited for in vain. */
    static final Duration SOON = Duration.ofMillis(300);

    private final Subject good;
    private final Change device;
    private final Change host;
    private Optional<EventFd> wakeup = Optional.empty();

    Mutant(Subject good, Change device, Change host) {
        this.good = good;
        this.device = device;
        this.host = host;
    }

    static Mutant ofDevice(Subject good, Change change) {
        return new Mutant(good, change, Call::proceed);
    }

    static Mutant ofHost(Subject good, Change change) {
        return new Mutant(good, Call::proceed, change);
    }

    /** A call to the good one. */
    final class Call {
        private final Object target;
        private final Method method;
        private final Object[] arguments;

        Call(Object target, Method method, Object[] arguments) {
            this.target = target;
            this.method = method;
            this.arguments = arguments;
        }

        boolean is(String... names) {
            return Arrays.asList(names).contains(method.getName());
        }

        Object argument(int index) {
            return arguments[index];
        }

        VfioDevice device() {
            return (VfioDevice) target;
        }

        HostSide host() {
            return (HostSide) target;
        }

        /** The feature request that it makes, if it makes one. */
        Optional<RawFeature> request() {
            return is("feature") && arguments[0] instanceof RawFeature raw
                    ? Optional.of(raw)
                    : Optional.empty();
        }

        /** Whether it sets that feature. */
        boolean sets(int feature) {
            return request().filter(raw -> raw.flags() == (feature | Acts.SET)).isPresent();
        }

        /** The eventfd that was given with the last W. */
        Optional<EventFd> wakeup() {
            return wakeup;
        }

        void forgetWakeup() {
            wakeup.ifPresent(EventFd::close);
            wakeup = Optional.empty();
        }

        @Nullable Object proceed() throws Throwable {
            Optional<Fd> given = request().flatMap(RawFeature::descriptor);
            if (given.isPresent() && EventFd.isEventFd(given.get())) {
                forgetWakeup();
                wakeup = Optional.of(EventFd.adopt(given.get().duplicate()));
            }
            try {
                return method.invoke(target, arguments);
            } catch (InvocationTargetException thrown) {
                throw thrown.getCause();
            }
        }
    }

    private <T> T changed(Class<T> type, T target, Change change) {
        return type.cast(
                Proxy.newProxyInstance(
                        Mutant.class.getClassLoader(),
                        new Class<?>[] {type},
                        (_, method, arguments) ->
                                change.call(
                                        new Call(
                                                target,
                                                method,
                                                arguments == null ? new Object[0] : arguments))));
    }

    @Override
    public VfioDevice open() {
        return changed(VfioDevice.class, good.open(), device);
    }

    @Override
    public HostSide openHost() {
        return changed(HostSide.class, good.openHost(), host);
    }

    @Override
    public String name() {
        return "mutant";
    }

    @Override
    public boolean inKernel() {
        return false;
    }

    @Override
    public KernelProfile profile() {
        return good.profile();
    }

    /** The names of the cases, of those chosen, that it does not pass. */
    List<String> failing(String... chosen) {
        Answers answers =
                Runner.run(
                        this,
                        Conformance.cases(),
                        Glob.anyOf(List.of(chosen)),
                        SOON,
                        Duration.ofSeconds(10),
                        () -> false,
                        _ -> {});
        return answers.answers().stream()
                .filter(answer -> answer.verdict().bad())
                .map(Answer::id)
                .toList();
    }
}
