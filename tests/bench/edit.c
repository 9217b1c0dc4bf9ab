/*
 * edit.c - times edits in process: edit STORE [EDITS [SEED [SLOWEST [log|apart|once [THREADS]]]]]
 *
 * STORE is assessed, and is written to: give a copy. Each edit is one record, drawn as edit.py
 * does: moved by up to some 500 m, with another name, another field that rules look at, deleted,
 * put back, or new beside another; none waits for the tables, which get their rows by way of the
 * store's log, as in a server; `apart`: each begins when the tables have those before, as of people
 * who edit by hand; `once`: each is written there at once. THREADS: 1, or as many as are
 * given (0: as the machine has cores, as in a server). CPU time of the editing thread, which others
 * on the machine do not count in, and the time by the clock, which has the disk in it, and on one
 * core what is written meanwhile. One line a layer and one of all, with rows written an edit
 * and microseconds a row of the edits that wrote 200 and more; the time of all threads an edit,
 * until the tables have all; then the SLOWEST (5) edits by the clock. Between the edits, as a
 * measure of the machine: the same clock around 3 ms of arithmetic and one durable write.
 */
#include "geo/assess/editor.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

enum { LAYERS = 4, MOST_GONE = 4096 };

static const enum layer_id layers[LAYERS] = {LAYER_ENTERPRISES, LAYER_ZONES, LAYER_PROTECTED,
                                             LAYER_PIPELINES};

struct sample {
    double cpu_ms;
    double clock_ms;
    enum layer_id layer;
    const char *kind;
    const char *id;
    size_t conflicts;
    size_t grades;
    size_t segments;
};

struct gone {
    enum layer_id layer;
    void *record;
};

struct drawing {
    uint64_t state;
    struct arena kept; /* records that may come back */
    struct gone gone[MOST_GONE];
    size_t n_gone;
    size_t n_new;
};

static double milliseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static void check(enum err_code code, const struct err *err)
{
    if (code == ERR_OK)
        return;
    fprintf(stderr, "edit: %s\n", err->message);
    exit(1);
}

/* Any machine does this; how unevenly it does is not the edits' doing. */
struct yardstick {
    int file;
    uint64_t sum;
    double *clock_ms;
    size_t n;
};

static void yardstick_open(struct yardstick *yardstick, const char *store, size_t n)
{
    struct err err;
    char path[4096];
    snprintf(path, sizeof path, "%s-yardstick", store);
    yardstick->file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    yardstick->clock_ms = calloc(n + 1, sizeof *yardstick->clock_ms);
    check(yardstick->file >= 0 && yardstick->clock_ms ? ERR_OK : err_nomem(&err), &err);
    unlink(path);
}

static void yardstick_lay(struct yardstick *yardstick)
{
    static const char page[4096] = "as much as an edit of a few rows";
    double clock_ms = milliseconds(CLOCK_MONOTONIC);
    double until_ms = milliseconds(CLOCK_THREAD_CPUTIME_ID) + 3;
    while (milliseconds(CLOCK_THREAD_CPUTIME_ID) < until_ms)
        for (int i = 0; i < 1000; i++)
            yardstick->sum = yardstick->sum * 6364136223846793005U + 1442695040888963407U;
    struct err err = {.message = "cannot write beside the store"};
    bool written = pwrite(yardstick->file, page, sizeof page, 0) == (ssize_t)sizeof page &&
                   fdatasync(yardstick->file) == 0;
    check(written ? ERR_OK : ERR_INPUT, &err);
    yardstick->clock_ms[yardstick->n++] = milliseconds(CLOCK_MONOTONIC) - clock_ms;
}

static double draw(struct drawing *drawing)
{
    drawing->state = drawing->state * 6364136223846793005U + 1442695040888963407U;
    return (double)(drawing->state >> 11) * 0x1p-53;
}

static size_t draw_below(struct drawing *drawing, size_t n)
{
    return (size_t)(draw(drawing) * (double)n);
}

static void move(struct drawing *drawing, struct geom *geom)
{
    struct err err;
    double dx = (draw(drawing) - 0.5) * 0.01;
    double dy = (draw(drawing) - 0.5) * 0.01;
    struct lonlat *points =
        arena_memdup(&drawing->kept, geom->points, geom->n_points * sizeof *points);
    check(points ? ERR_OK : err_nomem(&err), &err);
    for (uint32_t i = 0; i < geom->n_points; i++) {
        points[i].lon_deg += dx;
        points[i].lat_deg += dy;
    }
    geom->points = points;
    geom->box = (struct box){geom->box.west_deg + dx, geom->box.south_deg + dy,
                             geom->box.east_deg + dx, geom->box.north_deg + dy};
}

static void change(struct drawing *drawing, enum layer_id layer, void *record)
{
    static const double pressures_mpa[] = {0.4, 1.6, 4, 6.3, 10};
    if (layer == LAYER_ENTERPRISES)
        ((struct enterprise *)record)->staff = 1 + (int32_t)draw_below(drawing, 499);
    else if (layer == LAYER_ZONES)
        ((struct zone *)record)->class = 1 + (int32_t)draw_below(drawing, 3);
    else if (layer == LAYER_PROTECTED)
        ((struct protected_target *)record)->persons = 1 + (int32_t)draw_below(drawing, 899);
    else
        ((struct pipeline *)record)->pressure_mpa = pressures_mpa[draw_below(drawing, 5)];
}

/* What is to be done to a copy of a record that is there. */
static const char *draw_change(struct drawing *drawing, enum layer_id layer, void *record,
                               bool *deletes)
{
    struct record_head *head = record;
    double kind = draw(drawing);
    *deletes = kind < 0.08 && drawing->n_gone < MOST_GONE;
    if (*deletes) {
        drawing->gone[drawing->n_gone++] = (struct gone){layer, record};
        return "delete";
    }
    if (kind < 0.14) {
        head->id = arena_printf(&drawing->kept, "%s-new-%zu", head->id, drawing->n_new++);
        move(drawing, &head->geom);
        return "new";
    }
    if (kind < 0.27) {
        head->name = arena_printf(&drawing->kept, "改名 %zu", draw_below(drawing, 100000));
        return "rename";
    }
    if (kind < 0.42) {
        change(drawing, layer, record);
        return "change";
    }
    move(drawing, &head->geom);
    return "move";
}

static void *copy_of(struct drawing *drawing, const struct world *world, enum layer_id layer)
{
    struct err err;
    size_t row = draw_below(drawing, world_count(world, layer));
    void *record = arena_alloc(&drawing->kept, 1, records_binding(layer)->record_bytes);
    check(record ? ERR_OK : err_nomem(&err), &err);
    check(record_copy(layer, world_record(world, layer, row), &drawing->kept, record, &err), &err);
    return record;
}

/* The generation that it made. */
static uint64_t edit_one(struct editor *editor, struct drawing *drawing, struct sample *out)
{
    struct err err;
    struct arena arena;
    struct edit_result result;
    struct edit_request request = {.layer = layers[0], .n_records = 1};
    bool deletes = false;
    double which = draw(drawing);
    arena_init(&arena, 0);
    if (draw(drawing) < 0.08 && drawing->n_gone > 0) {
        size_t i = draw_below(drawing, drawing->n_gone);
        request.layer = drawing->gone[i].layer;
        request.records = drawing->gone[i].record;
        drawing->gone[i] = drawing->gone[--drawing->n_gone];
        out->kind = "back";
    } else {
        request.layer = layers[which < 0.3 ? 0 : which < 0.55 ? 1 : which < 0.8 ? 2 : 3];
        void *record = copy_of(drawing, editor_world(editor), request.layer);
        request.records = record;
        out->kind = draw_change(drawing, request.layer, record, &deletes);
    }
    out->layer = request.layer;
    out->id = ((const struct record_head *)request.records)->id;
    if (deletes) {
        request.n_records = 0;
        request.deleted = &out->id;
        request.n_deleted = 1;
    }
    double clock_ms = milliseconds(CLOCK_MONOTONIC);
    double cpu_ms = milliseconds(CLOCK_THREAD_CPUTIME_ID);
    check(editor_apply(editor, &request, &arena, &result, &err), &err);
    out->conflicts = result.conflicts.n;
    out->grades = result.grades.n;
    out->segments = result.segments.n;
    uint64_t generation = result.settled || !result.changed ? 0 : result.generation;
    edit_result_release(&result);
    arena_release(&arena);
    out->cpu_ms = milliseconds(CLOCK_THREAD_CPUTIME_ID) - cpu_ms;
    out->clock_ms = milliseconds(CLOCK_MONOTONIC) - clock_ms;
    return generation;
}

/* context: the last generation that the tables have. */
static void note_settled(void *context, uint64_t generation, enum err_code code,
                         const struct err *err)
{
    check(code, err);
    atomic_store((_Atomic uint64_t *)context, generation);
}

static int by_clock(const void *a, const void *b)
{
    double x = ((const struct sample *)a)->clock_ms;
    double y = ((const struct sample *)b)->clock_ms;
    return (x > y) - (x < y);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Layer LAYER_COUNT: all. */
static void tell(const char *name, const struct sample *samples, size_t n_all, enum layer_id layer)
{
    double *cpu_ms = calloc(n_all + 1, sizeof *cpu_ms);
    double *clock_ms = calloc(n_all + 1, sizeof *clock_ms);
    double rows = 0, most_rows = 0, worst_us = 0;
    size_t n = 0;
    for (size_t i = 0; cpu_ms && clock_ms && i < n_all; i++) {
        const struct sample *s = &samples[i];
        double all = (double)(1 + s->conflicts + s->grades + s->segments);
        if (layer != LAYER_COUNT && s->layer != layer)
            continue;
        cpu_ms[n] = s->cpu_ms;
        clock_ms[n++] = s->clock_ms;
        rows += all;
        most_rows = all > most_rows ? all : most_rows;
        if (all >= 200 && s->cpu_ms * 1e3 / all > worst_us)
            worst_us = s->cpu_ms * 1e3 / all;
    }
    if (n > 0) {
        size_t p99 = (size_t)(0.99 * (double)n);
        qsort(cpu_ms, n, sizeof *cpu_ms, by_value);
        qsort(clock_ms, n, sizeof *clock_ms, by_value);
        printf("%-12s %5zu cpu ms p50 %.2f p99 %.2f max %.2f; clock ms p50 %.2f p99 %.2f max %.2f; "
               "rows mean %.0f max %.0f; most us a row %.0f\n",
               name, n, cpu_ms[n / 2], cpu_ms[p99], cpu_ms[n - 1], clock_ms[n / 2], clock_ms[p99],
               clock_ms[n - 1], rows / (double)n, most_rows, worst_us);
    }
    free(cpu_ms);
    free(clock_ms);
}

static void tell_all(struct sample *samples, size_t n, size_t n_slowest)
{
    qsort(samples, n, sizeof *samples, by_clock);
    for (int i = 0; i < LAYERS; i++)
        tell(layer_name(layers[i]), samples, n, layers[i]);
    tell("all", samples, n, LAYER_COUNT);
    for (size_t i = 0; i < n_slowest && i < n; i++) {
        const struct sample *s = &samples[n - 1 - i];
        printf("  %.2f ms (%.2f by the clock) %s %s/%s: conflicts %zu, grades %zu, segments %zu\n",
               s->cpu_ms, s->clock_ms, s->kind, layer_name(s->layer), s->id, s->conflicts,
               s->grades, s->segments);
    }
}

static void yardstick_tell(struct yardstick *yardstick)
{
    size_t n = yardstick->n;
    qsort(yardstick->clock_ms, n, sizeof *yardstick->clock_ms, by_value);
    if (n > 0)
        printf("the machine alone, 3 ms of arithmetic and one durable write: clock ms p50 %.2f p99 "
               "%.2f max %.2f\n",
               yardstick->clock_ms[n / 2], yardstick->clock_ms[(size_t)(0.99 * (double)n)],
               yardstick->clock_ms[n - 1]);
    free(yardstick->clock_ms);
    close(yardstick->file);
}

int main(int n_words, char **words)
{
    struct err err;
    struct world *world = NULL;
    struct editor *editor = NULL;
    _Atomic uint64_t settled = 0;
    size_t n = n_words > 2 ? strtoul(words[2], NULL, 10) : 1000;
    struct drawing *drawing = calloc(1, sizeof *drawing);
    struct sample *samples = calloc(n + 1, sizeof *samples);
    if (n_words < 2 || !drawing || !samples) {
        fprintf(stderr, "usage: edit STORE [EDITS [SEED [SLOWEST [log|apart|once [THREADS]]]]]\n");
        return 1;
    }
    drawing->state = n_words > 3 ? strtoull(words[3], NULL, 10) : 1;
    arena_init(&drawing->kept, 0);
    double start_ms = milliseconds(CLOCK_THREAD_CPUTIME_ID);
    check(world_load(words[1], NULL, INT_ABSENT, &world, &err), &err);
    double loaded_ms = milliseconds(CLOCK_THREAD_CPUTIME_ID);
    size_t n_threads = n_words > 6 ? strtoul(words[6], NULL, 10) : 1;
    check(editor_new(words[1], world, n_threads, &editor, &err), &err);
    printf("loaded in %.0f ms, ready for edits in %.0f ms\n", loaded_ms - start_ms,
           milliseconds(CLOCK_THREAD_CPUTIME_ID) - loaded_ms);
    fflush(stdout);
    world_release(world);
    bool once = n_words > 5 && strcmp(words[5], "once") == 0;
    bool apart = n_words > 5 && strcmp(words[5], "apart") == 0;
    if (!once)
        check(editor_keep_log(editor, &(struct store_settled){&settled, note_settled}, &err), &err);
    struct yardstick yardstick = {.n = 0};
    yardstick_open(&yardstick, words[1], n);
    double all_ms = milliseconds(CLOCK_PROCESS_CPUTIME_ID);
    for (size_t i = 0; i < n; i++) {
        yardstick_lay(&yardstick);
        uint64_t generation = edit_one(editor, drawing, &samples[i]);
        while (apart && atomic_load(&settled) < generation)
            (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    editor_free(editor);
    all_ms = milliseconds(CLOCK_PROCESS_CPUTIME_ID) - all_ms;
    tell_all(samples, n, n_words > 4 ? strtoul(words[4], NULL, 10) : 5);
    yardstick_tell(&yardstick);
    printf("all threads: %.2f ms of CPU an edit\n", all_ms / (double)(n + !n) - 3);
    arena_release(&drawing->kept);
    free(samples);
    free(drawing);
    return 0;
}
