#include "tiler/features/source_near.h"

struct plane_box plane_box_of(enum plane plane, struct box box)
{
    struct plane_box out = plane_box_empty();
    if (!(box.west_deg <= box.east_deg))
        return out;
    plane_box_add(&out, plane_of(plane, (struct lonlat){box.west_deg, box.south_deg}));
    plane_box_add(&out, plane_of(plane, (struct lonlat){box.east_deg, box.north_deg}));
    return out;
}

/* With a unit to spare on each side, for rounding. */
static struct box lonlat_box_of(enum plane plane, struct plane_box box)
{
    struct lonlat low = plane_to_lonlat(plane, box.west - 1, box.south + 1);
    struct lonlat high = plane_to_lonlat(plane, box.east + 1, box.north - 1);
    return (struct box){low.lon_deg, low.lat_deg, high.lon_deg, high.lat_deg};
}

static void hold(struct plane_box *held, struct plane_box box)
{
    held->west = box.west < held->west ? box.west : held->west;
    held->north = box.north < held->north ? box.north : held->north;
    held->east = box.east > held->east ? box.east : held->east;
    held->south = box.south > held->south ? box.south : held->south;
}

/* ---- records ---- */

struct marking {
    bool *in; /* of each row */
    size_t n;
};

static bool mark(void *context, uint32_t row)
{
    struct marking *marking = context;
    marking->n += !marking->in[row];
    marking->in[row] = true;
    return true;
}

static enum err_code pick_rows(const struct source_wanted *wanted, enum layer_id layer,
                               struct box box, struct arena *arena, struct near_pick *out,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = wanted->world;
    size_t n_records = world_count(world, layer), n;
    uint32_t *rows;
    struct marking marking = {.in = arena_new(arena, bool, n_records)};
    TRY(marking.in ? ERR_OK : err_nomem(err));
    TRY(world_search(world, layer, box, arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        const struct geom *geom = world_geom(world, layer, rows[i]);
        (void)mark(&marking, rows[i]);
        hold(&out->held, plane_box_of(wanted->plane, geom->box));
        if (wanted->id != SOURCE_ENTERPRISES && geom->n_points > 2)
            world_visit(world, layer, geom->box, &marking, mark);
    }
    out->rows = arena_new(arena, uint32_t, marking.n);
    TRY(out->rows ? ERR_OK : err_nomem(err));
    for (size_t row = 0; row < n_records && marking.n > 0; row++)
        if (marking.in[row])
            out->rows[out->n_rows++] = (uint32_t)row;
done:
    return code;
}

/* ---- conflicts ---- */

static bool is_line(const struct world *world, struct finding_ref ref)
{
    return finding_at(world, ref)->kind == FINDING_DISTANCE;
}

static bool find_any(void *context, uint32_t item)
{
    (void)item;
    *(bool *)context = true;
    return false;
}

/* Areas are thinned by what they meet; lines of two points are what they are. */
static enum err_code pick_refs(const struct source_wanted *wanted, struct box box,
                               struct arena *arena, struct near_pick *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = wanted->world;
    struct finding_ref *first, *more;
    struct rtree tree;
    size_t n_first, n_more;
    uint32_t n_areas = 0;
    struct box around = box;
    TRY(findings_near(world, box, arena, &first, &n_first, err));
    struct box *areas = arena_new(arena, struct box, n_first);
    TRY(areas ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < n_first; i++) {
        struct box one = finding_box(world, first[i]);
        hold(&out->held, plane_box_of(wanted->plane, one));
        if (is_line(world, first[i]))
            continue;
        areas[n_areas++] = one;
        around = box_union(around, one);
    }
    TRY(rtree_build(areas, n_areas, arena, &tree, err));
    TRY(findings_near(world, around, arena, &more, &n_more, err));
    out->refs = more;
    for (size_t i = 0; i < n_more; i++) {
        struct box one = finding_box(world, more[i]);
        bool wanted_here = box_intersects(one, box);
        if (!wanted_here)
            rtree_search(&tree, one, &wanted_here, find_any);
        if (wanted_here)
            out->refs[out->n_refs++] = more[i];
    }
done:
    return code;
}

enum err_code source_pick_near(const struct source_wanted *wanted, enum layer_id layer,
                               struct arena *arena, struct near_pick *out, struct err *err)
{
    struct box box = lonlat_box_of(wanted->plane, *wanted->near);
    *out = (struct near_pick){.held = *wanted->near};
    return wanted->id == SOURCE_CONFLICTS ? pick_refs(wanted, box, arena, out, err)
                                          : pick_rows(wanted, layer, box, arena, out, err);
}
