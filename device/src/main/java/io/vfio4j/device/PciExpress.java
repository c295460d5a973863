/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import java.util.OptionalLong;

/**
 * What a function's PCI Express capability and the extended capabilities behind it have. A value;
 * each {@code with…} method returns a new one.
 *
 * @param functionLevelReset the function can be reset by Initiate Function Level Reset
 * @param errorReporting it has Advanced Error Reporting; see {@link PciDevice#reportError}
 * @param serialNumber its Device Serial Number, an EUI-64, if it has that
 */
public record PciExpress(
        boolean functionLevelReset, boolean errorReporting, OptionalLong serialNumber) {

    /** Function level reset, and no extended capability. */
    public static final PciExpress BASIC = new PciExpress(true, false, OptionalLong.empty());

    /**
     * The same with or without Function Level Reset.
     *
     * @param flr whether
     * @return the capability
     */
    public PciExpress withFunctionLevelReset(boolean flr) {
        return new PciExpress(flr, errorReporting, serialNumber);
    }

    /**
     * The same with Advanced Error Reporting.
     *
     * @return the capability
     */
    public PciExpress withErrorReporting() {
        return new PciExpress(functionLevelReset, true, serialNumber);
    }

    /**
     * The same with a serial number.
     *
     * @param number an EUI-64
     * @return the capability
     */
    public PciExpress withSerialNumber(long number) {
        return new PciExpress(functionLevelReset, errorReporting, OptionalLong.of(number));
    }
}
