/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

/**
 * PCI configuration space, under the names of linux/pci_regs.h: offsets of registers in bytes, and
 * beneath each the masks of its bits. Offsets inside a capability count from the capability's
 * start.
 *
 * <p>Of the header only type 0 (devices) is here, and only the capabilities that an emulated or a
 * passed-through function shows.
 */
public final class PciRegs {
    // Sizes of configuration space.

    /** Bytes of configuration space that every function has. */
    public static final int PCI_CFG_SPACE_SIZE = 256;

    /** Bytes of configuration space that a PCI Express function has. */
    public static final int PCI_CFG_SPACE_EXP_SIZE = 4096;

    /** Bytes of the header; the rest belongs to the device and its capabilities. */
    public static final int PCI_STD_HEADER_SIZEOF = 64;

    /** Base address registers of a type 0 header. */
    public static final int PCI_STD_NUM_BARS = 6;

    // Header: identity, command, status. Offsets in bytes, bits below their register.

    /** Vendor, 16 bits; all ones means nobody answers. */
    public static final int PCI_VENDOR_ID = 0x00;

    /** Device, 16 bits. */
    public static final int PCI_DEVICE_ID = 0x02;

    /** Command register, 16 bits. */
    public static final int PCI_COMMAND = 0x04;

    /** Answer I/O port accesses. */
    public static final int PCI_COMMAND_IO = 0x1;

    /** Answer memory accesses. */
    public static final int PCI_COMMAND_MEMORY = 0x2;

    /** Allow DMA and message-signalled interrupts. */
    public static final int PCI_COMMAND_MASTER = 0x4;

    /** Watch special cycles; 0 on PCI Express. */
    public static final int PCI_COMMAND_SPECIAL = 0x8;

    /** Use memory write and invalidate; 0 on PCI Express. */
    public static final int PCI_COMMAND_INVALIDATE = 0x10;

    /** Snoop the VGA palette; 0 on PCI Express. */
    public static final int PCI_COMMAND_VGA_PALETTE = 0x20;

    /** Answer parity errors. */
    public static final int PCI_COMMAND_PARITY = 0x40;

    /** Address stepping; 0 on PCI Express. */
    public static final int PCI_COMMAND_WAIT = 0x80;

    /** Report errors by SERR#. */
    public static final int PCI_COMMAND_SERR = 0x100;

    /** Fast back-to-back writes; 0 on PCI Express. */
    public static final int PCI_COMMAND_FAST_BACK = 0x200;

    /** Never assert INTx. */
    public static final int PCI_COMMAND_INTX_DISABLE = 0x400;

    /** Status register, 16 bits; error bits are cleared by writing 1. */
    public static final int PCI_STATUS = 0x06;

    /** The function is ready at once after a reset. */
    public static final int PCI_STATUS_IMM_READY = 0x01;

    /** INTx is pending, whether or not it is disabled. */
    public static final int PCI_STATUS_INTERRUPT = 0x08;

    /** There is a list of capabilities. */
    public static final int PCI_STATUS_CAP_LIST = 0x10;

    /** Can run at 66 MHz; 0 on PCI Express. */
    public static final int PCI_STATUS_66MHZ = 0x20;

    /** Accepts fast back-to-back; 0 on PCI Express. */
    public static final int PCI_STATUS_FAST_BACK = 0x80;

    /** A poisoned transaction was sent or received. */
    public static final int PCI_STATUS_PARITY = 0x100;

    /** DEVSEL timing; 0 on PCI Express. */
    public static final int PCI_STATUS_DEVSEL_MASK = 0x600;

    /** A completer abort was sent. */
    public static final int PCI_STATUS_SIG_TARGET_ABORT = 0x800;

    /** A completer abort was received. */
    public static final int PCI_STATUS_REC_TARGET_ABORT = 0x1000;

    /** An unsupported request was answered to us. */
    public static final int PCI_STATUS_REC_MASTER_ABORT = 0x2000;

    /** SERR# was sent. */
    public static final int PCI_STATUS_SIG_SYSTEM_ERROR = 0x4000;

    /** A poisoned transaction was received. */
    public static final int PCI_STATUS_DETECTED_PARITY = 0x8000;

    /** Class in the high 24 bits, revision in the low 8. */
    public static final int PCI_CLASS_REVISION = 0x08;

    /** Revision, 8 bits. */
    public static final int PCI_REVISION_ID = 0x08;

    /** Programming interface, 8 bits. */
    public static final int PCI_CLASS_PROG = 0x09;

    /** Class and subclass, 16 bits. */
    public static final int PCI_CLASS_DEVICE = 0x0a;

    /** Cache line in dwords, 8 bits; no meaning on PCI Express. */
    public static final int PCI_CACHE_LINE_SIZE = 0x0c;

    /** Latency timer, 8 bits; 0 on PCI Express. */
    public static final int PCI_LATENCY_TIMER = 0x0d;

    /** Header layout, 8 bits. */
    public static final int PCI_HEADER_TYPE = 0x0e;

    /** The layout's number. */
    public static final int PCI_HEADER_TYPE_MASK = 0x7f;

    /** A device. */
    public static final int PCI_HEADER_TYPE_NORMAL = 0;

    /** A bridge. */
    public static final int PCI_HEADER_TYPE_BRIDGE = 1;

    /** The device has more than one function. */
    public static final int PCI_HEADER_TYPE_MFD = 0x80;

    /** Self test, 8 bits. */
    public static final int PCI_BIST = 0x0f;

    /** Result, 0 if passed. */
    public static final int PCI_BIST_CODE_MASK = 0x0f;

    /** Write 1 to start. */
    public static final int PCI_BIST_START = 0x40;

    /** There is a self test. */
    public static final int PCI_BIST_CAPABLE = 0x80;

    // Base address registers.

    /** First base address register, 32 bits. */
    public static final int PCI_BASE_ADDRESS_0 = 0x10;

    /** Second. */
    public static final int PCI_BASE_ADDRESS_1 = 0x14;

    /** Third. */
    public static final int PCI_BASE_ADDRESS_2 = 0x18;

    /** Fourth. */
    public static final int PCI_BASE_ADDRESS_3 = 0x1c;

    /** Fifth. */
    public static final int PCI_BASE_ADDRESS_4 = 0x20;

    /** Sixth. */
    public static final int PCI_BASE_ADDRESS_5 = 0x24;

    /** Which space: 1 for I/O ports, 0 for memory. */
    public static final int PCI_BASE_ADDRESS_SPACE = 0x01;

    /** I/O ports. */
    public static final int PCI_BASE_ADDRESS_SPACE_IO = 0x01;

    /** Memory. */
    public static final int PCI_BASE_ADDRESS_SPACE_MEMORY = 0x00;

    /** How wide a memory address may be. */
    public static final int PCI_BASE_ADDRESS_MEM_TYPE_MASK = 0x06;

    /** 32 bits. */
    public static final int PCI_BASE_ADDRESS_MEM_TYPE_32 = 0x00;

    /** Below 1 MiB; obsolete. */
    public static final int PCI_BASE_ADDRESS_MEM_TYPE_1M = 0x02;

    /** 64 bits: the next register holds the upper half. */
    public static final int PCI_BASE_ADDRESS_MEM_TYPE_64 = 0x04;

    /** Reads have no side effect. */
    public static final int PCI_BASE_ADDRESS_MEM_PREFETCH = 0x08;

    /** Address bits of a memory register. */
    public static final int PCI_BASE_ADDRESS_MEM_MASK = ~0x0f;

    /** Address bits of an I/O port register. */
    public static final int PCI_BASE_ADDRESS_IO_MASK = ~0x03;

    // The rest of the header.

    /** CardBus pointer, 32 bits; 0 on PCI Express. */
    public static final int PCI_CARDBUS_CIS = 0x28;

    /** Vendor of the board, 16 bits. */
    public static final int PCI_SUBSYSTEM_VENDOR_ID = 0x2c;

    /** The board, 16 bits. */
    public static final int PCI_SUBSYSTEM_ID = 0x2e;

    /** Expansion ROM's base address, 32 bits. */
    public static final int PCI_ROM_ADDRESS = 0x30;

    /** Answer accesses to the ROM. */
    public static final int PCI_ROM_ADDRESS_ENABLE = 0x01;

    /** Address bits of that register. */
    public static final int PCI_ROM_ADDRESS_MASK = ~0x7ff;

    /** Offset of the first capability, 8 bits, low 2 bits 0. */
    public static final int PCI_CAPABILITY_LIST = 0x34;

    /** For software: which line INTx is routed to, 8 bits. */
    public static final int PCI_INTERRUPT_LINE = 0x3c;

    /** 1 to 4 for INTA to INTD, 0 for none, 8 bits. */
    public static final int PCI_INTERRUPT_PIN = 0x3d;

    /** Minimal grant, 8 bits; 0 on PCI Express. */
    public static final int PCI_MIN_GNT = 0x3e;

    /** Maximal latency, 8 bits; 0 on PCI Express. */
    public static final int PCI_MAX_LAT = 0x3f;

    // Capabilities: a list of blocks, each with an id and the offset of the next. Offsets are from
    // a block's start.

    /** Which capability, 8 bits. */
    public static final int PCI_CAP_LIST_ID = 0;

    /** Offset of the next capability, 8 bits, 0 for the last. */
    public static final int PCI_CAP_LIST_NEXT = 1;

    /** The capability's first register, 16 bits. */
    public static final int PCI_CAP_FLAGS = 2;

    /** Bytes up to the end of that register. */
    public static final int PCI_CAP_SIZEOF = 4;

    /** Power management. */
    public static final int PCI_CAP_ID_PM = 0x01;

    /** AGP. */
    public static final int PCI_CAP_ID_AGP = 0x02;

    /** Vital product data. */
    public static final int PCI_CAP_ID_VPD = 0x03;

    /** Slot identification. */
    public static final int PCI_CAP_ID_SLOTID = 0x04;

    /** Message-signalled interrupts. */
    public static final int PCI_CAP_ID_MSI = 0x05;

    /** CompactPCI hot swap. */
    public static final int PCI_CAP_ID_CHSWP = 0x06;

    /** PCI-X. */
    public static final int PCI_CAP_ID_PCIX = 0x07;

    /** HyperTransport. */
    public static final int PCI_CAP_ID_HT = 0x08;

    /** Vendor-specific. */
    public static final int PCI_CAP_ID_VNDR = 0x09;

    /** Debug port. */
    public static final int PCI_CAP_ID_DBG = 0x0A;

    /** CompactPCI resource control. */
    public static final int PCI_CAP_ID_CCRC = 0x0B;

    /** Standard hot-plug controller. */
    public static final int PCI_CAP_ID_SHPC = 0x0C;

    /** Subsystem ids of a bridge. */
    public static final int PCI_CAP_ID_SSVID = 0x0D;

    /** AGP 8x. */
    public static final int PCI_CAP_ID_AGP3 = 0x0E;

    /** Secure device. */
    public static final int PCI_CAP_ID_SECDEV = 0x0F;

    /** PCI Express. */
    public static final int PCI_CAP_ID_EXP = 0x10;

    /** MSI-X. */
    public static final int PCI_CAP_ID_MSIX = 0x11;

    /** SATA. */
    public static final int PCI_CAP_ID_SATA = 0x12;

    /** Advanced features of a conventional PCI device, such as FLR. */
    public static final int PCI_CAP_ID_AF = 0x13;

    /** Enhanced allocation. */
    public static final int PCI_CAP_ID_EA = 0x14;

    // Power management (spec E).

    /** What the function can do, 16 bits, read only. */
    public static final int PCI_PM_PMC = 2;

    /** Version; Linux ignores the capability above 3. */
    public static final int PCI_PM_CAP_VER_MASK = 0x0007;

    /** PME# needs the PCI clock; 0 on PCI Express. */
    public static final int PCI_PM_CAP_PME_CLOCK = 0x0008;

    /** Immediate readiness on return to D0, since PCI Express 4. */
    public static final int PCI_PM_CAP_RESERVED = 0x0010;

    /** Needs its driver before it can be used. */
    public static final int PCI_PM_CAP_DSI = 0x0020;

    /** Auxiliary current it draws while it can wake from D3cold. */
    public static final int PCI_PM_CAP_AUX_POWER = 0x01C0;

    /** D1 exists. */
    public static final int PCI_PM_CAP_D1 = 0x0200;

    /** D2 exists. */
    public static final int PCI_PM_CAP_D2 = 0x0400;

    /** States from which it can signal PME. */
    public static final int PCI_PM_CAP_PME_MASK = 0xF800;

    /** PME from D0. */
    public static final int PCI_PM_CAP_PME_D0 = 0x0800;

    /** PME from D1. */
    public static final int PCI_PM_CAP_PME_D1 = 0x1000;

    /** PME from D2. */
    public static final int PCI_PM_CAP_PME_D2 = 0x2000;

    /** PME from D3hot. */
    public static final int PCI_PM_CAP_PME_D3hot = 0x4000;

    /** PME from D3cold. */
    public static final int PCI_PM_CAP_PME_D3cold = 0x8000;

    /** First bit of that mask. */
    public static final int PCI_PM_CAP_PME_SHIFT = 11;

    /** Control and status, 16 bits. */
    public static final int PCI_PM_CTRL = 4;

    /** The power state: 0 to 3 for D0, D1, D2, D3hot. */
    public static final int PCI_PM_CTRL_STATE_MASK = 0x0003;

    /** Return from D3hot keeps the function's state. */
    public static final int PCI_PM_CTRL_NO_SOFT_RESET = 0x0008;

    /** May signal PME. */
    public static final int PCI_PM_CTRL_PME_ENABLE = 0x0100;

    /** What the data register reports. */
    public static final int PCI_PM_CTRL_DATA_SEL_MASK = 0x1e00;

    /** The data register's unit. */
    public static final int PCI_PM_CTRL_DATA_SCALE_MASK = 0x6000;

    /** Wants to signal PME; cleared by writing 1. */
    public static final int PCI_PM_CTRL_PME_STATUS = 0x8000;

    /** Bridge extensions, 8 bits. */
    public static final int PCI_PM_PPB_EXTENSIONS = 6;

    /** Data, 8 bits. */
    public static final int PCI_PM_DATA_REGISTER = 7;

    /** Bytes of the capability. */
    public static final int PCI_PM_SIZEOF = 8;

    // MSI. The 32 and 64 forms differ by MSI_FLAGS_64BIT.

    /** Message control, 16 bits. */
    public static final int PCI_MSI_FLAGS = 0x02;

    /** Interrupts are sent as messages; INTx is not used. */
    public static final int PCI_MSI_FLAGS_ENABLE = 0x0001;

    /** Vectors the function can use, as a power of two; read only. */
    public static final int PCI_MSI_FLAGS_QMASK = 0x000e;

    /** Vectors the function may use, as a power of two. */
    public static final int PCI_MSI_FLAGS_QSIZE = 0x0070;

    /** The address has 64 bits; read only. */
    public static final int PCI_MSI_FLAGS_64BIT = 0x0080;

    /** There are mask and pending registers; read only. */
    public static final int PCI_MSI_FLAGS_MASKBIT = 0x0100;

    /** Message address, lower 32 bits. */
    public static final int PCI_MSI_ADDRESS_LO = 0x04;

    /** Message address, upper 32 bits, 64-bit form. */
    public static final int PCI_MSI_ADDRESS_HI = 0x08;

    /** Message data, 16 bits, 32-bit form. */
    public static final int PCI_MSI_DATA_32 = 0x08;

    /** Masked vectors, 32 bits, 32-bit form. */
    public static final int PCI_MSI_MASK_32 = 0x0c;

    /** Pending vectors, 32 bits, 32-bit form. */
    public static final int PCI_MSI_PENDING_32 = 0x10;

    /** Message data, 16 bits, 64-bit form. */
    public static final int PCI_MSI_DATA_64 = 0x0c;

    /** Masked vectors, 32 bits, 64-bit form. */
    public static final int PCI_MSI_MASK_64 = 0x10;

    /** Pending vectors, 32 bits, 64-bit form. */
    public static final int PCI_MSI_PENDING_64 = 0x14;

    // MSI-X.

    /** Message control, 16 bits. */
    public static final int PCI_MSIX_FLAGS = 2;

    /** Vectors minus one; read only. */
    public static final int PCI_MSIX_FLAGS_QSIZE = 0x07FF;

    /** All vectors are masked. */
    public static final int PCI_MSIX_FLAGS_MASKALL = 0x4000;

    /** Interrupts are sent as messages; INTx and MSI are not used. */
    public static final int PCI_MSIX_FLAGS_ENABLE = 0x8000;

    /** Where the vector table is, 32 bits; read only. */
    public static final int PCI_MSIX_TABLE = 4;

    /** In which BAR. */
    public static final int PCI_MSIX_TABLE_BIR = 0x00000007;

    /** At which offset. */
    public static final int PCI_MSIX_TABLE_OFFSET = 0xfffffff8;

    /** Where the pending bits are, 32 bits; read only. */
    public static final int PCI_MSIX_PBA = 8;

    /** In which BAR. */
    public static final int PCI_MSIX_PBA_BIR = 0x00000007;

    /** At which offset. */
    public static final int PCI_MSIX_PBA_OFFSET = 0xfffffff8;

    /** Bytes of the capability. */
    public static final int PCI_CAP_MSIX_SIZEOF = 12;

    /** Bytes of a vector's entry in the table. */
    public static final int PCI_MSIX_ENTRY_SIZE = 16;

    /** Message address, lower 32 bits. */
    public static final int PCI_MSIX_ENTRY_LOWER_ADDR = 0x0;

    /** Message address, upper 32 bits. */
    public static final int PCI_MSIX_ENTRY_UPPER_ADDR = 0x4;

    /** Message data, 32 bits. */
    public static final int PCI_MSIX_ENTRY_DATA = 0x8;

    /** Vector control, 32 bits. */
    public static final int PCI_MSIX_ENTRY_VECTOR_CTRL = 0xc;

    /** The vector is masked. */
    public static final int PCI_MSIX_ENTRY_CTRL_MASKBIT = 0x00000001;

    // Advanced features of a conventional PCI device.

    /** Bytes of the capability, 8 bits. */
    public static final int PCI_AF_LENGTH = 2;

    /** What it can do, 8 bits. */
    public static final int PCI_AF_CAP = 3;

    /** It tells of pending transactions. */
    public static final int PCI_AF_CAP_TP = 0x01;

    /** Function level reset. */
    public static final int PCI_AF_CAP_FLR = 0x02;

    /** Control, 8 bits. */
    public static final int PCI_AF_CTRL = 4;

    /** Write 1 to reset the function; reads 0. */
    public static final int PCI_AF_CTRL_FLR = 0x01;

    /** Status, 8 bits. */
    public static final int PCI_AF_STATUS = 5;

    /** Transactions are pending. */
    public static final int PCI_AF_STATUS_TP = 0x01;

    /** Bytes of the capability. */
    public static final int PCI_CAP_AF_SIZEOF = 6;

    // PCI Express.

    /** What it is, 16 bits; read only. */
    public static final int PCI_EXP_FLAGS = 0x02;

    /** Version of the capability, 2 today. */
    public static final int PCI_EXP_FLAGS_VERS = 0x000f;

    /** Kind of device or port. */
    public static final int PCI_EXP_FLAGS_TYPE = 0x00f0;

    /** Kind: endpoint. */
    public static final int PCI_EXP_TYPE_ENDPOINT = 0x0;

    /** Kind: legacy endpoint. */
    public static final int PCI_EXP_TYPE_LEG_END = 0x1;

    /** Kind: root port. */
    public static final int PCI_EXP_TYPE_ROOT_PORT = 0x4;

    /** Kind: upstream port of a switch. */
    public static final int PCI_EXP_TYPE_UPSTREAM = 0x5;

    /** Kind: downstream port of a switch. */
    public static final int PCI_EXP_TYPE_DOWNSTREAM = 0x6;

    /** Kind: bridge to PCI. */
    public static final int PCI_EXP_TYPE_PCI_BRIDGE = 0x7;

    /** Kind: bridge from PCI. */
    public static final int PCI_EXP_TYPE_PCIE_BRIDGE = 0x8;

    /** Kind: endpoint inside the root complex. */
    public static final int PCI_EXP_TYPE_RC_END = 0x9;

    /** Kind: event collector of the root complex. */
    public static final int PCI_EXP_TYPE_RC_EC = 0xa;

    /** The port has a slot. */
    public static final int PCI_EXP_FLAGS_SLOT = 0x0100;

    /** Which MSI or MSI-X vector its own events use. */
    public static final int PCI_EXP_FLAGS_IRQ = 0x3e00;

    /** Device capabilities, 32 bits; read only. */
    public static final int PCI_EXP_DEVCAP = 0x04;

    /** Largest payload, 128 bytes shifted left by this. */
    public static final int PCI_EXP_DEVCAP_PAYLOAD = 0x00000007;

    /** Phantom functions. */
    public static final int PCI_EXP_DEVCAP_PHANTOM = 0x00000018;

    /** 8-bit tags. */
    public static final int PCI_EXP_DEVCAP_EXT_TAG = 0x00000020;

    /** Acceptable exit latency from L0s. */
    public static final int PCI_EXP_DEVCAP_L0S = 0x000001c0;

    /** Acceptable exit latency from L1. */
    public static final int PCI_EXP_DEVCAP_L1 = 0x00000e00;

    /** Role-based error reporting; 1 in all devices since 1.1. */
    public static final int PCI_EXP_DEVCAP_RBER = 0x00008000;

    /** Slot power limit, value. */
    public static final int PCI_EXP_DEVCAP_PWR_VAL = 0x03fc0000;

    /** Slot power limit, scale. */
    public static final int PCI_EXP_DEVCAP_PWR_SCL = 0x0c000000;

    /** Function level reset exists. */
    public static final int PCI_EXP_DEVCAP_FLR = 0x10000000;

    /** Device control, 16 bits. */
    public static final int PCI_EXP_DEVCTL = 0x08;

    /** Report correctable errors. */
    public static final int PCI_EXP_DEVCTL_CERE = 0x0001;

    /** Report non-fatal errors. */
    public static final int PCI_EXP_DEVCTL_NFERE = 0x0002;

    /** Report fatal errors. */
    public static final int PCI_EXP_DEVCTL_FERE = 0x0004;

    /** Report unsupported requests. */
    public static final int PCI_EXP_DEVCTL_URRE = 0x0008;

    /** Relaxed ordering may be used. */
    public static final int PCI_EXP_DEVCTL_RELAX_EN = 0x0010;

    /** Payload in use, 128 bytes shifted left by this. */
    public static final int PCI_EXP_DEVCTL_PAYLOAD = 0x00e0;

    /** 8-bit tags may be used. */
    public static final int PCI_EXP_DEVCTL_EXT_TAG = 0x0100;

    /** Phantom functions may be used. */
    public static final int PCI_EXP_DEVCTL_PHANTOM = 0x0200;

    /** Auxiliary power may be drawn. */
    public static final int PCI_EXP_DEVCTL_AUX_PME = 0x0400;

    /** No snoop may be used. */
    public static final int PCI_EXP_DEVCTL_NOSNOOP_EN = 0x0800;

    /** Largest read request, 128 bytes shifted left by this. */
    public static final int PCI_EXP_DEVCTL_READRQ = 0x7000;

    /** Write 1 to reset the function; reads 0. */
    public static final int PCI_EXP_DEVCTL_BCR_FLR = 0x8000;

    /** Device status, 16 bits; error bits are cleared by writing 1. */
    public static final int PCI_EXP_DEVSTA = 0x0a;

    /** A correctable error happened. */
    public static final int PCI_EXP_DEVSTA_CED = 0x0001;

    /** A non-fatal error happened. */
    public static final int PCI_EXP_DEVSTA_NFED = 0x0002;

    /** A fatal error happened. */
    public static final int PCI_EXP_DEVSTA_FED = 0x0004;

    /** An unsupported request happened. */
    public static final int PCI_EXP_DEVSTA_URD = 0x0008;

    /** Auxiliary power is there. */
    public static final int PCI_EXP_DEVSTA_AUXPD = 0x0010;

    /** Transactions are pending. */
    public static final int PCI_EXP_DEVSTA_TRPND = 0x0020;

    /** Link capabilities, 32 bits; read only. */
    public static final int PCI_EXP_LNKCAP = 0x0c;

    /** Highest speed. */
    public static final int PCI_EXP_LNKCAP_SLS = 0x0000000f;

    /** 2.5 GT/s. */
    public static final int PCI_EXP_LNKCAP_SLS_2_5GB = 0x00000001;

    /** 5 GT/s. */
    public static final int PCI_EXP_LNKCAP_SLS_5_0GB = 0x00000002;

    /** 8 GT/s. */
    public static final int PCI_EXP_LNKCAP_SLS_8_0GB = 0x00000003;

    /** 16 GT/s. */
    public static final int PCI_EXP_LNKCAP_SLS_16_0GB = 0x00000004;

    /** 32 GT/s. */
    public static final int PCI_EXP_LNKCAP_SLS_32_0GB = 0x00000005;

    /** 64 GT/s. */
    public static final int PCI_EXP_LNKCAP_SLS_64_0GB = 0x00000006;

    /** Greatest width, in lanes. */
    public static final int PCI_EXP_LNKCAP_MLW = 0x000003f0;

    /** Active state power management: which states. */
    public static final int PCI_EXP_LNKCAP_ASPMS = 0x00000c00;

    /** L0s. */
    public static final int PCI_EXP_LNKCAP_ASPM_L0S = 0x00000400;

    /** L1. */
    public static final int PCI_EXP_LNKCAP_ASPM_L1 = 0x00000800;

    /** Exit latency from L0s. */
    public static final int PCI_EXP_LNKCAP_L0SEL = 0x00007000;

    /** Exit latency from L1. */
    public static final int PCI_EXP_LNKCAP_L1EL = 0x00038000;

    /** Clock power management. */
    public static final int PCI_EXP_LNKCAP_CLKPM = 0x00040000;

    /** Tells of surprise down. */
    public static final int PCI_EXP_LNKCAP_SDERC = 0x00080000;

    /** Tells whether the link is up. */
    public static final int PCI_EXP_LNKCAP_DLLLARC = 0x00100000;

    /** Tells of bandwidth changes. */
    public static final int PCI_EXP_LNKCAP_LBNC = 0x00200000;

    /** Port number. */
    public static final int PCI_EXP_LNKCAP_PN = 0xff000000;

    /** Link control, 16 bits. */
    public static final int PCI_EXP_LNKCTL = 0x10;

    /** Active state power management: which states are allowed. */
    public static final int PCI_EXP_LNKCTL_ASPMC = 0x0003;

    /** L0s. */
    public static final int PCI_EXP_LNKCTL_ASPM_L0S = 0x0001;

    /** L1. */
    public static final int PCI_EXP_LNKCTL_ASPM_L1 = 0x0002;

    /** Read completion boundary of 128 bytes. */
    public static final int PCI_EXP_LNKCTL_RCB = 0x0008;

    /** Disable the link. */
    public static final int PCI_EXP_LNKCTL_LD = 0x0010;

    /** Retrain the link. */
    public static final int PCI_EXP_LNKCTL_RL = 0x0020;

    /** Common clock. */
    public static final int PCI_EXP_LNKCTL_CCC = 0x0040;

    /** Extended synch. */
    public static final int PCI_EXP_LNKCTL_ES = 0x0080;

    /** Clock power management is on. */
    public static final int PCI_EXP_LNKCTL_CLKREQ_EN = 0x0100;

    /** Link status, 16 bits. */
    public static final int PCI_EXP_LNKSTA = 0x12;

    /** Speed, numbered as in the link capabilities. */
    public static final int PCI_EXP_LNKSTA_CLS = 0x000f;

    /** 2.5 GT/s. */
    public static final int PCI_EXP_LNKSTA_CLS_2_5GB = 0x0001;

    /** 5 GT/s. */
    public static final int PCI_EXP_LNKSTA_CLS_5_0GB = 0x0002;

    /** 8 GT/s. */
    public static final int PCI_EXP_LNKSTA_CLS_8_0GB = 0x0003;

    /** 16 GT/s. */
    public static final int PCI_EXP_LNKSTA_CLS_16_0GB = 0x0004;

    /** 32 GT/s. */
    public static final int PCI_EXP_LNKSTA_CLS_32_0GB = 0x0005;

    /** 64 GT/s. */
    public static final int PCI_EXP_LNKSTA_CLS_64_0GB = 0x0006;

    /** Width. */
    public static final int PCI_EXP_LNKSTA_NLW = 0x03f0;

    /** One lane. */
    public static final int PCI_EXP_LNKSTA_NLW_X1 = 0x0010;

    /** Two lanes. */
    public static final int PCI_EXP_LNKSTA_NLW_X2 = 0x0020;

    /** Four lanes. */
    public static final int PCI_EXP_LNKSTA_NLW_X4 = 0x0040;

    /** Eight lanes. */
    public static final int PCI_EXP_LNKSTA_NLW_X8 = 0x0080;

    /** First bit of the width. */
    public static final int PCI_EXP_LNKSTA_NLW_SHIFT = 4;

    /** Training. */
    public static final int PCI_EXP_LNKSTA_LT = 0x0800;

    /** Uses the slot's clock. */
    public static final int PCI_EXP_LNKSTA_SLC = 0x1000;

    /** The link is up. */
    public static final int PCI_EXP_LNKSTA_DLLLA = 0x2000;

    /** Bytes of the capability's first version, endpoint with a link. */
    public static final int PCI_CAP_EXP_ENDPOINT_SIZEOF_V1 = 20;

    /** Slot capabilities, 32 bits; 0 in an endpoint. */
    public static final int PCI_EXP_SLTCAP = 0x14;

    /** Slot control, 16 bits; 0 in an endpoint. */
    public static final int PCI_EXP_SLTCTL = 0x18;

    /** Slot status, 16 bits; 0 in an endpoint. */
    public static final int PCI_EXP_SLTSTA = 0x1a;

    /** Root control, 16 bits; 0 in an endpoint. */
    public static final int PCI_EXP_RTCTL = 0x1c;

    /** Root port: PME interrupts. */
    public static final int PCI_EXP_RTCTL_PMEIE = 0x0008;

    /** Root capabilities, 16 bits; 0 in an endpoint. */
    public static final int PCI_EXP_RTCAP = 0x1e;

    /** Root status, 32 bits; 0 in an endpoint. */
    public static final int PCI_EXP_RTSTA = 0x20;

    /** Who signalled PME. */
    public static final int PCI_EXP_RTSTA_PME_RQ_ID = 0x0000ffff;

    /** PME was signalled. */
    public static final int PCI_EXP_RTSTA_PME = 0x00010000;

    /** Another PME waits. */
    public static final int PCI_EXP_RTSTA_PENDING = 0x00020000;

    /** Device capabilities 2, 32 bits; read only. */
    public static final int PCI_EXP_DEVCAP2 = 0x24;

    /** The completion timeout can be disabled. */
    public static final int PCI_EXP_DEVCAP2_COMP_TMOUT_DIS = 0x00000010;

    /** ARI forwarding. */
    public static final int PCI_EXP_DEVCAP2_ARI = 0x00000020;

    /** Completes 32-bit AtomicOps. */
    public static final int PCI_EXP_DEVCAP2_ATOMIC_COMP32 = 0x00000080;

    /** Completes 64-bit AtomicOps. */
    public static final int PCI_EXP_DEVCAP2_ATOMIC_COMP64 = 0x00000100;

    /** Completes 128-bit AtomicOps. */
    public static final int PCI_EXP_DEVCAP2_ATOMIC_COMP128 = 0x00000200;

    /** Latency tolerance reporting. */
    public static final int PCI_EXP_DEVCAP2_LTR = 0x00000800;

    /** Optimized buffer flush and fill. */
    public static final int PCI_EXP_DEVCAP2_OBFF_MASK = 0x000c0000;

    /** Device control 2, 16 bits. */
    public static final int PCI_EXP_DEVCTL2 = 0x28;

    /** Completion timeout, a range's number. */
    public static final int PCI_EXP_DEVCTL2_COMP_TIMEOUT = 0x000f;

    /** The completion timeout is disabled. */
    public static final int PCI_EXP_DEVCTL2_COMP_TMOUT_DIS = 0x0010;

    /** ARI forwarding is on. */
    public static final int PCI_EXP_DEVCTL2_ARI = 0x0020;

    /** May request AtomicOps. */
    public static final int PCI_EXP_DEVCTL2_ATOMIC_REQ = 0x0040;

    /** May use id-based ordering in requests. */
    public static final int PCI_EXP_DEVCTL2_IDO_REQ_EN = 0x0100;

    /** May use id-based ordering in completions. */
    public static final int PCI_EXP_DEVCTL2_IDO_CMP_EN = 0x0200;

    /** Latency tolerance reporting is on. */
    public static final int PCI_EXP_DEVCTL2_LTR_EN = 0x0400;

    /** Device status 2, 16 bits. */
    public static final int PCI_EXP_DEVSTA2 = 0x2a;

    /** Link capabilities 2, 32 bits; read only. */
    public static final int PCI_EXP_LNKCAP2 = 0x2c;

    /** Which speeds, one bit each. */
    public static final int PCI_EXP_LNKCAP2_SLS = 0x000000fe;

    /** 2.5 GT/s. */
    public static final int PCI_EXP_LNKCAP2_SLS_2_5GB = 0x00000002;

    /** 5 GT/s. */
    public static final int PCI_EXP_LNKCAP2_SLS_5_0GB = 0x00000004;

    /** 8 GT/s. */
    public static final int PCI_EXP_LNKCAP2_SLS_8_0GB = 0x00000008;

    /** 16 GT/s. */
    public static final int PCI_EXP_LNKCAP2_SLS_16_0GB = 0x00000010;

    /** 32 GT/s. */
    public static final int PCI_EXP_LNKCAP2_SLS_32_0GB = 0x00000020;

    /** 64 GT/s. */
    public static final int PCI_EXP_LNKCAP2_SLS_64_0GB = 0x00000040;

    /** Link control 2, 16 bits. */
    public static final int PCI_EXP_LNKCTL2 = 0x30;

    /** Target speed. */
    public static final int PCI_EXP_LNKCTL2_TLS = 0x000f;

    /** Link status 2, 16 bits. */
    public static final int PCI_EXP_LNKSTA2 = 0x32;

    /** Bytes of the capability's second version up to the link, endpoint. */
    public static final int PCI_CAP_EXP_ENDPOINT_SIZEOF_V2 = 0x34;

    /** Slot capabilities 2, 32 bits; 0 in an endpoint. */
    public static final int PCI_EXP_SLTCAP2 = 0x34;

    /** Slot control 2, 16 bits; 0 in an endpoint. */
    public static final int PCI_EXP_SLTCTL2 = 0x38;

    /** Slot status 2, 16 bits; 0 in an endpoint. */
    public static final int PCI_EXP_SLTSTA2 = 0x3a;

    // Extended capabilities, from offset 0x100: id in bits 15:0, version in 19:16, next in 31:20.

    /** Advanced error reporting. */
    public static final int PCI_EXT_CAP_ID_ERR = 0x01;

    /** Virtual channel. */
    public static final int PCI_EXT_CAP_ID_VC = 0x02;

    /** Device serial number. */
    public static final int PCI_EXT_CAP_ID_DSN = 0x03;

    /** Power budgeting. */
    public static final int PCI_EXT_CAP_ID_PWR = 0x04;

    /** Vendor-specific. */
    public static final int PCI_EXT_CAP_ID_VNDR = 0x0B;

    /** Access control services. */
    public static final int PCI_EXT_CAP_ID_ACS = 0x0D;

    /** Alternative routing id. */
    public static final int PCI_EXT_CAP_ID_ARI = 0x0E;

    /** Address translation services. */
    public static final int PCI_EXT_CAP_ID_ATS = 0x0F;

    /** Single root I/O virtualization. */
    public static final int PCI_EXT_CAP_ID_SRIOV = 0x10;

    /** Page request interface. */
    public static final int PCI_EXT_CAP_ID_PRI = 0x13;

    /** Resizable BAR. */
    public static final int PCI_EXT_CAP_ID_REBAR = 0x15;

    /** Dynamic power allocation. */
    public static final int PCI_EXT_CAP_ID_DPA = 0x16;

    /** TLP processing hints. */
    public static final int PCI_EXT_CAP_ID_TPH = 0x17;

    /** Latency tolerance reporting. */
    public static final int PCI_EXT_CAP_ID_LTR = 0x18;

    /** Secondary PCI Express. */
    public static final int PCI_EXT_CAP_ID_SECPCI = 0x19;

    /** Process address space id. */
    public static final int PCI_EXT_CAP_ID_PASID = 0x1B;

    /** Downstream port containment. */
    public static final int PCI_EXT_CAP_ID_DPC = 0x1D;

    /** L1 substates. */
    public static final int PCI_EXT_CAP_ID_L1SS = 0x1E;

    /** Precision time measurement. */
    public static final int PCI_EXT_CAP_ID_PTM = 0x1F;

    /** Designated vendor-specific. */
    public static final int PCI_EXT_CAP_ID_DVSEC = 0x23;

    /** Data link feature. */
    public static final int PCI_EXT_CAP_ID_DLF = 0x25;

    /** Physical layer 16 GT/s. */
    public static final int PCI_EXT_CAP_ID_PL_16GT = 0x26;

    /** Bytes of the serial number's capability: header, low dword, high dword. */
    public static final int PCI_EXT_CAP_DSN_SIZEOF = 12;

    // Advanced error reporting.

    /** Uncorrectable errors that happened, 32 bits; cleared by writing 1. */
    public static final int PCI_ERR_UNCOR_STATUS = 0x04;

    /** Data link protocol error. */
    public static final int PCI_ERR_UNC_DLP = 0x00000010;

    /** Surprise down. */
    public static final int PCI_ERR_UNC_SURPDN = 0x00000020;

    /** Poisoned transaction. */
    public static final int PCI_ERR_UNC_POISON_TLP = 0x00001000;

    /** Flow control protocol error. */
    public static final int PCI_ERR_UNC_FCP = 0x00002000;

    /** Completion timeout. */
    public static final int PCI_ERR_UNC_COMP_TIME = 0x00004000;

    /** Completer abort. */
    public static final int PCI_ERR_UNC_COMP_ABORT = 0x00008000;

    /** Unexpected completion. */
    public static final int PCI_ERR_UNC_UNX_COMP = 0x00010000;

    /** Receiver overflow. */
    public static final int PCI_ERR_UNC_RX_OVER = 0x00020000;

    /** Malformed transaction. */
    public static final int PCI_ERR_UNC_MALF_TLP = 0x00040000;

    /** End-to-end checksum error. */
    public static final int PCI_ERR_UNC_ECRC = 0x00080000;

    /** Unsupported request. */
    public static final int PCI_ERR_UNC_UNSUP = 0x00100000;

    /** Access control violation. */
    public static final int PCI_ERR_UNC_ACSV = 0x00200000;

    /** Internal error. */
    public static final int PCI_ERR_UNC_INTN = 0x00400000;

    /** Uncorrectable errors that are not reported, 32 bits. */
    public static final int PCI_ERR_UNCOR_MASK = 0x08;

    /** Uncorrectable errors that are fatal, 32 bits. */
    public static final int PCI_ERR_UNCOR_SEVER = 0x0c;

    /** Correctable errors that happened, 32 bits; cleared by writing 1. */
    public static final int PCI_ERR_COR_STATUS = 0x10;

    /** Receiver error. */
    public static final int PCI_ERR_COR_RCVR = 0x00000001;

    /** Bad transaction. */
    public static final int PCI_ERR_COR_BAD_TLP = 0x00000040;

    /** Bad data link packet. */
    public static final int PCI_ERR_COR_BAD_DLLP = 0x00000080;

    /** Replay number rollover. */
    public static final int PCI_ERR_COR_REP_ROLL = 0x00000100;

    /** Replay timeout. */
    public static final int PCI_ERR_COR_REP_TIMER = 0x00001000;

    /** Advisory non-fatal error. */
    public static final int PCI_ERR_COR_ADV_NFAT = 0x00002000;

    /** Corrected internal error. */
    public static final int PCI_ERR_COR_INTERNAL = 0x00004000;

    /** Header log overflow. */
    public static final int PCI_ERR_COR_LOG_OVER = 0x00008000;

    /** Correctable errors that are not reported, 32 bits. */
    public static final int PCI_ERR_COR_MASK = 0x14;

    /** Capabilities and control, 32 bits. */
    public static final int PCI_ERR_CAP = 0x18;

    /** Can generate end-to-end checksums. */
    public static final int PCI_ERR_CAP_ECRC_GENC = 0x00000020;

    /** Generates end-to-end checksums. */
    public static final int PCI_ERR_CAP_ECRC_GENE = 0x00000040;

    /** Can check end-to-end checksums. */
    public static final int PCI_ERR_CAP_ECRC_CHKC = 0x00000080;

    /** Checks end-to-end checksums. */
    public static final int PCI_ERR_CAP_ECRC_CHKE = 0x00000100;

    /** Header of the first bad transaction, 16 bytes. */
    public static final int PCI_ERR_HEADER_LOG = 0x1c;

    private PciRegs() {}
}
