/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps touching a mapping of a PCI BAR while the same device is put into D3hot and back, or its memory is switched off and on, as a driver of
 * bad manners would: `bartouch BDF BAR WHAT ROUNDS`, WHAT being d3hot or memory. A child process reads and writes the mapping's lower half without a
 * pause; the parent writes the configuration space, and the upper half while the device is asleep. Prints:
 *
 *   rounds N               transitions there and back
 *   touched T              reads of the child in all, of which
 *   nothing A              gave all ones, or zero, as from an address where no device is,
 *   kept B                 what had been written before,
 *   other C                anything else: none may
 *   asleep N ONES ZEROS    the parent's own reads while the device is asleep
 *   contents WRONG         words of the BAR that are not what they were in the beginning
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COMMAND = 0x04, MEMORY = 2, CAPABILITIES = 0x34, POWER_MANAGEMENT = 1, PMCSR = 4, STATE = 3, D3HOT = 3 };
enum { ASLEEP_US = 20000, AWAKE_US = 20000 };

/* What the child has seen, in memory that both share. */
struct seen {
    volatile uint64_t ones, zeros, kept, other;
};

static int config;
static volatile uint32_t *bar;
static size_t words;

/* Neither all ones nor zero. */
static uint32_t pattern(size_t word) { return ((uint32_t)(word * 2654435761u) & 0x7fffffff) | 1; }

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

static void judge(struct seen *seen, size_t word, uint32_t value)
{
    if (value == 0xffffffff)
        seen->ones++;
    else if (value == 0)
        seen->zeros++;
    else if (value == pattern(word))
        seen->kept++;
    else
        seen->other++;
}

/* Reads half of the BAR, and writes what is there already, until it is killed. */
static void touch(struct seen *seen)
{
    for (size_t word = 0;; word = (word + 1) % (words / 2)) {
        judge(seen, word, bar[word]);
        bar[word] = pattern(word);
    }
}

/* The registers' bits under MASK := VALUE. */
static void set(off_t at, uint16_t mask, uint16_t value) { config_write(at, (uint16_t)((config_read(at, 2) & ~mask) | value)); }

int main(int argc, char **argv)
{
    if (argc != 5 || (strcmp(argv[3], "d3hot") != 0 && strcmp(argv[3], "memory") != 0))
        errx(2, "usage: bartouch BDF BAR d3hot|memory ROUNDS");
    int sleeping = strcmp(argv[3], "d3hot") == 0, rounds = atoi(argv[4]);
    char path[128];
    snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/config", argv[1]);
    config = open(path, O_RDWR);
    snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/resource%s", argv[1], argv[2]);
    int resource = open(path, O_RDWR);
    struct stat size;
    if (config < 0 || resource < 0 || fstat(resource, &size) < 0)
        err(1, "%s", path);
    bar = mmap(NULL, (size_t)size.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, resource, 0);
    struct seen *seen = mmap(NULL, 2 * sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (bar == MAP_FAILED || seen == MAP_FAILED)
        err(1, "map %s", path);
    words = (size_t)size.st_size / sizeof *bar;
    for (size_t word = 0; word < words; word++)
        bar[word] = pattern(word);

    off_t at = sleeping ? power_management() + PMCSR : COMMAND;
    uint16_t mask = sleeping ? STATE : MEMORY, off = sleeping ? D3HOT : 0, on = sleeping ? 0 : MEMORY;
    pid_t child = fork();
    if (child == 0)
        touch(seen);
    for (int round = 0; round < rounds; round++) {
        set(at, mask, off);
        usleep(ASLEEP_US);
        for (size_t word = words / 2; word < words; word += words / 8) {
            judge(seen + 1, word, bar[word]);
            bar[word] = 0;
        }
        set(at, mask, on);
        usleep(AWAKE_US);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);

    size_t wrong = 0;
    for (size_t word = 0; word < words; word++)
        wrong += bar[word] != pattern(word);
    printf("rounds %d\ntouched %" PRIu64 "\nnothing %" PRIu64 "\nkept %" PRIu64 "\nother %" PRIu64 "\n", rounds,
           seen->ones + seen->zeros + seen->kept + seen->other, seen->ones + seen->zeros, seen->kept, seen->other);
    printf("asleep %" PRIu64 " %" PRIu64 " %" PRIu64 "\ncontents %zu\n",
           seen[1].ones + seen[1].zeros + seen[1].kept + seen[1].other, seen[1].ones, seen[1].zeros, wrong);
    return 0;
}
