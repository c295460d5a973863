/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives the edu device through the guest kernel's own vfio-pci, as a userspace driver inside the guest would. `eduvfio BDF` prints one line
 * for each thing tried, for the guest script to check:
 *
 *   intx EVENTS COUNTED     interrupts that reached the eventfd, and those in /proc/interrupts, of ROUNDS raised
 *   msix EVENTS COUNTED     the same by message
 *   dma WRONG               bytes that differ after a page went into the device and came back elsewhere
 *   low-power STATE         the device's power state once LOW_POWER_ENTRY has had time to act
 *   awake STATE ID          the same after LOW_POWER_EXIT, with the identification register
 */
#include <err.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ROUNDS = 3, WAIT_MS = 5000, PAGE = 4096, IOVA = 0x100000 };
enum { IDENTIFICATION = 0x00, LIVENESS = 0x04, RAISE = 0x60, ACKNOWLEDGE = 0x64, DMA_SOURCE = 0x80, DMA_TARGET = 0x88, DMA_COUNT = 0x90, DMA_COMMAND = 0x98 };
enum { DMA_BUFFER = 0x40000, DMA_START = 1, DMA_TO_MEMORY = 2 };
enum { COMMAND = 4, MEMORY_AND_MASTER = 6 };

static const char *bdf;
static int container, device;

/* Access of `size` bytes at `offset` of a region. */
static void transfer(uint32_t region, uint64_t offset, void *data, size_t size, int write)
{
    struct vfio_region_info info = {.argsz = sizeof info, .index = region};
    if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info))
        err(1, "VFIO_DEVICE_GET_REGION_INFO %u", region);
    off_t at = (off_t)(info.offset + offset);
    if ((write ? pwrite(device, data, size, at) : pread(device, data, size, at)) != (ssize_t)size)
        err(1, "%s region %u offset 0x%jx", write ? "write" : "read", region, (intmax_t)offset);
}

static void set_register(uint64_t offset, uint32_t value)
{
    transfer(VFIO_PCI_BAR0_REGION_INDEX, offset, &value, sizeof value, 1);
}

static uint32_t get_register(uint64_t offset)
{
    uint32_t value = 0;
    transfer(VFIO_PCI_BAR0_REGION_INDEX, offset, &value, sizeof value, 0);
    return value;
}

static void open_device(void)
{
    char link[128], target[256], node[64];
    snprintf(link, sizeof link, "/sys/bus/pci/devices/%s/iommu_group", bdf);
    ssize_t n = readlink(link, target, sizeof target - 1);
    if (n < 0)
        err(1, "%s", link);
    target[n] = 0;
    snprintf(node, sizeof node, "/dev/vfio/%s", strrchr(target, '/') + 1);

    container = open("/dev/vfio/vfio", O_RDWR);
    int group = open(node, O_RDWR);
    if (container < 0 || group < 0)
        err(1, "%s", node);
    if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) || ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
        err(1, "VFIO_SET_IOMMU");
    device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, bdf);
    if (device < 0)
        err(1, "VFIO_GROUP_GET_DEVICE_FD");

    uint16_t command;
    transfer(VFIO_PCI_CONFIG_REGION_INDEX, COMMAND, &command, sizeof command, 0);
    command |= MEMORY_AND_MASTER;
    transfer(VFIO_PCI_CONFIG_REGION_INDEX, COMMAND, &command, sizeof command, 1);
}

/* A count of 0 with TRIGGER takes the interrupts down. */
static void set_irqs(uint32_t index, uint32_t flags, uint32_t count, int event)
{
    char buffer[sizeof(struct vfio_irq_set) + sizeof event] = {0};
    struct vfio_irq_set *set = (struct vfio_irq_set *)buffer;
    set->argsz = sizeof buffer;
    set->flags = flags;
    set->index = index;
    set->count = count;
    memcpy(set->data, &event, sizeof event);
    if (ioctl(device, VFIO_DEVICE_SET_IRQS, set))
        err(1, "VFIO_DEVICE_SET_IRQS flags 0x%x", flags);
}

/* What /proc/interrupts has for the line named KIND: its first column is the only CPU's. */
static int counted(const char *kind)
{
    char line[256], name[32];
    int count = -1;
    snprintf(name, sizeof name, "vfio-%s", kind);
    FILE *file = fopen("/proc/interrupts", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strstr(line, name) != NULL)
            count = atoi(strchr(line, ':') + 1);
    return count;
}

static void interrupts(const char *kind, uint32_t index, int masked)
{
    int event = eventfd(0, EFD_CLOEXEC), events = 0;
    set_irqs(index, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 1, event);
    for (int round = 0; round < ROUNDS; round++) {
        struct pollfd ready = {.fd = event, .events = POLLIN};
        uint64_t count;
        set_register(RAISE, 1);
        if (poll(&ready, 1, WAIT_MS) == 1 && read(event, &count, sizeof count) == sizeof count)
            events += (int)count;
        set_register(ACKNOWLEDGE, 1);
        if (masked)
            set_irqs(index, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK, 1, 0);
    }
    printf("%s %d %d\n", kind, events, counted(kind));
    set_irqs(index, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0);
    close(event);
}

static void copy(uint32_t source, uint32_t target, uint32_t command)
{
    set_register(DMA_SOURCE, source);
    set_register(DMA_TARGET, target);
    set_register(DMA_COUNT, PAGE);
    set_register(DMA_COMMAND, command | DMA_START);
    for (int tries = 0; tries < WAIT_MS && (get_register(DMA_COMMAND) & DMA_START); tries++)
        usleep(1000);
}

static void dma(void)
{
    uint8_t *memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct vfio_iommu_type1_dma_map map = {.argsz = sizeof map, .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
                                           .vaddr = (uintptr_t)memory, .iova = IOVA, .size = 2 * PAGE};
    int wrong = 0;
    for (int i = 0; i < PAGE; i++)
        memory[i] = (uint8_t)(i * 7 + i / 256);
    if (ioctl(container, VFIO_IOMMU_MAP_DMA, &map))
        err(1, "VFIO_IOMMU_MAP_DMA");
    copy(IOVA, DMA_BUFFER, 0);
    copy(DMA_BUFFER, IOVA + PAGE, DMA_TO_MEMORY);
    for (int i = 0; i < PAGE; i++)
        wrong += memory[i] != memory[PAGE + i];
    printf("dma %d\n", wrong);
}

static const char *power_state(void)
{
    static char state[16];
    char path[128];
    snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/power_state", bdf);
    FILE *file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%15s", state) != 1)
        err(1, "%s", path);
    fclose(file);
    return state;
}

static void low_power(void)
{
    struct vfio_device_feature feature = {.argsz = sizeof feature, .flags = VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY};
    if (ioctl(device, VFIO_DEVICE_FEATURE, &feature))
        err(1, "LOW_POWER_ENTRY");
    for (int tries = 0; tries < WAIT_MS && strcmp(power_state(), "D3hot") != 0; tries++)
        usleep(1000);
    printf("low-power %s\n", power_state());
    feature.flags = VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_LOW_POWER_EXIT;
    if (ioctl(device, VFIO_DEVICE_FEATURE, &feature))
        err(1, "LOW_POWER_EXIT");
    printf("awake %s 0x%08x\n", power_state(), get_register(IDENTIFICATION));
}

/* Until it is killed: memory mapped for DMA, transfers into it, an interrupt enabled and raised. */
static void stay_busy(void)
{
    dma();
    int event = eventfd(0, EFD_NONBLOCK);
    set_irqs(VFIO_PCI_MSIX_IRQ_INDEX, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 1, event);
    set_register(LIVENESS, 0x12345678);
    printf("busy\n");
    fflush(stdout);
    for (;;) {
        copy(DMA_BUFFER, IOVA + PAGE, DMA_TO_MEMORY);
        set_register(RAISE, 1);
        set_register(ACKNOWLEDGE, 1);
    }
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "busy") != 0))
        errx(2, "usage: eduvfio BDF [busy]");
    bdf = argv[1];
    open_device();
    if (argc == 3)
        stay_busy();
    interrupts("intx", VFIO_PCI_INTX_IRQ_INDEX, 1);
    interrupts("msix", VFIO_PCI_MSIX_IRQ_INDEX, 0);
    dma();
    low_power();
    return 0;
}
