/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import java.lang.module.ModuleDescriptor;
import java.util.Optional;

/** Which vfio4j this is. */
final class Version {
    private Version() {}

    static Exit print(Terminal terminal, boolean json) {
        String version =
                Optional.ofNullable(Version.class.getModule().getDescriptor())
                        .flatMap(ModuleDescriptor::rawVersion)
                        .orElse("of an unknown build");
        String java = String.valueOf(Runtime.version());
        if (json) {
            terminal.say(fields -> {
                fields.writeStringProperty("version", version);
                fields.writeStringProperty("java", java);
            });
        } else {
            terminal.say("vfio4j %s (Java %s)".formatted(version, java));
        }
        return new Exit.Done();
    }
}
