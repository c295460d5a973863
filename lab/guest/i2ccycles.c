/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uses an EEPROM on an I2C bus whose controller falls asleep whenever it is left alone. `i2ccycles BUS DEVICE CYCLES` (DEVICE is the
 * controller's folder in sysfs), in each cycle: waits until the controller is suspended in D3hot, reads back the page that the cycle before
 * has written, which wakes it, and writes and reads the next page. Prints what came of it:
 *
 *   cycles DONE asleep SEEN read BYTES wrong BYTES seconds TIME
 */
#include <err.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { EEPROM = 0x54, SIZE = 4096, PAGE = 32, PATIENCE_MS = 10000 };

static int bus;
static char status_file[256], state_file[256];

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Whether the attribute's value is `wanted`. Neither of the two wakes the device. */
static int is(const char *file, const char *wanted)
{
    char text[32] = "";
    int fd = open(file, O_RDONLY);
    if (fd < 0 || read(fd, text, sizeof text - 1) < 0)
        err(1, "%s", file);
    close(fd);
    return strncmp(text, wanted, strlen(wanted)) == 0;
}

static int falls_asleep(void)
{
    const struct timespec millisecond = {.tv_nsec = 1000000};
    for (int i = 0; i < PATIENCE_MS; i++) {
        if (is(status_file, "suspended"))
            return is(state_file, "D3hot");
        nanosleep(&millisecond, NULL);
    }
    return 0;
}

static void transfer(struct i2c_msg *messages, uint32_t count)
{
    struct i2c_rdwr_ioctl_data data = {.msgs = messages, .nmsgs = count};
    if (ioctl(bus, I2C_RDWR, &data) != (int)count)
        err(1, "I2C_RDWR of %u messages", count);
}

static uint8_t pattern(unsigned cycle, unsigned i) { return (uint8_t)(cycle * 151 + i * 7 + (cycle >> 8)); }

static void write_page(unsigned cycle)
{
    unsigned at = cycle * PAGE % SIZE;
    uint8_t bytes[2 + PAGE] = {(uint8_t)(at >> 8), (uint8_t)at};
    for (unsigned i = 0; i < PAGE; i++)
        bytes[2 + i] = pattern(cycle, i);
    struct i2c_msg message = {.addr = EEPROM, .len = sizeof bytes, .buf = bytes};
    transfer(&message, 1);
}

/* How many of its bytes are not what that cycle has written. */
static unsigned wrong_in_page(unsigned cycle)
{
    unsigned at = cycle * PAGE % SIZE, wrong = 0;
    uint8_t address[2] = {(uint8_t)(at >> 8), (uint8_t)at}, bytes[PAGE];
    struct i2c_msg messages[2] = {
        {.addr = EEPROM, .len = sizeof address, .buf = address},
        {.addr = EEPROM, .flags = I2C_M_RD, .len = sizeof bytes, .buf = bytes},
    };
    transfer(messages, 2);
    for (unsigned i = 0; i < PAGE; i++)
        wrong += bytes[i] != pattern(cycle, i);
    return wrong;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        errx(2, "usage: i2ccycles BUS DEVICE CYCLES");
    char name[64];
    snprintf(name, sizeof name, "/dev/i2c-%s", argv[1]);
    snprintf(status_file, sizeof status_file, "%s/power/runtime_status", argv[2]);
    snprintf(state_file, sizeof state_file, "%s/power_state", argv[2]);
    unsigned cycles = (unsigned)strtoul(argv[3], NULL, 0), asleep = 0, wrong = 0, pages = 0;
    bus = open(name, O_RDWR);
    if (bus < 0)
        err(1, "%s", name);

    double start = now();
    write_page(0);
    for (unsigned cycle = 1; cycle <= cycles; cycle++) {
        asleep += (unsigned)falls_asleep();
        wrong += wrong_in_page(cycle - 1);
        write_page(cycle);
        wrong += wrong_in_page(cycle);
        pages += 2;
    }
    printf("cycles %u asleep %u read %u wrong %u seconds %.1f\n", cycles, asleep, pages * PAGE, wrong, now() - start);
    return 0;
}
