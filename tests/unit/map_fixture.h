/*
 * map_fixture.h - a small world with something in every layer, and what draws it, for tests.
 *
 *     struct map_fixture m;
 *     map_fixture_init(&m, NULL);          // the shipped style; or a style's JSON
 *     uint32_t *pixels = map_draw(&m, &(struct tile_key){MAP_CITY, 8, 203, 98, 1, NULL});
 *     ...
 *     map_fixture_release(&m);
 *
 * The region is the square 105-107 E, 37-39 N: two cities side by side, four counties a
 * quarter each, graded red, orange, yellow, blue; the region's fourth county may be worse.
 */
#ifndef SISETU_TESTS_MAP_FIXTURE_H
#define SISETU_TESTS_MAP_FIXTURE_H

#include "tests/unit/world_fixture.h"
#include "tiler/tiles/scenes.h"

struct map_fixture {
    struct style *style;
    struct world *world;
    struct scenes *scenes;
    struct canvas *canvas;
    struct worker worker;
    enum plane plane; /* that is drawn; Web Mercator at first */
};

static inline void map_unit(struct fixture *f, const char *code, const char *name, int32_t level,
                            struct geom geom)
{
    struct admin_unit *unit = fixture_add(f, LAYER_ADMIN, code);
    unit->code = unit->head.id;
    unit->head.name = name;
    unit->level = level;
    unit->head.geom = geom;
}

static inline void map_grade(struct fixture *f, const char *subject, const char *id, int grade,
                             int could_be)
{
    char key[64];
    snprintf(key, sizeof key, "%s/%s", subject, id);
    struct grade_row *row = fixture_add(f, LAYER_GRADES, key);
    row->subject = subject;
    row->subject_id = arena_strdup(&f->parts.arena, id);
    row->method = strcmp(subject, "enterprise") == 0 ? "enterprise"
                  : strcmp(subject, "cell") == 0     ? "grid"
                                                     : "share";
    row->grade = grade;
    row->could_be = could_be;
    row->undecided = 0;
}

static inline struct geom map_ring(struct fixture *f, double lon, double lat, double radius_deg)
{
    struct err err;
    struct geom geom;
    struct lonlat ring[40];
    for (int i = 0; i < 40; i++)
        ring[i] = (struct lonlat){lon + radius_deg * cos(i * M_PI / 20),
                                  lat + radius_deg * sin(i * M_PI / 20)};
    fixture_check(geom_of_ring(ring, 40, &f->parts.arena, &geom, &err), &err);
    return geom;
}

static inline void map_units(struct fixture *f)
{
    map_unit(f, "640000", "宁夏回族自治区", 1, fixture_box(f, 105, 37, 107, 39));
    map_unit(f, "640100", "银川市", 2, fixture_box(f, 105, 37, 106, 39));
    map_unit(f, "640200", "石嘴山市", 2, fixture_box(f, 106, 37, 107, 39));
    map_unit(f, "640101", "兴庆区", 3, fixture_box(f, 105, 38, 106, 39));
    map_unit(f, "640102", "西夏区", 3, fixture_box(f, 105, 37, 106, 38));
    map_unit(f, "640201", "惠农区", 3, fixture_box(f, 106, 38, 107, 39));
    map_unit(f, "640202", "平罗县", 3, fixture_box(f, 106, 37, 107, 38));
    map_grade(f, "region", "640000", 1, 1);
    map_grade(f, "city", "640100", 1, 1);
    map_grade(f, "city", "640200", 0, 0);
    map_grade(f, "county", "640101", 1, 1);
    map_grade(f, "county", "640102", 2, 2);
    map_grade(f, "county", "640201", 3, 3);
    map_grade(f, "county", "640202", 4, 2);
}

/* People in the inner zone of a plant (an area), or a house too near (a line). */
static inline void map_conflict(struct fixture *f, int i, double lon, double lat)
{
    char id[32];
    snprintf(id, sizeof id, "C%02d", i);
    struct conflict *conflict = fixture_add(f, LAYER_CONFLICTS, id);
    struct arena *arena = &f->parts.arena;
    conflict->verdict = i % 3 ? "conflict" : "undecided";
    conflict->grade = 1 + i % 3;
    if (i % 2) {
        conflict->kind = "density";
        conflict->rule_id = "individual_risk-1";
        conflict->source_layer = "zones";
        conflict->source_id = arena_printf(arena, "Z%02d1", i);
        return;
    }
    snprintf(id, sizeof id, "P%02d", i);
    struct protected_target *house = fixture_add(f, LAYER_PROTECTED, id);
    house->use = "office";
    house->head.geom = fixture_point(f, lon + 0.004, lat + 0.003);
    conflict->kind = "distance";
    conflict->rule_id = "F09a";
    conflict->source_layer = "enterprises";
    conflict->source_id = arena_printf(arena, "E%02d", i);
    conflict->target_layer = "protected";
    conflict->target_id = arena_strdup(arena, id);
    conflict->target_class = "CIVIL_LOW";
}

static inline void map_plants(struct fixture *f)
{
    for (int i = 0; i < 24; i++) {
        char id[32], name[64];
        double lon = 105.5 + (i % 6) * 0.018, lat = 38.3 + (i / 6) * 0.017;
        snprintf(id, sizeof id, "E%02d", i);
        snprintf(name, sizeof name, "示例化工%02d号有限公司", i);
        struct enterprise *e = fixture_add(f, LAYER_ENTERPRISES, id);
        e->head.name = arena_strdup(&f->parts.arena, name);
        e->head.geom = i % 2 ? fixture_point(f, lon, lat)
                             : fixture_box(f, lon - 0.001, lat - 0.001, lon + 0.0012, lat + 0.001);
        map_grade(f, "enterprise", id, i % 5, i % 7 == 0 ? 1 : i % 5);
        for (int class = 1; class <= 3; class ++) {
            snprintf(id, sizeof id, "Z%02d%d", i, class);
            struct zone *zone = fixture_add(f, LAYER_ZONES, id);
            zone->class = class;
            zone->standing = i % 4 ? "legal" : "indicative";
            zone->head.geom = map_ring(f, lon, lat, 0.003 * class);
        }
        map_conflict(f, i, lon, lat);
        snprintf(id, sizeof id, "H%02d", i);
        struct hidden_danger *danger = fixture_add(f, LAYER_HIDDEN_DANGERS, id);
        danger->level = 1 + i % 3;
        danger->state = i % 6 ? "open" : "closed";
        danger->head.geom = fixture_point(f, lon + 0.004, lat);
    }
}

static inline void map_rest(struct fixture *f)
{
    for (int c = 0; c < 40; c++) {
        char id[32];
        snprintf(id, sizeof id, "%d_%d", 10550 + c % 8, 3830 + c / 8);
        map_grade(f, "cell", id, 1 + c % 4, c % 4 == 3 ? 2 : 1 + c % 4);
    }
    struct pipeline *pipe = fixture_add(f, LAYER_PIPELINES, "P1");
    pipe->medium = "natural_gas";
    pipe->head.geom = fixture_line(f, (struct lonlat){105.2, 37.3}, (struct lonlat){106.7, 38.8});
    struct area *park = fixture_add(f, LAYER_AREAS, "A1");
    park->kind = "park";
    park->head.name = "示例化工园区";
    park->head.geom = fixture_box(f, 105.48, 38.28, 105.62, 38.38);
}

/* style_json NULL: the shipped style. */
static inline void map_fixture_init(struct map_fixture *m, const char *style_json)
{
    struct err err;
    struct fixture f;
    memset(m, 0, sizeof *m);
    fixture_init(&f);
    map_units(&f);
    map_plants(&f);
    map_rest(&f);
    fixture_grid(&f, 105.49, 38.4, 0.0005, 256, 256, 10);
    m->world = fixture_world(&f, 20260601);
    fixture_check(style_json ? style_parse("test", style_json, strlen(style_json), &m->style, &err)
                             : style_load(NULL, &m->style, &err),
                  &err);
    fixture_check(scenes_new(m->world, m->style, PLANE_MERCATOR, &m->scenes, &err), &err);
    fixture_check(canvas_new(m->style, &m->canvas, &err), &err);
    fixture_check(worker_init(&m->worker, 0, &err), &err);
}

static inline void map_fixture_release(struct map_fixture *m)
{
    worker_release(&m->worker);
    canvas_free(m->canvas);
    scenes_release(m->scenes);
    style_free(m->style);
    world_release(m->world);
}

/* A tile's pixels before their colours are reduced; free(). */
static inline uint32_t *map_draw_block(struct map_fixture *m, const struct tile_key *key,
                                       uint32_t tiles)
{
    struct err err;
    struct scenes *scenes = NULL;
    worker_reset(&m->worker);
    fixture_check(scenes_in_plane(m->scenes, m->plane, &scenes, &err), &err);
    fixture_check(tile_draw_block(scenes, m->canvas, &m->worker, key, tiles, &err), &err);
    size_t bytes = (size_t)TILE_PX * TILE_PX * key->scale * key->scale * tiles * tiles * 4;
    uint32_t *copy = malloc(bytes);
    if (!copy)
        abort();
    return memcpy(copy, canvas_pixels(m->canvas), bytes);
}

/* Tile and pixel (at scale 1) of a place at a zoom. */
static inline void map_place_in(enum plane plane, struct lonlat at, uint32_t z,
                                struct tile_key *key, uint32_t *x, uint32_t *y)
{
    struct plane_point m = plane_of(plane, at);
    uint64_t px = (uint64_t)((int64_t)m.x + (INT64_C(1) << 31)) >> (24 - z);
    uint64_t py = (uint64_t)((int64_t)m.y + (INT64_C(1) << 31)) >> (24 - z);
    key->z = z;
    key->x = (uint32_t)(px / TILE_PX);
    key->y = (uint32_t)(py / TILE_PX);
    *x = (uint32_t)(px % TILE_PX);
    *y = (uint32_t)(py % TILE_PX);
}

static inline void map_place(double lon, double lat, uint32_t z, struct tile_key *key, uint32_t *x,
                             uint32_t *y)
{
    map_place_in(PLANE_MERCATOR, (struct lonlat){lon, lat}, z, key, x, y);
}

/* Fails unless tiles are the crop of the larger picture that the corner begins. */
static inline void map_check_crop(struct map_fixture *m, const struct tile_key *corner,
                                  uint32_t tiles)
{
    uint32_t edge = TILE_PX * corner->scale;
    uint32_t *whole = map_draw_block(m, corner, tiles);
    for (uint32_t ty = 0; ty < tiles; ty++) {
        for (uint32_t tx = 0; tx < tiles; tx++) {
            struct tile_key key = *corner;
            key.x += tx;
            key.y += ty;
            uint32_t *tile = map_draw_block(m, &key, 1);
            for (uint32_t y = 0; y < edge; y++)
                for (uint32_t x = 0; x < edge; x++)
                    if (tile[y * edge + x] !=
                        whole[(ty * edge + y) * edge * tiles + tx * edge + x]) {
                        fprintf(stderr, "%s z%u @%ux tile %u %u pixel %u %u: %08x, not as whole\n",
                                map_name(corner->map), corner->z, corner->scale, tx, ty, x, y,
                                tile[y * edge + x]);
                        abort();
                    }
            free(tile);
        }
    }
    free(whole);
}

#endif
