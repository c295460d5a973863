/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads or writes a PCI BAR from user space: maps the sysfs resource file and makes exactly one access of the width asked for, which is what
 * reaches the device.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t load(const volatile void *at, int width)
{
    switch (width) {
    case 1: return *(const volatile uint8_t *)at;
    case 2: return *(const volatile uint16_t *)at;
    case 4: return *(const volatile uint32_t *)at;
    default: return *(const volatile uint64_t *)at;
    }
}

static void store(volatile void *at, int width, uint64_t value)
{
    switch (width) {
    case 1: *(volatile uint8_t *)at = (uint8_t)value; break;
    case 2: *(volatile uint16_t *)at = (uint16_t)value; break;
    case 4: *(volatile uint32_t *)at = (uint32_t)value; break;
    default: *(volatile uint64_t *)at = value; break;
    }
}

int main(int argc, char **argv)
{
    if (argc < 4 || argc > 5)
        errx(2, "usage: pcimem RESOURCE WIDTH OFFSET [VALUE]");
    int width = atoi(argv[2]);
    if (width != 1 && width != 2 && width != 4 && width != 8)
        errx(2, "the width is %s, it must be 1, 2, 4 or 8", argv[2]);
    uint64_t offset = strtoull(argv[3], NULL, 0);

    int fd = open(argv[1], O_RDWR);
    struct stat resource;
    if (fd < 0 || fstat(fd, &resource) < 0)
        err(1, "%s", argv[1]);
    if (offset + (uint64_t)width > (uint64_t)resource.st_size)
        errx(1, "offset 0x%" PRIx64 " is outside %s", offset, argv[1]);
    char *bar = mmap(NULL, (size_t)resource.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bar == MAP_FAILED)
        err(1, "map %s", argv[1]);

    if (argc == 5)
        store(bar + offset, width, strtoull(argv[4], NULL, 0));
    else
        printf("0x%0*" PRIx64 "\n", width * 2, load(bar + offset, width));
    return 0;
}
