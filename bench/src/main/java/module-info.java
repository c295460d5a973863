/* SPDX-License-Identifier: Apache-2.0 */
/** Load drivers that measure any vfio-user server, and the JMH benchmarks of our own hot path. */
module io.vfio4j.bench {
    requires static transitive org.jspecify;
    requires transitive io.vfio4j.linux;
    requires transitive io.vfio4j.client;
    requires io.vfio4j.uapi;
    requires tools.jackson.core;

    exports io.vfio4j.bench;
}
