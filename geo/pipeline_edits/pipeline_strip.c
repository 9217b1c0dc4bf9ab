#include "geo/pipeline_edits/pipeline_strip.h"

#include <stdlib.h>
#include <string.h>

void pipeline_strip_free(struct pipeline_strip *strip)
{
    for (size_t i = 0; i < strip->n_odd; i++)
        free(strip->odd[i]);
    free(strip->odd);
    free(strip->hits);
    free(strip->slots);
}

/* Whether all that a hit is seen from is one span. */
static bool is_plain(const struct pipeline_hit *hit)
{
    const struct span_list *most = &hit->spans[AT_MOST];
    bool plain = !hit->missing && most->n == 1;
    for (int k = AT_LEAST; k < AT_MOST && plain; k++) {
        const struct span_list *list = &hit->spans[k];
        plain = list->n == 0 || (list->n == 1 && list->items[0].from_m == most->items[0].from_m &&
                                 list->items[0].to_m == most->items[0].to_m);
    }
    return plain && hit->spans[MEASURED].n >= hit->spans[AT_LEAST].n;
}

/* The households of a dwelling of which nothing else matters to any window; else 0. */
static int64_t bare_households(const struct pipeline_hit *hit)
{
    const struct pipeline_site *site = hit->site;
    bool bare = site && !hit->missing && site->is_dwelling && !site->is_tall &&
                site->households > 0 && site->households < COUNT_UNKNOWN;
    return bare ? site->households : 0;
}

static enum err_code add_odd(struct pipeline_strip *strip, uint32_t slot,
                             const struct pipeline_hit *hit, struct err *err)
{
    enum { FIRST = 4 };
    size_t n = 0;
    if (strip->n_odd == strip->odd_capacity) {
        size_t capacity = strip->n_odd > 0 ? strip->n_odd + strip->n_odd / 2 + 1 : FIRST;
        struct strip_odd **grown = realloc(strip->odd, capacity * sizeof(struct strip_odd *));
        if (!grown)
            return err_nomem(err);
        strip->odd = grown;
        strip->odd_capacity = capacity;
    }
    for (int k = 0; k < REACHES; k++)
        n += hit->spans[k].n;
    struct strip_odd *odd = malloc(sizeof *odd + n * sizeof(struct span));
    if (!odd)
        return err_nomem(err);
    *odd = (struct strip_odd){.slot = slot,
                              .households = bare_households(hit),
                              .missing = hit->missing,
                              .nearest_m = hit->nearest_m};
    struct span *at = odd->spans;
    for (int k = 0; k < REACHES; k++) {
        const struct span_list *list = &hit->spans[k];
        odd->lists[k] = (struct span_list){at, list->n, list->n};
        if (list->n > 0)
            memcpy(at, list->items, list->n * sizeof *at);
        at += list->n;
    }
    struct span reach = strip_odd_reach(odd);
    strip->longest_odd_m = max_of(strip->longest_odd_m, reach.to_m - reach.from_m);
    strip->odd[strip->n_odd++] = odd;
    return ERR_OK;
}

/* False: no memory. */
static bool make_room(struct pipeline_strip *strip)
{
    enum { FIRST = 16 };
    size_t capacity = strip->capacity > 0 ? strip->capacity + strip->capacity / 2 : FIRST;
    struct strip_hit *hits = realloc(strip->hits, capacity * sizeof *hits);
    strip->hits = hits ? hits : strip->hits;
    uint32_t *slots = realloc(strip->slots, capacity * sizeof *slots);
    strip->slots = slots ? slots : strip->slots;
    if (!hits || !slots)
        return false;
    strip->capacity = capacity;
    return true;
}

enum err_code pipeline_strip_add(struct pipeline_strip *strip, uint32_t slot,
                                 const struct pipeline_hit *hit, struct err *err)
{
    if (!is_plain(hit))
        return add_odd(strip, slot, hit, err);
    if (strip->n == strip->capacity && !make_room(strip))
        return err_nomem(err);
    struct span span = hit->spans[AT_MOST].items[0];
    strip->longest_m = max_of(strip->longest_m, span.to_m - span.from_m);
    strip->slots[strip->n] = slot;
    strip->hits[strip->n++] =
        (struct strip_hit){.span = span,
                           .nearest_m = hit->nearest_m,
                           .told = STRIP_TOLD * (uint64_t)bare_households(hit) +
                                   hit->spans[MEASURED].n + hit->spans[AT_LEAST].n};
    return ERR_OK;
}

/* ---- in order ---- */

/* So few are put where they belong one by one. */
enum { FEW = 8 };

/* The first of n hits that begins at a place or beyond; or beyond alone. */
static size_t hit_from(const struct strip_hit *hits, size_t n, double at_m, bool beyond)
{
    size_t low = 0;
    while (low < n) {
        size_t middle = low + (n - low) / 2;
        double from_m = hits[middle].span.from_m;
        if (from_m < at_m || (beyond && from_m <= at_m))
            low = middle + 1;
        else
            n = middle;
    }
    return low;
}

struct strip_place {
    double from_m;
    size_t number;
};

static int by_place(const void *a, const void *b)
{
    const struct strip_place *x = a;
    const struct strip_place *y = b;
    if (x->from_m != y->from_m)
        return x->from_m < y->from_m ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

size_t pipeline_strip_from(const struct pipeline_strip *strip, double at_m)
{
    return hit_from(strip->hits, strip->n, at_m, false);
}

static enum err_code sort_all(struct pipeline_strip *strip, struct err *err)
{
    size_t n = strip->n;
    struct strip_place *places = malloc(n * sizeof *places);
    struct strip_hit *hits = malloc(n * sizeof *hits);
    uint32_t *slots = malloc(n * sizeof *slots);
    enum err_code code = places && hits && slots ? ERR_OK : err_nomem(err);
    for (size_t i = 0; i < n && code == ERR_OK; i++)
        places[i] = (struct strip_place){strip->hits[i].span.from_m, i};
    if (code == ERR_OK) {
        qsort(places, n, sizeof *places, by_place);
        for (size_t i = 0; i < n; i++) {
            hits[i] = strip->hits[places[i].number];
            slots[i] = strip->slots[places[i].number];
        }
        free(strip->hits);
        free(strip->slots);
        strip->hits = hits;
        strip->slots = slots;
        strip->capacity = strip->n_settled = n;
    } else {
        free(hits);
        free(slots);
    }
    free(places);
    return code;
}

static int by_reach(const void *a, const void *b)
{
    struct span x = strip_odd_reach(*(struct strip_odd *const *)a);
    struct span y = strip_odd_reach(*(struct strip_odd *const *)b);
    return (x.from_m > y.from_m) - (x.from_m < y.from_m);
}

static void settle_odd(struct pipeline_strip *strip)
{
    if (strip->n_odd > strip->n_odd_settled + FEW)
        qsort(strip->odd, strip->n_odd, sizeof(struct strip_odd *), by_reach);
    else
        for (size_t i = strip->n_odd_settled; i < strip->n_odd; i++) {
            struct strip_odd *odd = strip->odd[i];
            size_t at = i;
            for (; at > 0 && by_reach(&strip->odd[at - 1], &odd) > 0; at--)
                strip->odd[at] = strip->odd[at - 1];
            strip->odd[at] = odd;
        }
    strip->n_odd_settled = strip->n_odd;
}

enum err_code pipeline_strip_settle(struct pipeline_strip *strip, struct err *err)
{
    settle_odd(strip);
    if (strip->n > strip->n_settled + FEW)
        return sort_all(strip, err);
    for (; strip->n_settled < strip->n; strip->n_settled++) {
        size_t last = strip->n_settled;
        struct strip_hit hit = strip->hits[last];
        uint32_t slot = strip->slots[last];
        size_t at = hit_from(strip->hits, last, hit.span.from_m, true);
        memmove(&strip->hits[at + 1], &strip->hits[at], (last - at) * sizeof hit);
        memmove(&strip->slots[at + 1], &strip->slots[at], (last - at) * sizeof slot);
        strip->hits[at] = hit;
        strip->slots[at] = slot;
    }
    return ERR_OK;
}

static void remove_at(struct pipeline_strip *strip, size_t at)
{
    size_t n_after = strip->n - at - 1;
    memmove(&strip->hits[at], &strip->hits[at + 1], n_after * sizeof *strip->hits);
    memmove(&strip->slots[at], &strip->slots[at + 1], n_after * sizeof *strip->slots);
    strip->n--;
    strip->n_settled -= at < strip->n_settled;
}

void pipeline_strip_remove(struct pipeline_strip *strip, uint32_t slot)
{
    for (size_t i = strip->n; i-- > 0;)
        if (strip->slots[i] == slot)
            remove_at(strip, i);
    size_t n_odd = 0;
    for (size_t i = 0; i < strip->n_odd; i++) {
        if (strip->odd[i]->slot != slot)
            strip->odd[n_odd++] = strip->odd[i];
        else
            free(strip->odd[i]);
    }
    strip->n_odd = strip->n_odd_settled = n_odd;
}

/* ---- into a job ---- */

static bool touches(const struct span *within, struct span span)
{
    return !within || (span.from_m <= within->to_m && span.to_m >= within->from_m);
}

/* Hits on their way into a job. */
struct taking {
    struct pipeline_job *job;
    const struct strip_wanted *wanted;
    struct pipeline_hit *hits;
    struct span_list *lists; /* REACHES of each plain hit */
    size_t n;
};

static bool stands(const struct taking *on, uint32_t slot)
{
    const struct strip_wanted *wanted = on->wanted;
    bool doubtful = false;
    for (size_t i = 0; i < wanted->n_doubtful && !doubtful; i++)
        doubtful = wanted->doubtful[i] == slot;
    return !doubtful || world_row(on->job->world, LAYER_PROTECTED, slot) >= 0;
}

/* What is taken: from a plain hit, or an odd one. */
struct taken {
    uint32_t slot;
    double nearest_m;
    const char *missing;
    const struct span_list *spans;
    int64_t households; /* of one that may be told bare */
};

static void take(struct taking *on, const struct taken *it)
{
    const struct pipeline_job *job = on->job;
    struct pipeline_hit hit = {.ask = (uint32_t)on->wanted->ask,
                               .layer = LAYER_PROTECTED,
                               .row = WORLD_NO_SLOT,
                               .missing = it->missing,
                               .error_m = (double)NAN,
                               .nearest_m = it->nearest_m,
                               .spans = it->spans,
                               .slot = it->slot};
    if (on->wanted->bare && it->households > 0) {
        hit.households = it->households;
    } else {
        int64_t row = world_row(job->world, LAYER_PROTECTED, it->slot);
        hit.site = row < 0
                       ? NULL
                       : pipeline_sites_of(job->sites, job->world, LAYER_PROTECTED, (size_t)row);
        if (!hit.site)
            return;
        hit.row = (uint32_t)row;
        hit.error_m = job->error_m + hit.site->accuracy_m;
    }
    on->hits[on->n++] = hit;
}

static void take_plain(struct taking *on, const struct strip_hit *hit, uint32_t slot)
{
    struct span_list *lists = on->lists;
    for (uint32_t k = 0; k < REACHES; k++) {
        bool has = strip_hit_has(hit, (enum known)k);
        lists[k] = (struct span_list){(struct span *)(uintptr_t)&hit->span, has, has};
    }
    on->lists += REACHES;
    const struct taken it = {slot, hit->nearest_m, NULL, lists, strip_hit_households(hit)};
    take(on, &it);
}

static void take_odd(struct taking *on, const struct strip_odd *odd)
{
    const struct taken it = {odd->slot, odd->nearest_m, odd->missing, odd->lists, odd->households};
    if (touches(on->wanted->within, strip_odd_reach(odd)) && stands(on, odd->slot))
        take(on, &it);
}

/* The first odd one that begins at a place or beyond. */
static size_t odd_from(const struct pipeline_strip *strip, double at_m)
{
    size_t low = 0;
    size_t high = strip->n_odd;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strip_odd_reach(strip->odd[middle]).from_m < at_m)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum err_code pipeline_strip_take(const struct pipeline_strip *strip, struct pipeline_job *job,
                                  const struct strip_wanted *wanted, struct err *err)
{
    const struct span *within = wanted->within;
    double from_m = within ? within->from_m - 1 : -(double)INFINITY; /* rounding is less */
    double to_m = within ? within->to_m : (double)INFINITY;
    size_t first = hit_from(strip->hits, strip->n, from_m - strip->longest_m, false);
    size_t end = hit_from(strip->hits, strip->n, to_m, true);
    size_t odd = odd_from(strip, from_m - strip->longest_odd_m);
    struct taking on = {
        .job = job,
        .wanted = wanted,
        .hits = arena_new(job->scratch, struct pipeline_hit, end - first + (strip->n_odd - odd)),
        .lists = arena_new(job->scratch, struct span_list, (size_t)REACHES * (end - first))};
    if (!on.hits || !on.lists)
        return err_nomem(err);
    for (size_t i = first; i < end; i++) {
        const struct strip_hit *hit = &strip->hits[i];
        for (; odd < strip->n_odd && strip_odd_reach(strip->odd[odd]).from_m < hit->span.from_m;
             odd++)
            take_odd(&on, strip->odd[odd]);
        if (touches(within, hit->span) && stands(&on, strip->slots[i]))
            take_plain(&on, hit, strip->slots[i]);
    }
    for (; odd < strip->n_odd && strip_odd_reach(strip->odd[odd]).from_m <= to_m; odd++)
        take_odd(&on, strip->odd[odd]);
    pipeline_forget_hits(job);
    job->hits = on.hits;
    job->n_hits = job->asks[wanted->ask].n_hits = on.n;
    return ERR_OK;
}
