/*
 * Roads, railways, rivers and power lines between the seats of the counties: where they
 * run is invented, which places they join is a shortest tree.
 */
#include "data/sample/route.h"
#include "data/sample/sample.h"

#include <string.h>

struct line_kind {
    const char *kind;
    const char *class;
    const char *name;
    double width_m; /* 0: not told */
    double keep_m;  /* plants keep this far away */
};

static const struct line_kind EXPRESSWAY = {"expressway", NULL, "示例高速", 34, 320};
static const struct line_kind ROAD_1 = {"road", "class_1", "示例国道", 24, 260};
static const struct line_kind ROAD_2 = {"road", "class_2", "示例省道", 12, 240};
static const struct line_kind ROAD_3 = {"road", "class_3", "示例县道", 8.5, 220};
static const struct line_kind RAILWAY = {"railway", "national", "示例铁路", 0, 260};
static const struct line_kind BRANCH = {"railway", "local", "示例专用线", 0, 200};
static const struct line_kind RIVER = {"river", "main", "示例河", 320, 1200};
static const struct line_kind TRIBUTARY = {"river", "tributary", "示例支流", 40, 400};
static const struct line_kind POWER = {"power_line", NULL, "示例输电线", 0, 200};

static void write_infrastructure(struct sample *s, const struct line_kind *kind)
{
    struct writer *w = &s->infrastructure;
    writer_begin(w, "N", w->n + 1);
    writer_name(w, kind->name, w->n);
    jw_kv_string(&w->json, "kind", kind->kind);
    if (kind->class)
        jw_kv_string(&w->json, "class", kind->class);
    if (kind->width_m > 0)
        jw_kv_fixed(&w->json, "width_m", kind->width_m, 1);
    jw_kv_fixed(&w->json, "accuracy_m", 2, 1);
}

static enum err_code add_line(struct sample *s, const struct line_kind *kind,
                              const struct lonlat *points, size_t n, struct err *err)
{
    if (n < 2)
        return ERR_OK;
    write_infrastructure(s, kind);
    writer_line(&s->infrastructure, points, n);
    ground_mark_line(&s->ground, points, n, kind->keep_m, GROUND_LINE);
    s->lines = arena_grow(s->arena, s->lines, &s->lines_capacity, s->n_lines + 1, sizeof *s->lines);
    struct lonlat *kept = arena_memdup(s->arena, points, n * sizeof *points);
    if (!s->lines || !kept)
        return err_nomem(err);
    s->lines[s->n_lines++] = (struct way_line){kind->kind, kind->class, kept, n};
    return ERR_OK;
}

static enum err_code add_route(struct sample *s, const struct line_kind *kind, struct route route,
                               struct rng *rng, struct err *err)
{
    struct lonlat points[ROUTE_POINTS];
    return add_line(s, kind, points, route_draw(route, rng, points), err);
}

/* One branch of the shortest tree over the seats. */
static enum err_code join_seats(struct sample *s, const struct town *a, const struct town *b,
                                struct rng *rng, struct err *err)
{
    enum err_code code = ERR_OK;
    double length = frame_distance_m(a->centre, b->centre);
    TRY(add_route(s, &ROAD_1, (struct route){a->centre, b->centre, 0, 0, 0.012 * length, 0}, rng,
                  err));
    if (length < 15000)
        return ERR_OK;
    TRY(add_route(s, &EXPRESSWAY,
                  (struct route){a->centre, b->centre, 0.8 * a->radius_m, 0.8 * b->radius_m,
                                 0.01 * length, 0.06 * length},
                  rng, err));
    if (rng_chance(rng, 0.6)) {
        TRY(add_route(s, &RAILWAY,
                      (struct route){a->centre, b->centre, 0.5 * a->radius_m, 0.5 * b->radius_m,
                                     0.008 * length, -0.07 * length},
                      rng, err));
        TRY(add_route(s, &POWER,
                      (struct route){a->centre, b->centre, 1.1 * a->radius_m, 1.1 * b->radius_m,
                                     0.004 * length, 0.13 * length},
                      rng, err));
    }
done:
    return code;
}

/* Prim's tree. */
static enum err_code join_all_seats(struct sample *s, struct rng *rng, struct err *err)
{
    uint32_t n = s->region.n_counties;
    bool *joined = arena_new(s->arena, bool, n);
    if (!joined)
        return err_nomem(err);
    joined[0] = true;
    for (uint32_t round = 1; round < n; round++) {
        uint32_t best_in = 0, best_out = 0;
        double best = INFINITY;
        for (uint32_t i = 0; i < n; i++) {
            for (uint32_t j = 0; j < n; j++) {
                if (!joined[i] || joined[j])
                    continue;
                double d = frame_distance_m(s->region.towns[i].centre, s->region.towns[j].centre);
                if (d < best) {
                    best = d;
                    best_in = i;
                    best_out = j;
                }
            }
        }
        joined[best_out] = true;
        enum err_code code =
            join_seats(s, &s->region.towns[best_in], &s->region.towns[best_out], rng, err);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

static enum err_code join_lesser_towns(struct sample *s, struct rng *rng, struct err *err)
{
    for (uint32_t i = s->region.n_counties; i < s->region.n_towns; i++) {
        const struct town *town = &s->region.towns[i];
        const struct town *seat = &s->region.towns[town->county];
        double length = frame_distance_m(town->centre, seat->centre);
        enum err_code code =
            add_route(s, i % 2 ? &ROAD_2 : &ROAD_3,
                      (struct route){seat->centre, town->centre, 0, 0, 0.02 * length, 0}, rng, err);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

struct bank {
    const char *county;
    double east, north; /* side of the town on which the river passes */
};

/* The river keeps 2.5 km off the towns that it passes. */
static enum err_code add_river(struct sample *s, const struct line_kind *kind,
                               const struct bank *banks, size_t n_banks, struct rng *rng)
{
    struct lonlat points[ROUTE_POINTS * 2];
    size_t n = 0;
    struct lonlat previous = {0};
    for (size_t i = 0; i < n_banks; i++) {
        const struct town *town = NULL;
        for (uint32_t c = 0; c < s->region.n_counties; c++)
            if (strcmp(s->region.counties[c].code, banks[i].county) == 0)
                town = &s->region.towns[c];
        if (!town)
            continue;
        double off = town->radius_m + 2500;
        struct frame frame = frame_at(town->centre, 0);
        struct lonlat at = frame_to_lonlat(&frame, banks[i].east * off, banks[i].north * off);
        if (n == 0) {
            points[n++] = at;
        } else if (n + ROUTE_POINTS < sizeof points / sizeof points[0]) {
            struct lonlat piece[ROUTE_POINTS];
            double length = frame_distance_m(previous, at);
            size_t m = route_draw((struct route){previous, at, 0, 0, 0.03 * length, 0}, rng, piece);
            for (size_t k = 1; k < m; k++)
                points[n++] = piece[k];
        }
        previous = at;
    }
    return add_line(s, kind, points, n, NULL);
}

static bool crossing_of(const struct lonlat *a, const struct lonlat *b, struct lonlat *out)
{
    double ax = a[1].lon_deg - a[0].lon_deg, ay = a[1].lat_deg - a[0].lat_deg;
    double bx = b[1].lon_deg - b[0].lon_deg, by = b[1].lat_deg - b[0].lat_deg;
    double cross = ax * by - ay * bx;
    if (cross == 0)
        return false;
    double dx = b[0].lon_deg - a[0].lon_deg, dy = b[0].lat_deg - a[0].lat_deg;
    double t = (dx * by - dy * bx) / cross, u = (dx * ay - dy * ax) / cross;
    *out = (struct lonlat){a[0].lon_deg + t * ax, a[0].lat_deg + t * ay};
    return t >= 0 && t <= 1 && u >= 0 && u <= 1;
}

static void write_point(struct sample *s, const struct line_kind *kind, struct lonlat at)
{
    write_infrastructure(s, kind);
    writer_point(&s->infrastructure, at);
}

/* Bridges where roads and railways cross rivers. */
static void add_bridges(struct sample *s)
{
    static const struct line_kind BRIDGE = {"bridge", "medium_up", "示例大桥", 0, 0};
    for (size_t i = 0; i < s->n_lines; i++) {
        if (strcmp(s->lines[i].kind, "river") != 0)
            continue;
        for (size_t j = 0; j < s->n_lines; j++) {
            if (strcmp(s->lines[j].kind, "river") == 0 ||
                strcmp(s->lines[j].kind, "power_line") == 0)
                continue;
            struct lonlat at;
            for (size_t a = 0; a + 1 < s->lines[i].n_points; a++)
                for (size_t b = 0; b + 1 < s->lines[j].n_points; b++)
                    if (crossing_of(s->lines[i].points + a, s->lines[j].points + b, &at)) {
                        write_point(s, &BRIDGE, at);
                        ground_mark(&s->ground, at, 350, GROUND_LINE);
                    }
        }
    }
}

/* A station and a substation at the edge of every seat. */
static void add_stations(struct sample *s, struct rng *rng)
{
    static const struct line_kind STATION = {"station", NULL, "示例车站", 0, 0};
    static const struct line_kind SUBSTATION = {"substation", NULL, "示例变电站", 0, 0};
    for (uint32_t c = 0; c < s->region.n_counties; c++) {
        const struct town *town = &s->region.towns[c];
        struct frame frame = frame_at(town->centre, rng_between(rng, 0, 6.28));
        write_point(s, &STATION, frame_to_lonlat(&frame, 0.7 * town->radius_m, 0));
        struct lonlat substation = frame_to_lonlat(&frame, -1.15 * town->radius_m - 400, 300);
        write_point(s, &SUBSTATION, substation);
        ground_mark(&s->ground, substation, 200, GROUND_TARGET | GROUND_LINE);
    }
}

enum err_code sample_network(struct sample *s, struct err *err)
{
    static const struct bank MAIN[] = {
        {"640502", -1, -0.8}, {"640502", 0.5, -1}, {"640521", 0, -1},  {"640381", 1, 0.2},
        {"640302", -0.2, 1},  {"640181", -1, 0.3}, {"640121", 1, 0},   {"640104", 1.1, 0},
        {"640122", 1, 0},     {"640221", 1, 0},    {"640205", 1, -0.5}};
    static const struct bank SIDE[] = {{"640402", 0.8, 0.5}, {"640324", 1, 0}, {"640521", 1, -0.3}};
    static const struct bank SOUTH[] = {{"640422", 1, 0}, {"640423", -1, 0.5}};
    enum err_code code = ERR_OK;
    struct rng rng = rng_of(RNG_NETWORK, 0);
    TRY(add_river(s, &RIVER, MAIN, sizeof MAIN / sizeof MAIN[0], &rng));
    TRY(add_river(s, &TRIBUTARY, SIDE, sizeof SIDE / sizeof SIDE[0], &rng));
    TRY(add_river(s, &TRIBUTARY, SOUTH, sizeof SOUTH / sizeof SOUTH[0], &rng));
    TRY(join_all_seats(s, &rng, err));
    TRY(join_lesser_towns(s, &rng, err));
    add_bridges(s);
    add_stations(s, &rng);
done:
    return code;
}

/* A goods line from the seat to the gate of each park. */
enum err_code sample_branches(struct sample *s, struct err *err)
{
    struct rng rng = rng_of(RNG_NETWORK, 1);
    for (size_t i = 0; i < s->n_parks; i++) {
        const struct town *seat = &s->region.towns[s->parks[i].county];
        struct route route = {seat->centre, s->parks[i].frame.origin, seat->radius_m, 1900, 300,
                              900};
        enum err_code code = add_route(s, &BRANCH, route, &rng, err);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}
