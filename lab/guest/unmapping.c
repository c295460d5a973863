/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes a PCI device to D3hot and back, and then switches its memory off and on, and tells when, for lab/unmapping to compare with what the VMM
 * traced: `unmapping BDF BAR ROUNDS`. With more than one processor, another one reads a mapping of the BAR without a pause. Times are the
 * processors' time stamp counters', which an interpreting QEMU takes from one clock. Prints for each round
 *
 *   round WHAT N write T return T began T hole T full F
 *
 * with WHAT d3hot or memory; when the writing of the configuration space began, and when the writer went on; when the last read began that
 * found something in the BAR, and when the first ended that found nothing there, zeros (both 0 without another processor); and how many of the
 * writer's own reads found something while the BAR should not be there.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COMMAND = 0x04, MEMORY = 2, CAPABILITIES = 0x34, POWER_MANAGEMENT = 1, PMCSR = 4, STATE = 3, D3HOT = 3 };
enum { ASLEEP_US = 20000, AWAKE_US = 20000, OWN_READS = 4 };

/* What the reader has seen, in memory that both share. */
struct seen {
    volatile uint64_t began, hole;
};

static int config;
static volatile uint64_t *bar;
static struct seen *seen;

static uint64_t now(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static uint16_t config_read(off_t at, size_t size)
{
    uint16_t value = 0;
    if (pread(config, &value, size, at) != (ssize_t)size)
        err(1, "read config 0x%jx", (intmax_t)at);
    return value;
}

static void config_write(off_t at, uint16_t value)
{
    if (pwrite(config, &value, sizeof value, at) != sizeof value)
        err(1, "write config 0x%jx", (intmax_t)at);
}

/* Where the power management capability is. */
static off_t power_management(void)
{
    off_t at = config_read(CAPABILITIES, 1);
    while (at != 0 && config_read(at, 1) != POWER_MANAGEMENT)
        at = config_read(at + 1, 1);
    if (at == 0)
        errx(1, "no power management capability");
    return at;
}

static void run_on(int processor)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0)
        err(1, "run on processor %d", processor);
}

/* Until it is killed. */
static void read_on(void)
{
    int there = 0;
    run_on(1);
    for (;;) {
        uint64_t began = now();
        if (*bar != 0) {
            seen->began = began;
            there = 1;
        } else if (there) {
            seen->hole = now();
            there = 0;
        }
    }
}

/* ROUNDS times: the register's bits under MASK := OFF, a pause, := ON. The first thing after each write is a read of the same register. */
static void take_away(const char *what, off_t at, uint16_t mask, uint16_t off, uint16_t on, int rounds)
{
    for (int round = 0; round < rounds; round++) {
        usleep(AWAKE_US);
        uint16_t other = (uint16_t)(config_read(at, 2) & ~mask);
        uint64_t begin = now();
        config_write(at, (uint16_t)(other | off));
        uint64_t end = now();
        config_read(at, 2);
        int full = 0;
        for (int i = 0; i < OWN_READS; i++)
            full += *bar != 0;
        usleep(ASLEEP_US);
        uint64_t began = seen->began, hole = seen->hole;
        config_write(at, (uint16_t)(other | on));
        config_read(at, 2);
        printf("round %s %d write %" PRIu64 " return %" PRIu64 " began %" PRIu64 " hole %" PRIu64 " full %d\n", what, round, begin, end, began, hole, full);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        errx(2, "usage: unmapping BDF BAR ROUNDS");
    int rounds = atoi(argv[3]);
    char path[128];
    snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/config", argv[1]);
    config = open(path, O_RDWR);
    snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/resource%s", argv[1], argv[2]);
    int resource = open(path, O_RDWR);
    struct stat size;
    if (config < 0 || resource < 0 || fstat(resource, &size) < 0)
        err(1, "%s", path);
    bar = mmap(NULL, (size_t)size.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, resource, 0);
    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (bar == MAP_FAILED || seen == MAP_FAILED)
        err(1, "map %s", path);
    *bar = 0x5a5a5a5a5a5a5a5a;

    pid_t reader = 0;
    if (sysconf(_SC_NPROCESSORS_ONLN) > 1) {
        run_on(0);
        reader = fork();
        if (reader == 0)
            read_on();
    }
    take_away("d3hot", power_management() + PMCSR, STATE, D3HOT, 0, rounds);
    take_away("memory", COMMAND, MEMORY, 0, MEMORY, rounds);
    if (reader != 0) {
        kill(reader, SIGKILL);
        waitpid(reader, NULL, 0);
    }
    return 0;
}
