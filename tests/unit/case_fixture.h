/*
 * case_fixture.h - reads what a case gives: lines, words, records, shapes, the grid.
 * tests/cases/README.md documents the language; test_cases.c asks and compares.
 */
#ifndef SISETU_TESTS_CASE_FIXTURE_H
#define SISETU_TESTS_CASE_FIXTURE_H

#include "tests/unit/world_fixture.h"

#include "data/base/json.h"
#include "data/base/text.h"

#include <stdarg.h>
#include <string.h>

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
    int n_limits;
    int failures;
};

static inline void fail_case(struct one_case *c, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static inline void fail_case(struct one_case *c, int line, const char *format, ...)
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
static inline void split(const char *text, int number, struct line *out)
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

/* A number, or one of feet (in metres), inches (in millimetres) or psi (in MPa). */
static inline bool number_in_units(const char *text, double *out)
{
    static const struct {
        const char *unit;
        double factor;
    } units[] = {{"ft", 0.3048}, {"in", 25.4}, {"psi", 0.006894757293168361}};
    size_t n = strlen(text);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        char number[64];
        size_t end = n - strlen(units[i].unit);
        if (n <= strlen(units[i].unit) || end >= sizeof number ||
            strcmp(text + end, units[i].unit) != 0)
            continue;
        memcpy(number, text, end);
        number[end] = '\0';
        if (!text_to_double(number, out))
            return false;
        *out *= units[i].factor;
        return true;
    }
    return text_to_double(text, out);
}

static inline double number_of(struct one_case *c, const struct line *line, int word)
{
    double value = 0;
    if (word >= line->n || !number_in_units(line->words[word], &value))
        fail_case(c, line->number, "\"%s\" is not a number",
                  word < line->n ? line->words[word] : "(nothing)");
    return value;
}

static inline const struct record_head *find_given(const struct one_case *c, const char *id)
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

static inline struct lonlat from_given(struct one_case *c, const struct line *line, int word)
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

static inline struct geom square(struct one_case *c, struct lonlat centre, double size_m)
{
    struct lonlat east = ellipsoid_direct(centre, 90, size_m / 2);
    struct lonlat north = ellipsoid_direct(centre, 0, size_m / 2);
    double dx = east.lon_deg - centre.lon_deg;
    double dy = north.lat_deg - centre.lat_deg;
    return fixture_box(&c->f, centre.lon_deg - dx, centre.lat_deg - dy, centre.lon_deg + dx,
                       centre.lat_deg + dy);
}

/* A polygon of 1,440 points at that geodesic distance. */
static inline struct geom circle(struct one_case *c, struct lonlat centre, double radius_m)
{
    enum { CORNERS = 1440 };
    static struct lonlat ring[CORNERS];
    struct geom geom;
    struct err err;
    for (int i = 0; i < CORNERS; i++)
        ring[i] = ellipsoid_direct(centre, 360.0 * i / CORNERS, radius_m);
    fixture_check(geom_of_ring(ring, CORNERS, &c->f.parts.arena, &geom, &err), &err);
    return geom;
}

/* Corners so many metres east and north of the first vertex of a given record. */
static inline struct geom rectangle(struct one_case *c, const struct line *line, int word)
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

/* meridian LON LAT FROM TO: from and to so many metres north of a point. */
static inline struct geom meridian(struct one_case *c, const struct line *line, int word)
{
    struct lonlat origin = {number_of(c, line, word), number_of(c, line, word + 1)};
    double from_m = number_of(c, line, word + 2);
    double to_m = number_of(c, line, word + 3);
    struct lonlat from = ellipsoid_direct(origin, from_m < 0 ? 180 : 0, fabs(from_m));
    struct lonlat to = ellipsoid_direct(origin, to_m < 0 ? 180 : 0, fabs(to_m));
    from.lon_deg = to.lon_deg = origin.lon_deg;
    return fixture_line(&c->f, from, to);
}

/* beside ID STATION OFFSET: east of the station of a pipeline along a meridian. */
static inline struct geom beside(struct one_case *c, const struct line *line, int word)
{
    const struct record_head *head = find_given(c, word < line->n ? line->words[word] : "");
    double at_m = number_of(c, line, word + 1);
    double east_m = number_of(c, line, word + 2);
    if (!head || head->geom.kind != GEOM_LINE ||
        head->geom.points[0].lon_deg != head->geom.points[1].lon_deg) {
        fail_case(c, line->number, "there is no such pipeline along a meridian");
        return fixture_point(&c->f, 0, 0);
    }
    double start_m = ((const struct pipeline *)(const void *)head)->start_m;
    at_m -= isnan(start_m) ? 0 : start_m;
    struct lonlat on = ellipsoid_direct(head->geom.points[0], at_m < 0 ? 180 : 0, fabs(at_m));
    struct lonlat at = ellipsoid_direct(on, east_m < 0 ? 270 : 90, fabs(east_m));
    return fixture_point(&c->f, at.lon_deg, at.lat_deg);
}

/* Reads a shape from word `at`; answers the word after it. */
static inline int read_shape(struct one_case *c, const struct line *line, int at, struct geom *out)
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
    if (strcmp(kind, "circle") == 0) {
        struct lonlat centre = {number_of(c, line, at + 1), number_of(c, line, at + 2)};
        *out = circle(c, centre, number_of(c, line, at + 3));
        return at + 4;
    }
    if (strcmp(kind, "around") == 0) {
        const struct record_head *middle =
            find_given(c, at + 1 < line->n ? line->words[at + 1] : "");
        if (!middle)
            fail_case(c, line->number, "the circle's middle is not given");
        else
            *out = circle(c, middle->geom.points[0], number_of(c, line, at + 2));
        return at + 3;
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
    if (strcmp(kind, "meridian") == 0) {
        *out = meridian(c, line, at + 1);
        return at + 5;
    }
    if (strcmp(kind, "beside") == 0) {
        *out = beside(c, line, at + 1);
        return at + 4;
    }
    if (strcmp(kind, "line") == 0) {
        struct lonlat a = {number_of(c, line, at + 1), number_of(c, line, at + 2)};
        struct lonlat b = {number_of(c, line, at + 3), number_of(c, line, at + 4)};
        *out = fixture_line(&c->f, a, b);
        return at + 5;
    }
    return at;
}

static inline void set_field(struct one_case *c, const struct line *line, enum layer_id layer,
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
    } else if (absent || number_in_units(value, &number)) {
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

static inline void give_record(struct one_case *c, struct line *line, enum layer_id layer)
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

/* All but rules (case_rules.h). */
static inline void give(struct one_case *c, struct line *line)
{
    enum layer_id layer;
    const char *what = line->n > 1 ? line->words[1] : "";
    if (strcmp(what, "population") == 0) {
        bool plane = line->n > 3 && strcmp(line->words[2], "in") == 0;
        int at = plane ? 4 : 2;
        fixture_grid(&c->f, number_of(c, line, at), number_of(c, line, at + 1),
                     number_of(c, line, at + 2), (uint32_t)number_of(c, line, at + 3),
                     (uint32_t)number_of(c, line, at + 4), (float)number_of(c, line, at + 5));
        if (plane) {
            c->f.parts.population.crs = arena_strdup(&c->f.parts.arena, line->words[3]);
            c->f.parts.population.geographic = false;
        }
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

/* Figures by name that an answer has. */
struct figure {
    const char *name;
    double value;
};

static inline void compare_figures(struct one_case *c, const struct line *expect, int word,
                                   const struct figure *figures, size_t n)
{
    for (; word + 1 < expect->n; word += 2) {
        const char *name = expect->words[word];
        double wanted = number_of(c, expect, word + 1);
        const struct figure *figure = NULL;
        for (size_t i = 0; i < n; i++)
            if (strcmp(figures[i].name, name) == 0)
                figure = &figures[i];
        if (!figure)
            fail_case(c, expect->number, "the answer has no number \"%s\"", name);
        else if (!(fabs(figure->value - wanted) <= c->tolerance))
            fail_case(c, expect->number, "%s is %.12g, not %.12g", name, figure->value, wanted);
    }
}

/* A number of the record, or of its first reason. */
static inline bool number_in(enum layer_id layer, const void *record, const char *reasons,
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

static inline void compare_fields(struct one_case *c, const struct line *expect, int word,
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

#endif
