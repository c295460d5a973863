/* SPDX-License-Identifier: Apache-2.0 */
/** Load drivers that measure any vfio-user server, and the JMH benchmarks of our own hot path. */
@NullMarked
package io.vfio4j.bench;

import org.jspecify.annotations.NullMarked;
