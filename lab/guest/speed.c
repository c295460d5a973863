/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times what a guest's driver does to a PCI device: `speed BDF BAR OFFSET` reads configuration space and that register again and again, as
 * `speed BDF BAR OFFSET PMCSR` it also takes the device to D3hot and back by that register of its configuration space, the way a driver does
 * that waits no longer than it has to. Prints lines "NAME MEDIAN P99", in nanoseconds.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ACCESSES = 4000, CYCLES = 100 };

static int config;
static volatile uint32_t *reg;
static int pmcsr;

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void report(const char *name, uint64_t *times, int count)
{
    qsort(times, (size_t)count, sizeof *times, ascending);
    printf("%s %llu %llu\n", name, (unsigned long long)times[count / 2], (unsigned long long)times[count * 99 / 100]);
}

static void nothing(void)
{
}

static void read_config(void)
{
    uint32_t value;
    if (pread(config, &value, sizeof value, 0) != sizeof value)
        err(1, "read configuration space");
}

static void read_register(void)
{
    (void)*reg;
}

static void state(uint16_t value)
{
    if (pwrite(config, &value, sizeof value, pmcsr) != sizeof value)
        err(1, "write PMCSR");
}

static void sleep_deep(void)
{
    state(3);
}

/* Until a register reads what it should: what a driver waits for. */
static uint32_t expected;
static void wake(void)
{
    state(0);
    while (*reg != expected)
        ;
}

static void measure(const char *name, void (*access)(void))
{
    static uint64_t times[ACCESSES];
    for (int i = 0; i < ACCESSES; i++) {
        uint64_t start = now();
        access();
        times[i] = now() - start;
    }
    report(name, times, ACCESSES);
}

int main(int argc, char **argv)
{
    char path[128];
    struct stat resource;
    if (argc < 4 || argc > 5)
        errx(2, "usage: speed BDF BAR OFFSET [PMCSR]");
    snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/config", argv[1]);
    config = open(path, O_RDWR);
    if (config < 0)
        err(1, "%s", path);
    snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/resource%s", argv[1], argv[2]);
    int fd = open(path, O_RDWR);
    if (fd < 0 || fstat(fd, &resource) < 0)
        err(1, "%s", path);
    char *bar = mmap(NULL, (size_t)resource.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bar == MAP_FAILED)
        err(1, "map %s", path);
    reg = (volatile uint32_t *)(bar + strtoul(argv[3], NULL, 0));

    measure("nothing", nothing);
    measure("config", read_config);
    measure("register", read_register);
    if (argc == 5) {
        static uint64_t asleep[CYCLES], awake[CYCLES];
        pmcsr = (int)strtol(argv[4], NULL, 0);
        expected = *reg;
        for (int i = 0; i < CYCLES; i++) {
            uint64_t start = now();
            sleep_deep();
            asleep[i] = now() - start;
            usleep(1000);
            start = now();
            wake();
            awake[i] = now() - start;
        }
        report("d3hot", asleep, CYCLES);
        report("d0", awake, CYCLES);
    }
    return 0;
}
