/* case_pipelines.h - what cases ask of pipelines: the segments of a method along the line. */
#ifndef SISETU_TESTS_CASE_PIPELINES_H
#define SISETU_TESTS_CASE_PIPELINES_H

#include "tests/unit/case_fixture.h"

#include "geo/pipelines/pipeline_segments.h"

#include <stdlib.h>

static inline int by_station(const void *a, const void *b)
{
    const struct segment *x = *(const struct segment *const *)a;
    const struct segment *y = *(const struct segment *const *)b;
    if (x->from_m != y->from_m)
        return x->from_m < y->from_m ? -1 : 1;
    return strcmp(x->head.id, y->head.id);
}

/* "K3+660", "-K0+012", or metres, feet. */
static inline double station_of(struct one_case *c, const struct line *line, int word)
{
    const char *text = word < line->n ? line->words[word] : "";
    bool back = text[0] == '-' && text[1] == 'K';
    char *end = NULL;
    if (text[back] != 'K')
        return number_of(c, line, word);
    double km = strtod(text + back + 1, &end);
    double m = *end == '+' ? strtod(end + 1, &end) : (double)NAN;
    if (!end || *end || isnan(m))
        fail_case(c, line->number, "\"%s\" is no station such as K3+660", text);
    return back ? -(km * 1000 + m) : km * 1000 + m;
}

static inline void expect_station(struct one_case *c, const struct line *expect, int word,
                                  const char *what, double got)
{
    double wanted = station_of(c, expect, word);
    if (!(fabs(got - wanted) <= c->tolerance))
        fail_case(c, expect->number, "it %s %.4f m (%.4f ft), not %.4f m", what, got, got / 0.3048,
                  wanted);
}

/* CLASS [from A to B] [VERDICT] [name value ...] of one segment, from a word on. */
static inline void expect_segment(struct one_case *c, const struct line *expect, int word,
                                  const struct segment *got)
{
    static const char *const verdicts[] = {"decided", "undecided", "conflict"};
    const char *class = got->class ? got->class : "-";
    if (strcmp(class, expect->words[word]) != 0)
        fail_case(c, expect->number, "from %.3f to %.3f m it is %s, not %s", got->from_m, got->to_m,
                  class, expect->words[word]);
    word++;
    if (word + 3 < expect->n && strcmp(expect->words[word], "from") == 0) {
        expect_station(c, expect, word + 1, "begins at", got->from_m);
        expect_station(c, expect, word + 3, "ends at", got->to_m);
        word += 4;
    }
    const char *verdict = "decided";
    for (size_t i = 0; i < 3 && word < expect->n; i++)
        if (strcmp(expect->words[word], verdicts[i]) == 0) {
            verdict = verdicts[i];
            word++;
        }
    if (strcmp(got->verdict, verdict) != 0)
        fail_case(c, expect->number, "it is %s, not %s: %s; %s", got->verdict, verdict,
                  got->reason ? got->reason : "", got->decides ? got->decides : "");
    compare_fields(c, expect, word, LAYER_SEGMENTS, got, NULL);
}

static inline void expect_listed(struct one_case *c, const struct line *expect,
                                 const struct segment **rows, size_t n)
{
    size_t at = 0;
    int word = 1;
    bool none = expect->n > 1 && strcmp(expect->words[1], "none") == 0;
    while (!none && word < expect->n) {
        struct line one = *expect;
        one.n = word;
        while (one.n < expect->n && strcmp(expect->words[one.n], "and") != 0)
            one.n++;
        if (at < n)
            expect_segment(c, &one, word, rows[at]);
        at++;
        word = one.n + 1;
    }
    if (at != n)
        fail_case(c, expect->number, "there are %zu such segments, not %zu", n, at);
    for (size_t i = 0; i < n && at != n; i++)
        fprintf(stderr, "  %s from %.3f to %.3f m, %s: %s\n", rows[i]->class ? rows[i]->class : "-",
                rows[i]->from_m, rows[i]->to_m, rows[i]->verdict,
                rows[i]->reason ? rows[i]->reason : "");
}

/* ask segments METHOD PIPELINE KIND [CLASS] */
static inline void expect_segments(struct one_case *c, const struct line *ask,
                                   const struct line *expect, const struct world *world,
                                   struct worker *worker)
{
    int64_t row = world_find(world, LAYER_PIPELINES, ask->words[3]);
    struct pipeline_question question = {
        .world = world, .row = (uint32_t)row, .method = ask->words[2]};
    struct segment *segments = NULL;
    struct arena arena;
    struct err err;
    size_t n = 0;
    size_t kept = 0;
    if (row < 0) {
        fail_case(c, ask->number, "there is no pipeline %s", ask->words[3]);
        return;
    }
    arena_init(&arena, 0);
    if (pipeline_segments_of(&question, worker, &arena, &segments, &n, &err) != ERR_OK)
        fail_case(c, ask->number, "%s", err.message);
    const struct segment **rows = arena_new(&arena, const struct segment *, n + 1);
    for (size_t i = 0; rows && i < n; i++)
        if (strcmp(segments[i].kind, ask->words[4]) == 0 &&
            (ask->n < 6 || text_equal(segments[i].class, ask->words[5])))
            rows[kept++] = &segments[i];
    if (kept > 0)
        qsort(rows, kept, sizeof *rows, by_station);
    expect_listed(c, expect, rows, kept);
    arena_release(&arena);
}

#endif
