/* import_shapes.c - an import that ends with the shapes. */
#include "data/import_shapes.h"

#include "data/base/text.h"
#include "data/import_private.h"

#include <inttypes.h>
#include <string.h>

#include <cpl_vsi.h>

/* GDAL's name of a text in memory; messages call it what the user knows. */
static const char STANDARD_INPUT[] = "standard input";

struct reading {
    struct import import; /* first: the callback is handed it */
    const struct shapes_question *question;
    int id_column; /* -1 if none */
    struct shape *shapes;
    size_t n;
    size_t capacity;
};

/* ---- one feature ---- */

static enum err_code name_shape(struct reading *reading, OGRFeatureH feature, struct shape *shape,
                                struct import_fault *fault, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena *arena = reading->import.arena;
    shape->id = NULL;
    if (reading->id_column >= 0)
        TRY(import_source_text(&reading->import.source, feature, reading->id_column, arena,
                               &shape->id, fault, err));
    if (!shape->id)
        shape->id = arena_printf(arena, "%zu", shape->row);
    if (!shape->id)
        code = err_nomem(err);
done:
    return code;
}

static void check_edges(const struct geom *geom, struct import_fault *fault)
{
    double from_deg, to_deg;
    if (geom_has_long_edge(geom, &from_deg, &to_deg))
        import_fault_set(
            fault, REFUSED_SHAPE, "geom", "",
            "an edge from longitude %.6g to %.6g is over half a turn; cut the shape at "
            "the antimeridian, or put a vertex between",
            from_deg, to_deg);
}

static enum err_code take_feature(struct import *import, OGRFeatureH feature, size_t row,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct reading *reading = (struct reading *)import;
    struct import_fault fault = {0};
    struct shape shape = {.row = row};
    OGRGeometryH geometry = OGR_F_GetGeometryRef(feature);
    TRY(name_shape(reading, feature, &shape, &fault, err));
    if (!fault.reason && !geometry)
        import_fault_set(&fault, REFUSED_NO_SHAPE, "geom", "", "no geometry");
    if (!fault.reason)
        TRY(import_shape_read(import, geometry, &shape.geom, &fault, &shape.repaired, err));
    if (!fault.reason)
        check_edges(&shape.geom, &fault);
    if (fault.reason)
        TRY(err_set(err, ERR_INPUT, "%s: feature %zu%s%s%s: %s", import->report.summary->source,
                    row, reading->id_column >= 0 && shape.id ? " (id \"" : "",
                    reading->id_column >= 0 && shape.id ? shape.id : "",
                    reading->id_column >= 0 && shape.id ? "\")" : "", fault.text));
    if (shape.repaired && text_starts(shape.repaired, "repaired: "))
        shape.repaired += strlen("repaired: ");
    struct shape *grown = arena_grow(import->arena, reading->shapes, &reading->capacity,
                                     reading->n + 1, sizeof *grown);
    TRY(grown ? ERR_OK : err_nomem(err));
    reading->shapes = grown;
    grown[reading->n++] = shape;
done:
    arena_reset(&import->scratch);
    return code;
}

/* ---- the file ---- */

static enum err_code find_id(struct reading *reading, struct err *err)
{
    const char *name = reading->question->id_column;
    struct import *import = &reading->import;
    reading->id_column = import_source_column(&import->source, name ? name : "id");
    if (name && reading->id_column < 0)
        return err_set(err, ERR_USAGE, "--id %s: %s has no such column; it has %s", name,
                       import->report.summary->source,
                       import_source_columns(&import->source, import->arena));
    return ERR_OK;
}

static enum err_code read_source(struct reading *reading, struct err *err)
{
    enum err_code code = ERR_OK;
    struct import *import = &reading->import;
    TRY(import_source_open(import, err));
    TRY(import_open_crs(import, OGR_L_GetSpatialRef(import->source.layer), err));
    TRY(find_id(reading, err));
    TRY(import_source_each(import, err, take_feature));
done:
    return code;
}

/* GDAL's name of the text, in messages, is nothing that the user gave. */
static void hide_name(struct err *err, const char *name)
{
    size_t n = strlen(STANDARD_INPUT); /* shorter than the name */
    for (char *at; (at = strstr(err->message, name));) {
        memmove(at + n, at + strlen(name), strlen(at + strlen(name)) + 1);
        for (size_t i = 0; i < n; i++)
            at[i] = STANDARD_INPUT[i];
    }
}

static enum err_code read_all(struct reading *reading, struct import_summary *summary,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    struct import *import = &reading->import;
    const struct shapes_question *question = reading->question;
    gdal_session_begin(&import->gdal);
    arena_init(&import->scratch, import->arena->limit_bytes);
    TRY(import_report_open(&import->report, import, summary, err));
    TRY(read_source(reading, err));
done:
    import_source_close(&import->source);
    import_crs_close(&import->crs);
    arena_release(&import->scratch);
    if (question->text)
        VSIUnlink(import->options->path);
    gdal_session_end(&import->gdal);
    return code;
}

/* The text under a name that no other thread has. */
static enum err_code name_text(const struct shapes_question *question, const void *unique,
                               char out[80], struct err *err)
{
    snprintf(out, 80, "/vsimem/sisetu-standard-input-%" PRIxPTR ".geojson", (uintptr_t)unique);
    /* GDAL only reads it. */
    VSILFILE *file =
        VSIFileFromMemBuffer(out, (GByte *)(uintptr_t)question->text, question->n_text, 0);
    if (!file)
        return err_nomem(err);
    VSIFCloseL(file);
    return ERR_OK;
}

enum err_code shapes_read(const struct shapes_question *question, struct arena *arena,
                          struct shape **out, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    struct err own;
    char name[80];
    struct import_summary summary = {0};
    struct import_options options = {.path = question->path,
                                     .source_layer = question->source_layer,
                                     .crs = question->crs,
                                     .accept_shift = question->accept_shift};
    const struct schema_layer layer = {.id = LAYER_ZONES,
                                       .name = question->asker,
                                       .has_geometry = true,
                                       .geometry_required = true,
                                       .may_be_point = !question->polygons_only,
                                       .may_be_line = !question->polygons_only,
                                       .may_be_polygon = true};
    struct reading reading = {.import = {.options = &options,
                                         .store_path = "",
                                         .arena = arena,
                                         .layer = &layer,
                                         .reference = import_expected(question->expected),
                                         .source = {.decoder = (iconv_t)-1}},
                              .question = question};
    err = err ? err : &own;
    *out = NULL;
    *n = 0;
    if (question->text) {
        if (question->n_text == 0)
            TRY(err_set(err, ERR_INPUT, "%s is empty", STANDARD_INPUT));
        TRY(name_text(question, &reading, name, err));
        options.path = name;
        summary.source = STANDARD_INPUT;
    } else {
        const char *slash = strrchr(question->path, '/');
        summary.source = slash && slash[1] ? slash + 1 : question->path;
    }
    code = read_all(&reading, &summary, err);
    if (code != ERR_OK && question->text)
        hide_name(err, name);
    *out = reading.shapes;
    *n = reading.n;
done:
    return code;
}
