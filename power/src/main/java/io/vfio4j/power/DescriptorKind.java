/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** What a request's descriptor turned out to be (spec A2 step 14). */
public enum DescriptorKind {
    /** None came with the request. */
    NONE,
    /** An eventfd. */
    EVENTFD,
    /** Open, but not an eventfd. */
    NOT_EVENTFD,
    /** Not open, or opened with O_PATH. */
    NOT_OPEN
}
