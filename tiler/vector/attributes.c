#include "tiler/vector/attributes.h"

#include "data/base/text.h"

#include <string.h>

/* ---- which there are ---- */

/* Where a record came from, and what only the assessment asks of it. */
static const char *const left_out[] = {"source",     "source_row", "imported",
                                       "accuracy_m", "valid_from", "valid_to",
                                       "generation", "reasons",    NULL};

static const struct {
    const char *field, *meaning;
} made[] = {
    {"grade", "1 red, 2 orange, 3 yellow, 4 blue, 0 not assessed"},
    {"could_be", "The worst grade that it may turn out to have"},
    {"worse", "Whether that is worse than its grade"},
    {"undecided", "How much of it the data cannot decide"},
    {"enterprise_grade", "Grade of the enterprise that it belongs to"},
    {"open", "Whether the danger is not closed"},
    {"overdue", "Whether it is open past its date"},
};
enum { GRADED = 4, OF_ENTERPRISE = 1, OF_DANGER = 2 };

enum layer_id attribute_layer(enum style_source id)
{
    switch ((int)id) {
    case SOURCE_UNITS:
    case SOURCE_BOUNDARIES:
    case SOURCE_SELECTED:
    case SOURCE_OUTSIDE:
        return LAYER_ADMIN;
    case SOURCE_CELLS:
        return LAYER_GRADES;
    case SOURCE_ENTERPRISES:
    case SOURCE_ENTERPRISE_OUTLINES:
        return LAYER_ENTERPRISES;
    case SOURCE_FACILITIES:
        return LAYER_FACILITIES;
    case SOURCE_ZONES:
        return LAYER_ZONES;
    case SOURCE_PIPELINES:
        return LAYER_PIPELINES;
    case SOURCE_PROTECTED:
        return LAYER_PROTECTED;
    case SOURCE_AREAS:
        return LAYER_AREAS;
    case SOURCE_INFRASTRUCTURE:
        return LAYER_INFRASTRUCTURE;
    case SOURCE_HIDDEN_DANGERS:
        return LAYER_HIDDEN_DANGERS;
    case SOURCE_RESOURCES:
        return LAYER_RESOURCES;
    case SOURCE_SEGMENTS:
        return LAYER_SEGMENTS;
    default:
        return LAYER_CONFLICTS;
    }
}

static bool is_among(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

size_t attribute_fields(enum style_source id, const char *fields[ATTRIBUTE_FIELDS])
{
    const struct layer_binding *binding = records_binding(attribute_layer(id));
    size_t n = 0, n_left_out = sizeof left_out / sizeof left_out[0] - 1;
    bool graded = id == SOURCE_UNITS || id == SOURCE_SELECTED || id == SOURCE_OUTSIDE ||
                  id == SOURCE_CELLS || id == SOURCE_ENTERPRISES ||
                  id == SOURCE_ENTERPRISE_OUTLINES;
    bool owned = id == SOURCE_FACILITIES || id == SOURCE_ZONES || id == SOURCE_PIPELINES ||
                 id == SOURCE_HIDDEN_DANGERS || id == SOURCE_CONFLICTS;
    if (id == SOURCE_BOUNDARIES) {
        fields[0] = "level";
        return 1;
    }
    fields[n++] = "id";
    fields[n++] = "name";
    for (size_t i = 0; graded && i < GRADED; i++)
        fields[n++] = made[i].field;
    for (size_t i = GRADED; owned && i < GRADED + OF_ENTERPRISE; i++)
        fields[n++] = made[i].field;
    for (size_t i = GRADED + OF_ENTERPRISE;
         id == SOURCE_HIDDEN_DANGERS && i < GRADED + OF_ENTERPRISE + OF_DANGER; i++)
        fields[n++] = made[i].field;
    for (size_t i = 0; i < binding->n_fields && n < ATTRIBUTE_FIELDS; i++) {
        const char *name = binding->fields[i].name;
        if (!is_among(name, left_out, n_left_out) && !is_among(name, fields, n))
            fields[n++] = name;
    }
    return n;
}

const char *attribute_meaning(const char *field)
{
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        if (strcmp(made[i].field, field) == 0)
            return made[i].meaning;
    return NULL;
}

/* ---- their values ---- */

/* Values on their way, each once. */
struct building {
    struct arena *arena;  /* of the result */
    struct arena scratch; /* of slots and texts */
    struct buf encoded;
    struct mvt_value *values;
    size_t n_values, room;
    uint32_t *slots; /* index + 1; 0: free */
    size_t n_slots;  /* a power of two */
    struct attribute *items;
    size_t n_items, items_room;
};

static bool grow_slots(struct building *b)
{
    b->n_slots = b->n_slots ? b->n_slots * 2 : 1024;
    b->slots = arena_new(&b->scratch, uint32_t, b->n_slots);
    for (size_t i = 0; b->slots && i < b->n_values; i++) {
        size_t at = b->values[i].hash & (b->n_slots - 1);
        while (b->slots[at])
            at = (at + 1) & (b->n_slots - 1);
        b->slots[at] = (uint32_t)i + 1;
    }
    return b->slots != NULL;
}

/* The index of the value that was encoded last; UINT32_MAX: no memory. */
static uint32_t value_index(struct building *b)
{
    struct mvt_value value = mvt_value_of(b->encoded.bytes, b->encoded.n_bytes);
    if (2 * (b->n_values + 1) > b->n_slots && !grow_slots(b))
        return UINT32_MAX;
    size_t at = value.hash & (b->n_slots - 1);
    for (; b->slots[at]; at = (at + 1) & (b->n_slots - 1)) {
        const struct mvt_value *known = &b->values[b->slots[at] - 1];
        if (known->hash == value.hash && known->n_bytes == value.n_bytes &&
            memcmp(known->bytes, value.bytes, value.n_bytes) == 0)
            return b->slots[at] - 1;
    }
    value.bytes = arena_memdup(b->arena, value.bytes, value.n_bytes);
    b->values = arena_grow(b->arena, b->values, &b->room, b->n_values + 1, sizeof *b->values);
    if (!value.bytes || !b->values)
        return UINT32_MAX;
    b->values[b->n_values] = value;
    b->slots[at] = (uint32_t)++b->n_values;
    return (uint32_t)(b->n_values - 1);
}

/* False: it is absent. */
static bool encode(struct buf *out, struct value value)
{
    buf_clear(out);
    switch (value.type) {
    case VALUE_STRING:
        mvt_encode_string(out, value.as.string);
        return true;
    case VALUE_NUMBER:
        mvt_encode_number(out, value.as.number);
        return true;
    case VALUE_BOOL:
        mvt_encode_bool(out, value.as.boolean);
        return true;
    case VALUE_NULL:
    case VALUE_COLOUR:
    case VALUE_ERROR:
    case VALUE_ANY:
    case VALUE_TEXT:
        break;
    }
    return false;
}

static enum err_code add_feature(struct building *b, const struct source *source, uint32_t index,
                                 const struct attributes *fields, struct err *err)
{
    struct source_feature feature = {source, index};
    for (uint32_t field = 0; field < fields->n_fields; field++) {
        if (!encode(&b->encoded, source_property(&feature, fields->fields[field])))
            continue;
        uint32_t value = buf_ok(&b->encoded) ? value_index(b) : UINT32_MAX;
        b->items = arena_grow(b->arena, b->items, &b->items_room, b->n_items + 1, sizeof *b->items);
        if (value == UINT32_MAX || !b->items || b->n_items == UINT32_MAX)
            return err_nomem(err);
        b->items[b->n_items++] = (struct attribute){field, value};
    }
    return ERR_OK;
}

static uint64_t id_of(const char *id)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325); /* FNV-1a, 64 bits */
    for (; *id; id++)
        hash = (hash ^ (unsigned char)*id) * UINT64_C(0x100000001B3);
    return (hash ^ hash >> 53) & ((UINT64_C(1) << 53) - 1);
}

enum err_code attributes_build(const struct source *source, struct arena *arena,
                               struct attributes *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct building b = {.arena = arena};
    const char **fields = arena_new(arena, const char *, ATTRIBUTE_FIELDS);
    uint32_t *ends = arena_new(arena, uint32_t, source->n);
    uint64_t *ids = arena_new(arena, uint64_t, source->n);
    arena_init(&b.scratch, 0);
    buf_init(&b.encoded);
    TRY(fields && ends && ids ? ERR_OK : err_nomem(err));
    *out = (struct attributes){.fields = fields, .ends = ends, .ids = ids};
    out->n_fields = attribute_fields(source->id, fields);
    for (uint32_t i = 0; i < source->n; i++) {
        TRY(add_feature(&b, source, i, out, err));
        ends[i] = (uint32_t)b.n_items;
        ids[i] = source->id == SOURCE_BOUNDARIES ? MVT_NO_ID : id_of(source_feature_id(source, i));
    }
    out->values = b.values;
    out->items = b.items;
done:
    buf_release(&b.encoded);
    arena_release(&b.scratch);
    return code;
}
