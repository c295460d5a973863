/* SPDX-License-Identifier: Apache-2.0 */
/** The low-power contract as black-box cases. */
@org.jspecify.annotations.NullMarked
package io.vfio4j.conformance;
