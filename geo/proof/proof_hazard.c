/* proof_hazard.c - the level of a major hazard, worked out substance by substance with the
 * numbers in the sums (GB 18218-2018, 4.2.1 and 4.3). */
#include "geo/proof/proof_private.h"

#include "data/base/text.h"
#include "geo/findings/hazard.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A plant whose level is told. */
struct telling {
    const struct world *world;
    struct arena *arena;
    struct jw *jw;
    const struct hazard *hazard;
    const struct inventory_item **items; /* of the plant, by id */
    size_t n_items;
};

static bool is_of_unit(const struct inventory_item *item, const char *unit)
{
    return item->unit ? strcmp(item->unit, unit) == 0 : strcmp(unit, "*") == 0;
}

/* "2/5 + 2/1 + 1/5", or with betas "5 x 2/5 + 20 x 2/1 + 4 x 1/5". */
static void write_sum(const struct telling *telling, const char *unit, bool with_beta,
                      struct buf *out)
{
    const char *plus = "";
    for (size_t i = 0; i < telling->n_items; i++) {
        if (!is_of_unit(telling->items[i], unit))
            continue;
        struct hazard_item one = hazard_item_of(telling->world, telling->items[i]);
        buf_add_text(out, plus);
        plus = " + ";
        if (isinf(one.share)) {
            buf_add_text(out, "?");
            continue;
        }
        if (with_beta && one.beta_low < one.beta_high)
            buf_printf(out, "(%.10g to %.10g) x ", one.beta_low, one.beta_high);
        else if (with_beta)
            buf_printf(out, "%.10g x ", one.beta_low);
        buf_printf(out, "%.10g/%.10g", telling->items[i]->q_t, one.critical_t);
    }
    if (!*plus)
        buf_add_text(out, "0");
}

static void write_formula(const struct telling *telling, const struct hazard_unit *unit)
{
    const struct hazard *hazard = telling->hazard;
    struct buf text;
    buf_init(&text);
    buf_add_text(&text, "S = sum q/Q = ");
    write_sum(telling, unit->unit, false, &text);
    buf_printf(&text, " = %.10g%s; R = alpha x sum beta q/Q = %.10g x (", unit->s,
               unit->s_high > unit->s ? " at least" : "", hazard->alpha);
    write_sum(telling, unit->unit, true, &text);
    buf_printf(&text, ") = %.10g%s; ", unit->r,
               isfinite(unit->r_high) && unit->r_high > unit->r
                   ? proof_text(telling->arena, ", at most %.10g", unit->r_high)
                   : "");
    if (strcmp(unit->unit, "*") == 0)
        buf_add_text(&text, "no units are named, so that the level is what one row reaches alone "
                            "and could be what the sum reaches; ");
    if (unit->level == 0)
        buf_printf(&text, "S %s 1: no major hazard", unit->s < 1 ? "<" : "is not alone from");
    else
        buf_printf(&text, "S >= 1 and R gives level %d", unit->level);
    if (unit->undecided)
        buf_printf(&text, ", could be level %d", unit->could_be);
    jw_kv_string(telling->jw, "formula", buf_text(&text));
    telling->jw->out->failed = telling->jw->out->failed || !buf_ok(&text);
    buf_release(&text);
}

static void write_item(const struct telling *telling, const struct inventory_item *item)
{
    struct jw *jw = telling->jw;
    struct hazard_item one = hazard_item_of(telling->world, item);
    jw_object(jw);
    jw_kv_string(jw, "inventory", item->head.id);
    if (item->substance)
        jw_kv_string(jw, "substance", item->substance);
    if (one.substance)
        jw_kv_string(jw, "table_1_row", one.substance->source.id);
    if (one.category)
        jw_kv_string(jw, "category", one.category->source.id);
    jw_kv_real(jw, "q_t", item->q_t);
    jw_kv_real(jw, "critical_t", one.critical_t);
    jw_kv_real(jw, "share", one.share);
    jw_kv_real(jw, "beta", one.beta_low);
    if (one.beta_high > one.beta_low)
        jw_kv_real(jw, "beta_high", one.beta_high);
    jw_end_object(jw);
}

static void write_unit(const struct telling *telling, const struct hazard_unit *unit)
{
    struct jw *jw = telling->jw;
    const struct rules *rules = telling->world->rules;
    const struct step *step = rules_step(rules->hazard_levels, rules->n_hazard_levels, unit->r);
    jw_object(jw);
    jw_kv_string(jw, "unit", unit->unit);
    jw_kv_real(jw, "S", unit->s);
    jw_kv_real(jw, "S_high", unit->s_high);
    jw_kv_real(jw, "R", unit->r);
    jw_kv_real(jw, "R_high", unit->r_high);
    jw_kv_integer(jw, "level", unit->level);
    jw_kv_integer(jw, "could_be", unit->could_be);
    jw_kv_bool(jw, "at_least", unit->at_least);
    if (unit->level > 0 && step)
        jw_kv_string(jw, "rule", step->source.id);
    jw_key(jw, "items");
    jw_array(jw);
    for (size_t i = 0; i < telling->n_items; i++)
        if (is_of_unit(telling->items[i], unit->unit))
            write_item(telling, telling->items[i]);
    jw_end_array(jw);
    write_formula(telling, unit);
    jw_end_object(jw);
}

static void write_alpha(const struct telling *telling)
{
    const struct hazard *hazard = telling->hazard;
    const struct exposure *around = &hazard->around;
    struct jw *jw = telling->jw;
    jw_key(jw, "residents");
    jw_object(jw);
    jw_kv_real(jw, "within_m", telling->world->rules->parameters.alpha_radius_m);
    jw_kv_real(jw, "persons", around->persons);
    jw_kv_real(jw, "low", around->low);
    jw_kv_real(jw, "high", around->high);
    jw_kv_real(jw, "nodata_share", around->nodata_share);
    jw_end_object(jw);
    jw_kv_real(jw, "alpha", hazard->alpha);
    jw_kv_real(jw, "alpha_high", hazard->alpha_high);
}

static int compare_items(const void *a, const void *b)
{
    const struct inventory_item *x = *(const struct inventory_item *const *)a;
    const struct inventory_item *y = *(const struct inventory_item *const *)b;
    return strcmp(x->head.id, y->head.id);
}

enum err_code proof_claim_hazard(const struct world *world, struct worker *worker, size_t row,
                                 struct jw *jw, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena *arena = &worker->arena;
    struct hazard hazard;
    const uint32_t *rows = NULL;
    struct telling telling = {.world = world, .arena = arena, .jw = jw, .hazard = &hazard};
    TRY(hazard_of(world, worker, row, arena, arena, &hazard, err));
    world_of_enterprise(world, LAYER_INVENTORY, world_enterprise(world, row)->head.id, &rows,
                        &telling.n_items);
    telling.items = arena_new(arena, const struct inventory_item *, telling.n_items);
    if (!telling.items)
        return err_nomem(err);
    for (size_t i = 0; i < telling.n_items; i++)
        telling.items[i] = world_inventory(world, rows[i]);
    if (telling.n_items > 1)
        qsort(telling.items, telling.n_items, sizeof(const struct inventory_item *), compare_items);
    jw_object(jw);
    jw_kv_integer(jw, "level", hazard.level);
    jw_kv_integer(jw, "could_be", hazard.could_be);
    jw_kv_bool(jw, "at_least", hazard.at_least);
    write_alpha(&telling);
    jw_key(jw, "units");
    jw_array(jw);
    for (size_t i = 0; i < hazard.n_units; i++)
        write_unit(&telling, &hazard.units[i]);
    jw_end_array(jw);
    jw_end_object(jw);
done:
    return code;
}
