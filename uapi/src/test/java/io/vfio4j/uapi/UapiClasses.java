/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Everything this package declares, found in its compiled classes: nothing can be forgotten. */
final class UapiClasses {
    private UapiClasses() {}

    /** Every class of the package, tests excepted. */
    static List<Class<?>> all() {
        List<Class<?>> classes = new ArrayList<>();
        try (var files = Files.list(compiled())) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith(".class") && !name.equals("package-info.class")) {
                    String simple = name.substring(0, name.length() - ".class".length());
                    classes.add(Class.forName("io.vfio4j.uapi." + simple));
                }
            }
        } catch (IOException | ClassNotFoundException e) {
            throw new AssertionError(e);
        }
        classes.sort(Comparator.comparing(Class::getName));
        return classes;
    }

    /** Every layout that a class holds, in whatever constant. */
    static List<StructLayout> layouts() {
        List<StructLayout> layouts = new ArrayList<>();
        for (Class<?> type : all()) {
            for (Field field : type.getDeclaredFields()) {
                if (isConstant(field) && field.getType() == StructLayout.class) {
                    layouts.add((StructLayout) value(field));
                }
            }
        }
        return layouts;
    }

    /** Every public number under a header's own name, with its value and width in Java. */
    static Map<String, Number> headerConstants() {
        Map<String, Number> constants = new TreeMap<>();
        for (Class<?> type : all()) {
            for (Field field : type.getDeclaredFields()) {
                boolean number = field.getType() == int.class || field.getType() == long.class;
                if (isConstant(field)
                        && number
                        && Modifier.isPublic(field.getModifiers())
                        && field.getName().matches("(VFIO|PCI|IOMMU|IOMMUFD|KVM)_.*")) {
                    constants.put(field.getName(), (Number) value(field));
                }
            }
        }
        return constants;
    }

    private static boolean isConstant(Field field) {
        int both = Modifier.STATIC | Modifier.FINAL;
        return (field.getModifiers() & both) == both;
    }

    private static Object value(Field field) {
        try {
            return field.get(null);
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }

    private static Path compiled() {
        try {
            var location = StructLayout.class.getProtectionDomain().getCodeSource().getLocation();
            return Path.of(location.toURI()).resolve("io/vfio4j/uapi");
        } catch (java.net.URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
