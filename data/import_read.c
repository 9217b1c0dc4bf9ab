/* import_read.c - the records of a file, or of the body of a request, for an edit: read and
 * checked as an import does it. */
#include "data/import_private.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include <cpl_vsi.h>

/* A text as a file in memory that GDAL opens by its name; "" if there is none. */
struct memory_file {
    char path[64];
};

static enum err_code memory_open(struct memory_file *file, const struct import_edit *edit,
                                 struct err *err)
{
    static atomic_uint_least64_t last;
    snprintf(file->path, sizeof file->path, "/vsimem/edit-%" PRIuLEAST64 ".geojson",
             atomic_fetch_add(&last, 1));
    VSILFILE *opened = VSIFileFromMemBuffer(file->path, (GByte *)(uintptr_t)edit->text,
                                            edit->n_text, FALSE); /* only read */
    if (!opened)
        return err_nomem(err);
    VSIFCloseL(opened);
    return ERR_OK;
}

/* GDAL's name of the text, in messages, is nothing that the user gave. */
static void memory_hide(const struct memory_file *file, const char *shown, struct err *err)
{
    while (err && *file->path) {
        const char *at = strstr(err->message, file->path);
        if (!at)
            return;
        struct err told = *err;
        snprintf(err->message, sizeof err->message, "%.*s%s%s", (int)(at - err->message),
                 told.message, shown, told.message + (at - err->message) + strlen(file->path));
    }
}

static void memory_close(struct memory_file *file)
{
    if (*file->path)
        VSIUnlink(file->path);
}

static enum err_code read_all(struct import *import, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(import_plan_options(import, err));
    if (import->layer->id == LAYER_POPULATION)
        return err_set(err, ERR_USAGE,
                       "population is a grid and has no records to put; `sisetu import --replace` "
                       "takes in another grid");
    TRY(import_begin(import, err));
    TRY(import_open_file(import, err));
    TRY(import_plan_refuse_unknown(import, err));
    TRY(import_take_records(import, err));
done:
    return code;
}

enum err_code import_read(const struct import_options *options, const struct import_edit *edit,
                          struct arena *arena, struct import_summary *summary, void **records,
                          struct err *err)
{
    enum err_code code = ERR_OK;
    struct import_options own = *options;
    struct memory_file file = {""};
    struct err later;
    struct import import = {.options = &own,
                            .arena = arena,
                            .source = {.decoder = (iconv_t)-1},
                            .schema = *edit->schema,
                            .edit = edit};
    own.strict = true;
    own.join = own.where = own.rejects_path = NULL;
    own.progress = NULL;
    import.n_admin = edit->n_admin;
    import.admin = edit->admin;
    *summary = (struct import_summary){.layer = options->layer, .persons = (double)NAN};
    *records = NULL;
    const char *slash = strrchr(options->path, '/');
    summary->source = arena_strdup(arena, slash && slash[1] ? slash + 1 : options->path);
    if (!summary->source)
        return err_nomem(err);
    gdal_session_begin(&import.gdal);
    arena_init(&import.scratch, arena->limit_bytes);
    map_init(&import.ids, arena);
    TRY(import_report_open(&import.report, &import, summary, err));
    if (edit->text) {
        TRY(memory_open(&file, edit, err));
        own.path = file.path;
    }
    TRY(read_all(&import, err));
    *records = import.records;
    summary->accepted = import.n_records;
done:
    if (code != ERR_OK)
        memory_hide(&file, summary->source, err);
    import_report_close(&import.report, &later);
    import_source_close(&import.source);
    import_crs_close(&import.crs);
    memory_close(&file);
    arena_release(&import.scratch);
    gdal_session_end(&import.gdal);
    return code;
}
