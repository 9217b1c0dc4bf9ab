/* import.c - the order of things: look at the options, the store and the file; read and
 * check every record; then write them in one transaction. */
#include "data/import.h"

#include "data/import_private.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* Where data are expected as long as no boundaries are loaded: China, widened. */
static const struct box CHINA = {70, 3, 138, 56};

/* How far around the loaded boundaries data still are expected, degrees. */
static const double BEYOND_BOUNDARIES_DEG = 3;

/* Parts of the progress bar: reading, and writing at the end. */
static const double READ_SHARE = 0.8;

void import_progress(struct import *import, double share)
{
    if (!import->options->progress || share - import->progress_told < 0.01)
        return;
    import->progress_told = share;
    import->options->progress(import->options->progress_context, share);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* ---- before the file ---- */

struct import_reference import_expected(struct box boundaries)
{
    if (box_is_empty(boundaries))
        return (struct import_reference){CHINA, true};
    return (struct import_reference){{fmax(-180, boundaries.west_deg - BEYOND_BOUNDARIES_DEG),
                                      fmax(-90, boundaries.south_deg - BEYOND_BOUNDARIES_DEG),
                                      fmin(180, boundaries.east_deg + BEYOND_BOUNDARIES_DEG),
                                      fmin(90, boundaries.north_deg + BEYOND_BOUNDARIES_DEG)},
                                     false};
}

static enum err_code must_be_empty(const struct import *import, struct store *store,
                                   struct err *err)
{
    size_t n;
    enum err_code code = store_count(store, import->layer->id, &n, err);
    if (code != ERR_OK || n == 0 || import->options->join ||
        import->options->mode != IMPORT_INTO_EMPTY)
        return code;
    if (import->layer->id == LAYER_POPULATION)
        return err_set(err, ERR_CONFLICT, "the store holds a population grid; give --replace");
    return err_set(err, ERR_CONFLICT, "%s holds %zu record%s; give --replace or --append",
                   import->layer->name, n, n == 1 ? "" : "s");
}

/* A grid and a census are never added up: whoever loads the second should know. */
static enum err_code warn_of_both(struct import *import, struct store *store, struct err *err)
{
    bool census = import->layer->id == LAYER_CENSUS;
    size_t n;
    if (!census && import->layer->id != LAYER_POPULATION)
        return ERR_OK;
    enum err_code code = store_count(store, census ? LAYER_POPULATION : LAYER_CENSUS, &n, err);
    if (code != ERR_OK || n == 0)
        return code;
    return import_warn(&import->report, err,
                       "the store holds a population grid and a census now: people are counted by "
                       "the grid, which is finer; the census is kept and not used");
}

/* A first look, so that a long file is not read in vain; under the writer's lock the store
 * is looked at again. Also takes the boundaries along. */
static enum err_code look_at_store(struct import *import, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = NULL;
    void *admin = NULL;
    TRY(store_open(import->store_path, STORE_READ, &store, err));
    TRY(must_be_empty(import, store, err));
    TRY(warn_of_both(import, store, err));
    if (import->layer->has_geometry && !import->options->join)
        TRY(store_read(store, LAYER_ADMIN, import->arena, &admin, &import->n_admin, err));
    import->admin = admin;
    if (!admin)
        import->n_admin = 0;
done:
    store_close(store);
    return code;
}

enum err_code import_begin(struct import *import, struct err *err)
{
    time_t now = time(NULL);
    struct tm utc;
    char stamp[32];
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    import->imported = arena_strdup(import->arena, stamp);
    struct box box = box_empty();
    for (size_t i = 0; i < import->n_admin; i++)
        box = box_union(box, import->admin[i].head.geom.box);
    import->reference = import_expected(box);
    return import->imported ? ERR_OK : err_nomem(err);
}

/* ---- CRS ---- */

static enum err_code ask_for_crs(const struct import *import, OGRSpatialReferenceH claim,
                                 struct err *err)
{
    const char *name = claim ? OSRGetName(claim) : NULL;
    const char *authority = claim ? OSRGetAuthorityName(claim, NULL) : NULL;
    const char *number = claim ? OSRGetAuthorityCode(claim, NULL) : NULL;
    char register_entry[64] = "";
    if (authority && number)
        snprintf(register_entry, sizeof register_entry, " (%s:%s)", authority, number);
    return err_set(err, ERR_USAGE,
                   "%s: --crs is required: files often claim WGS 84 whatever is inside, and a "
                   "shift of 400 m breaks every rule; the file itself says %s%s; give --crs "
                   "EPSG:n, gcj02 or bd09",
                   import->report.summary->source, name ? name : "nothing", register_entry);
}

enum err_code import_open_crs(struct import *import, OGRSpatialReferenceH claim, struct err *err)
{
    enum err_code code = ERR_OK;
    bool needed = import->layer->id == LAYER_POPULATION ||
                  (import->layer->has_geometry && !import->options->join);
    if (!import->options->crs && needed)
        return ask_for_crs(import, claim, err);
    if (!import->options->crs)
        return ERR_OK;
    TRY(import_crs_open(import->options->crs, import->arena, &import->crs, err));
    import->report.summary->crs = import->crs.text;
    if (import->crs.srs && !import_crs_is_plain(import->crs.srs) && needed)
        TRY(import_warn(&import->report, err,
                        "%s is on another datum; PROJ's transformation to CGCS2000 is good to "
                        "metres at best, so state the accuracy",
                        import->crs.text));
done:
    return code;
}

/* ---- records ---- */

static enum err_code keep_record(struct import *import, const void *record, struct err *err)
{
    const struct record_head *head = record;
    size_t size = import->binding->record_bytes;
    import->records = arena_grow(import->arena, import->records, &import->records_capacity,
                                 import->n_records + 1, size);
    if (!import->records || !map_put(&import->ids, head->id, head->source_row, NULL))
        return err_nomem(err);
    memcpy(import->records + import->n_records++ * size, record, size);
    return ERR_OK;
}

static enum err_code take_record(struct import *import, OGRFeatureH feature, size_t row,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    struct import_fault fault = {0};
    const char *repaired = NULL;
    void *record = arena_alloc(&import->scratch, 1, import->binding->record_bytes);
    if (!record)
        return err_nomem(err);
    TRY(import_record_read(import, feature, row, record, &fault, &repaired, err));
    if (fault.reason) {
        TRY(import_refuse(&import->report, row, &fault, err));
        goto done;
    }
    TRY(keep_record(import, record, err));
    if (repaired)
        TRY(import_repaired(&import->report, row, repaired, err));
done:
    arena_reset(&import->scratch);
    return code;
}

/* More than half of the records the wrong way round: the file is. */
static enum err_code check_swapped(const struct import *import, struct err *err)
{
    const struct import_summary *summary = import->report.summary;
    size_t swapped = import->report.counts[REFUSED_SWAPPED];
    if (swapped * 2 <= summary->read)
        return ERR_OK;
    return err_set(err, ERR_INPUT,
                   "%s: latitude and longitude look swapped in %zu of %zu records, as in row %zu: "
                   "%s; coordinates are longitude first (for a table: --field x=LONGITUDE --field "
                   "y=LATITUDE)",
                   summary->source, swapped, summary->read, summary->first_refused[0].row,
                   summary->first_refused[0].value);
}

/* Data that lie nowhere near the boundaries are not wrong as such, but worth a word. */
static enum err_code look_where_it_lies(struct import *import, struct err *err)
{
    struct box box = box_empty();
    size_t outside = 0;
    for (size_t i = 0; i < import->n_admin; i++)
        box = box_union(box, import->admin[i].head.geom.box);
    if (box_is_empty(box))
        return ERR_OK;
    for (size_t i = 0; i < import->n_records; i++) {
        const struct geom *geom = &record_at(import->layer->id, import->records, i)->geom;
        outside += geom->kind != GEOM_NONE && !box_intersects(box, geom->box);
    }
    if (outside == 0)
        return ERR_OK;
    return import_warn(&import->report, err,
                       "%zu of %zu records lie outside the rectangle around the loaded boundaries",
                       outside, import->n_records);
}

/* ---- into the store ---- */

struct held {
    void *records;
    size_t n;
    struct map ids; /* to the record's number */
};

/* A row without an id of its own is called after its layer and row; if another file's row has
 * that name, after its file as well. */
static const char *free_id(struct import *import, const struct held *held,
                           const struct record_head *head)
{
    int64_t i = map_get(&held->ids, head->id);
    if (i == MAP_NONE || import->plan.has_id || import->layer->id == LAYER_ADMIN)
        return head->id;
    const struct record_head *there = record_at(import->layer->id, held->records, (size_t)i);
    if (there->source && strcmp(there->source, head->source) == 0)
        return head->id; /* the same row of the same file */
    const char *dot = strrchr(head->source, '.');
    int stem = dot ? (int)(dot - head->source) : (int)strlen(head->source);
    return arena_printf(import->arena, "%s-%.*s-%" PRId32, import->layer->name, stem, head->source,
                        head->source_row);
}

/* Leaves out what the layer holds already. */
static enum err_code drop_held(struct import *import, struct store *store, struct err *err)
{
    enum err_code code = ERR_OK;
    struct held held = {0};
    size_t size = import->binding->record_bytes, kept = 0;
    map_init(&held.ids, import->arena);
    TRY(store_read(store, import->layer->id, import->arena, &held.records, &held.n, err));
    for (size_t i = 0; i < held.n; i++)
        if (!map_put(&held.ids, record_at(import->layer->id, held.records, i)->id, (int64_t)i,
                     NULL))
            return err_nomem(err);
    for (size_t i = 0; i < import->n_records; i++) {
        unsigned char *record = import->records + i * size;
        struct record_head *head = (void *)record;
        struct import_fault fault = {0};
        head->id = free_id(import, &held, head);
        if (!head->id)
            return err_nomem(err);
        if (map_get(&held.ids, head->id) == MAP_NONE) {
            memmove(import->records + kept++ * size, record, size);
            continue;
        }
        import_fault_set(&fault, REFUSED_DUPLICATE, "id", head->id, "%s holds a record %s already",
                         import->layer->name, head->id);
        TRY(import_refuse(&import->report, (size_t)head->source_row, &fault, err));
    }
    import->n_records = kept;
done:
    return code;
}

static enum err_code write_records(struct import *import, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = NULL;
    struct import_summary *summary = import->report.summary;
    import_source_close(&import->source); /* it may be the store itself */
    TRY(store_open(import->store_path, STORE_WRITE, &store, err));
    TRY(must_be_empty(import, store, err));
    if (import->options->mode == IMPORT_APPEND)
        TRY(drop_held(import, store, err));
    if (import->options->mode == IMPORT_REPLACE)
        TRY(store_delete_all(store, import->layer->id, err));
    if (import->n_records == 0) {
        code = import_all_refused(&import->report, err);
        goto done;
    }
    TRY(store_insert(store, import->layer->id, import->records, import->n_records, err));
    import_progress(import, 0.95);
    TRY(import_report_flush(&import->report, err));
    TRY(store_commit(store, err));
    summary->accepted = import->n_records;
    summary->generation = store_generation(store);
done:
    store_close(store);
    return code;
}

enum err_code import_take_records(struct import *import, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(import_source_each(import, err, take_record));
    TRY(check_swapped(import, err));
    if (import->n_records == 0)
        return import_all_refused(&import->report, err);
    if (import->layer->has_geometry) {
        TRY(import_shift_check(import, err));
        TRY(look_where_it_lies(import, err));
    }
done:
    return code;
}

static enum err_code import_records(struct import *import, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(import_take_records(import, err));
    import_progress(import, READ_SHARE);
    TRY(write_records(import, err));
done:
    return code;
}

/* ---- the whole ---- */

enum err_code import_open_file(struct import *import, struct err *err)
{
    enum err_code code = ERR_OK;
    if (import->layer->id == LAYER_POPULATION) {
        TRY(import_source_check_file(import->options->path, err));
        import->source.dataset = import_source_dataset(import, GDAL_OF_RASTER, err);
        if (!import->source.dataset)
            return err_wrap(err, "population is a raster of persons a cell (polygons with persons "
                                 "go into the layer census)");
        TRY(import_open_crs(import, GDALGetSpatialRef(import->source.dataset), err));
        goto done;
    }
    TRY(import_source_open(import, err));
    TRY(import_open_crs(import, OGR_L_GetSpatialRef(import->source.layer), err));
    TRY(import_plan_columns(import, err));
done:
    return code;
}

static enum err_code run(struct import *import, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(schema_load(import->arena, &import->schema, err));
    TRY(import_plan_options(import, err));
    TRY(look_at_store(import, err));
    TRY(import_begin(import, err));
    TRY(import_open_file(import, err));
    if (import->layer->id == LAYER_POPULATION)
        TRY(import_population(import, err));
    else if (import->options->join)
        TRY(import_join(import, err));
    else
        TRY(import_records(import, err));
    import_progress(import, 1);
done:
    return code;
}

enum err_code import_run(const char *store_path, const struct import_options *options,
                         struct arena *arena, struct import_summary *summary, struct err *err)
{
    struct err own, later;
    struct import import = {.options = options,
                            .store_path = store_path,
                            .arena = arena,
                            .source = {.decoder = (iconv_t)-1}};
    if (!err)
        err = &own;
    *summary = (struct import_summary){.layer = options->layer, .persons = (double)NAN};
    summary->source = arena_strdup(arena, base_name(options->path));
    if (!summary->source)
        return err_nomem(err);
    gdal_session_begin(&import.gdal);
    arena_init(&import.scratch, arena->limit_bytes);
    map_init(&import.ids, arena);
    enum err_code code = import_report_open(&import.report, &import, summary, err);
    if (code == ERR_OK)
        code = run(&import, err);
    enum err_code closed = import_report_close(&import.report, &later);
    if (code == ERR_OK && closed != ERR_OK) {
        code = closed;
        *err = later;
    }
    import_source_close(&import.source);
    import_crs_close(&import.crs);
    arena_release(&import.scratch);
    gdal_session_end(&import.gdal);
    return code;
}
