#include "tiler/serve/wmts_request.h"

#include "data/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A request on its way. */
struct reading {
    struct params params;
    const struct style_set *styles;
    struct arena *arena;
    struct wmts_request *out;
    struct wmts_fault *fault;
    struct err *err;
};

/* ERR_USAGE with an exception code and the parameter that it is about. */
__attribute__((format(printf, 4, 5))) static enum err_code
refused(const struct reading *r, const char *code, const char *locator, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    *r->fault = (struct wmts_fault){.code = code, .locator = locator};
    text_mend(text);
    return err_set(r->err, ERR_USAGE, "%s", text);
}

/* The same with what the last call said. */
static enum err_code blamed(const struct reading *r, const char *code, const char *locator)
{
    *r->fault = (struct wmts_fault){.code = code, .locator = locator};
    r->err->code = ERR_USAGE;
    return ERR_USAGE;
}

static const char *value_of(const struct reading *r, const char *name)
{
    for (size_t i = 0; i < r->params.n; i++)
        if (strcasecmp(r->params.items[i].name, name) == 0)
            return r->params.items[i].value;
    return NULL;
}

/* *out NULL: missing, which is an error unless the dialect may leave it out. */
static enum err_code require(const struct reading *r, const char *name, bool dialect_may_leave_out,
                             const char **out)
{
    *out = value_of(r, name);
    if (*out && **out)
        return ERR_OK;
    *out = NULL;
    if (dialect_may_leave_out && r->out->tianditu)
        return ERR_OK;
    (void)refused(r, "MissingParameterValue", name, "parameter %s is missing", name);
    return ERR_USAGE; /* here, so that analysers see that it is a failure */
}

/* ---- the parts of a tile's name ---- */

static enum err_code read_map(const struct reading *r, const char *name)
{
    if (map_by_name(name, &r->out->map)) {
        r->out->has_map = true;
        return ERR_OK;
    }
    char list[128] = "";
    for (int i = 0; i < MAP_COUNT; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "",
                 map_name((enum map_id)i));
    return refused(r, "InvalidParameterValue", "Layer", "no layer \"%.64s\"; layers are %s", name,
                   list);
}

/* NULL, "" and "default" are the style that is drawn where none is named. */
static enum err_code read_style(const struct reading *r, const char *name)
{
    if (!name || !*name || strcmp(name, "default") == 0)
        return ERR_OK;
    int found = style_set_find(r->styles, name);
    if (found < 0)
        return refused(r, "InvalidParameterValue", "Style",
                       "no style \"%.64s\"; the first is called %s", name,
                       style_name(style_set_at(r->styles, 0)));
    r->out->style = found > 0 ? style_name(style_set_at(r->styles, (size_t)found)) : NULL;
    return ERR_OK;
}

static enum err_code read_grid(const struct reading *r, const char *name)
{
    const struct tile_grid *grid;
    if (tile_grid_read(name, &grid, r->err) != ERR_OK)
        return blamed(r, "InvalidParameterValue", "TileMatrixSet");
    if (r->out->grid && r->out->grid != grid)
        return refused(r, "InvalidParameterValue", "TileMatrixSet",
                       "tiles at this address are those of TILEMATRIXSET=%s", r->out->grid->name);
    r->out->grid = grid;
    return ERR_OK;
}

/* NULL and "" are image/png. */
static enum err_code read_format(const struct reading *r, const char *format)
{
    static const struct {
        const char *name, *bits;
    } pictures[] = {{"image/png", NULL},
                    {"png", NULL},
                    {"image/png8", "8"},
                    {"png8", "8"},
                    {"image/png; mode=8bit", "8"},
                    {"image/png24", "32"},
                    {"png24", "32"},
                    {"image/png32", "32"},
                    {"png32", "32"}};
    if (!format || !*format || (r->out->tianditu && strcmp(format, "tiles") == 0))
        return ERR_OK;
    r->out->vector = strcmp(format, "application/vnd.mapbox-vector-tile") == 0;
    if (r->out->vector)
        return ERR_OK;
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++)
        if (strcasecmp(pictures[i].name, format) == 0) {
            r->out->bits = pictures[i].bits;
            return ERR_OK;
        }
    return refused(r, "InvalidParameterValue", "Format",
                   "format \"%.64s\" should be image/png or application/vnd.mapbox-vector-tile",
                   format);
}

/* Digits alone: one tile has one address. */
static bool read_digits(const char *text, int64_t *out)
{
    return *text && strlen(text) <= 9 && strspn(text, "0123456789") == strlen(text) &&
           (text[0] != '0' || text[1] == '\0') && text_to_int(text, out);
}

static enum err_code read_place(const struct reading *r, const char *level, const char *row,
                                const char *column)
{
    struct wmts_request *out = r->out;
    struct plane_tile tile;
    if (!read_digits(level, &out->level) || out->level < out->grid->first ||
        out->level > out->grid->last)
        return refused(r, "InvalidParameterValue", "TileMatrix",
                       "no tile matrix \"%.32s\"; those of %s are %u to %u", level, out->grid->name,
                       out->grid->first, out->grid->last);
    if (!read_digits(row, &out->row))
        return refused(r, "InvalidParameterValue", "TileRow",
                       "tile row \"%.32s\" is not a whole number", row);
    if (!read_digits(column, &out->column))
        return refused(r, "InvalidParameterValue", "TileCol",
                       "tile column \"%.32s\" is not a whole number", column);
    if (tile_grid_tile(out->grid, out->level, out->column, out->row, &tile, r->err) == ERR_OK)
        return ERR_OK;
    int64_t n_rows = tile_grid_rows(out->grid, (uint32_t)out->level);
    return blamed(r, "TileOutOfRange", out->row < n_rows ? "TileCol" : "TileRow");
}

/* ---- operations ---- */

static enum err_code read_tile(const struct reading *r)
{
    enum err_code code = ERR_OK;
    const char *layer, *grid, *level, *row, *column, *version = value_of(r, "Version");
    if (version && *version && strcmp(version, "1.0.0") != 0)
        return refused(r, "InvalidParameterValue", "Version", "version \"%.16s\" should be 1.0.0",
                       version);
    if (!r->out->has_map) {
        TRY(require(r, "Layer", false, &layer));
        TRY(read_map(r, layer));
    }
    TRY(read_style(r, value_of(r, "Style")));
    TRY(read_format(r, value_of(r, "Format")));
    TRY(require(r, "TileMatrixSet", r->out->grid != NULL, &grid));
    if (grid)
        TRY(read_grid(r, grid));
    TRY(require(r, "TileMatrix", false, &level));
    TRY(require(r, "TileRow", false, &row));
    TRY(require(r, "TileCol", false, &column));
    TRY(read_place(r, level, row, column));
done:
    return code;
}

static enum err_code read_legend(const struct reading *r)
{
    enum err_code code = ERR_OK;
    const char *layer, *format = value_of(r, "Format");
    if (!r->out->has_map) {
        TRY(require(r, "Layer", false, &layer));
        TRY(read_map(r, layer));
    }
    TRY(read_style(r, value_of(r, "Style")));
    if (format && *format && strcmp(format, "image/png") != 0)
        code = refused(r, "InvalidParameterValue", "Format",
                       "format \"%.64s\" of a legend should be image/png", format);
done:
    return code;
}

/* Calls for each word of a list that commas part; false ends it. */
static bool each_word(const char *list, bool (*each)(void *context, const char *word, size_t n),
                      void *context)
{
    while (*list) {
        size_t n = strcspn(list, ",");
        if (!each(context, list, n))
            return false;
        list += n + (list[n] == ',');
    }
    return true;
}

static bool is_not_1_0_0(void *context, const char *word, size_t n)
{
    (void)context;
    return n != 5 || memcmp(word, "1.0.0", 5) != 0;
}

static bool add_section(void *context, const char *word, size_t n)
{
    static const struct {
        const char *name;
        unsigned bits;
    } sections[] = {{"ServiceIdentification", WMTS_IDENTIFICATION},
                    {"ServiceProvider", WMTS_PROVIDER},
                    {"OperationsMetadata", WMTS_OPERATIONS},
                    {"Contents", WMTS_CONTENTS},
                    {"Themes", WMTS_THEMES},
                    {"All", WMTS_ALL}};
    unsigned *bits = context;
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (strlen(sections[i].name) == n && strncasecmp(sections[i].name, word, n) == 0) {
            *bits |= sections[i].bits;
            return true;
        }
    return false;
}

static enum err_code read_capabilities(const struct reading *r)
{
    const char *versions = value_of(r, "AcceptVersions"), *sections = value_of(r, "Sections");
    r->out->sections = WMTS_ALL;
    if (versions && *versions && each_word(versions, is_not_1_0_0, NULL))
        return refused(r, "VersionNegotiationFailed", "AcceptVersions",
                       "none of the versions \"%.64s\" is served; 1.0.0 is", versions);
    if (!sections || !*sections)
        return ERR_OK;
    r->out->sections = 0;
    if (!each_word(sections, add_section, &r->out->sections))
        return refused(r, "InvalidParameterValue", "Sections",
                       "sections \"%.128s\" should be some of ServiceIdentification, "
                       "ServiceProvider, OperationsMetadata, Contents, Themes, All",
                       sections);
    return ERR_OK;
}

static enum err_code read_dialect(const struct reading *r)
{
    const char *dialect = value_of(r, "dialect");
    if (!dialect || !*dialect)
        return ERR_OK;
    if (strcmp(dialect, "tianditu") != 0 && strcmp(dialect, "ogc") != 0)
        return refused(r, "InvalidParameterValue", "dialect",
                       "dialect \"%.32s\" should be tianditu, or ogc", dialect);
    r->out->tianditu |= dialect[0] == 't';
    return ERR_OK;
}

static enum err_code read_pairs(const struct reading *r)
{
    enum err_code code = ERR_OK;
    const char *service, *operation;
    TRY(read_dialect(r));
    TRY(require(r, "Service", true, &service));
    if (service && strcasecmp(service, "WMTS") != 0)
        return refused(r, "InvalidParameterValue", "Service", "service \"%.32s\" should be WMTS",
                       service);
    TRY(require(r, "Request", false, &operation));
    if (strcasecmp(operation, "GetCapabilities") == 0) {
        r->out->operation = WMTS_CAPABILITIES;
        return read_capabilities(r);
    }
    if (strcasecmp(operation, "GetTile") == 0) {
        r->out->operation = WMTS_TILE;
        return read_tile(r);
    }
    if (strcasecmp(operation, "GetLegendGraphic") == 0) {
        r->out->operation = WMTS_LEGEND;
        return read_legend(r);
    }
    bool known = strcasecmp(operation, "GetFeatureInfo") == 0;
    code = refused(
        r, known ? "OperationNotSupported" : "InvalidParameterValue", known ? operation : "Request",
        "request \"%.32s\" should be GetCapabilities, GetTile or GetLegendGraphic", operation);
    r->fault->not_implemented = known;
done:
    return code;
}

/* ---- addresses ---- */

/* "risk_c": Tianditu's layer and tile matrix set in one. */
static enum err_code read_tianditu(const struct reading *r, const char *name)
{
    size_t n = strlen(name);
    const char *grid = n > 2 && name[n - 2] == '_' ? name + n - 1 : "";
    if (strcmp(grid, "c") != 0 && strcmp(grid, "w") != 0)
        return err_set(r->err, ERR_NOT_FOUND, "\"%.64s\" should be a map and _c or _w", name);
    const char *map = arena_strndup(r->arena, name, n - 2);
    if (!map)
        return err_nomem(r->err);
    r->out->tianditu = true;
    enum err_code code = read_map(r, map);
    return code == ERR_OK ? read_grid(r, grid) : code;
}

/* {map}/{style}/{grid}/{z}/{y}/{x}.png */
static enum err_code read_tile_path(const struct reading *r, const char *const *segments)
{
    enum err_code code = ERR_OK;
    size_t n = strcspn(segments[5], ".");
    const char *column = arena_strndup(r->arena, segments[5], n), *end = segments[5] + n;
    if (!column)
        return err_nomem(r->err);
    r->out->operation = WMTS_TILE;
    r->out->vector = strcmp(end, ".mvt") == 0;
    if (!r->out->vector && strcmp(end, ".png") != 0)
        return refused(r, "InvalidParameterValue", "Format", "\"%.32s\" should end in .png or .mvt",
                       segments[5]);
    TRY(read_map(r, segments[0]));
    TRY(read_style(r, segments[1]));
    TRY(read_grid(r, segments[2]));
    TRY(read_place(r, segments[3], segments[4], column));
done:
    return code;
}

static enum err_code read_path(const struct reading *r, const struct path *path)
{
    enum err_code code = ERR_OK;
    if (strcmp(path->segments[1], "1.0.0") == 0 && path->n == 3 &&
        strcmp(path->segments[2], "WMTSCapabilities.xml") == 0) {
        TRY(read_dialect(r));
        return read_capabilities(r);
    }
    if (strcmp(path->segments[1], "1.0.0") != 0 || path->n != 8)
        return err_set(r->err, ERR_NOT_FOUND,
                       "a WMTS is served at /wmts?SERVICE=WMTS&REQUEST=GetCapabilities and at "
                       "/wmts/1.0.0/WMTSCapabilities.xml");
    code = read_tile_path(r, path->segments + 2);
    if (code == ERR_USAGE) /* what has no such address is not there */
        r->err->code = code = ERR_NOT_FOUND;
done:
    return code;
}

bool wmts_is(const struct path *path)
{
    return path->n > 0 && (strcmp(path->segments[0], "wmts") == 0 ||
                           (path->n == 2 && strcmp(path->segments[1], "wmts") == 0));
}

enum err_code wmts_read(const struct wmts_address *address, struct arena *arena,
                        struct wmts_request *out, struct wmts_fault *fault, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct path *path = address->path;
    struct reading r = {
        .styles = address->styles, .arena = arena, .out = out, .fault = fault, .err = err};
    *out = (struct wmts_request){.operation = WMTS_CAPABILITIES};
    *fault = (struct wmts_fault){.code = "InvalidParameterValue"};
    TRY(params_parse(address->query, arena, &r.params, err));
    if (strcmp(path->segments[0], "wmts") == 0)
        return path->n == 1 ? read_pairs(&r) : read_path(&r, path);
    TRY(read_tianditu(&r, path->segments[0]));
    TRY(read_pairs(&r));
done:
    return code;
}
