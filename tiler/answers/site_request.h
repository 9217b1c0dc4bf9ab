/*
 * site_request.h - a siting question as text: the body of POST /v1/check, and the --with of
 * `sisetu check`.
 *
 *     {"type": "LIQ_TANK_AB", "geometry": {GeoJSON}, "with": {"total_m3": 500},
 *      "accuracy_m": 1}
 *
 * `with` names fields of a facility (total_m3, grade ...) and of the plant that it makes (kind,
 * also written "plant.kind"; industry, size ...), over what the type implies. Unknown members
 * are refused: a misspelt one must not change an answer in silence.
 *
 * Owner:   everything belongs to the arena.
 * Errors:  ERR_INPUT (422) with what is wrong and what would be right.
 */
#ifndef SISETU_TILER_SITE_REQUEST_H
#define SISETU_TILER_SITE_REQUEST_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "geo/query/query.h"

struct site_request {
    struct site_question question; /* points to the two below */
    struct facility *facility;
    struct enterprise *plant;
};

/* Everything absent. */
enum err_code site_request_init(struct site_request *request, struct arena *arena, struct err *err);

/* Sets one qualifier; value as text. */
enum err_code site_request_with(struct site_request *request, const char *name, const char *value,
                                struct arena *arena, struct err *err);

enum err_code site_request_read(const char *body, size_t n, struct arena *arena,
                                struct site_request *out, struct err *err);

#endif
