/*
 * archive_mbtiles.c - writes MBTiles 1.3: each content a row of `images`, each tile a row of `map`,
 * and the view `tiles` that the specification asks for. Rows count y from the south (TMS).
 */
#include "tiler/archive/archive_parts.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nobody sees the file before it is whole, so that neither a journal nor a sync is of use;
 * 0x4d504258
 * ("MPBX") is the application id registered for MBTiles. */
static const char SCHEMA[] =
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA application_id = 0x4d504258;"
    "BEGIN;"
    "CREATE TABLE metadata (name text, value text);"
    "CREATE TABLE map (zoom_level integer, tile_column integer, tile_row integer, tile_id integer);"
    "CREATE TABLE images (tile_id integer PRIMARY KEY, tile_data blob);"
    "CREATE VIEW tiles AS SELECT map.zoom_level AS zoom_level, map.tile_column AS tile_column,"
    " map.tile_row AS tile_row, images.tile_data AS tile_data"
    " FROM map JOIN images ON images.tile_id = map.tile_id;";
static const char INDEXES[] =
    "CREATE UNIQUE INDEX name ON metadata (name);"
    "CREATE UNIQUE INDEX map_index ON map (zoom_level, tile_column, tile_row);"
    "COMMIT;";

struct database {
    sqlite3 *db;
    const char *path;
    sqlite3_stmt *map, *image, *about;
};

static enum err_code failed(const struct database *to, struct err *err)
{
    int number = sqlite3_errcode(to->db);
    enum err_code code = number == SQLITE_FULL    ? ERR_NO_SPACE
                         : number == SQLITE_NOMEM ? ERR_MEMORY
                                                  : ERR_IO;
    if (code == ERR_NO_SPACE)
        return err_set(err, code, "%s: No space left on device", to->path);
    return err_set(err, code, "%s: %s", to->path, sqlite3_errmsg(to->db));
}

static enum err_code execute(const struct database *to, const char *sql, struct err *err)
{
    return sqlite3_exec(to->db, sql, NULL, NULL, NULL) == SQLITE_OK ? ERR_OK : failed(to, err);
}

static enum err_code prepare(const struct database *to, const char *sql, sqlite3_stmt **out,
                             struct err *err)
{
    return sqlite3_prepare_v2(to->db, sql, -1, out, NULL) == SQLITE_OK ? ERR_OK : failed(to, err);
}

/* Runs a statement whose values are bound. */
static enum err_code step(const struct database *to, sqlite3_stmt *statement, struct err *err)
{
    enum err_code code = sqlite3_step(statement) == SQLITE_DONE ? ERR_OK : failed(to, err);
    sqlite3_reset(statement);
    return code;
}

static enum err_code open_database(struct database *to, struct err *err)
{
    enum err_code code = ERR_OK;
    if (sqlite3_open_v2(to->path, &to->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        return to->db ? failed(to, err) : err_nomem(err);
    TRY(execute(to, SCHEMA, err));
    TRY(prepare(to, "INSERT INTO map VALUES (?, ?, ?, ?)", &to->map, err));
    TRY(prepare(to, "INSERT INTO images VALUES (?, ?)", &to->image, err));
    TRY(prepare(to, "INSERT INTO metadata VALUES (?, ?)", &to->about, err));
done:
    return code;
}

static void close_database(struct database *to)
{
    sqlite3_finalize(to->map);
    sqlite3_finalize(to->image);
    sqlite3_finalize(to->about);
    sqlite3_close(to->db);
}

/* ids: of the contents that have a row; 0: none yet. Numbered as the tiles come by their curve. */
static enum err_code write_tiles(struct archive *archive, const struct database *to, uint32_t *ids,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t n_images = 0;
    struct buf *bytes = &archive->scratch;
    for (size_t i = 0; i < archive->n_entries; i++) {
        uint32_t content = archive->entries[i].content;
        struct archive_tile tile = hilbert_tile(archive->entries[i].id);
        if (ids[content] == 0) {
            ids[content] = ++n_images;
            buf_clear(bytes);
            TRY(spool_read(archive, &archive->contents.items[content], bytes, err));
            sqlite3_bind_int64(to->image, 1, ids[content]);
            sqlite3_bind_blob64(to->image, 2, bytes->bytes, bytes->n_bytes, SQLITE_STATIC);
            TRY(step(to, to->image, err));
        }
        sqlite3_bind_int64(to->map, 1, tile.z);
        sqlite3_bind_int64(to->map, 2, tile.x);
        sqlite3_bind_int64(to->map, 3, ((sqlite3_int64)1 << tile.z) - 1 - tile.y);
        sqlite3_bind_int64(to->map, 4, ids[content]);
        TRY(step(to, to->map, err));
    }
done:
    return code;
}

static enum err_code write_about(const struct database *to, const char *name, const char *value,
                                 struct err *err)
{
    if (!value)
        return ERR_OK;
    sqlite3_bind_text(to->about, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(to->about, 2, value, -1, SQLITE_STATIC);
    return step(to, to->about, err);
}

static enum err_code write_metadata(struct archive *archive, const struct database *to,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    const struct archive_options *options = &archive->options;
    struct archive_view view = archive_view_of(archive);
    struct arena *arena = &archive->arena;
    bool mvt = options->format == TILE_FORMAT_MVT;
    const struct {
        const char *name, *value;
        bool needed;
    } rows[] = {
        {"name", options->name ? options->name : "sisetu", true},
        {"format", mvt ? "pbf" : "png", true},
        {"bounds",
         arena_printf(arena, "%.7f,%.7f,%.7f,%.7f", options->west_deg, options->south_deg,
                      options->east_deg, options->north_deg),
         true},
        {"center",
         arena_printf(arena, "%.7f,%.7f,%u", view.centre_lon_deg, view.centre_lat_deg,
                      view.centre_zoom),
         true},
        {"minzoom", arena_printf(arena, "%u", view.min_zoom), true},
        {"maxzoom", arena_printf(arena, "%u", view.max_zoom), true},
        {"type", "overlay", true},
        {"version", "1", true},
        {"scheme", "tms", true},
        {"description", options->description, false},
        {"attribution", options->attribution, false},
        {"json",
         mvt ? arena_printf(arena, "{\"vector_layers\":%s}", archive_vector_layers(archive)) : NULL,
         mvt},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].needed && !rows[i].value)
            return err_nomem(err);
        TRY(write_about(to, rows[i].name, rows[i].value, err));
    }
done:
    return code;
}

enum err_code mbtiles_write(struct archive *archive, struct archive_stats *stats, struct err *err)
{
    enum err_code code = ERR_OK;
    struct database to = {.path = archive->aside_path};
    struct stat status;
    uint32_t *ids = calloc(archive->contents.n, sizeof *ids);
    if (!ids)
        return err_nomem(err);
    TRY(open_database(&to, err));
    TRY(write_tiles(archive, &to, ids, err));
    TRY(write_metadata(archive, &to, err));
    TRY(execute(&to, INDEXES, err));
    if (stat(archive->aside_path, &status) == 0)
        stats->n_bytes = (uint64_t)status.st_size;
done:
    close_database(&to);
    free(ids);
    return code;
}
