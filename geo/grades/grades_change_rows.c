/* grades_change_rows.c - rows of what an edit touches, before and after, and their words. */
#include "geo/grades/grade_reasons.h"
#include "geo/grades/grades_change.h"

#include "data/base/text.h"

#include <string.h>

static enum err_code plant_rows(struct grades_changing *changing, struct grades_rows *before,
                                struct grades_rows *after, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct grades_edit *edit = changing->edit;
    struct grade_row row;
    for (size_t i = 0; i < changing->step->n_touched; i++) {
        const struct grades_touched *it = &changing->step->touched[i];
        if (grades_touched_same(it) && it->words == GRADES_WORDS_SAME)
            continue;
        if (it->old_row >= 0) {
            TRY(grades_row_plant(edit->old, (size_t)it->old_row, &it->before, before->arena, &row,
                                 err));
            TRY(grades_rows_add(before, &row, err));
        }
        if (it->old_row >= 0 && !it->bystander) {
            TRY(grades_rows_hazards(edit->old, (size_t)it->old_row, &it->before, changing->arena,
                                    before, err));
        }
        if (it->new_row >= 0) {
            TRY(grades_row_plant(edit->now, (size_t)it->new_row, &it->after, after->arena, &row,
                                 err));
            TRY(grades_rows_add(after, &row, err));
        }
        if (it->new_row >= 0 && !it->bystander) {
            TRY(grades_rows_hazards(edit->now, (size_t)it->new_row, &it->after, changing->arena,
                                    after, err));
        }
    }
done:
    return code;
}

static enum err_code cell_row(const struct grades_tile *tile, struct grades_rows *rows,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    struct grade_row row;
    if (!tile || !grades_row_cell_is(&tile->cell))
        return ERR_OK;
    TRY(grades_row_cell(tile, rows->arena, &row, err));
    TRY(grades_rows_add(rows, &row, err));
done:
    return code;
}

static enum err_code unit_rows(struct grades_changing *changing, const struct grades_unit_step *it,
                               struct grades_rows *before, struct grades_rows *after,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = changing->edit->now;
    const struct admin_unit *admin =
        world_admin(world, (size_t)world_row(world, LAYER_ADMIN, it->slot));
    const struct grades_unit *unit = changing->state->units[it->slot];
    struct grades_unit changed = *unit;
    struct grade_row row;
    changed.persons = it->persons;
    changed.inside = it->inside;
    for (int method = 0; method < GRADES_METHODS; method++) {
        TRY(grades_row_unit(world, admin, unit, method, before->arena, &row, err));
        TRY(grades_rows_add(before, &row, err));
        TRY(grades_row_unit(world, admin, &changed, method, after->arena, &row, err));
        TRY(grades_rows_add(after, &row, err));
    }
done:
    return code;
}

/* One walk along both, ordered by id. */
enum err_code grades_pair_rows(const struct grades_rows *before, const struct grades_rows *after,
                               struct arena *arena, struct grades_change *out, struct err *err)
{
    out->pairs = arena_new(arena, struct grades_pair, before->n + after->n);
    if (!out->pairs)
        return err_nomem(err);
    for (size_t i = 0, j = 0; i < after->n || j < before->n;) {
        struct grade_row *mine = i < after->n ? &after->items[i] : NULL;
        struct grade_row *its = j < before->n ? &before->items[j] : NULL;
        int order = !mine ? 1 : !its ? -1 : strcmp(mine->head.id, its->head.id);
        out->pairs[out->n_pairs++] =
            (struct grades_pair){order >= 0 ? its : NULL, order <= 0 ? mine : NULL, NULL};
        i += order <= 0;
        j += order >= 0;
    }
    return ERR_OK;
}

enum err_code grades_change_rows(struct grades_changing *changing, struct grades_change *out,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    const struct grades_step *step = changing->step;
    struct grades_rows before = {.arena = changing->arena};
    struct grades_rows after = {.arena = changing->arena};
    TRY(plant_rows(changing, &before, &after, err));
    for (size_t i = 0; i < step->tiles.n; i++) {
        const struct grades_tile *tile = &step->tile_steps[i].after;
        TRY(cell_row(grades_tile_find(&changing->state->tiles, tile->tile), &before, err));
        TRY(cell_row(tile, &after, err));
    }
    for (size_t i = 0; i < step->n_units; i++)
        TRY(unit_rows(changing, &step->units[i], &before, &after, err));
    grades_rows_sort(&before);
    grades_rows_sort(&after);
    TRY(grades_pair_rows(&before, &after, changing->arena, out, err));
done:
    return code;
}

/* ---- words ---- */

/* The enterprise of the row, if the edit changes nothing of it but findings; or NULL. */
static const struct grades_touched *bystander_of(const struct grades_changing *changing,
                                                 const struct grades_pair *pair)
{
    if (!pair->before || !pair->after || !text_equal(pair->after->subject, "enterprise"))
        return NULL;
    const struct grades_touched *it = grades_touched_find(changing->step, pair->after->subject_id);
    return it && it->bystander ? it : NULL;
}

/* What says the rows. */
struct saying {
    const struct grades_changing *changing;
    bool anew;
    struct grade_words before;
    struct grade_words after;
    struct arena *arena;
};

/* Blue without anything undecided may be that of a plant that is clear. */
static bool is_graded(const struct grades_plant *plant)
{
    return plant->grade > 0 && (plant->grade < 4 || plant->undecided > 0);
}

/* Whether all that is told stays, so that at most the number of what is not told changes. */
static bool keeps_told(const struct grades_touched *it)
{
    return it->words == GRADES_WORDS_SAME ||
           (it->words == GRADES_WORDS_COUNT && it->before.n_reasons >= GRADING_REASONS &&
            it->after.n_reasons >= GRADING_REASONS);
}

static enum err_code ending_of(const struct grades_touched *it, struct arena *arena,
                               struct grades_ending *out, struct err *err)
{
    bool same = it->words == GRADES_WORDS_SAME;
    *out = (struct grades_ending){same ? "]" : grade_reasons_end(it->before.n_reasons, arena),
                                  same ? "]" : grade_reasons_end(it->after.n_reasons, arena)};
    return out->before && out->after ? ERR_OK : err_nomem(err);
}

static struct grade_bystander both_of(const struct saying *saying, const struct grades_touched *it)
{
    return (struct grade_bystander){&saying->before,
                                    &saying->after,
                                    (size_t)it->old_row,
                                    (size_t)it->new_row,
                                    is_graded(&it->before) && is_graded(&it->after),
                                    it->stretches,
                                    it->n_stretches,
                                    it->by_findings};
}

/* By its ending, whatever the reasons before are. *alike: they stay. */
static enum err_code say_ending(const struct saying *saying, const struct grades_touched *it,
                                struct grades_pair *pair, bool *alike, struct err *err)
{
    enum err_code code = ERR_OK;
    struct grades_ending *ending = arena_new(saying->arena, struct grades_ending, 1);
    const struct grade_bystander of = both_of(saying, it);
    const char *ends[2] = {"]", "]"};
    if (!ending)
        return err_nomem(err);
    pair->ending = ending;
    *alike = it->words == GRADES_WORDS_SAME;
    if (keeps_told(it)) {
        TRY(ending_of(it, saying->arena, ending, err));
        goto done;
    }
    TRY(grade_reasons_ends(&of, saying->arena, ends, alike, err));
    *alike = *alike || text_equal(ends[0], ends[1]);
    *ending = (struct grades_ending){ends[0], ends[1]};
done:
    return code;
}

static const struct grades_touched *told_by_findings(const struct saying *saying,
                                                     const struct grades_pair *pair)
{
    return saying->anew ? NULL : bystander_of(saying->changing, pair);
}

static enum err_code say_pair(const struct saying *saying, struct grades_pair *pair, bool *alike,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    const struct grades_touched *bystander = told_by_findings(saying, pair);
    struct grade_row *before = pair->before, *after = pair->after;
    if (bystander)
        return say_ending(saying, bystander, pair, alike, err);
    if (before)
        TRY(grade_reasons(&saying->before, before, saying->arena, &before->reasons, err));
    if (after)
        TRY(grade_reasons(&saying->after, after, saying->arena, &after->reasons, err));
    *alike = before && after && text_equal(before->reasons, after->reasons);
done:
    return code;
}

enum err_code grades_say(struct grades_change *change, struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct grades_changing *changing = change->changing;
    const struct grades_edit *edit = changing->edit;
    struct arena words;
    struct grade_leads leads[2] = {{.arena = &words}, {.arena = &words}};
    bool anew = changing->step->next;
    const struct saying saying = {.changing = changing,
                                  .anew = anew,
                                  .before = {.world = edit->old,
                                             .worker = changing->worker,
                                             .state = changing->state,
                                             .leads = &leads[0]},
                                  .after = {.world = edit->now,
                                            .worker = changing->worker,
                                            .state = anew ? changing->step->next : changing->state,
                                            .changing = anew ? NULL : changing,
                                            .leads = &leads[1]},
                                  .arena = arena};
    size_t n_kept = 0;
    arena_init(&words, 0);
    for (size_t i = 0; i < change->n_pairs; i++) {
        struct grades_pair pair = change->pairs[i];
        struct arena_mark mark = arena_mark(arena);
        bool alike = false;
        TRY(say_pair(&saying, &pair, &alike, err));
        if (alike && grades_row_same(pair.before, pair.after))
            arena_rewind(arena, mark);
        else
            change->pairs[n_kept++] = pair;
    }
    change->n_pairs = n_kept;
done:
    arena_release(&words);
    return code;
}
