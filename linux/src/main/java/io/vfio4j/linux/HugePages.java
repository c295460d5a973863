/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

/** Files of hugetlbfs, of which the kernel maps and unmaps whole huge pages only. */
final class HugePages {
    private static final long HUGETLBFS_MAGIC = 0x958458f6L;

    // struct statfs, where a word has 64 bits: 120 bytes, which a thread's scratch has room for.
    private static final int F_TYPE = 0;
    private static final int F_BSIZE = 8;

    private HugePages() {}

    /**
     * Bytes that a mapping of this descriptor begins and ends at a multiple of, a power of two.
     *
     * @param number of a descriptor that is open
     * @return the size of its huge pages; 1 for what has none, where the kernel rounds by itself
     */
    static long sizeOf(int number) {
        Scratch scratch = Scratch.ofThread();
        if (Libc.fstatfs(number, scratch.address()) < 0) {
            // What mmap says of it will tell more.
            return 1;
        }
        long type = scratch.getLong(F_TYPE) & 0xffff_ffffL;
        return type == HUGETLBFS_MAGIC ? scratch.getLong(F_BSIZE) : 1;
    }
}
