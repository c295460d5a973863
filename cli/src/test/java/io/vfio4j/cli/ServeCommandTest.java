/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.PciConfig;
import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.Errno;
import io.vfio4j.uapi.VfioFeature;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

class ServeCommandTest {
    @TempDir Path folder;

    @Test
    void shouldServeUntilStoppedAndLeaveNoSocket() {
        Path socket = folder.resolve("edu.sock");
        Run.Running serve =
                Run.start("serve", "edu", "--socket", socket.toString(), "--delays", "fast");
        await().until(() -> serve.printed().endsWith("\n"));

        assertThat(serve.printed()).isEqualTo("listening " + socket + "\n");
        assertThat(Run.of("info", "vfio-user:" + socket).code()).isZero();

        serve.stop().request();
        assertThat(serve.end()).isEqualTo(new Run(0, "listening " + socket + "\n", ""));
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void shouldServeSeveralDevicesInOneProcess() {
        Path one = folder.resolve("one.sock");
        Path other = folder.resolve("other.sock");
        Run.Running serve = Run.start("serve", "edu=" + one, "bench=" + other, "--json");
        await().until(() -> serve.printed().lines().count() == 2);

        try (VfioDevice edu = VfioDevice.open(new Target.VfioUser(one));
                VfioDevice bench = VfioDevice.open(new Target.VfioUser(other))) {
            assertThat(edu.readInt(7, 0)).isEqualTo(0x11e81234);
            assertThat(bench.readInt(7, 0)).isEqualTo(0xbe4c1234);
        }
        serve.stop().request();

        Run run = serve.end();
        assertThat(run.code()).isZero();
        assertThat(run.jsonLines())
                .extracting(line -> line.get("socket").asString())
                .containsExactly(one.toString(), other.toString());
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void shouldKeepTheDevicesPowerOnIfToldSo() {
        Path socket = folder.resolve("edu.sock");
        Run.Running serve =
                Run.start(
                        "serve", "edu", "--socket=" + socket, "--d3cold", "no", "--delays", "fast");
        await().until(() -> serve.printed().endsWith("\n"));

        try (HostSide host = HostSide.connect(Path.of(socket + ".ctl"))) {
            DemoScene.awaitAsleep(host, "D3hot");
            assertThat(host.d3coldAllowed()).isFalse();
        }
        serve.stop().request();
        assertThat(serve.end().code()).isZero();
    }

    /** To see how a driver fares with a device that forgets in D3hot. */
    @Test
    void shouldLetTheDeviceForgetInD3hotIfToldSo() {
        Path socket = folder.resolve("edu.sock");
        Run.Running serve =
                Run.start("serve", "edu", "--socket=" + socket, "--no-soft-reset", "no");
        await().until(() -> serve.printed().endsWith("\n"));
        try (VfioDevice edu = VfioDevice.open(new Target.VfioUser(socket))) {
            PciConfig config = PciConfig.of(edu);
            assertThat(config.powerManagement().orElseThrow().noSoftReset()).isFalse();
        }
        serve.stop().request();
        assertThat(serve.end().code()).isZero();
    }

    /** A feature that 7.3 knows and 6.12 does not, on a device that lacks it (spec A2 step 8). */
    @Test
    void shouldFollowTheRulesOfTheKernelThatIsAskedFor() {
        assertThat(errnoOfPrecopyInfo("6.12")).isEqualTo(Errno.ENOTTY);
        assertThat(errnoOfPrecopyInfo("7.3")).isEqualTo(Errno.EINVAL);
    }

    private Errno errnoOfPrecopyInfo(String kernel) {
        Path socket = folder.resolve(kernel + ".sock");
        Run.Running serve = Run.start("serve", "edu", "--socket=" + socket, "--kernel", kernel);
        await().until(() -> serve.printed().endsWith("\n"));
        try (VfioDevice edu = VfioDevice.open(new Target.VfioUser(socket))) {
            return catchThrowableOfType(
                            VfioException.class,
                            () ->
                                    edu.setFeature(
                                            VfioFeature.MIG_PRECOPY_INFO_V2.number(), new byte[0]))
                    .errno();
        } finally {
            serve.stop().request();
            assertThat(serve.end().code()).isZero();
        }
    }
}
