/* SPDX-License-Identifier: Apache-2.0 */
/** The vfio4j command. */
@NullMarked
package io.vfio4j.cli;

import org.jspecify.annotations.NullMarked;
