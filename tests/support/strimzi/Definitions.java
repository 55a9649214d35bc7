import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.BeanPropertyDefinition;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Definitions of Strimzi's kinds out of its own classes: `java Definitions.java VERSION CLASS…` prints one JSON object per
 * line. Strimzi's generator is not on Maven Central. Types and names of fields are those of the classes, so an API server
 * refuses an unknown field as it does with Strimzi's own definitions; what annotations say beyond that is left out.
 */
public class Definitions {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] arguments) throws Exception {
        for (String name : List.of(arguments).subList(1, arguments.length)) {
            System.out.println(JSON.writeValueAsString(definition(arguments[0], Class.forName(name))));
        }
    }

    private static Map<String, Object> definition(String version, Class<?> kind) throws Exception {
        String plural = (String) kind.getField("RESOURCE_PLURAL").get(null);
        String group = (String) kind.getField("RESOURCE_GROUP").get(null);
        String name = (String) kind.getField("RESOURCE_KIND").get(null);
        Map<String, Object> parts = new LinkedHashMap<>();
        parts.put("apiVersion", Map.of("type", "string"));
        parts.put("kind", Map.of("type", "string"));
        parts.put("metadata", Map.of("type", "object"));
        for (BeanPropertyDefinition field : fields(JSON.constructType(kind))) {
            if (Set.of("spec", "status").contains(field.getName())) {
                parts.put(field.getName(), schema(field.getPrimaryType()));
            }
        }
        Object served = Map.of(
            "name", version, "served", true, "storage", true,
            "schema", Map.of("openAPIV3Schema", Map.of("type", "object", "required", List.of("spec"), "properties", parts)));
        return Map.of(
            "apiVersion", "apiextensions.k8s.io/v1",
            "kind", "CustomResourceDefinition",
            "metadata", Map.of("name", plural + "." + group),
            "spec", Map.of(
                "group", group,
                "scope", "Namespaced",
                "names", Map.of("plural", plural, "singular", name.toLowerCase(), "kind", name, "listKind", name + "List"),
                "versions", List.of(served)));
    }

    private static Map<String, Object> schema(JavaType type) {
        Class<?> raw = type.getRawClass();
        if (raw == String.class) {
            return Map.of("type", "string");
        }
        if (raw == boolean.class || raw == Boolean.class) {
            return Map.of("type", "boolean");
        }
        if (raw.isPrimitive() || Number.class.isAssignableFrom(raw)) {
            boolean whole = !Set.of(double.class, float.class, Double.class, Float.class).contains(raw);
            return Map.of("type", whole ? "integer" : "number");
        }
        if (raw.isEnum()) {
            Set<Object> words = new LinkedHashSet<>();
            for (Object one : raw.getEnumConstants()) {
                words.add(JSON.convertValue(one, Object.class));
            }
            return Map.of("type", "string", "enum", words);
        }
        if (type.isMapLikeType() || raw == Object.class || !raw.getName().startsWith("io.strimzi.") && !type.isCollectionLikeType()) {
            return Map.of("type", "object", "x-kubernetes-preserve-unknown-fields", true);
        }
        if (type.isCollectionLikeType() || type.isArrayType()) {
            return Map.of("type", "array", "items", schema(type.getContentType()));
        }
        return object(type);
    }

    /** One object may have the fields of each class that it can be of: its field `type` says which. */
    private static Map<String, Object> object(JavaType type) {
        Map<String, Object> parts = new LinkedHashMap<>();
        Set<String> kinds = new LinkedHashSet<>();
        JsonSubTypes choices = type.getRawClass().getAnnotation(JsonSubTypes.class);
        for (BeanPropertyDefinition field : fields(type)) {
            parts.put(field.getName(), schema(field.getPrimaryType()));
        }
        for (JsonSubTypes.Type choice : choices == null ? new JsonSubTypes.Type[0] : choices.value()) {
            kinds.add(choice.name());
            for (BeanPropertyDefinition field : fields(JSON.constructType(choice.value()))) {
                parts.put(field.getName(), schema(field.getPrimaryType()));
            }
        }
        if (!kinds.isEmpty()) {
            parts.put("type", Map.of("type", "string", "enum", kinds));
        }
        return Map.of("type", "object", "properties", parts);
    }

    private static List<BeanPropertyDefinition> fields(JavaType type) {
        return JSON.getSerializationConfig().introspect(type).findProperties().stream()
            .filter(field -> !field.getName().equals("additionalProperties"))
            .toList();
    }
}
