/* query_unit.c - how a unit is, and why a plant has its grade. */
#include "data/base/text.h"
#include "geo/query/query.h"
#include "geo/grades/rollup.h"

#include <stdlib.h>
#include <string.h>

/* ---- the order of conflicts and of enterprises, worst first ---- */

struct ranked {
    struct finding_ref ref;
    int32_t rank; /* smaller is worse */
    double shortfall;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    if (x->shortfall < y->shortfall)
        return 1;
    if (x->shortfall > y->shortfall)
        return -1;
    return finding_ref_compare(x->ref, y->ref);
}

/* Conflicts before undecided ones, worse grades first, then those that lack most metres. */
static struct ranked rank_conflict(const struct world *world, struct finding_ref ref)
{
    const struct finding *finding = finding_at(world, ref);
    bool sure = finding->verdict == VERDICT_CONFLICT;
    double shortfall = isnan(finding->shortfall) ? 0 : finding->shortfall;
    return (struct ranked){ref, (sure ? 0 : 10) + finding->grade, shortfall};
}

int query_compare_conflicts(const struct world *world, struct finding_ref a, struct finding_ref b)
{
    struct ranked x = rank_conflict(world, a);
    struct ranked y = rank_conflict(world, b);
    return compare_ranked(&x, &y);
}

static int compare_refs_of(const void *a, const void *b, void *world)
{
    return query_compare_conflicts(world, *(const struct finding_ref *)a,
                                   *(const struct finding_ref *)b);
}

void query_sort_conflicts(const struct world *world, struct finding_ref *refs, size_t n)
{
    if (n > 1)
        qsort_r(refs, n, sizeof *refs, compare_refs_of, (void *)(uintptr_t)world);
}

int32_t query_grade_rank(const struct world *world, uint32_t enterprise_row)
{
    const struct grade_row *grade =
        world_grade(world, "enterprise", world_enterprise(world, enterprise_row)->head.id, NULL);
    return grade && grade->grade >= 1 && grade->grade <= 4 ? grade->grade : 5;
}

static int compare_plants_of(const void *a, const void *b, void *context)
{
    const struct world *world = context;
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    int32_t i = query_grade_rank(world, x);
    int32_t j = query_grade_rank(world, y);
    if (i != j)
        return i < j ? -1 : 1;
    return (x > y) - (x < y);
}

void query_sort_enterprises(const struct world *world, uint32_t *rows, size_t n)
{
    if (n > 1)
        qsort_r(rows, n, sizeof *rows, compare_plants_of, (void *)(uintptr_t)world);
}

/* ---- a unit ---- */

enum err_code query_enterprises_of_unit(const struct world *world, const struct admin_unit *unit,
                                        struct arena *arena, uint32_t **out, size_t *n,
                                        struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t *rows = NULL;
    size_t n_rows = 0;
    *n = 0;
    TRY(world_search(world, LAYER_ENTERPRISES, unit->head.geom.box, arena, &rows, &n_rows, err));
    for (size_t i = 0; i < n_rows; i++) {
        struct lonlat place = near_place(world_geom(world, LAYER_ENTERPRISES, rows[i]));
        int64_t holder = world_unit_at(world, unit->level, place);
        if (holder >= 0 && text_equal(world_admin(world, (size_t)holder)->code, unit->code))
            rows[(*n)++] = rows[i];
    }
    *out = rows;
done:
    return code;
}

static enum err_code find_children(const struct world *world, struct arena *arena,
                                   struct unit_answer *out, struct err *err)
{
    const uint32_t *rows = NULL;
    size_t n = 0;
    if (out->unit->level < 4)
        world_units(world, out->unit->level + 1, &rows, &n);
    out->children = arena_new(arena, const struct admin_unit *, n);
    if (!out->children)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const struct admin_unit *child = world_admin(world, rows[i]);
        if (text_equal(child->parent, out->unit->code))
            out->children[out->n_children++] = child;
    }
    return ERR_OK;
}

static enum err_code count_conflicts(const struct world *world, struct arena *arena,
                                     struct unit_answer *out, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < out->n_enterprises; i++) {
        struct finding_ref *refs = NULL;
        size_t n = 0;
        struct arena_mark mark = arena_mark(arena);
        TRY(findings_of_enterprise(world, world_enterprise(world, out->enterprises[i])->head.id,
                                   arena, &refs, &n, err));
        for (size_t k = 0; k < n; k++) {
            bool sure = finding_at(world, refs[k])->verdict == VERDICT_CONFLICT;
            out->n_conflicts += sure;
            out->n_undecided += !sure;
        }
        arena_rewind(arena, mark);
    }
done:
    return code;
}

enum err_code query_unit(const struct world *world, struct worker *worker, const char *code_text,
                         struct unit_answer *out, struct err *err)
{
    static const char *const methods[] = {"share", "worst", "index"};
    enum err_code code = ERR_OK;
    *out = (struct unit_answer){0};
    int64_t row = world_unit(world, code_text);
    if (row < 0)
        return err_set(err, ERR_NOT_FOUND, "no unit has the code \"%s\"", code_text);
    out->unit = world_admin(world, (size_t)row);
    for (size_t i = 0; i < 3; i++)
        out->grades[i] =
            world_grade(world, rollup_subject(out->unit->level), code_text, methods[i]);
    TRY(query_enterprises_of_unit(world, out->unit, &worker->arena, &out->enterprises,
                                  &out->n_enterprises, err));
    query_sort_enterprises(world, out->enterprises, out->n_enterprises);
    TRY(count_conflicts(world, &worker->arena, out, err));
    TRY(find_children(world, &worker->arena, out, err));
    TRY(near_exposure(world, worker, &out->unit->head.geom, 0, &out->exposure, err));
done:
    return code;
}

/* ---- a plant ---- */

enum err_code query_enterprise(const struct world *world, struct worker *worker, const char *id,
                               struct enterprise_answer *out, struct err *err)
{
    enum err_code code = ERR_OK;
    *out = (struct enterprise_answer){0};
    int64_t row = world_find(world, LAYER_ENTERPRISES, id);
    if (row < 0)
        return err_set(err, ERR_NOT_FOUND, "no enterprise has the id \"%s\"", id);
    out->row = (uint32_t)row;
    out->enterprise = world_enterprise(world, out->row);
    const struct geom *geom = &out->enterprise->head.geom;
    out->place = near_place(geom);
    out->unit = near_unit(world, out->place);
    out->grade = world_grade(world, "enterprise", id, NULL);
    world_of_enterprise(world, LAYER_FACILITIES, id, &out->facilities, &out->n_facilities);
    world_of_enterprise(world, LAYER_ZONES, id, &out->zones, &out->n_zones);
    world_of_enterprise(world, LAYER_INVENTORY, id, &out->inventory, &out->n_inventory);
    TRY(findings_of_enterprise(world, id, &worker->arena, &out->conflicts, &out->n_conflicts, err));
    query_sort_conflicts(world, out->conflicts, out->n_conflicts);
    TRY(worker_fit(worker, world, err));
    TRY(hazard_of(world, worker, out->row, &worker->arena, &worker->arena, &out->hazard, err));
    TRY(hazard_exposure(world, worker, out->row, world->rules->parameters.alpha_radius_m,
                        &worker->arena, &out->exposure, err));
done:
    return code;
}
