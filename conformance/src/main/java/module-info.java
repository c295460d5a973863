/* SPDX-License-Identifier: Apache-2.0 */
/** The low-power contract as black-box cases, for any VfioDevice with a host side. */
module io.vfio4j.conformance {
    requires static transitive org.jspecify;
    requires transitive io.vfio4j.client;
    requires tools.jackson.core;
    // JUnit's XML is written with its stream writer.
    requires java.xml;

    exports io.vfio4j.conformance;
}
