/*
 * mvt_fixture.h - reads vector tiles back for tests, by the letter of the specification.
 *
 * A tile that breaks a MUST of the specification fails the test.
 */
#ifndef SISETU_TESTS_MVT_FIXTURE_H
#define SISETU_TESTS_MVT_FIXTURE_H

#include "tiler/draw/mvt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MVT_READ_FEATURES = 200000, MVT_READ_RINGS = 65536, MVT_READ_LAYERS = 32 };

struct mvt_reader {
    const uint8_t *at, *end;
};

static inline void mvt_broken(const char *what)
{
    fprintf(stderr, "the tile is broken: %s\n", what);
    abort();
}

static inline uint64_t mvt_varint(struct mvt_reader *r)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (r->at == r->end)
            mvt_broken("a varint has no end");
        uint8_t byte = *r->at++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return value;
    }
    mvt_broken("a varint of more than 64 bits");
    return 0;
}

static inline struct mvt_reader mvt_part(struct mvt_reader *r)
{
    uint64_t n = mvt_varint(r);
    if (n > (uint64_t)(r->end - r->at))
        mvt_broken("a part is longer than the whole");
    struct mvt_reader part = {r->at, r->at + n};
    r->at += n;
    return part;
}

struct mvt_read_feature {
    uint64_t id;
    struct mvt_reader tags, geometry;
    uint32_t type;
};

struct mvt_read_layer {
    char name[64];
    struct mvt_reader keys[256], *values;
    size_t n_keys, n_values;
    struct mvt_read_feature *features;
    size_t n_features;
};

struct mvt_read_tile {
    struct mvt_read_layer layers[MVT_READ_LAYERS];
    size_t n_layers;
};

static inline struct mvt_read_feature mvt_read_feature(struct mvt_reader r)
{
    struct mvt_read_feature f = {.id = MVT_NO_ID};
    while (r.at < r.end) {
        uint64_t key = mvt_varint(&r);
        if (key == (1 << 3 | 0))
            f.id = mvt_varint(&r);
        else if (key == (2 << 3 | 2))
            f.tags = mvt_part(&r);
        else if (key == (3 << 3 | 0))
            f.type = (uint32_t)mvt_varint(&r);
        else if (key == (4 << 3 | 2))
            f.geometry = mvt_part(&r);
        else
            mvt_broken("a feature has an unknown field");
    }
    if (f.type < 1 || f.type > 3 || f.geometry.at == f.geometry.end)
        mvt_broken("a feature has no type or no geometry");
    return f;
}

static inline void mvt_read_layer(struct mvt_reader r, struct mvt_read_layer *out)
{
    bool version = false;
    size_t capacity = 1 << 19;
    out->values = malloc(capacity * sizeof *out->values);
    out->features = calloc(MVT_READ_FEATURES, sizeof *out->features);
    while (r.at < r.end) {
        uint64_t key = mvt_varint(&r);
        if (!version && key != (15 << 3 | 0))
            mvt_broken("a layer does not begin with its version");
        if (key == (15 << 3 | 0)) {
            version = mvt_varint(&r) == 2;
        } else if (key == (1 << 3 | 2)) {
            struct mvt_reader name = mvt_part(&r);
            snprintf(out->name, sizeof out->name, "%.*s", (int)(name.end - name.at),
                     (const char *)name.at);
        } else if (key == (2 << 3 | 2)) {
            out->features[out->n_features++] = mvt_read_feature(mvt_part(&r));
        } else if (key == (3 << 3 | 2)) {
            out->keys[out->n_keys++] = mvt_part(&r);
        } else if (key == (4 << 3 | 2)) {
            out->values[out->n_values++] = mvt_part(&r);
        } else if (key == (5 << 3 | 0)) {
            if (mvt_varint(&r) != MVT_EXTENT)
                mvt_broken("another extent");
        } else {
            mvt_broken("a layer has an unknown field");
        }
    }
    if (out->n_features == 0 || !*out->name)
        mvt_broken("a layer without features or name");
    for (size_t i = 0; i < out->n_features; i++)
        for (struct mvt_reader t = out->features[i].tags; t.at < t.end;)
            if (mvt_varint(&t) >= out->n_keys || mvt_varint(&t) >= out->n_values)
                mvt_broken("a tag that the layer has not");
}

/* Free with mvt_read_free. */
static inline struct mvt_read_tile *mvt_read(const struct buf *bytes)
{
    struct mvt_read_tile *tile = calloc(1, sizeof *tile);
    struct mvt_reader r = {(const uint8_t *)bytes->bytes,
                           (const uint8_t *)bytes->bytes + bytes->n_bytes};
    while (bytes->n_bytes && r.at < r.end) {
        if (mvt_varint(&r) != (3 << 3 | 2))
            mvt_broken("a tile has an unknown field");
        mvt_read_layer(mvt_part(&r), &tile->layers[tile->n_layers++]);
        for (size_t i = 0; i + 1 < tile->n_layers; i++)
            if (strcmp(tile->layers[i].name, tile->layers[tile->n_layers - 1].name) == 0)
                mvt_broken("two layers of one name");
    }
    return tile;
}

static inline void mvt_read_free(struct mvt_read_tile *tile)
{
    for (size_t i = 0; i < tile->n_layers; i++) {
        free(tile->layers[i].values);
        free(tile->layers[i].features);
    }
    free(tile);
}

static inline const struct mvt_read_layer *mvt_read_find(const struct mvt_read_tile *tile,
                                                         const char *name)
{
    for (size_t i = 0; i < tile->n_layers; i++)
        if (strcmp(tile->layers[i].name, name) == 0)
            return &tile->layers[i];
    return NULL;
}

/* The value of a key of a feature, encoded; empty: none. */
static inline struct mvt_reader mvt_read_tag(const struct mvt_read_layer *layer,
                                             const struct mvt_read_feature *feature,
                                             const char *key)
{
    for (struct mvt_reader t = feature->tags; t.at < t.end;) {
        struct mvt_reader k = layer->keys[mvt_varint(&t)];
        uint64_t value = mvt_varint(&t);
        if ((size_t)(k.end - k.at) == strlen(key) && memcmp(k.at, key, strlen(key)) == 0)
            return layer->values[value];
    }
    return (struct mvt_reader){NULL, NULL};
}

static inline int32_t mvt_unzigzag(uint64_t value)
{
    return (int32_t)(uint32_t)(value >> 1) ^ -(int32_t)(value & 1);
}

/* Points, lines or rings of a feature, in the order of the tile; returns how many. ends: of each.
 */
static inline size_t mvt_read_paths(const struct mvt_read_feature *feature,
                                    struct mvt_point *points, size_t room, size_t *ends)
{
    struct mvt_reader r = feature->geometry;
    struct mvt_point pen = {0, 0};
    size_t n = 0, n_paths = 0;
    bool drawing = false;
    while (r.at < r.end) {
        uint64_t command = mvt_varint(&r);
        size_t count = command >> 3;
        if ((command & 7) == 7) {
            if (feature->type != 3 || !drawing || count != 1)
                mvt_broken("ClosePath where none may be");
            drawing = false;
            continue;
        }
        if (count == 0 || n + count > room || n_paths == MVT_READ_RINGS)
            mvt_broken("a command without points, or too many");
        if ((command & 7) == 1
                ? feature->type != 1 && (count != 1 || (feature->type == 3 && drawing))
                : (command & 7) != 2 || feature->type == 1 || (feature->type == 3 && count < 2))
            mvt_broken("a command where none may be");
        if ((command & 7) == 1)
            n_paths++;
        drawing = true;
        for (size_t i = 0; i < count; i++) {
            int32_t dx = mvt_unzigzag(mvt_varint(&r)), dy = mvt_unzigzag(mvt_varint(&r));
            if ((command & 7) == 2 && dx == 0 && dy == 0)
                mvt_broken("a line to where it is");
            pen.x += dx;
            pen.y += dy;
            points[n++] = pen;
        }
        ends[n_paths - 1] = n;
    }
    if (feature->type == 3 && drawing)
        mvt_broken("a ring that is not closed");
    return n_paths;
}

/* Twice the area, y down: positive for outer rings. */
static inline int64_t mvt_area2(const struct mvt_point *p, size_t n)
{
    int64_t area = 0;
    for (size_t i = 0; i < n; i++)
        area += (int64_t)p[i].x * p[(i + 1) % n].y - (int64_t)p[(i + 1) % n].x * p[i].y;
    return area;
}

#endif
