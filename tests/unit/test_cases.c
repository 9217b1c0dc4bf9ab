/*
 * test_cases.c - runs the files of tests/cases: what a safety expert gives, asks and expects.
 * tests/cases/README.md documents the format.
 */
#include "tests/unit/world_fixture.h"

#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/text.h"
#include "geo/assess.h"
#include "geo/share.h"
#include "geo/spacing.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { LINE_BYTES = 1024, WORDS = 64, ASKS = 64 };

struct line {
    int number;
    int n;
    char *words[WORDS];
    char text[LINE_BYTES];
};

/* A line kept for later, when all is given. */
struct kept_line {
    int number;
    char text[LINE_BYTES];
};

/* One case while it is read and run. */
struct one_case {
    const char *file;
    char name[LINE_BYTES];
    int number; /* of its first line */
    struct fixture f;
    int32_t date;
    double tolerance;
    struct kept_line asks[ASKS]; /* ask and expect, in pairs */
    struct kept_line expects[ASKS];
    int n_asks;
    int n_expects;
    int failures;
};

static void fail_case(struct one_case *c, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void fail_case(struct one_case *c, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: %s: ", c->file, line, c->name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    c->failures++;
}

/* Words between blanks; 'a b' is one word, also after '='. */
static void split(const char *text, int number, struct line *out)
{
    out->number = number;
    out->n = 0;
    snprintf(out->text, sizeof out->text, "%s", text);
    char *at = out->text;
    while (*at && out->n < WORDS) {
        while (*at == ' ' || *at == '\t')
            at++;
        if (!*at || *at == '#')
            break;
        out->words[out->n++] = at;
        char *to = at;
        bool quoted = false;
        for (; *at && (quoted || (*at != ' ' && *at != '\t')); at++) {
            if (*at == '\'')
                quoted = !quoted;
            else
                *to++ = *at;
        }
        if (*at)
            at++;
        *to = '\0';
    }
}

static double number_of(struct one_case *c, const struct line *line, int word)
{
    double value = 0;
    if (word >= line->n || !text_to_double(line->words[word], &value))
        fail_case(c, line->number, "\"%s\" is not a number",
                  word < line->n ? line->words[word] : "(nothing)");
    return value;
}

static const struct record_head *find_given(const struct one_case *c, const char *id)
{
    for (size_t layer = 0; layer < LAYER_COUNT; layer++) {
        for (size_t i = 0; i < c->f.n[layer]; i++) {
            const struct record_head *head =
                record_at((enum layer_id)layer, c->f.records[layer], i);
            if (strcmp(head->id, id) == 0)
                return head;
        }
    }
    return NULL;
}

static struct lonlat from_given(struct one_case *c, const struct line *line, int word)
{
    const struct record_head *from = word < line->n ? find_given(c, line->words[word]) : NULL;
    if (!from || from->geom.kind == GEOM_NONE) {
        fail_case(c, line->number, "there is no \"%s\" to measure from",
                  word < line->n ? line->words[word] : "");
        return (struct lonlat){0, 0};
    }
    return ellipsoid_direct(from->geom.points[0], number_of(c, line, word + 2),
                            number_of(c, line, word + 4));
}

static struct geom square(struct one_case *c, struct lonlat centre, double size_m)
{
    struct lonlat east = ellipsoid_direct(centre, 90, size_m / 2);
    struct lonlat north = ellipsoid_direct(centre, 0, size_m / 2);
    double dx = east.lon_deg - centre.lon_deg;
    double dy = north.lat_deg - centre.lat_deg;
    return fixture_box(&c->f, centre.lon_deg - dx, centre.lat_deg - dy, centre.lon_deg + dx,
                       centre.lat_deg + dy);
}

/* Corners so many metres east and north of the first vertex of a given record. */
static struct geom rectangle(struct one_case *c, const struct line *line, int word)
{
    const struct record_head *from = find_given(c, word < line->n ? line->words[word] : "");
    static const int corners[4][2] = {{1, 2}, {3, 2}, {3, 4}, {1, 4}};
    struct lonlat ring[4] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}};
    struct geom geom;
    struct err err;
    for (int i = 0; from && i < 4; i++) {
        double x = number_of(c, line, word + corners[i][0]);
        double y = number_of(c, line, word + corners[i][1]);
        ring[i] =
            ellipsoid_direct(from->geom.points[0], atan2(x, y) * 180 / acos(-1.0), hypot(x, y));
    }
    if (!from)
        fail_case(c, line->number, "the rectangle's origin is not given");
    fixture_check(geom_of_ring(ring, 4, &c->f.parts.arena, &geom, &err), &err);
    return geom;
}

/* Reads a shape from word `at`; answers the word after it. */
static int read_shape(struct one_case *c, const struct line *line, int at, struct geom *out)
{
    const char *kind = at < line->n ? line->words[at] : "";
    if (strcmp(kind, "at") == 0) {
        *out = fixture_point(&c->f, number_of(c, line, at + 1), number_of(c, line, at + 2));
        return at + 3;
    }
    if (strcmp(kind, "from") == 0) {
        struct lonlat point = from_given(c, line, at + 1);
        *out = fixture_point(&c->f, point.lon_deg, point.lat_deg);
        return at + 6;
    }
    if (strcmp(kind, "square") == 0) {
        struct lonlat centre = {number_of(c, line, at + 1), number_of(c, line, at + 2)};
        *out = square(c, centre, number_of(c, line, at + 3));
        return at + 4;
    }
    if (strcmp(kind, "box") == 0) {
        *out = fixture_box(&c->f, number_of(c, line, at + 1), number_of(c, line, at + 2),
                           number_of(c, line, at + 3), number_of(c, line, at + 4));
        return at + 5;
    }
    if (strcmp(kind, "rectangle") == 0) {
        *out = rectangle(c, line, at + 1);
        return at + 6;
    }
    if (strcmp(kind, "line") == 0) {
        struct lonlat a = {number_of(c, line, at + 1), number_of(c, line, at + 2)};
        struct lonlat b = {number_of(c, line, at + 3), number_of(c, line, at + 4)};
        *out = fixture_line(&c->f, a, b);
        return at + 5;
    }
    return at;
}

static void set_field(struct one_case *c, const struct line *line, enum layer_id layer,
                      void *record, const char *name, char *value)
{
    const struct field_binding *field = records_field(layer, name);
    double number = 0;
    int32_t date = 0;
    if (!field) {
        fail_case(c, line->number, "layer %s has no field \"%s\"", layer_name(layer), name);
        return;
    }
    char *place = (char *)record + field->offset;
    bool absent = strcmp(value, "default") == 0;
    if (field->type == FIELD_TEXT || field->type == FIELD_DATETIME) {
        const char *kept = arena_strdup(&c->f.parts.arena, value);
        memcpy(place, &kept, sizeof kept);
    } else if (field->type == FIELD_DATE && text_to_date(value, &date)) {
        memcpy(place, &date, sizeof date);
    } else if (absent || text_to_double(value, &number)) {
        number = absent ? (double)NAN : number;
        date = absent ? INT_ABSENT : (int32_t)number;
        if (field->type == FIELD_REAL)
            memcpy(place, &number, sizeof number);
        else
            memcpy(place, &date, sizeof date);
    } else {
        fail_case(c, line->number, "%s: \"%s\" is not a number", name, value);
    }
}

static void give_record(struct one_case *c, struct line *line, enum layer_id layer)
{
    if (line->n < 3) {
        fail_case(c, line->number, "a record needs an id");
        return;
    }
    struct record_head *head = fixture_add(&c->f, layer, line->words[2]);
    int word = read_shape(c, line, 3, &head->geom);
    for (; word < line->n; word++) {
        char *equals = strchr(line->words[word], '=');
        if (!equals) {
            fail_case(c, line->number, "\"%s\" is no field=value", line->words[word]);
            return;
        }
        *equals = '\0';
        set_field(c, line, layer, head, line->words[word], equals + 1);
    }
}

static void give(struct one_case *c, struct line *line)
{
    enum layer_id layer;
    const char *what = line->n > 1 ? line->words[1] : "";
    if (strcmp(what, "population") == 0) {
        fixture_grid(&c->f, number_of(c, line, 2), number_of(c, line, 3), number_of(c, line, 4),
                     (uint32_t)number_of(c, line, 5), (uint32_t)number_of(c, line, 6),
                     (float)number_of(c, line, 7));
    } else if (strcmp(what, "cell") == 0) {
        bool none = line->n > 4 && strcmp(line->words[4], "nodata") == 0;
        fixture_cell(&c->f, (uint32_t)number_of(c, line, 2), (uint32_t)number_of(c, line, 3),
                     none ? (float)NAN : (float)number_of(c, line, 4));
    } else if (strcmp(what, "date") == 0) {
        if (line->n < 3 || !text_to_date(line->words[2], &c->date))
            fail_case(c, line->number, "a date is YYYY-MM-DD");
    } else if (layer_by_name(what, &layer)) {
        give_record(c, line, layer);
    } else {
        fail_case(c, line->number, "\"%s\" is no layer", what);
    }
}

/* ---- answers ---- */

/* A number of the record, or of its first reason. */
static bool number_in(enum layer_id layer, const void *record, const char *reasons,
                      const char *name, double *out)
{
    const struct field_binding *field = records_field(layer, name);
    if (field && field->type != FIELD_TEXT) {
        *out = record_real(record, field);
        return true;
    }
    struct json *root = NULL;
    struct err err;
    bool found = false;
    if (reasons && jr_parse(reasons, strlen(reasons), &root, &err) == ERR_OK) {
        const struct json *value = jr_get(jr_item(root, 0), name);
        found = jr_is_number(value);
        *out = jr_number(value, 0);
    }
    jr_free(root);
    return found;
}

static void compare_fields(struct one_case *c, const struct line *expect, int word,
                           enum layer_id layer, const void *record, const char *reasons)
{
    for (; word + 1 < expect->n; word += 2) {
        const char *name = expect->words[word];
        const struct field_binding *field = records_field(layer, name);
        if (field && field->type == FIELD_TEXT) {
            const char *text = record_text(record, field);
            if (!text || !strstr(text, expect->words[word + 1]))
                fail_case(c, expect->number, "%s is \"%s\", without \"%s\"", name, text ? text : "",
                          expect->words[word + 1]);
            continue;
        }
        double got = 0;
        double wanted = number_of(c, expect, word + 1);
        if (!number_in(layer, record, reasons, name, &got))
            fail_case(c, expect->number, "the answer has no number \"%s\"", name);
        else if (!(fabs(got - wanted) <= c->tolerance))
            fail_case(c, expect->number, "%s is %.9g, not %.9g", name, got, wanted);
    }
}

/* What an assessment found. */
struct found {
    struct assessment graded;
    struct conflict *conflicts;
    size_t n_conflicts;
};

static const struct conflict *find_conflict(const struct found *all, const char *rule,
                                            const char *source, const char *target)
{
    for (size_t i = 0; i < all->n_conflicts; i++) {
        const struct conflict *row = &all->conflicts[i];
        if ((!rule || text_equal(row->rule_id, rule)) && text_equal(row->source_id, source) &&
            (!target || text_equal(row->target_id, target)))
            return row;
    }
    return NULL;
}

/* Whether the rule speaks of both, so that "no row" means clear and not "never asked". */
static bool rule_speaks(const struct world *world, const char *rule, const char *source_id,
                        const char *target_id)
{
    static const enum layer_id layers[] = {LAYER_FACILITIES, LAYER_ENTERPRISES, LAYER_PIPELINES};
    struct arena arena;
    struct err err;
    bool speaks = false;
    arena_init(&arena, 0);
    for (size_t l = 0; l < 3; l++) {
        int64_t row = world_find(world, layers[l], source_id);
        struct spacing_match *matches = NULL;
        size_t n = 0;
        if (row < 0)
            continue;
        struct spacing_source source = spacing_source_of(world, layers[l], (size_t)row);
        fixture_check(spacing_matches(world, &source, &arena, &matches, &n, &err), &err);
        for (size_t m = 0; m < n; m++) {
            size_t i = 0;
            const struct target_class *class;
            const char *missing;
            if (!text_equal(matches[m].rule->source.id, rule))
                continue;
            while ((class = spacing_target(world, matches[m].rule, &i))) {
                int64_t target = world_find(world, class->layer, target_id);
                speaks |= target >= 0 && spacing_is_target(world, &source, class, (uint32_t)target,
                                                           &missing) != TRUTH_NO;
            }
        }
    }
    arena_release(&arena);
    return speaks;
}

static void expect_conflict(struct one_case *c, const struct line *expect,
                            const struct conflict *row, bool speaks)
{
    const char *got = row ? row->verdict : speaks ? "clear" : "silent";
    const char *wanted = expect->n > 1 ? expect->words[1] : "";
    if (strcmp(got, wanted) != 0)
        fail_case(c, expect->number, "the answer is %s, not %s%s%s", got, wanted,
                  row && row->reason ? ": " : "", row && row->reason ? row->reason : "");
    else if (row)
        compare_fields(c, expect, 2, LAYER_CONFLICTS, row, NULL);
    else if (expect->n > 2)
        fail_case(c, expect->number, "what is %s has no figures", got);
}

static void expect_grade(struct one_case *c, const struct line *ask, const struct line *expect,
                         const struct found *all)
{
    const char *method = ask->n > 4 ? ask->words[4] : NULL;
    const char *first = expect->n > 1 ? expect->words[1] : "";
    for (size_t i = 0; i < all->graded.n_grades; i++) {
        const struct grade_row *row = &all->graded.grades[i];
        if (!text_equal(row->subject, ask->words[2]) ||
            !text_equal(row->subject_id, ask->words[3]) ||
            (method && !text_equal(row->method, method)))
            continue;
        if (strcmp(first, "none") == 0)
            fail_case(c, expect->number, "there is a grade %d", row->grade);
        else
            compare_fields(c, expect, 1, LAYER_GRADES, row, row->reasons);
        return;
    }
    if (strcmp(first, "none") != 0)
        fail_case(c, expect->number, "there is no grade of that");
}

/* "ID" or "ID within M" from a word on; answers the word after it. */
static int read_sharer(struct one_case *c, const struct line *ask, int word,
                       struct share_shape *out)
{
    const struct record_head *head = find_given(c, word < ask->n ? ask->words[word] : "");
    if (head)
        out->geom = &head->geom;
    else
        fail_case(c, ask->number, "a shape is not given");
    if (word + 2 >= ask->n || strcmp(ask->words[word + 1], "within") != 0)
        return word + 1;
    out->radius_m = number_of(c, ask, word + 2);
    return word + 3;
}

/* ask share A [within M] in B [within M] */
static void expect_share(struct one_case *c, const struct line *ask, const struct line *expect)
{
    static const struct geom none = {.kind = GEOM_NONE};
    struct share_shape a = {&none, 0};
    struct share_shape b = {&none, 0};
    struct share share;
    struct worker worker;
    struct err err;
    int word = read_sharer(c, ask, 2, &a);
    read_sharer(c, ask, word + 1, &b);
    if (expect->n != 3 || strcmp(expect->words[1], "percent") != 0) {
        fail_case(c, expect->number, "expect percent NUMBER");
        return;
    }
    fixture_check(worker_init(&worker, 0, &err), &err);
    if (share_of(&worker, &a, &b, &share, &err) != ERR_OK)
        fail_case(c, ask->number, "%s", err.message);
    else if (!(fabs(100 * share.of_a - number_of(c, expect, 2)) <= c->tolerance))
        fail_case(c, expect->number, "the share is %.9g %%", 100 * share.of_a);
    worker_release(&worker);
}

static void answer(struct one_case *c, const struct line *ask, const struct line *expect,
                   const struct world *world, const struct found *all)
{
    const char *what = ask->n > 1 ? ask->words[1] : "";
    if (strcmp(what, "distance") == 0 && ask->n == 5)
        expect_conflict(c, expect, find_conflict(all, ask->words[2], ask->words[3], ask->words[4]),
                        rule_speaks(world, ask->words[2], ask->words[3], ask->words[4]));
    else if (strcmp(what, "area") == 0 && ask->n >= 4)
        expect_conflict(
            c, expect,
            find_conflict(all, ask->words[2], ask->words[3], ask->n > 4 ? ask->words[4] : NULL),
            true);
    else if (strcmp(what, "density") == 0 && ask->n == 3)
        expect_conflict(c, expect, find_conflict(all, NULL, ask->words[2], NULL), true);
    else if (strcmp(what, "share") == 0 && ask->n >= 5)
        expect_share(c, ask, expect);
    else if (strcmp(what, "grade") == 0 && ask->n >= 4)
        expect_grade(c, ask, expect, all);
    else
        fail_case(c, ask->number, "it is not clear what is asked");
}

static void answer_pair(struct one_case *c, int i, const struct world *world,
                        const struct found *all)
{
    struct line ask;
    struct line expect;
    split(c->asks[i].text, c->asks[i].number, &ask);
    split(c->expects[i].text, c->expects[i].number, &expect);
    answer(c, &ask, &expect, world, all);
}

static void run(struct one_case *c)
{
    struct arena arena;
    struct crew crew;
    struct found all;
    struct err err;
    if (c->n_asks == 0 || c->n_asks != c->n_expects) {
        fail_case(c, c->number, "needs an expect for each ask");
        arena_release(&c->f.parts.arena);
        return;
    }
    struct world *world = fixture_world(&c->f, c->date);
    arena_init(&arena, 0);
    fixture_check(crew_init(&crew, 1, &err), &err);
    if (assess_world(world, &crew, &arena, &all.graded, &err) != ERR_OK ||
        assess_conflicts(world, &crew.workers[0], &arena, &all.conflicts, &all.n_conflicts, &err) !=
            ERR_OK)
        fail_case(c, c->number, "the assessment failed: %s", err.message);
    else
        for (int i = 0; i < c->n_asks; i++)
            answer_pair(c, i, world, &all);
    crew_release(&crew);
    arena_release(&arena);
    world_release(world);
}

static void begin(struct one_case *c, const char *file, int number, const char *name)
{
    c->file = file;
    c->number = number;
    c->n_asks = c->n_expects = c->failures = 0;
    c->date = 20260601;
    c->tolerance = 0.001;
    snprintf(c->name, sizeof c->name, "%s", name);
    fixture_init(&c->f);
}

static void keep(struct kept_line *lines, int *n, int number, const char *text)
{
    assert_true(*n < ASKS);
    lines[*n].number = number;
    snprintf(lines[(*n)++].text, LINE_BYTES, "%s", text);
}

static void take_line(struct one_case *c, int number, const char *text)
{
    struct line line;
    split(text, number, &line);
    const char *what = line.words[0];
    if (strcmp(what, "given") == 0)
        give(c, &line);
    else if (strcmp(what, "tolerance") == 0)
        c->tolerance = number_of(c, &line, 1);
    else if (strcmp(what, "ask") == 0)
        keep(c->asks, &c->n_asks, number, text);
    else if (strcmp(what, "expect") == 0)
        keep(c->expects, &c->n_expects, number, text);
    else
        fail_case(c, number, "\"%s\" is none of given, ask, tolerance, expect", what);
}

/* Answers how many cases failed; *n counts all. */
static int run_file(const char *path, int *n)
{
    static struct one_case c;
    FILE *file = fopen(path, "r");
    char text[LINE_BYTES];
    int number = 0;
    int failed = 0;
    bool open = false;
    assert_non_null(file);
    const char *slash = strrchr(path, '/');
    while (fgets(text, sizeof text, file)) {
        struct line line;
        number++;
        text[strcspn(text, "\r\n")] = '\0';
        split(text, number, &line);
        if (line.n > 0 && strcmp(line.words[0], "case") == 0) {
            if (open) {
                run(&c);
                failed += c.failures > 0;
            }
            begin(&c, slash ? slash + 1 : path, number, text + 5);
            open = true;
            ++*n;
        } else if (line.n > 0 && open) {
            take_line(&c, number, text);
        }
    }
    fclose(file);
    if (open) {
        run(&c);
        failed += c.failures > 0;
    }
    return failed;
}

static int is_case(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return n > 5 && strcmp(entry->d_name + n - 5, ".case") == 0;
}

static void test_every_case_answers_as_expected(void **state)
{
    (void)state;
    char directory[4096];
    struct err err;
    struct dirent **entries = NULL;
    fixture_check(file_asset("tests/cases", directory, sizeof directory, &err), &err);
    int n_files = scandir(directory, &entries, is_case, alphasort);
    int failed = 0;
    int n = 0;
    assert_true(n_files > 0);
    for (int i = 0; i < n_files; i++) {
        char path[4096 + 300];
        snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
        failed += run_file(path, &n);
        free(entries[i]);
    }
    free(entries);
    printf("%d cases in %d files\n", n, n_files);
    assert_int_equal(failed, 0);
    assert_true(n > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_case_answers_as_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
