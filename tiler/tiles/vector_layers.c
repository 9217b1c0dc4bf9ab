#include "data/base/json.h"
#include "data/schema.h"
#include "tiler/tiles/attributes.h"
#include "tiler/tiles/vector_tile.h"

static void write_fields(enum style_source id, const struct schema *schema, struct jw *jw)
{
    const char *fields[ATTRIBUTE_FIELDS];
    size_t n = attribute_fields(id, fields);
    jw_key(jw, "fields");
    jw_object(jw);
    for (size_t i = 0; i < n; i++) {
        const char *meaning = attribute_meaning(fields[i]);
        const struct schema_field *field =
            meaning || !schema ? NULL
                               : schema_field(&schema->layers[attribute_layer(id)], fields[i]);
        if (field)
            meaning = field->meaning;
        jw_kv_string(jw, fields[i], meaning ? meaning : "");
    }
    jw_end_object(jw);
}

void vector_layers_write(const struct style *style, enum map_id map, const struct schema *schema,
                         struct jw *jw)
{
    struct vector_source sources[SOURCE_COUNT];
    size_t n = vector_sources(style, map, sources);
    jw_array(jw);
    for (size_t i = 0; i < n; i++) {
        jw_object(jw);
        jw_kv_string(jw, "id", style_source_name(sources[i].id));
        jw_kv_integer(jw, "minzoom", sources[i].min_zoom);
        jw_kv_integer(jw, "maxzoom", sources[i].max_zoom);
        write_fields(sources[i].id, schema, jw);
        jw_end_object(jw);
    }
    jw_end_array(jw);
}
