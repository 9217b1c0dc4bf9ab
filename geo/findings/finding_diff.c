#include "geo/findings/finding_diff.h"

#include <string.h>

/* Findings first .. end - 1 of a list. */
struct stretch {
    const struct finding_list *list;
    uint32_t first;
    uint32_t end;
};

static bool is_row(const struct finding *one)
{
    return one->kind == FINDING_DISTANCE || one->kind == FINDING_BEYOND;
}

static bool same(const struct finding *a, const struct finding *b)
{
    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): equal ones are equal bytes */
    return memcmp(a, b, sizeof *a) == 0;
}

/* ---- a set of findings ---- */

struct finding_set {
    const struct finding_list *list;
    uint32_t *slots; /* 1 + place; 0: free */
    size_t mask;
};

static size_t hash_of(const struct finding *one)
{
    const unsigned char *bytes = (const void *)one;
    uint64_t hash = 14695981039346656037U;
    for (size_t i = 0; i + sizeof(uint64_t) <= sizeof *one; i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, bytes + i, sizeof word);
        hash = (hash ^ word) * 1099511628211U;
        hash ^= hash >> 29;
    }
    return (size_t)hash;
}

static bool set_has(const struct finding_set *set, const struct finding *one)
{
    for (size_t at = hash_of(one) & set->mask; set->slots[at]; at = (at + 1) & set->mask)
        if (same(finding_list_at(set->list, set->slots[at] - 1), one))
            return true;
    return false;
}

static enum err_code set_of(struct stretch run, struct arena *arena, struct finding_set *out,
                            struct err *err)
{
    size_t room = 8;
    while (room < 2 * (size_t)(run.end - run.first))
        room *= 2;
    *out = (struct finding_set){run.list, arena_new(arena, uint32_t, room), room - 1};
    if (!out->slots)
        return err_nomem(err);
    memset(out->slots, 0, room * sizeof *out->slots);
    for (uint32_t k = run.first; k < run.end; k++) {
        size_t at = hash_of(finding_list_at(run.list, k)) & out->mask;
        while (out->slots[at])
            at = (at + 1) & out->mask;
        out->slots[at] = k + 1;
    }
    return ERR_OK;
}

/* ---- the difference ---- */

/* Those of a run that the set lacks. */
static void tell_run(struct stretch run, const struct finding_set *other, uint32_t *out, size_t *n)
{
    for (uint32_t k = run.first; k < run.end; k++) {
        const struct finding *one = finding_list_at(run.list, k);
        if (!is_row(one) || !set_has(other, one))
            out[(*n)++] = k;
    }
}

/* Those of a stretch that is alike. */
static void tell_alike(const struct finding_list *list, uint32_t first, uint32_t end, uint32_t *out,
                       size_t *n)
{
    for (uint32_t k = first; k < end; k++)
        if (!is_row(finding_list_at(list, k)))
            out[(*n)++] = k;
}

enum err_code finding_diff(const struct finding_list *before, const struct finding_list *after,
                           struct arena *arena, struct finding_diff *out, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t n_before = before ? before->n : 0;
    uint32_t n_after = after ? after->n : 0;
    uint32_t least = n_before < n_after ? n_before : n_after;
    uint32_t head = 0, tail = 0;
    struct finding_set of_before, of_after;
    *out = (struct finding_diff){.before = arena_new(arena, uint32_t, n_before),
                                 .after = arena_new(arena, uint32_t, n_after)};
    if (!out->before || !out->after)
        return err_nomem(err);
    while (head < least &&
           (before == after || same(finding_list_at(before, head), finding_list_at(after, head))))
        head++;
    while (tail < least - head && same(finding_list_at(before, n_before - 1 - tail),
                                       finding_list_at(after, n_after - 1 - tail)))
        tail++;
    struct stretch was = {before, head, n_before - tail};
    struct stretch is = {after, head, n_after - tail};
    TRY(set_of(was, arena, &of_before, err));
    TRY(set_of(is, arena, &of_after, err));
    tell_alike(before, 0, head, out->before, &out->n_before);
    tell_run(was, &of_after, out->before, &out->n_before);
    tell_alike(before, was.end, n_before, out->before, &out->n_before);
    tell_alike(after, 0, head, out->after, &out->n_after);
    tell_run(is, &of_before, out->after, &out->n_after);
    tell_alike(after, is.end, n_after, out->after, &out->n_after);
done:
    return code;
}

enum err_code finding_diff_of_splice(const struct finding_splice *splice, struct arena *arena,
                                     struct finding_diff *out, struct err *err)
{
    *out = (struct finding_diff){.before = arena_new(arena, uint32_t, splice->n_gone),
                                 .n_before = splice->n_gone,
                                 .after = arena_new(arena, uint32_t, splice->n_come),
                                 .n_after = splice->n_come};
    if (!out->before || !out->after)
        return err_nomem(err);
    for (uint32_t i = 0; i < splice->n_gone; i++)
        out->before[i] = splice->first + i;
    for (uint32_t i = 0; i < splice->n_come; i++)
        out->after[i] = splice->first + i;
    return ERR_OK;
}
