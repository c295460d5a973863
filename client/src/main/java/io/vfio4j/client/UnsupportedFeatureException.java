/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.uapi.VfioFeature;

/** The device, or the server that emulates it, does not have the feature. */
public class UnsupportedFeatureException extends VfioException {
    private static final long serialVersionUID = 1L;

    private final VfioFeature feature;

    UnsupportedFeatureException(VfioFeature feature, Errno errno, String message) {
        super(errno, message);
        this.feature = feature;
    }

    /**
     * Returns what is missing.
     *
     * @return the feature
     */
    public VfioFeature feature() {
        return feature;
    }
}
