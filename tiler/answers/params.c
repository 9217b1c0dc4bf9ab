#include "tiler/answers/params.h"

#include "data/base/text.h"

#include <math.h>
#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

enum err_code params_decode(const char *text, size_t n, bool plus_is_space, struct arena *arena,
                            const char **out, struct err *err)
{
    char *decoded = arena_new(arena, char, n + 1);
    if (!decoded)
        return err_nomem(err);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (c == '+' && plus_is_space) {
            c = ' ';
        } else if (c == '%') {
            int high = i + 2 < n ? hex_value(text[i + 1]) : -1;
            int low = high >= 0 ? hex_value(text[i + 2]) : -1;
            if (low < 0)
                return err_set(err, ERR_USAGE,
                               "broken escape in the address: %% needs two "
                               "hexadecimal digits, as in %%20");
            c = (char)(high * 16 + low);
            i += 2;
        }
        if ((unsigned char)c < 0x20 || c == 0x7F)
            return err_set(err, ERR_USAGE, "control character in the address");
        decoded[at++] = c;
    }
    if (!text_is_utf8(decoded, at))
        return err_set(err, ERR_USAGE, "the address is not UTF-8");
    *out = decoded;
    return ERR_OK;
}

enum err_code path_parse(const char *raw, struct arena *arena, struct path *out, struct err *err)
{
    enum err_code code = ERR_OK;
    out->n = 0;
    if (raw[0] != '/')
        return err_set(err, ERR_USAGE, "the address must begin with /");
    for (const char *at = raw + 1; *at;) {
        size_t n = strcspn(at, "/");
        if (n == 0 || out->n == PATH_MOST)
            return err_set(err, ERR_NOT_FOUND, "nothing is served at this address");
        TRY(params_decode(at, n, false, arena, &out->segments[out->n], err));
        out->n++;
        at += n;
        if (*at == '/' && at[1] == '\0')
            return err_set(err, ERR_NOT_FOUND,
                           "nothing is served at this address; leave out "
                           "the / at its end");
        at += *at == '/';
    }
done:
    return code;
}

enum err_code params_parse(const char *query, struct arena *arena, struct params *out,
                           struct err *err)
{
    enum err_code code = ERR_OK;
    out->n = 0;
    for (const char *at = query ? query : ""; *at;) {
        size_t n = strcspn(at, "&");
        if (n > 0) {
            const char *equals = memchr(at, '=', n);
            size_t name_n = equals ? (size_t)(equals - at) : n;
            struct param param = {NULL, ""};
            TRY(params_decode(at, name_n, true, arena, &param.name, err));
            if (!equals)
                return err_set(err, ERR_USAGE, "parameter %s has no value; write %s=...",
                               param.name, param.name);
            TRY(params_decode(equals + 1, n - name_n - 1, true, arena, &param.value, err));
            if (params_text(out, param.name))
                return err_set(err, ERR_USAGE, "parameter %s is given twice", param.name);
            if (out->n == PARAMS_MOST)
                return err_set(err, ERR_USAGE, "more than %d parameters", PARAMS_MOST);
            out->items[out->n++] = param;
        }
        at += n;
        at += *at == '&';
    }
done:
    return code;
}

enum err_code params_known(const struct params *params, const char *const *known, struct err *err)
{
    static const char *const none[] = {NULL};
    if (!known)
        known = none;
    for (size_t i = 0; i < params->n; i++) {
        const char *name = params->items[i].name;
        const char *near = text_nearest(name, known);
        if (near && strcmp(near, name) == 0)
            continue;
        if (near)
            return err_set(err, ERR_USAGE, "unknown parameter \"%s\"; did you mean %s?", name,
                           near);
        char list[256] = "";
        for (size_t k = 0; known[k]; k++) {
            strncat(list, k ? ", " : "", sizeof list - strlen(list) - 1);
            strncat(list, known[k], sizeof list - strlen(list) - 1);
        }
        return err_set(err, ERR_USAGE, "unknown parameter \"%s\"; %s%s", name,
                       *list ? "known here: " : "none is known here", list);
    }
    return ERR_OK;
}

const char *params_text(const struct params *params, const char *name)
{
    for (size_t i = 0; i < params->n; i++)
        if (strcmp(params->items[i].name, name) == 0)
            return params->items[i].value;
    return NULL;
}

enum err_code params_real(const struct params *params, const char *name, bool required, double min,
                          double max, double *out, struct err *err)
{
    const char *text = params_text(params, name);
    if (!text && required)
        return err_set(err, ERR_USAGE, "parameter %s is missing: a number from %g to %g", name, min,
                       max);
    if (!text)
        return ERR_OK;
    double value;
    if (!text_to_double(text, &value))
        return err_set(err, ERR_USAGE, "parameter %s \"%s\" is not a number", name, text);
    if (value < min || value > max)
        return err_set(err, ERR_USAGE, "parameter %s is %s, outside %g to %g", name, text, min,
                       max);
    *out = value;
    return ERR_OK;
}

enum err_code params_integer(const struct params *params, const char *name, int64_t min,
                             int64_t max, int64_t *out, struct err *err)
{
    const char *text = params_text(params, name);
    if (!text)
        return ERR_OK;
    int64_t value;
    if (!text_to_int(text, &value))
        return err_set(err, ERR_USAGE, "parameter %s \"%s\" is not a whole number", name, text);
    if (value < min || value > max)
        return err_set(err, ERR_USAGE, "parameter %s is %s, outside %lld to %lld", name, text,
                       (long long)min, (long long)max);
    *out = value;
    return ERR_OK;
}

enum err_code params_point(const struct params *params, struct lonlat *out, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(params_real(params, "lon", true, -180, 180, &out->lon_deg, err));
    code = params_real(params, "lat", true, -90, 90, &out->lat_deg, err);
    double lat_deg;
    const char *lat = params_text(params, "lat");
    if (code != ERR_OK && lat && text_to_double(lat, &lat_deg) && fabs(lat_deg) <= 180 &&
        fabs(out->lon_deg) <= 90)
        code = err_set(err, ERR_USAGE,
                       "parameter lat is %s, outside -90 to 90; are lon and lat "
                       "swapped?",
                       lat);
done:
    return code;
}

/* Cuts one item off a list with commas: *at moves behind it. False when the list is done. */
static bool next_item(const char **at, char *item, size_t size)
{
    if (!*at)
        return false;
    size_t n = strcspn(*at, ",");
    size_t kept = n < size ? n : size - 1;
    memcpy(item, *at, kept);
    item[kept] = '\0';
    *at = (*at)[n] == ',' ? *at + n + 1 : NULL;
    return true;
}

enum err_code params_bbox(const struct params *params, bool *given, struct box *out,
                          struct err *err)
{
    const char *text = params_text(params, "bbox");
    *given = text != NULL;
    if (!text)
        return ERR_OK;
    double edge[4];
    size_t n = 0;
    char item[64];
    for (const char *at = text; next_item(&at, item, sizeof item); n++)
        if (n == 4 || !text_to_double(item, &edge[n]))
            return err_set(err, ERR_USAGE,
                           "parameter bbox \"%s\" should be four numbers: west,south,east,north",
                           text);
    if (n != 4)
        return err_set(err, ERR_USAGE,
                       "parameter bbox \"%s\" should be four numbers: west,south,east,north", text);
    if (edge[0] < -180 || edge[2] > 180 || edge[1] < -90 || edge[3] > 90)
        return err_set(err, ERR_USAGE, "parameter bbox \"%s\" leaves the world in degrees", text);
    if (edge[0] > edge[2] || edge[1] > edge[3])
        return err_set(err, ERR_USAGE,
                       "parameter bbox \"%s\": west must not exceed east, nor south north", text);
    *out = (struct box){edge[0], edge[1], edge[2], edge[3]};
    return ERR_OK;
}

enum err_code params_grades(const struct params *params, bool wanted[5], struct err *err)
{
    const char *text = params_text(params, "grade");
    for (size_t g = 0; g < 5; g++)
        wanted[g] = text == NULL;
    char item[16];
    for (const char *at = text; next_item(&at, item, sizeof item);) {
        if (item[0] < '0' || item[0] > '4' || item[1] != '\0')
            return err_set(err, ERR_USAGE,
                           "parameter grade \"%s\" should list 1 (red) to 4 (blue), or 0 for not "
                           "assessed: grade=1,2",
                           text);
        wanted[item[0] - '0'] = true;
    }
    return ERR_OK;
}
