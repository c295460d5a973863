/* SPDX-License-Identifier: Apache-2.0 */
/** The vfio4j command. */
module io.vfio4j.cli {
    requires static transitive org.jspecify;
    requires transitive io.vfio4j.server;
    requires transitive io.vfio4j.client;
    requires transitive io.vfio4j.bridge;
    requires transitive io.vfio4j.models;
    requires io.vfio4j.tutorial;
    requires transitive io.vfio4j.bench;
    requires transitive io.vfio4j.conformance;
    requires org.apache.commons.cli;
    requires tools.jackson.core;

    exports io.vfio4j.cli;

    provides System.LoggerFinder with
            io.vfio4j.cli.LogToStderr;
}
