/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import static io.vfio4j.power.FeatureChecks.FLAG_GET;
import static io.vfio4j.power.FeatureChecks.FLAG_PROBE;
import static io.vfio4j.power.FeatureChecks.FLAG_SET;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Spec A2, "Order of checks (first failure wins)": steps 2 to 15, in their order. */
class FeatureChecksTest {
    private static final FeatureSupport PLAIN = FeatureSupport.lowPowerOnly(Profile.LINUX_7_3);

    /** Ways to fail exactly one step, on top of a good W request. */
    private record Flaw(
            int step, String name, Refusal errno, Consumer<RawRequest> spoil, boolean onDevice) {}

    private static Flaw flaw(int step, String name, Refusal errno, Consumer<RawRequest> spoil) {
        return new Flaw(step, name, errno, spoil, false);
    }

    private static final List<Flaw> FLAWS =
            List.of(
                    new Flaw(2, "the device does not wake", Refusal.EIO, r -> {}, true),
                    flaw(3, "header shorter than 8 bytes", Refusal.EFAULT, r -> r.available = 7),
                    flaw(4, "argsz < 8", Refusal.EINVAL, r -> r.argsz = 7),
                    flaw(5, "flag bit 19", Refusal.EINVAL, r -> r.flags |= 1 << 19),
                    flaw(6, "GET and SET without PROBE", Refusal.EINVAL, r -> r.flags |= FLAG_GET),
                    flaw(
                            7,
                            "unknown index",
                            Refusal.ENOTTY,
                            r -> r.flags = (r.flags & ~0xffff) | 14),
                    flaw(
                            8,
                            "the device lacks it",
                            Refusal.ENOTTY,
                            r -> r.flags = (r.flags & ~0xffff) | 6),
                    flaw(
                            9,
                            "GET of a feature that can only be set",
                            Refusal.EINVAL,
                            r -> r.flags = (r.flags & ~FLAG_SET) | FLAG_GET),
                    flaw(
                            11,
                            "neither GET nor SET",
                            Refusal.EINVAL,
                            r -> r.flags &= ~(FLAG_SET | FLAG_GET)),
                    flaw(12, "argsz says payload too short", Refusal.EINVAL, r -> r.argsz = 15),
                    flaw(13, "payload missing", Refusal.EFAULT, r -> r.available = 15),
                    flaw(
                            14,
                            "descriptor not open",
                            Refusal.EBADF,
                            r -> r.kind = DescriptorKind.NOT_OPEN),
                    new Flaw(15, "already engaged", Refusal.EINVAL, r -> {}, true));

    private static Verdict ask(List<Flaw> flaws) {
        boolean engaged = flaws.stream().anyMatch(f -> f.step() == 15);
        boolean dead = flaws.stream().anyMatch(f -> f.step() == 2);
        DeviceUnderTest device =
                DeviceUnderTest.in(
                        dead && engaged
                                ? ContractState.N_S
                                : engaged ? ContractState.N_A : ContractState.OFF,
                        DeviceUnderTest.D3HOT);
        if (dead) {
            if (!engaged) {
                device.power.runtimePm().disable();
                device.power.runtimePm().forceStatus(RuntimeStatus.SUSPENDED);
            }
            device.actions.failMove = Optional.of(Refusal.EINVAL);
        }
        RawRequest request = new RawRequest().entryWithWakeup();
        flaws.forEach(f -> f.spoil().accept(request));
        Verdict verdict =
                new LowPowerFeatures(device.power, PLAIN)
                        .request(request, () -> device.newWakeup, p -> p);
        assertThat(device.newWakeup.endings()).isZero();
        return verdict;
    }

    static Stream<Arguments> singleFlaws() {
        return FLAWS.stream()
                .map(f ->
                        argumentSet(
                                f.step() + " " + f.name(),
                                List.of(f),
                                new Verdict.Refused(f.errno(), f.step())));
    }

    /** Every pair, adjacent or not: the earlier step wins. */
    static Stream<Arguments> pairsOfFlaws() {
        List<Arguments> pairs = new ArrayList<>();
        for (int i = 0; i < FLAWS.size(); i++) {
            for (int j = i + 1; j < FLAWS.size(); j++) {
                Flaw first = FLAWS.get(i);
                Flaw second = FLAWS.get(j);
                // An index can't be both unknown and lacking, nor an operation both absent and
                // wrong.
                boolean exclusive =
                        (first.step() == 7 && second.step() == 8)
                                || ((first.step() == 9 || first.step() == 6) && second.step() == 11)
                                || (first.step() == 6 && second.step() == 9)
                                || (first.step() == 3 && second.step() == 13)
                                || (first.step() == 4 && second.step() == 12);
                if (!exclusive) {
                    pairs.add(
                            argumentSet(
                                    first.step() + " beats " + second.step(),
                                    List.of(second, first),
                                    new Verdict.Refused(first.errno(), first.step())));
                }
            }
        }
        return pairs.stream();
    }

    @ParameterizedTest(name = "{argumentSetName}")
    @MethodSource("singleFlaws")
    void shouldRefuseEachStep(List<Object> flaws, Verdict expected) {
        assertThat(ask(cast(flaws))).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{argumentSetName}")
    @MethodSource("pairsOfFlaws")
    void shouldLetTheFirstFailureWin(List<Object> flaws, Verdict expected) {
        assertThat(ask(cast(flaws))).isEqualTo(expected);
    }

    private static List<Flaw> cast(List<Object> flaws) {
        return flaws.stream().map(Flaw.class::cast).toList();
    }

    private static Verdict check(Consumer<RawRequest> how) {
        RawRequest request = new RawRequest();
        how.accept(request);
        return FeatureChecks.check(request, PLAIN);
    }

    private static Verdict refused(Refusal why, int step) {
        return new Verdict.Refused(why, step);
    }

    @Nested
    class Step5And6 {
        @ParameterizedTest
        @ValueSource(ints = {19, 24, 31})
        void shouldRefuseAnyHigherFlagBeforeTheUnknownFeature(int bit) {
            assertThat(check(r -> r.flags = 999 | FLAG_SET | 1 << bit))
                    .isEqualTo(refused(Refusal.EINVAL, 5));
        }

        @Test
        void shouldRefuseGetWithSetBeforeTheUnknownFeature() {
            assertThat(check(r -> r.flags = 999 | FLAG_SET | FLAG_GET))
                    .isEqualTo(refused(Refusal.EINVAL, 6));
        }
    }

    @Nested
    class Step7 {
        @Test
        void shouldNotKnowAnUnknownIndexWhetherOrNotProbed() {
            assertThat(check(r -> r.flags = 999 | FLAG_PROBE))
                    .isEqualTo(refused(Refusal.ENOTTY, 7));
            assertThat(check(r -> r.flags = 999)).isEqualTo(refused(Refusal.ENOTTY, 7));
        }

        @ParameterizedTest
        @EnumSource(Feature.class)
        void shouldKnowAsManyFeaturesAsTheKernelOfTheProfile(Feature feature) {
            for (Profile profile :
                    List.of(Profile.LINUX_6_1, Profile.LINUX_6_12, Profile.LINUX_7_3)) {
                RawRequest request = new RawRequest();
                request.flags = feature.index() | FLAG_PROBE;
                FeatureSupport all = FeatureSupport.lowPowerOnly(profile).with(Feature.values());
                assertThat(FeatureChecks.check(request, all))
                        .isEqualTo(
                                feature.index() <= profile.lastFeature()
                                        ? new Verdict.Probed(feature)
                                        : refused(Refusal.ENOTTY, 7));
            }
        }
    }

    @Nested
    class Step8 {
        @Test
        void shouldRefuseWhatTheDeviceLacks() {
            for (int index : new int[] {0, 1, 2, 6, 7, 8, 9, 10, 11, 13}) {
                assertThat(check(r -> r.flags = index | FLAG_PROBE))
                        .isEqualTo(refused(Refusal.ENOTTY, 8));
            }
            assertThat(check(r -> r.flags = 12 | FLAG_PROBE)).isEqualTo(refused(Refusal.EINVAL, 8));
        }

        @Test
        void shouldRefuseWithTheDriversOwnErrno() {
            RawRequest request = new RawRequest();
            request.flags = 11 | FLAG_PROBE;
            assertThat(
                            FeatureChecks.check(
                                    request, PLAIN.without(Feature.DMA_BUF, Refusal.EOPNOTSUPP)))
                    .isEqualTo(refused(Refusal.EOPNOTSUPP, 8));
        }
    }

    @Nested
    class Steps9And10 {
        @Test
        void shouldRefuseAMissingOperationAlsoUnderProbe() {
            assertThat(check(r -> r.flags = 3 | FLAG_PROBE | FLAG_GET))
                    .isEqualTo(refused(Refusal.EINVAL, 9));
            assertThat(check(r -> r.flags = 3 | FLAG_PROBE | FLAG_GET | FLAG_SET))
                    .isEqualTo(refused(Refusal.EINVAL, 9));
        }

        @ParameterizedTest
        @ValueSource(ints = {3, 4, 5})
        void shouldProbeWithoutPayload(int index) {
            Verdict probed = new Verdict.Probed(Feature.of(index).orElseThrow());
            assertThat(check(r -> r.flags = index | FLAG_PROBE)).isEqualTo(probed);
            assertThat(check(r -> r.flags = index | FLAG_PROBE | FLAG_SET)).isEqualTo(probed);
        }

        @Test
        void shouldNeverReadTheProbesPayload() {
            RawRequest request = new RawRequest().entryWithWakeup();
            request.flags |= FLAG_PROBE;
            request.kind = DescriptorKind.NOT_OPEN;
            assertThat(FeatureChecks.check(request, PLAIN))
                    .isEqualTo(new Verdict.Probed(Feature.LOW_POWER_ENTRY_WITH_WAKEUP));
            assertThat(request.payloadRead).isFalse();
        }
    }

    @Nested
    class Steps12And13 {
        @Test
        void shouldAlwaysAcceptALargerArgsz() {
            assertThat(check(r -> r.entryWithWakeup().argsz = 4000))
                    .isInstanceOf(Verdict.Proceed.class);
            assertThat(check(r -> r.entry().argsz = 0xffffffffL))
                    .isInstanceOf(Verdict.Proceed.class);
        }

        @Test
        void shouldNeedNoPayloadForEntryAndExit() {
            assertThat(check(RawRequest::entry)).isInstanceOf(Verdict.Proceed.class);
            assertThat(check(RawRequest::exit)).isInstanceOf(Verdict.Proceed.class);
        }

        @Test
        void shouldAskNoPayloadBytesOfAPlainGet() {
            RawRequest request = new RawRequest();
            request.flags = 1 | FLAG_GET;
            request.argsz = 16;
            assertThat(FeatureChecks.check(request, PLAIN.with(Feature.MIGRATION)))
                    .isEqualTo(new Verdict.Proceed(Feature.MIGRATION, false));
            request.flags = 8 | FLAG_GET;
            request.argsz = 40;
            assertThat(FeatureChecks.check(request, PLAIN.with(Feature.DMA_LOGGING_REPORT)))
                    .isEqualTo(refused(Refusal.EFAULT, 13));
        }
    }

    /** vfio-user: the field is the index 0 of the one descriptor. */
    @Nested
    class Step14 {
        @Test
        void shouldRefuseANegativeFieldWithOrWithoutDescriptor() {
            assertThat(check(r -> r.entryWithWakeup().field = -1))
                    .isEqualTo(refused(Refusal.EINVAL, 14));
            assertThat(
                            check(r -> {
                                r.entryWithWakeup().field = -1;
                                r.descriptors = 0;
                            }))
                    .isEqualTo(refused(Refusal.EINVAL, 14));
        }

        @Test
        void shouldRefuseMoreThanOneDescriptor() {
            assertThat(check(r -> r.entryWithWakeup().descriptors = 2))
                    .isEqualTo(refused(Refusal.EINVAL, 14));
        }

        @Test
        void shouldRefuseAFieldBehindWhichThereIsNoDescriptor() {
            assertThat(check(r -> r.entryWithWakeup().descriptors = 0))
                    .isEqualTo(refused(Refusal.EBADF, 14));
            assertThat(check(r -> r.entryWithWakeup().field = 1))
                    .isEqualTo(refused(Refusal.EBADF, 14));
        }

        @Test
        void shouldRefuseWhatIsNotAnEventfd() {
            assertThat(check(r -> r.entryWithWakeup().kind = DescriptorKind.NOT_EVENTFD))
                    .isEqualTo(refused(Refusal.EINVAL, 14));
            assertThat(check(r -> r.entryWithWakeup().kind = DescriptorKind.NOT_OPEN))
                    .isEqualTo(refused(Refusal.EBADF, 14));
        }
    }

    @Nested
    class Step15 {
        @Test
        void shouldNeverBeSeenWhenTheRequestItselfEndsASuspendedW() {
            DeviceUnderTest device = DeviceUnderTest.in(ContractState.W_S, DeviceUnderTest.D3HOT);
            assertThat(
                            new LowPowerFeatures(device.power, PLAIN)
                                    .request(
                                            new RawRequest().entryWithWakeup(),
                                            () -> device.newWakeup,
                                            p -> p))
                    .isInstanceOf(Verdict.Proceed.class);
            assertThat(device.oldWakeup.signals).hasValue(1);
        }

        @Test
        void shouldNotConcernExit() {
            DeviceUnderTest device = DeviceUnderTest.in(ContractState.N_A, DeviceUnderTest.D3HOT);
            LowPowerFeatures features = new LowPowerFeatures(device.power, PLAIN);
            for (int i = 0; i < 2; i++) {
                assertThat(
                                features.request(
                                        new RawRequest().exit(), () -> device.newWakeup, p -> p))
                        .isInstanceOf(Verdict.Proceed.class);
            }
        }
    }

    @Test
    void shouldLeaveOtherFeaturesToTheDevice() {
        DeviceUnderTest device = DeviceUnderTest.open(DeviceUnderTest.D3HOT);
        RawRequest request = new RawRequest();
        request.flags = 7 | FLAG_SET;
        List<Feature> asked = new ArrayList<>();
        Verdict verdict =
                new LowPowerFeatures(device.power, PLAIN.with(Feature.DMA_LOGGING_STOP))
                        .request(
                                request,
                                () -> device.newWakeup,
                                p -> {
                                    asked.add(p.feature());
                                    return p;
                                });
        assertThat(verdict).isEqualTo(new Verdict.Proceed(Feature.DMA_LOGGING_STOP, true));
        assertThat(asked).containsExactly(Feature.DMA_LOGGING_STOP);
    }
}
