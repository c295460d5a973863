/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives a root port, whose name the lab puts here (\_SB.PCI0.S18 is the one at 00:03.0: the device number, three bits up, in hexadecimal), a
 * power resource for D0 and D3hot. That is how Linux learns that the platform can cut the power of the slot, which is D3cold for the device in it.
 * No power is really cut: what counts is what Linux believes.
 */
DefinitionBlock ("", "SSDT", 2, "VFIO4J", "SLOTPOWR", 1)
{
    External (PORT, DeviceObj)

    Scope (PORT)
    {
        Name (SLON, One)

        PowerResource (SLPW, 0, 0)
        {
            Method (_STA) { Return (SLON) }
            Method (_ON) { SLON = One }
            Method (_OFF) { SLON = Zero }
        }

        Name (_PR0, Package () { SLPW })
        Name (_PR3, Package () { SLPW })

        // The deepest state from which the slot can be brought back while the system works: D3cold.
        Name (_S0W, 4)
    }
}
