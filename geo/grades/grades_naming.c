/* grades_naming.c - who is named in cells and units, while enterprises come and go. */
#include "geo/grades/grade_words.h"

#include <string.h>

static bool comes_before(const struct grades_named *a, const struct grades_named *b)
{
    return a->rank != b->rank ? a->rank < b->rank : strcmp(a->id, b->id) < 0;
}

/* Three that are named may hide others, none of which comes before the last. */
void grades_naming_begin(struct grades_naming *naming, const struct world *old,
                         const struct grades_worst *worst)
{
    *naming = (struct grades_naming){.n = worst->n};
    for (size_t i = 0; i < worst->n; i++) {
        size_t row = (size_t)world_row(old, LAYER_ENTERPRISES, worst->slots[i]);
        naming->named[i] = (struct grades_named){world_enterprise(old, row)->head.id,
                                                 worst->slots[i], worst->ranks[i]};
    }
    if (naming->n == GRADES_WORST)
        naming->bound = naming->named[GRADES_WORST - 1];
}

static void leave_out(struct grades_naming *naming, const struct grades_named *who)
{
    if (naming->bound.rank == 0 || comes_before(who, &naming->bound))
        naming->bound = *who;
}

void grades_naming_add(struct grades_naming *naming, const struct grades_named *who)
{
    size_t at = naming->n;
    while (at > 0 && comes_before(who, &naming->named[at - 1]))
        at--;
    if (at == GRADES_WORST) {
        leave_out(naming, who);
        return;
    }
    if (naming->n == GRADES_WORST)
        leave_out(naming, &naming->named[--naming->n]);
    for (size_t i = naming->n++; i > at; i--)
        naming->named[i] = naming->named[i - 1];
    naming->named[at] = *who;
}

void grades_naming_take(struct grades_naming *naming, uint32_t slot)
{
    for (size_t i = 0; i < naming->n; i++) {
        if (naming->named[i].slot != slot)
            continue;
        naming->n--;
        memmove(naming->named + i, naming->named + i + 1, (naming->n - i) * sizeof *naming->named);
        return;
    }
}

/* Whether it is sure who is named: nobody is left out, or nobody who is could come before. */
static bool settle(const struct grades_naming *naming, struct grades_worst *out)
{
    *out = (struct grades_worst){.n = 0};
    for (size_t i = 0; i < naming->n; i++)
        grades_worst_push(out, naming->named[i].slot, naming->named[i].rank);
    if (naming->bound.rank == 0)
        return true;
    return naming->n == GRADES_WORST &&
           !comes_before(&naming->bound, &naming->named[GRADES_WORST - 1]);
}

enum err_code grades_change_names(struct grades_changing *changing, struct err *err)
{
    enum err_code code = ERR_OK;
    struct grades_step *step = changing->step;
    const struct world *now = changing->edit->now;
    const struct grade_words words = {
        .world = now, .worker = changing->worker, .changing = changing};
    for (size_t i = 0; i < step->tiles.n; i++) {
        struct grades_tile_step *tile = &step->tile_steps[i];
        if (!settle(&tile->naming, &tile->after.cell.worst))
            TRY(grade_named_cell(&words, tile->after.tile, changing->arena, &tile->after.cell.worst,
                                 err));
    }
    for (size_t i = 0; i < step->n_units; i++) {
        struct grades_unit_step *unit = &step->units[i];
        int64_t row = world_row(now, LAYER_ADMIN, unit->slot);
        if (!settle(&unit->naming, &unit->inside.worst))
            TRY(grade_named_unit(&words, (size_t)row, changing->arena, &unit->inside.worst, err));
    }
done:
    return code;
}
