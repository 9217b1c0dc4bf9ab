/*
 * params.h - a request's path and query, read strictly.
 *
 * What is not understood is refused with a sentence that says what would be right: a
 * parameter that the route does not know, one given twice, "5O" where a number belongs, a
 * broken %-escape. Nothing is guessed, nothing is ignored.
 *
 * Life:    params_parse, params_known, then the getters.
 * Owner:   everything belongs to the request's arena.
 * Threads: one.
 * Errors:  ERR_USAGE (400) unless noted.
 * Source:  RFC 3986 for escapes; '+' in a query is a space, as HTML forms write it.
 */
#ifndef SISETU_TILER_PARAMS_H
#define SISETU_TILER_PARAMS_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/geom.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No route has more than eight parameters, no path more than six segments. */
enum { PARAMS_MOST = 16, PATH_MOST = 8 };

struct param {
    const char *name;
    const char *value;
};

struct params {
    struct param items[PARAMS_MOST];
    size_t n;
};

struct path {
    const char *segments[PATH_MOST]; /* decoded; "/v1/units/640100" has three */
    size_t n;
};

/* Decodes n bytes of %-escapes into the arena. Refuses broken escapes, NUL, control
 * characters and what is not UTF-8. */
enum err_code params_decode(const char *text, size_t n, bool plus_is_space, struct arena *arena,
                            const char **out, struct err *err);

/* Cuts a raw path at its slashes, each segment decoded by itself, so that "%2F" is a
 * character of a segment. "/" has no segment; an empty one is refused with ERR_NOT_FOUND, as
 * is a path of more than PATH_MOST. */
enum err_code path_parse(const char *raw, struct arena *arena, struct path *out, struct err *err);

/* Reads what follows the '?'; NULL or "" is no parameter. */
enum err_code params_parse(const char *query, struct arena *arena, struct params *out,
                           struct err *err);

/* Refuses a parameter that is not in `known` (up to NULL). */
enum err_code params_known(const struct params *params, const char *const *known, struct err *err);

const char *params_text(const struct params *params, const char *name); /* NULL: not given */

/* Numbers in [min, max]. An absent one leaves *out as it is, unless `required`. */
enum err_code params_real(const struct params *params, const char *name, bool required, double min,
                          double max, double *out, struct err *err);
enum err_code params_integer(const struct params *params, const char *name, int64_t min,
                             int64_t max, int64_t *out, struct err *err);

/* lon and lat, both required. */
enum err_code params_point(const struct params *params, struct lonlat *out, struct err *err);

/* "bbox=w,s,e,n" in degrees; *given is false without one. */
enum err_code params_bbox(const struct params *params, bool *given, struct box *out,
                          struct err *err);

/* "grade=1,2": wanted[g] for g of 0-4; all of them without the parameter. */
enum err_code params_grades(const struct params *params, bool wanted[5], struct err *err);

#endif
