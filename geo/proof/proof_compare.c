/* proof_compare.c - two JSON trees, told apart by path. */
#include "geo/proof/proof_private.h"

#include "data/base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum err_code proof_lines_init(struct proof_lines *lines, struct arena *arena, struct err *err)
{
    *lines = (struct proof_lines){.arena = arena};
    lines->items = arena_new(arena, const char *, PROOF_LINES + 1);
    return lines->items ? ERR_OK : err_nomem(err);
}

void proof_lines_add(struct proof_lines *lines, const char *text)
{
    if (lines->n < PROOF_LINES)
        lines->items[lines->n++] = text;
    else if (lines->n == PROOF_LINES)
        lines->items[lines->n++] = "and more";
    lines->n_all++;
}

/* A value as people read it: a text without its quotes, anything deep as its kind. */
static const char *say(const struct json *value, struct arena *arena)
{
    switch (jr_type_of(value)) {
    case JR_NULL:
        return "null";
    case JR_BOOL:
        return jr_bool(value, false) ? "true" : "false";
    case JR_INTEGER:
        return proof_text(arena, "%lld", (long long)jr_integer(value, 0));
    case JR_REAL:
        return proof_text(arena, "%.17g", jr_number(value, 0));
    case JR_STRING:
        return proof_text(arena, "\"%.200s\"", jr_text(value));
    case JR_ARRAY:
        return proof_text(arena, "an array of %zu", jr_count(value));
    case JR_OBJECT:
        return "an object";
    }
    return "";
}

static void differ(const char *path, const struct json *a, const struct json *b,
                   enum proof_sides sides, struct proof_lines *lines)
{
    struct arena *arena = lines->arena;
    const char *x = say(a, arena);
    const char *y = say(b, arena);
    const char *line =
        sides == PROOF_AND_NOW
            ? proof_text(arena, "%s was %s, is %s", path, x, y)
            : proof_text(arena, "%s: stated %s, %s %s", path, x,
                         sides == PROOF_AND_STORE ? "the store has" : "recomputed", y);
    proof_lines_add(lines, line);
}

static void lack(const char *path, bool is_new, enum proof_sides sides, struct proof_lines *lines)
{
    static const char *const words[][2] = {
        [PROOF_AND_RECOMPUTED] = {"is stated, but does not follow", "was not stated, but follows"},
        [PROOF_AND_NOW] = {"is gone", "was absent, is there"},
        [PROOF_AND_STORE] = {"is stated, the store has none", "is not stated, the store has it"},
    };
    const char *what = words[sides][is_new];
    proof_lines_add(lines, proof_text(lines->arena, "%s %s", path, what));
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text);
    size_t m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* How far two numbers of that path may be apart and still be the same answer. */
static double tolerance(const char *path, double a, double b)
{
    double own = 1e-9 * fmax(fabs(a), fabs(b));
    /* Along an edge the distance hardly changes: a millimetre is as good as any. */
    if (strstr(path, "closest") || strstr(path, "coordinates"))
        return 1e-8;
    bool amount = ends_with(path, "_m") || strstr(path, "persons") || ends_with(path, ".low") ||
                  ends_with(path, ".high");
    return amount ? fmax(own, 1e-6) : fmax(own, 1e-12);
}

static bool same_number(const char *path, const struct json *a, const struct json *b, bool exact)
{
    double x = jr_number(a, 0);
    double y = jr_number(b, 0);
    if (exact)
        return !(x < y) && !(x > y);
    return fabs(x - y) <= tolerance(path, x, y);
}

struct members {
    const char *path;
    const struct json *other;
    enum proof_sides sides;
    struct proof_lines *lines;
    bool back; /* the second walk: only what the first does not have */
};

static bool compare_member(void *context, const char *key, const struct json *value)
{
    const struct members *members = context;
    const char *path =
        *members->path ? proof_text(members->lines->arena, "%s.%s", members->path, key) : key;
    const struct json *other = jr_get(members->other, key);
    if (!other)
        lack(path, members->back, members->sides, members->lines);
    else if (!members->back)
        proof_compare(path, value, other, members->sides, members->lines);
    return members->lines->n <= PROOF_LINES;
}

static void compare_arrays(const char *path, const struct json *a, const struct json *b,
                           enum proof_sides sides, struct proof_lines *lines)
{
    size_t n = jr_count(a);
    if (n != jr_count(b)) {
        differ(path, a, b, sides, lines);
        return;
    }
    for (size_t i = 0; i < n && lines->n <= PROOF_LINES; i++)
        proof_compare(proof_text(lines->arena, "%s[%zu]", path, i), jr_item(a, i), jr_item(b, i),
                      sides, lines);
}

/* What another version of the program may put into other words. */
static bool is_sentence(const char *path)
{
    return ends_with(path, ".reason") || ends_with(path, ".reason_zh") ||
           ends_with(path, ".formula") || ends_with(path, ".decides");
}

void proof_compare(const char *path, const struct json *a, const struct json *b,
                   enum proof_sides sides, struct proof_lines *lines)
{
    enum jr_type type = jr_type_of(a);
    if (lines->other_program && is_sentence(path))
        return;
    if (jr_is_number(a) && jr_is_number(b)) {
        bool whole = type == JR_INTEGER && jr_type_of(b) == JR_INTEGER;
        bool exact = sides == PROOF_AND_NOW ||
                     (sides == PROOF_AND_STORE && strncmp(path, "claim", strlen("claim")) != 0);
        if (!same_number(path, a, b, exact || whole))
            differ(path, a, b, sides, lines);
        return;
    }
    if (type != jr_type_of(b)) {
        differ(path, a, b, sides, lines);
        return;
    }
    if (type == JR_OBJECT) {
        struct members members = {.path = path, .other = b, .sides = sides, .lines = lines};
        jr_each(a, &members, compare_member);
        members.other = a;
        members.back = true;
        jr_each(b, &members, compare_member);
    } else if (type == JR_ARRAY) {
        compare_arrays(path, a, b, sides, lines);
    } else if (type == JR_STRING ? !text_equal(jr_text(a), jr_text(b))
                                 : type == JR_BOOL && jr_bool(a, false) != jr_bool(b, false)) {
        differ(path, a, b, sides, lines);
    }
}
