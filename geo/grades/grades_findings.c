/* grades_findings.c - enterprises of which an edit changes nothing but findings: a few of hundreds
 * come or go, and from these follows what becomes of the grade and of what is told. */
#include "geo/grades/grade_order.h"
#include "geo/grades/grades_change.h"

#include <string.h>

/* ---- what changed of a list ---- */

/* Whether n findings of both lists are the same: those of `before` from place k on, those of
 * `after` from place l on. What both hold in one place need not be looked at. */
static bool same(const struct finding_list *before, uint32_t k, const struct finding_list *after,
                 uint32_t l, uint32_t n)
{
    uint32_t in_row;
    for (uint32_t done = 0; done < n; done += in_row) {
        uint32_t n_a, n_b;
        const struct finding *a = finding_list_run(before, k + done, &n_a);
        const struct finding *b = finding_list_run(after, l + done, &n_b);
        in_row = n_a < n_b ? n_a : n_b;
        in_row = in_row < n - done ? in_row : n - done;
        /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): equal ones are equal bytes */
        if (a != b && memcmp(a, b, in_row * sizeof *a) != 0)
            return false;
    }
    return true;
}

/* How many are the same, of at most `most`: from the beginning, or else from the end. By blocks
 * that get shorter. */
static uint32_t count_same(const struct finding_list *before, const struct finding_list *after,
                           uint32_t most, bool from_end)
{
    uint32_t n = 0;
    for (uint32_t block = 64; block > 0; block /= 8) {
        while (n + block <= most) {
            uint32_t k = from_end ? before->n - n - block : n;
            uint32_t l = from_end ? after->n - n - block : n;
            if (!same(before, k, after, l, block))
                break;
            n += block;
        }
    }
    return n;
}

/* Where two lists differ: the rest is alike, from the beginning and from the end. */
static void find_stretch(struct grades_stretch *out)
{
    if (out->splice.known) {
        out->first = out->splice.first;
        out->before_end = out->first + out->splice.n_gone;
        out->after_end = out->first + out->splice.n_come;
        return;
    }
    const struct finding_list *before = out->before;
    const struct finding_list *after = out->after;
    uint32_t n_before = before ? before->n : 0;
    uint32_t n_after = after ? after->n : 0;
    uint32_t least = n_before < n_after ? n_before : n_after;
    uint32_t head = least > 0 ? count_same(before, after, least, false) : 0;
    uint32_t tail = least > head ? count_same(before, after, least - head, true) : 0;
    out->first = head;
    out->before_end = n_before - tail;
    out->after_end = n_after - tail;
}

/* Lists are by kind: whether equal findings of both are equal rows. */
static bool are_sure(const struct finding_list *list)
{
    return !list || list->n == 0 || finding_list_at(list, list->n - 1)->kind <= GRADES_SURE_KIND;
}

/* Whether the enterprise is as it was but for a few findings. */
static bool is_small(const struct grades_touched *it)
{
    enum { MOST = 64 }; /* with more, all is worked out sooner */
    size_t n = 0;
    for (size_t i = 0; i < it->n_stretches; i++) {
        const struct grades_stretch *stretch = &it->stretches[i];
        bool sure =
            stretch->splice.known || (are_sure(stretch->before) && are_sure(stretch->after));
        if (stretch->old_row < 0 || stretch->new_row < 0 || !sure)
            return false;
        n += stretch->before_end - stretch->first + stretch->after_end - stretch->first;
    }
    return n <= MOST;
}

/* ---- all lists of an enterprise ---- */

/* Begins with all but world, enterprise and layer 0. */
struct walk {
    const struct world *world;
    size_t enterprise;
    int layer; /* in finding_layers, that comes next */
    const uint32_t *rows;
    size_t n_rows;
    enum layer_id of;
    uint32_t row;
    const struct finding_list *list;
};

static bool next_list(struct walk *walk)
{
    for (;;) {
        if (walk->n_rows > 0) {
            walk->row = *walk->rows++;
            walk->n_rows--;
        } else if (walk->layer == FINDING_LAYERS) {
            return false;
        } else {
            walk->of = finding_layers[walk->layer++];
            walk->row = (uint32_t)walk->enterprise;
            if (walk->of != LAYER_ENTERPRISES) {
                world_of_enterprise(walk->world, walk->of,
                                    world_enterprise(walk->world, walk->enterprise)->head.id,
                                    &walk->rows, &walk->n_rows);
                continue;
            }
        }
        walk->list = findings_of(walk->world, walk->of, walk->row);
        if (walk->list && walk->list->n > 0)
            return true;
    }
}

/* ---- the grade ---- */

/* The worst that some findings give and may give; 0: none. */
struct worst {
    int32_t grade;
    int32_t could_be;
};

static struct worst worst_of(const struct finding_list *list, uint32_t first, uint32_t end)
{
    struct worst worst = {0, 0};
    for (uint32_t k = first; k < end; k++) {
        const struct finding *finding = finding_list_at(list, k);
        worst.grade = grading_worse(worst.grade, grade_given(finding));
        worst.could_be = grading_worse(worst.could_be, finding->could_be);
    }
    return worst;
}

/* Whether there are findings that give a grade, and that may give another; 0 asks for none. */
static bool are_there(const struct grades_changing *changing, const struct grades_touched *it,
                      struct worst wanted)
{
    struct walk walk = {.world = changing->edit->now, .enterprise = (size_t)it->new_row};
    while ((wanted.grade || wanted.could_be) && next_list(&walk)) {
        for (uint32_t k = 0, n; k < walk.list->n; k += n) {
            const struct finding *run = finding_list_run(walk.list, k, &n);
            for (uint32_t i = 0; i < n && (wanted.grade || wanted.could_be); i++) {
                if (grade_given(&run[i]) == wanted.grade)
                    wanted.grade = 0;
                if (run[i].could_be == wanted.could_be)
                    wanted.could_be = 0;
            }
        }
    }
    return !wanted.grade && !wanted.could_be;
}

/* The grade is the worst of what speaks: what comes may make it worse, what goes milder, unless
 * another finding gives it too. False: only working it out tells. */
static bool judge(const struct grades_changing *changing, const struct grades_touched *it,
                  struct grades_plant *out)
{
    const struct grades_plant *before = &it->before;
    struct worst lost = {0, 0}, come = {0, 0};
    int64_t undecided = before->undecided;
    for (size_t i = 0; i < it->n_stretches; i++) {
        const struct grades_stretch *stretch = &it->stretches[i];
        struct worst gone = worst_of(stretch->before, stretch->first, stretch->before_end);
        struct worst more = worst_of(stretch->after, stretch->first, stretch->after_end);
        lost.grade = grading_worse(lost.grade, gone.grade);
        lost.could_be = grading_worse(lost.could_be, gone.could_be);
        come.grade = grading_worse(come.grade, more.grade);
        come.could_be = grading_worse(come.could_be, more.could_be);
        undecided += stretch->after ? stretch->after->n_undecided : 0;
        undecided -= stretch->before ? stretch->before->n_undecided : 0;
    }
    int32_t grade = grading_worse(before->grade, come.grade);
    int32_t could_be = grading_worse(grading_worse(before->could_be, come.could_be), grade);
    /* Of what is undecided there is a word at the end, and blue may be that of a plant that is
     * clear. */
    if (undecided <= 0 && (grade == 0 || grade == 4))
        return false;
    if (before->undecided == 0 && (before->grade == 0 || before->grade == 4))
        return false;
    struct worst wanted = {
        .grade = grade > 0 && grade == lost.grade && grade != come.grade ? grade : 0,
        .could_be =
            could_be > 0 && could_be == lost.could_be && could_be != come.could_be ? could_be : 0};
    if (!are_there(changing, it, wanted))
        return false;
    *out = *before;
    out->grade = (uint8_t)grade;
    out->could_be = (uint8_t)could_be;
    out->undecided = (int32_t)undecided;
    return true;
}

/* ---- the words ---- */

/* Of the findings that come or go the one that would be told first, and its list; false: there is
 * none. */
static bool first_of(const struct grades_changing *changing, const struct grades_touched *it,
                     struct grade_place *out, const struct grades_stretch **its)
{
    *its = NULL;
    for (size_t i = 0; i < it->n_stretches; i++) {
        const struct grades_stretch *stretch = &it->stretches[i];
        for (int side = 0; side < 2; side++) {
            const struct finding_list *list = side ? stretch->before : stretch->after;
            uint32_t end = side ? stretch->before_end : stretch->after_end;
            for (uint32_t k = stretch->first; k < end; k++) {
                const struct grade_place one = {
                    side ? changing->edit->old : changing->edit->now,
                    {stretch->layer, (uint32_t)(side ? stretch->old_row : stretch->new_row), k},
                    finding_list_at(list, k)};
                size_t group = grade_group(grade_given(one.found));
                size_t least = *its ? grade_group(grade_given(out->found)) : GRADE_GROUPS;
                if (group < least ||
                    (group == least && grade_order(&changing->state->rules, &one, out) < 0)) {
                    *out = one;
                    *its = stretch;
                }
            }
        }
    }
    return *its;
}

/* The stretch of a list, or NULL: it is as it was. */
static const struct grades_stretch *stretch_of(const struct grades_touched *it,
                                               const struct finding_list *after)
{
    for (size_t i = 0; i < it->n_stretches; i++)
        if (it->stretches[i].after == after)
            return &it->stretches[i];
    return NULL;
}

/* Counting findings that are told before another. */
struct counting {
    const struct grade_rules *rules;
    const struct grade_place *other;
    size_t group;                     /* of the other */
    const struct grades_stretch *its; /* in which it comes or goes */
    size_t left;                      /* so many more are enough */
};

/* Of one source, by one rule, a list has them by the row of the target, and rows are by id. */
static bool is_before(const struct counting *counting, const struct grades_stretch *stretch,
                      const struct grade_place *one)
{
    const struct finding *x = one->found;
    const struct finding *y = counting->other->found;
    size_t group = grade_group(grade_given(x));
    if (group != counting->group)
        return group < counting->group;
    if (stretch && stretch == counting->its && x->kind == y->kind && x->rule == y->rule &&
        x->target_layer == y->target_layer && x->target_slot != FINDING_NO_TARGET &&
        y->target_slot != FINDING_NO_TARGET)
        return one->at.k < stretch->first;
    return grade_order(counting->rules, one, counting->other) < 0;
}

/* Those of findings first .. end - 1 of a list. */
static void count_before(struct counting *counting, const struct walk *walk,
                         const struct grades_stretch *stretch, uint32_t first, uint32_t end)
{
    for (uint32_t k = first, n; k < end && counting->left > 0; k += n) {
        const struct finding *run = finding_list_run(walk->list, k, &n);
        n = n < end - k ? n : end - k;
        for (uint32_t i = 0; i < n && counting->left > 0; i++) {
            const struct grade_place one = {walk->world, {walk->of, walk->row, k + i}, &run[i]};
            counting->left -= is_before(counting, stretch, &one);
        }
    }
}

/* Whether as many findings that stand before and after the edit as are told at most come before
 * all that it changes. */
static bool is_hidden(const struct grades_changing *changing, const struct grades_touched *it)
{
    struct walk walk = {.world = changing->edit->now, .enterprise = (size_t)it->new_row};
    struct grade_place first = {.found = NULL};
    struct counting counting = {
        .rules = &changing->state->rules, .other = &first, .left = GRADING_REASONS};
    if (!first_of(changing, it, &first, &counting.its))
        return true;
    counting.group = grade_group(grade_given(first.found));
    while (counting.left > 0 && next_list(&walk)) {
        const struct grades_stretch *stretch = stretch_of(it, walk.list);
        count_before(&counting, &walk, stretch, 0, stretch ? stretch->first : walk.list->n);
        if (stretch)
            count_before(&counting, &walk, stretch, stretch->after_end, walk.list->n);
    }
    return counting.left == 0;
}

/* The word at the end, where nothing gave a grade, is one of the reasons. */
static bool has_last(const struct grades_plant *plant)
{
    return plant->grade == 0;
}

static uint32_t count_reasons(const struct grades_touched *it)
{
    int64_t n = (int64_t)it->before.n_reasons + has_last(&it->after) - has_last(&it->before);
    for (size_t i = 0; i < it->n_stretches; i++) {
        const struct grades_stretch *stretch = &it->stretches[i];
        n += (int64_t)stretch->after_end - (int64_t)stretch->before_end;
    }
    return (uint32_t)n;
}

/* A word at the end that comes or goes may be told then. */
static enum grades_words words_of(const struct grades_changing *changing,
                                  const struct grades_touched *it)
{
    if (has_last(&it->before) != has_last(&it->after) || !is_hidden(changing, it))
        return GRADES_WORDS_OTHER;
    return it->after.n_reasons == it->before.n_reasons ? GRADES_WORDS_SAME : GRADES_WORDS_COUNT;
}

bool grades_judge_findings(const struct grades_changing *changing, struct grades_touched *it)
{
    for (size_t i = 0; i < it->n_stretches; i++)
        find_stretch(&it->stretches[i]);
    if (!is_small(it) || !it->before.alive || !judge(changing, it, &it->after))
        return false;
    it->after.n_reasons = count_reasons(it);
    it->words = words_of(changing, it);
    it->by_findings = true;
    return true;
}
