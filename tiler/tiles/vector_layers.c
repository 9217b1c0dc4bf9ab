#include "data/base/json.h"
#include "data/schema.h"
#include "tiler/vector/attributes.h"
#include "tiler/tiles/vector_tile.h"

const char *vector_places_name(enum style_source id)
{
    static const char *const names[SOURCE_COUNT] = {
        [SOURCE_UNITS] = "units_places",
        [SOURCE_BOUNDARIES] = "boundaries_places",
        [SOURCE_CELLS] = "cells_places",
        [SOURCE_ENTERPRISE_OUTLINES] = "enterprise_outlines_places",
        [SOURCE_FACILITIES] = "facilities_places",
        [SOURCE_ZONES] = "zones_places",
        [SOURCE_PIPELINES] = "pipelines_places",
        [SOURCE_PROTECTED] = "protected_places",
        [SOURCE_AREAS] = "areas_places",
        [SOURCE_INFRASTRUCTURE] = "infrastructure_places",
        [SOURCE_SEGMENTS] = "segments_places",
        [SOURCE_CONFLICTS] = "conflicts_places",
    };
    return id < SOURCE_COUNT ? names[id] : NULL;
}

bool vector_layer_has_places(const struct style_layer *layer, uint32_t z)
{
    const struct eval eval = {.zoom = (double)z};
    return layer->type == LAYER_SYMBOL && vector_places_name(layer->source) &&
           style_choice(layer, PROP_SYMBOL_PLACEMENT, &eval) == PLACE_POINT;
}

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

static void write_layer(const struct vector_source *source, bool places,
                        const struct schema *schema, struct jw *jw)
{
    jw_object(jw);
    jw_kv_string(jw, "id", places ? vector_places_name(source->id) : style_source_name(source->id));
    jw_kv_integer(jw, "minzoom", places ? source->places_min_zoom : source->min_zoom);
    jw_kv_integer(jw, "maxzoom", places ? source->places_max_zoom : source->max_zoom);
    write_fields(source->id, schema, jw);
    jw_end_object(jw);
}

void vector_layers_write(const struct style *style, enum map_id map, const struct schema *schema,
                         struct jw *jw)
{
    struct vector_source sources[SOURCE_COUNT];
    size_t n = vector_sources(style, map, sources);
    jw_array(jw);
    for (size_t i = 0; i < n; i++) {
        write_layer(&sources[i], false, schema, jw);
        if (sources[i].has_places)
            write_layer(&sources[i], true, schema, jw);
    }
    jw_end_array(jw);
}
