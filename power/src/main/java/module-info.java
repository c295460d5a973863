/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The rules: runtime PM, PCI D-states and the low-power contract, as a pure function and a thin
 * executor.
 */
module io.vfio4j.power {
    requires static transitive org.jspecify;

    exports io.vfio4j.power;
}
