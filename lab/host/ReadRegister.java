/* SPDX-License-Identifier: Apache-2.0 */
import io.vfio4j.client.VfioDevice;

/** Prints 4 bytes of a BAR, as the next client of a device sees them: TARGET BAR OFFSET. */
void main(String[] arguments) {
    try (var device = VfioDevice.open(arguments[0])) {
        int value = device.readInt(Integer.parseInt(arguments[1]), Long.decode(arguments[2]));
        IO.println("0x%08x".formatted(value));
    }
}
