/* proof_unit.c - the grade of an administrative unit by a method: from the grades of the plants
 * that stand inside of its border, each of which has a proof of its own, and from the share of
 * residents in reach. */
#include "geo/proof/proof_private.h"

#include "data/base/limits.h"
#include "data/base/text.h"
#include "geo/grades/grading.h"
#include "geo/grades/rollup.h"

#include <string.h>

static const char *method_of(const struct proof_question *question)
{
    return question->method ? question->method : "share";
}

/* The unit's own row by the method; subjects differ by level. */
static const struct grade_row *unit_row(const struct world *world,
                                        const struct proof_question *question)
{
    for (int32_t level = 1; level <= 4; level++) {
        const struct grade_row *row =
            world_grade(world, rollup_subject(level), question->id, method_of(question));
        if (row)
            return row;
    }
    return NULL;
}

static enum err_code need_grade(struct proof_needs *needs, const struct grade_row *row,
                                struct err *err)
{
    int64_t at = world_find(needs->world, LAYER_GRADES, row->head.id);
    return at < 0 ? ERR_OK : proof_need_record(needs, LAYER_GRADES, (size_t)at, err);
}

enum err_code proof_need_unit(struct proof_needs *needs, const struct proof_question *question,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = needs->world;
    int64_t at = world_unit(world, question->id);
    const struct grade_row *own = unit_row(world, question);
    uint32_t *rows = NULL;
    size_t n = 0;
    if (at < 0)
        return err_set(err, ERR_NOT_FOUND, "no unit \"%s\"", question->id);
    if (!own)
        return err_set(err, ERR_NOT_FOUND,
                       "unit %s has no grade by method \"%s\"; there are share, worst and index, "
                       "once the store was assessed",
                       question->id, method_of(question));
    TRY(query_enterprises_of_unit(world, world_admin(world, (size_t)at), needs->arena, &rows, &n,
                                  err));
    if (n > LIMIT_PROOF_RECORDS)
        return err_set(err, ERR_LIMIT, "the unit holds %zu plants; a proof takes %d", n,
                       LIMIT_PROOF_RECORDS);
    TRY(proof_need_record(needs, LAYER_ADMIN, (size_t)at, err));
    for (size_t i = 0; i < n; i++) {
        const char *id = world_enterprise(world, rows[i])->head.id;
        const struct grade_row *row = world_grade(world, "enterprise", id, NULL);
        if (!row)
            continue;
        TRY(proof_need_record(needs, LAYER_ENTERPRISES, rows[i], err));
        TRY(need_grade(needs, row, err));
    }
    /* What the residents in reach are is a sum over the whole population: a premise here. */
    if (text_equal(method_of(question), "share"))
        TRY(need_grade(needs, own, err));
done:
    return code;
}

bool proof_unit_is_open(const struct proof_question *question)
{
    return question->kind == PROOF_UNIT && text_equal(method_of(question), "share");
}

/* ---- the claim ---- */

struct inside {
    uint32_t n[5];
    uint32_t n_could_be[5];
    int64_t undecided;
};

static size_t grade_index(int32_t grade)
{
    return grade >= 0 && grade <= 4 ? (size_t)grade : 0;
}

static int32_t worst_of(const uint32_t n[5])
{
    for (int32_t g = 1; g <= 4; g++)
        if (n[g] > 0)
            return g;
    return 0;
}

static enum err_code count_inside(const struct world *world, size_t unit, struct arena *arena,
                                  struct inside *out, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t *rows = NULL;
    size_t n = 0;
    *out = (struct inside){.undecided = 0};
    TRY(query_enterprises_of_unit(world, world_admin(world, unit), arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        const char *id = world_enterprise(world, rows[i])->head.id;
        const struct grade_row *row = world_grade(world, "enterprise", id, NULL);
        if (!row)
            continue;
        out->n[grade_index(row->grade)]++;
        out->n_could_be[grade_index(row->could_be)]++;
        out->undecided += row->undecided;
    }
done:
    return code;
}

static void write_counts(struct jw *jw, const struct inside *inside)
{
    static const char *const names[] = {"n_grey", "n_red", "n_orange", "n_yellow", "n_blue"};
    for (size_t g = 0; g < 5; g++)
        jw_kv_integer(jw, names[g], inside->n[g]);
    jw_kv_integer(jw, "undecided", inside->undecided);
}

/* The share of the grade against its threshold, or why it is milder. */
static const char *share_formula(const struct parameters *p, const struct grade_row *own,
                                 const struct inside *inside, struct arena *arena)
{
    size_t g = grade_index(own->grade);
    if (g >= 1 && g <= 3 && own->value + 1e-12 >= p->share_threshold[g])
        return proof_text(arena,
                          "share of %.0f residents in reach of sources graded %zu or worse = "
                          "%.6f >= threshold %.10g: grade %zu",
                          own->persons, g, own->value, p->share_threshold[g], g);
    if (g == 3 && inside->n[1] > 0)
        return proof_text(arena, "below every threshold, but %u red plants stand inside: grade 3",
                          inside->n[1]);
    return proof_text(arena,
                      "share of %.0f residents in reach of sources graded 3 or worse = %.6f, below "
                      "%.10g: grade %zu",
                      own->persons, own->value, p->share_threshold[3], g);
}

/* Whether the share that is stated gives the grade that is stated. */
static bool share_follows(const struct parameters *p, const struct grade_row *own,
                          const struct inside *inside)
{
    size_t g = grade_index(own->grade);
    if (g >= 1 && g <= 3 && own->value + 1e-12 >= p->share_threshold[g])
        return true;
    bool any = inside->n[1] + inside->n[2] + inside->n[3] + inside->n[4] > 0;
    if (g == 3)
        return inside->n[1] > 0 && !(own->value >= p->share_threshold[3]);
    if (g == 4)
        return any && inside->n[1] == 0 && !(own->value >= p->share_threshold[3]);
    return g == 0 && (!any || !(own->persons > 0));
}

static void write_share(struct jw *jw, const struct world *world, const struct grade_row *own,
                        const struct inside *inside, struct arena *arena)
{
    const struct parameters *p = &world->rules->parameters;
    bool follows = share_follows(p, own, inside);
    jw_kv_integer(jw, "grade", follows ? own->grade : -1);
    jw_kv_real(jw, "persons", own->persons);
    jw_kv_real(jw, "value", own->value);
    write_counts(jw, inside);
    jw_kv_string(jw, "formula",
                 follows ? share_formula(p, own, inside, arena)
                         : "the share that is stated does not give the grade that is stated");
}

static void write_counted(struct jw *jw, const struct world *world, const char *method,
                          const struct inside *inside, struct arena *arena)
{
    const struct parameters *p = &world->rules->parameters;
    double index = 0;
    double unused = 0;
    bool by_index = text_equal(method, "index");
    int32_t grade = by_index ? rollup_index_grade(p, inside->n, &index) : worst_of(inside->n);
    int32_t could_be = by_index ? rollup_index_grade(p, inside->n_could_be, &unused)
                                : worst_of(inside->n_could_be);
    jw_kv_integer(jw, "grade", grade);
    jw_kv_integer(jw, "could_be", grading_worse(grade, could_be));
    write_counts(jw, inside);
    if (!by_index) {
        jw_kv_string(jw, "formula",
                     proof_text(arena,
                                "the worst of %u red, %u orange, %u yellow, "
                                "%u blue plants: grade %d",
                                inside->n[1], inside->n[2], inside->n[3], inside->n[4], grade));
        return;
    }
    jw_kv_real(jw, "value", index);
    jw_kv_string(
        jw, "formula",
        proof_text(arena,
                   "index = %.10g x %u + %.10g x %u + %.10g x %u + %.10g x %u = %.10g; from %.10g "
                   "red, %.10g orange, %.10g yellow: grade %d",
                   p->index_weight[1], inside->n[1], p->index_weight[2], inside->n[2],
                   p->index_weight[3], inside->n[3], p->index_weight[4], inside->n[4], index,
                   p->index_from[1], p->index_from[2], p->index_from[3], grade));
}

enum err_code proof_claim_unit(const struct world *world, struct worker *worker,
                               const struct proof_question *question, struct jw *jw,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const char *method = method_of(question);
    struct inside inside;
    const struct grade_row *own = unit_row(world, question);
    int64_t unit = world_unit(world, question->id);
    bool share = text_equal(method, "share");
    if (!share && !text_equal(method, "worst") && !text_equal(method, "index"))
        return err_set(err, ERR_USAGE, "method \"%s\" should be share, worst or index", method);
    if (unit >= 0)
        TRY(count_inside(world, (size_t)unit, &worker->arena, &inside, err));
    jw_object(jw);
    if (unit < 0 || (share && !own))
        jw_kv_string(jw, "verdict", "none");
    else if (share)
        write_share(jw, world, own, &inside, &worker->arena);
    else
        write_counted(jw, world, method, &inside, &worker->arena);
    jw_end_object(jw);
done:
    return code;
}

enum err_code proof_own_unit(const struct world *world, const struct proof_question *question,
                             struct jw *jw, struct err *err)
{
    const struct grade_row *own = unit_row(world, question);
    if (!own)
        return err_set(err, ERR_NOT_FOUND, "unit %s has no grade", question->id);
    jw_object(jw);
    jw_kv_integer(jw, "grade", own->grade);
    if (!text_equal(method_of(question), "share"))
        jw_kv_integer(jw, "could_be", own->could_be);
    jw_kv_integer(jw, "n_red", own->n_red);
    jw_kv_integer(jw, "n_orange", own->n_orange);
    jw_kv_integer(jw, "n_yellow", own->n_yellow);
    jw_kv_integer(jw, "n_blue", own->n_blue);
    jw_kv_integer(jw, "n_grey", own->n_grey);
    jw_kv_integer(jw, "undecided", own->undecided);
    jw_end_object(jw);
    return ERR_OK;
}
