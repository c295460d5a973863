/* SPDX-License-Identifier: Apache-2.0 */
/** One VfioDevice API; here its vfio-user backend and the host side. */
@NullMarked
package io.vfio4j.client;

import org.jspecify.annotations.NullMarked;
