#include "geo/pipelines/pipeline_strip.h"

#include <stdlib.h>
#include <string.h>

/* A dwelling with one span, the same in the widest n_reaches of them, and in no other. */
struct strip_hit {
    struct span span;
    double nearest_m;
    uint32_t slot;
    uint32_t n_reaches;
};

/* Any other: one of whom an attribute is missing, or beside which the line bends inwards. */
struct strip_odd {
    struct strip_odd *next;
    uint32_t slot;
    const char *missing;
    double nearest_m;
    struct span_list lists[REACHES];
    struct span spans[];
};

void pipeline_strip_free(struct pipeline_strip *strip)
{
    for (struct strip_odd *odd = strip->odd; odd;) {
        struct strip_odd *next = odd->next;
        free(odd);
        odd = next;
    }
    free(strip->hits);
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

static enum err_code add_odd(struct pipeline_strip *strip, uint32_t slot,
                             const struct pipeline_hit *hit, struct err *err)
{
    size_t n = 0;
    for (int k = 0; k < REACHES; k++)
        n += hit->spans[k].n;
    struct strip_odd *odd = malloc(sizeof *odd + n * sizeof(struct span));
    if (!odd)
        return err_nomem(err);
    *odd = (struct strip_odd){
        .next = strip->odd, .slot = slot, .missing = hit->missing, .nearest_m = hit->nearest_m};
    struct span *at = odd->spans;
    for (int k = 0; k < REACHES; k++) {
        const struct span_list *list = &hit->spans[k];
        odd->lists[k] = (struct span_list){at, list->n, list->n};
        if (list->n > 0)
            memcpy(at, list->items, list->n * sizeof *at);
        at += list->n;
    }
    strip->odd = odd;
    return ERR_OK;
}

/* False: no memory. */
static bool make_room(struct pipeline_strip *strip)
{
    enum { FIRST = 16 };
    size_t capacity = strip->capacity > 0 ? strip->capacity + strip->capacity / 2 : FIRST;
    struct strip_hit *hits = realloc(strip->hits, capacity * sizeof *hits);
    if (!hits)
        return false;
    strip->hits = hits;
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
    strip->hits[strip->n++] = (struct strip_hit){
        .span = hit->spans[AT_MOST].items[0],
        .nearest_m = hit->nearest_m,
        .slot = slot,
        .n_reaches = 1 + (uint32_t)(hit->spans[MEASURED].n + hit->spans[AT_LEAST].n)};
    return ERR_OK;
}

void pipeline_strip_remove(struct pipeline_strip *strip, uint32_t slot)
{
    size_t n = 0;
    for (size_t i = 0; i < strip->n; i++)
        if (strip->hits[i].slot != slot)
            strip->hits[n++] = strip->hits[i];
    strip->n = n;
    for (struct strip_odd **at = &strip->odd; *at;) {
        struct strip_odd *odd = *at;
        if (odd->slot == slot) {
            *at = odd->next;
            free(odd);
        } else {
            at = &odd->next;
        }
    }
}

void pipeline_strip_forget(struct pipeline_strip *strip, const struct world *old,
                           const struct world *now)
{
    size_t n = 0;
    for (size_t i = 0; i < strip->n; i++)
        if (world_row(now, LAYER_PROTECTED, strip->hits[i].slot) >= 0 ||
            world_row(old, LAYER_PROTECTED, strip->hits[i].slot) >= 0)
            strip->hits[n++] = strip->hits[i];
    strip->n = n;
}

static bool touches(const struct span *within, struct span span)
{
    return !within || (span.from_m <= within->to_m && span.to_m >= within->from_m);
}

/* Hits on their way into a job. */
struct taking {
    struct pipeline_job *job;
    uint32_t ask;
    struct pipeline_hit *hits;
    struct span_list *lists; /* REACHES of each plain hit */
    size_t n;
};

/* False: it is gone. */
static bool take(struct taking *on, uint32_t slot, double nearest_m, const char *missing,
                 const struct span_list *spans)
{
    const struct pipeline_job *job = on->job;
    int64_t row = world_row(job->world, LAYER_PROTECTED, slot);
    const struct pipeline_site *site =
        row < 0 ? NULL : pipeline_sites_of(job->sites, job->world, LAYER_PROTECTED, (size_t)row);
    if (!site)
        return false;
    on->hits[on->n++] = (struct pipeline_hit){.ask = on->ask,
                                              .layer = LAYER_PROTECTED,
                                              .row = (uint32_t)row,
                                              .missing = missing,
                                              .error_m = job->error_m + site->accuracy_m,
                                              .nearest_m = nearest_m,
                                              .spans = spans,
                                              .site = site};
    return true;
}

static void take_plain(struct taking *on, const struct strip_hit *hit)
{
    struct span_list *lists = on->lists;
    for (uint32_t k = 0; k < REACHES; k++) {
        bool has = k + hit->n_reaches >= REACHES;
        lists[k] = (struct span_list){(struct span *)(uintptr_t)&hit->span, has, has};
    }
    if (take(on, hit->slot, hit->nearest_m, NULL, lists))
        on->lists += REACHES;
}

/* Sites lie in the order of space, not of the strip: so many ahead they are called for. */
enum { AHEAD = 8 };

static void call_for(const struct pipeline_strip *strip, const struct pipeline_layer_sites *sites,
                     size_t i)
{
    size_t later = i + AHEAD + AHEAD;
    uint32_t far = later < strip->n ? strip->hits[later].slot : WORLD_NO_SLOT;
    uint32_t near = i + AHEAD < strip->n ? strip->hits[i + AHEAD].slot : WORLD_NO_SLOT;
    if (far < sites->n_slots)
        __builtin_prefetch(&sites->places[far]);
    if (near < sites->n_slots && sites->places[near] != WORLD_NO_SLOT)
        __builtin_prefetch(&sites->items[sites->places[near]]);
}

enum err_code pipeline_strip_take(const struct pipeline_strip *strip, struct pipeline_job *job,
                                  size_t ask, const struct span *within, struct err *err)
{
    size_t n = strip->n;
    for (const struct strip_odd *odd = strip->odd; odd; odd = odd->next)
        n++;
    struct taking on = {.job = job,
                        .ask = (uint32_t)ask,
                        .hits = arena_new(job->scratch, struct pipeline_hit, n),
                        .lists =
                            arena_new(job->scratch, struct span_list, (size_t)REACHES * strip->n)};
    if (!on.hits || !on.lists)
        return err_nomem(err);
    for (size_t i = 0; i < strip->n; i++) {
        call_for(strip, &job->sites->layers[LAYER_PROTECTED], i);
        if (touches(within, strip->hits[i].span))
            take_plain(&on, &strip->hits[i]);
    }
    for (const struct strip_odd *odd = strip->odd; odd; odd = odd->next) {
        const struct span_list *most = &odd->lists[AT_MOST];
        if (touches(within, (struct span){most->items[0].from_m, most->items[most->n - 1].to_m}))
            take(&on, odd->slot, odd->nearest_m, odd->missing, odd->lists);
    }
    pipeline_forget_hits(job);
    job->hits = on.hits;
    job->n_hits = job->asks[ask].n_hits = on.n;
    return ERR_OK;
}
