#include "tiler/draw/mvt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Field numbers of vector_tile.proto, and the wire types of Protocol Buffers. */
enum { WIRE_VARINT = 0, WIRE_DOUBLE = 1, WIRE_BYTES = 2 };
enum { TILE_LAYER = 3 };
enum { LAYER_NAME = 1, LAYER_FEATURE = 2, LAYER_KEY = 3, LAYER_VALUE = 4, LAYER_EXTENT = 5 };
enum { LAYER_VERSION = 15 };
enum { FEATURE_ID = 1, FEATURE_TAGS = 2, FEATURE_TYPE = 3, FEATURE_GEOMETRY = 4 };
enum { VALUE_STRING_FIELD = 1, VALUE_DOUBLE_FIELD = 3, VALUE_INT_FIELD = 4, VALUE_SINT_FIELD = 6 };
enum { VALUE_BOOL_FIELD = 7 };
enum { TYPE_NONE = 0, TYPE_POINT = 1, TYPE_LINE = 2, TYPE_POLYGON = 3 };
enum { MOVE_TO = 1, LINE_TO = 2, CLOSE_PATH = 7 };

enum {
    VARINT_BYTES = 10, /* of 64 bits, 7 in a byte */
    MOST_KEYS = 256,
    LEAST_SLOTS = 256,
};

/* A value of the layer, and the slot that leads to it. */
struct entry {
    struct mvt_value value;
    uint32_t slot;
};

struct mvt {
    struct buf tile;     /* layers that are done */
    struct buf features; /* of the layer, */
    struct buf values;   /* its values as fields of the layer, */
    struct buf tags;     /* and the tags */
    struct buf geometry; /* and commands of the feature */
    const char *name;
    const char *keys[MOST_KEYS];
    uint32_t n_keys, n_values;
    struct entry *table; /* the layer's values by their index */
    size_t table_room;
    uint32_t *slots;  /* index + 1 of a value; 0: free */
    uint32_t n_slots; /* a power of two */
    uint64_t id;
    uint32_t type;
    struct mvt_point pen;
    bool failed;
};

/* ---- Protocol Buffers ---- */

/* Empties a buffer, its failure not forgotten. */
static void restart(struct mvt *mvt, struct buf *buf)
{
    mvt->failed = mvt->failed || !buf_ok(buf);
    buf_clear(buf);
}

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static void add_varint(struct buf *out, uint64_t value)
{
    uint8_t *start = (uint8_t *)buf_reserve(out, VARINT_BYTES);
    if (start)
        out->n_bytes += (size_t)(put_varint(start, value) - start);
}

static void add_key(struct buf *out, uint32_t field, uint32_t wire)
{
    add_varint(out, (uint64_t)field << 3 | wire);
}

static void add_bytes(struct buf *out, uint32_t field, const void *bytes, size_t n)
{
    add_key(out, field, WIRE_BYTES);
    add_varint(out, n);
    buf_add(out, bytes, n);
}

static void add_number(struct buf *out, uint32_t field, uint64_t value)
{
    add_key(out, field, WIRE_VARINT);
    add_varint(out, value);
}

static uint32_t zigzag(int32_t value)
{
    return (uint32_t)value << 1 ^ (uint32_t) - (value < 0);
}

/* ---- values ---- */

void mvt_encode_string(struct buf *out, const char *text)
{
    add_bytes(out, VALUE_STRING_FIELD, text, strlen(text));
}

void mvt_encode_number(struct buf *out, double number)
{
    const double exact = 9007199254740992.0; /* 2^53 */
    if (floor(number) == number && fabs(number) <= exact) {
        int64_t whole = (int64_t)number;
        if (whole >= 0)
            add_number(out, VALUE_INT_FIELD, (uint64_t)whole);
        else
            add_number(out, VALUE_SINT_FIELD, (uint64_t)-whole * 2 - 1);
        return;
    }
    uint64_t bits;
    uint8_t bytes[8];
    memcpy(&bits, &number, sizeof bits);
    for (int i = 0; i < 8; i++) /* least first, whatever the machine */
        bytes[i] = (uint8_t)(bits >> (8 * i));
    add_key(out, VALUE_DOUBLE_FIELD, WIRE_DOUBLE);
    buf_add(out, bytes, sizeof bytes);
}

void mvt_encode_bool(struct buf *out, bool boolean)
{
    add_number(out, VALUE_BOOL_FIELD, boolean);
}

struct mvt_value mvt_value_of(const void *bytes, size_t n)
{
    const uint8_t *b = bytes;
    uint64_t hash = UINT64_C(0xCBF29CE484222325); /* FNV-1a, 64 bits */
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ b[i]) * UINT64_C(0x100000001B3);
    return (struct mvt_value){b, (uint32_t)n, (uint32_t)(hash ^ hash >> 32)};
}

/* ---- life ---- */

enum err_code mvt_new(struct mvt **out, struct err *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return err_nomem(err);
    (*out)->n_slots = LEAST_SLOTS;
    (*out)->slots = calloc(LEAST_SLOTS, sizeof *(*out)->slots);
    if (!(*out)->slots) {
        free(*out);
        *out = NULL;
        return err_nomem(err);
    }
    return ERR_OK;
}

void mvt_free(struct mvt *mvt)
{
    if (!mvt)
        return;
    buf_release(&mvt->tile);
    buf_release(&mvt->features);
    buf_release(&mvt->values);
    buf_release(&mvt->tags);
    buf_release(&mvt->geometry);
    free(mvt->table);
    free(mvt->slots);
    free(mvt);
}

/* ---- layers ---- */

void mvt_layer(struct mvt *mvt, const char *name)
{
    mvt->name = name;
    for (uint32_t i = 0; i < mvt->n_values; i++)
        mvt->slots[mvt->table[i].slot] = 0;
    mvt->n_keys = mvt->n_values = 0;
    restart(mvt, &mvt->features);
    restart(mvt, &mvt->values);
}

void mvt_layer_end(struct mvt *mvt)
{
    struct buf *tile = &mvt->tile;
    struct buf *head = &mvt->tags, *keys = &mvt->geometry; /* unused between features */
    if (mvt->features.n_bytes == 0)
        return;
    restart(mvt, head);
    restart(mvt, keys);
    add_number(head, LAYER_VERSION, 2);
    add_bytes(head, LAYER_NAME, mvt->name, strlen(mvt->name));
    for (uint32_t i = 0; i < mvt->n_keys; i++)
        add_bytes(keys, LAYER_KEY, mvt->keys[i], strlen(mvt->keys[i]));
    buf_add(keys, mvt->values.bytes, mvt->values.n_bytes);
    add_number(keys, LAYER_EXTENT, MVT_EXTENT);
    add_key(tile, TILE_LAYER, WIRE_BYTES);
    add_varint(tile, head->n_bytes + mvt->features.n_bytes + keys->n_bytes);
    buf_add(tile, head->bytes, head->n_bytes);
    buf_add(tile, mvt->features.bytes, mvt->features.n_bytes);
    buf_add(tile, keys->bytes, keys->n_bytes);
}

/* ---- features ---- */

void mvt_feature(struct mvt *mvt, uint64_t id)
{
    restart(mvt, &mvt->tags);
    restart(mvt, &mvt->geometry);
    mvt->id = id;
    mvt->type = TYPE_NONE;
    mvt->pen = (struct mvt_point){0, 0};
}

static uint32_t varint_bytes(uint64_t value)
{
    uint32_t n = 1;
    for (; value >= 0x80; value >>= 7)
        n++;
    return n;
}

void mvt_feature_end(struct mvt *mvt)
{
    size_t tags = mvt->tags.n_bytes, geometry = mvt->geometry.n_bytes;
    if (geometry == 0)
        return;
    size_t n = 2 + 1 + varint_bytes(geometry) + geometry;
    if (mvt->id != MVT_NO_ID)
        n += 1 + varint_bytes(mvt->id);
    if (tags > 0)
        n += 1 + varint_bytes(tags) + tags;
    uint8_t *start = (uint8_t *)buf_reserve(&mvt->features, n + 1 + VARINT_BYTES), *at = start;
    if (!start)
        return;
    *at++ = LAYER_FEATURE << 3 | WIRE_BYTES;
    at = put_varint(at, n);
    if (mvt->id != MVT_NO_ID) {
        *at++ = FEATURE_ID << 3 | WIRE_VARINT;
        at = put_varint(at, mvt->id);
    }
    if (tags > 0) {
        *at++ = FEATURE_TAGS << 3 | WIRE_BYTES;
        at = put_varint(at, tags);
        memcpy(at, mvt->tags.bytes, tags);
        at += tags;
    }
    *at++ = FEATURE_TYPE << 3 | WIRE_VARINT;
    *at++ = (uint8_t)mvt->type;
    *at++ = FEATURE_GEOMETRY << 3 | WIRE_BYTES;
    at = put_varint(at, geometry);
    memcpy(at, mvt->geometry.bytes, geometry);
    at += geometry;
    mvt->features.n_bytes += (size_t)(at - start);
}

/* ---- attributes ---- */

uint32_t mvt_key(struct mvt *mvt, const char *name)
{
    uint32_t i = 0;
    while (i < mvt->n_keys && strcmp(mvt->keys[i], name) != 0)
        i++;
    if (i == mvt->n_keys && i < MOST_KEYS)
        mvt->keys[mvt->n_keys++] = name;
    return i;
}

static void put_slot(struct mvt *mvt, uint32_t index)
{
    uint32_t at = mvt->table[index].value.hash & (mvt->n_slots - 1);
    while (mvt->slots[at])
        at = (at + 1) & (mvt->n_slots - 1);
    mvt->slots[at] = index + 1;
    mvt->table[index].slot = at;
}

/* Room for one more value, in a table of which at most half is taken. */
static bool make_room(struct mvt *mvt)
{
    if (mvt->n_values >= mvt->table_room) {
        size_t room = mvt->table_room ? mvt->table_room * 2 : LEAST_SLOTS;
        struct entry *table = realloc(mvt->table, room * sizeof *table);
        if (!table)
            return false;
        mvt->table = table;
        mvt->table_room = room;
    }
    if (2 * ((size_t)mvt->n_values + 1) > mvt->n_slots) {
        uint32_t *slots = calloc((size_t)mvt->n_slots * 2, sizeof *slots);
        if (!slots)
            return false;
        free(mvt->slots);
        mvt->slots = slots;
        mvt->n_slots *= 2;
        for (uint32_t i = 0; i < mvt->n_values; i++)
            put_slot(mvt, i);
    }
    return true;
}

static uint32_t value_index(struct mvt *mvt, const struct mvt_value *value)
{
    if (!make_room(mvt)) {
        mvt->failed = true;
        return 0;
    }
    uint32_t at = value->hash & (mvt->n_slots - 1);
    for (; mvt->slots[at]; at = (at + 1) & (mvt->n_slots - 1)) {
        const struct mvt_value *known = &mvt->table[mvt->slots[at] - 1].value;
        if (known->hash == value->hash && known->n_bytes == value->n_bytes &&
            memcmp(known->bytes, value->bytes, value->n_bytes) == 0)
            return mvt->slots[at] - 1;
    }
    mvt->table[mvt->n_values] = (struct entry){*value, at};
    mvt->slots[at] = ++mvt->n_values;
    add_bytes(&mvt->values, LAYER_VALUE, value->bytes, value->n_bytes);
    return mvt->n_values - 1;
}

void mvt_tag(struct mvt *mvt, uint32_t key, const struct mvt_value *value)
{
    add_varint(&mvt->tags, key);
    add_varint(&mvt->tags, value_index(mvt, value));
}

/* ---- geometry ---- */

static uint8_t *put_point(uint8_t *at, struct mvt_point *pen, struct mvt_point to)
{
    uint32_t dx = zigzag(to.x - pen->x), dy = zigzag(to.y - pen->y);
    *pen = to;
    if ((dx | dy) < 0x80) {
        *at++ = (uint8_t)dx;
        *at++ = (uint8_t)dy;
        return at;
    }
    return put_varint(put_varint(at, dx), dy);
}

/* Where n points and three commands go; NULL: no memory. */
static uint8_t *begin_path(struct mvt *mvt, uint32_t type, size_t n)
{
    mvt->type = type;
    return (uint8_t *)buf_reserve(&mvt->geometry, VARINT_BYTES * (n + 3));
}

static void end_path(struct mvt *mvt, const uint8_t *end)
{
    mvt->geometry.n_bytes = (size_t)(end - (const uint8_t *)mvt->geometry.bytes);
}

static uint8_t *put_command(uint8_t *at, uint32_t command, size_t count)
{
    return put_varint(at, (uint64_t)count << 3 | command);
}

void mvt_points(struct mvt *mvt, const struct mvt_point *points, size_t n)
{
    uint8_t *at = n > 0 ? begin_path(mvt, TYPE_POINT, n) : NULL;
    if (!at)
        return;
    at = put_command(at, MOVE_TO, n);
    for (size_t i = 0; i < n; i++)
        at = put_point(at, &mvt->pen, points[i]);
    end_path(mvt, at);
}

static uint8_t *put_path(struct mvt *mvt, uint8_t *at, const struct mvt_point *points, size_t n)
{
    at = put_command(at, MOVE_TO, 1);
    at = put_point(at, &mvt->pen, points[0]);
    at = put_command(at, LINE_TO, n - 1);
    struct mvt_point pen = mvt->pen;
    for (size_t i = 1; i < n; i++)
        at = put_point(at, &pen, points[i]);
    mvt->pen = pen;
    return at;
}

void mvt_line(struct mvt *mvt, const struct mvt_point *points, size_t n)
{
    uint8_t *at = n > 1 ? begin_path(mvt, TYPE_LINE, n) : NULL;
    if (at)
        end_path(mvt, put_path(mvt, at, points, n));
}

void mvt_ring(struct mvt *mvt, const struct mvt_point *points, size_t n)
{
    uint8_t *at = n > 2 ? begin_path(mvt, TYPE_POLYGON, n) : NULL;
    if (at)
        end_path(mvt, put_command(put_path(mvt, at, points, n), CLOSE_PATH, 1));
}

bool mvt_has_geometry(const struct mvt *mvt)
{
    return mvt->geometry.n_bytes > 0;
}

/* ---- the tile ---- */

enum err_code mvt_take(struct mvt *mvt, struct buf *out, struct err *err)
{
    struct buf *all[] = {&mvt->tile, &mvt->features, &mvt->values, &mvt->tags, &mvt->geometry};
    bool failed = mvt->failed;
    mvt->failed = false;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        failed = failed || !buf_ok(all[i]);
        if (!buf_ok(all[i]))
            buf_release(all[i]);
    }
    if (!failed && mvt->tile.n_bytes > 0)
        buf_add(out, mvt->tile.bytes, mvt->tile.n_bytes);
    buf_clear(&mvt->tile);
    return failed || !buf_ok(out) ? err_nomem(err) : ERR_OK;
}
