/* cli_seed.c - sisetu seed: all tiles of a map into one archive. */
#include "data/base/file.h"
#include "data/base/hash.h"
#include "data/base/json.h"
#include "data/base/limits.h"
#include "data/base/text.h"
#include "data/store.h"
#include "tiler/answers/params.h"
#include "tiler/command/cli.h"
#include "tiler/archive/seed.h"
#include "tiler/tiles/vector_tile.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* All that one run holds. */
struct seeding {
    struct seed_request request;
    const char *output; /* NULL: a dry run */
    struct store_stamp stamp;
    char style_hash[HASH_TEXT_BYTES];
    struct style *style;
    struct world *world;
    struct scenes *scenes;
    struct seeder *seeder;
    struct archive *archive;
    double started;
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- what is asked ---- */

/* "0-14", or "12" for one. */
static enum err_code read_zooms(struct cli *cli, struct seed_request *request, struct err *err)
{
    const char *text = cli_value(cli, "zoom");
    const struct tile_grid *grid = request->grid;
    if (!text)
        return err_set(err, ERR_USAGE, "--zoom A-B is missing: from %u to %u", grid->first,
                       grid->last);
    const char *dash = strchr(text, '-');
    const char *low = dash ? arena_strndup(&cli->arena, text, (size_t)(dash - text)) : text;
    int64_t from, to;
    if (!low)
        return err_nomem(err);
    if (!text_to_int(low, &from) || !text_to_int(dash ? dash + 1 : text, &to) ||
        from < grid->first || to < from || to > grid->last)
        return err_set(err, ERR_USAGE, "--zoom \"%s\" should be A-B or A, from %u to %u", text,
                       grid->first, grid->last);
    request->min_zoom = (uint32_t)from + grid->plane_zoom;
    request->max_zoom = (uint32_t)to + grid->plane_zoom;
    return ERR_OK;
}

static enum err_code read_format(const struct cli *cli, struct seed_request *request,
                                 struct err *err)
{
    const char *format = cli_value(cli, "format");
    request->format = TILE_FORMAT_PNG;
    if (!format || text_equal(format, "png"))
        return ERR_OK;
    if (!text_equal(format, "mvt"))
        return err_set(err, ERR_USAGE, "--format \"%s\" should be png or mvt", format);
    if (cli_value(cli, "scale"))
        return err_set(err, ERR_USAGE, "--scale is for png: vector tiles serve every resolution");
    request->format = TILE_FORMAT_MVT;
    return ERR_OK;
}

static enum err_code read_map(const struct cli *cli, struct seed_request *request, struct err *err)
{
    const char *name = cli_value(cli, "map");
    const char *const maps = "maps are region, city, county, dangers, risk and pipelines";
    if (!name)
        return err_set(err, ERR_USAGE, "--map MAP is missing; %s", maps);
    if (!map_by_name(name, &request->map))
        return err_set(err, ERR_USAGE, "no map \"%s\"; %s", name, maps);
    return ERR_OK;
}

static enum err_code read_request(struct cli *cli, struct seeding *s, struct err *err)
{
    enum err_code code = ERR_OK;
    struct seed_request *request = &s->request;
    struct params params = {.n = 0};
    int64_t scale = 1, threads = 0;
    TRY(read_map(cli, request, err));
    TRY(cli_grid(cli, &request->grid, err));
    TRY(read_zooms(cli, request, err));
    TRY(read_format(cli, request, err));
    TRY(cli_integer(cli, "scale", 1, 2, &scale, err));
    TRY(cli_integer(cli, "threads", 1, LIMIT_THREADS, &threads, err));
    request->scale = (uint32_t)scale;
    request->n_threads = (size_t)threads;
    request->unit = cli_value(cli, "unit");
    if (cli_value(cli, "bbox"))
        params.items[params.n++] = (struct param){"bbox", cli_value(cli, "bbox")};
    TRY(params_bbox(&params, &request->has_box, &request->box, err));
    if (request->has_box && request->unit)
        return err_set(err, ERR_USAGE, "give --bbox or --unit, not both");
    s->output = cli_value(cli, "output");
    if (cli_flag(cli, "dry-run"))
        s->output = NULL;
    else if (!s->output)
        return err_set(err, ERR_USAGE, "-o is missing: FILE.pmtiles, FILE.mbtiles or a directory");
    if (s->output && file_is_same(s->output, cli->arguments[0]))
        code = err_set(err, ERR_CONFLICT, "%s: is the store itself; seed into another file",
                       s->output);
done:
    return code;
}

/* ---- what it is made of ---- */

static enum err_code load(struct cli *cli, struct seeding *s, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *store = cli->arguments[0], *style = cli_value(cli, "style");
    TRY(style_load(style, &s->style, err));
    size_t n_text;
    const char *text = style_text_of(s->style, &n_text);
    hash_text(text, n_text, s->style_hash);
    TRY(world_load(store, cli_value(cli, "rules"), INT_ABSENT, &s->world, err));
    s->stamp = s->world->origin;
    s->stamp.generation = s->world->generation;
    TRY(scenes_new(s->world, s->style, s->request.grid->plane, &s->scenes, err));
    scenes_keep_whole(s->scenes);
    TRY(seeder_new(s->scenes, s->style, &s->request, &s->seeder, err));
done:
    return code;
}

/* Whatever decides what the tiles look like: an unfinished archive must agree in all. */
static const char *identity_of(struct cli *cli, const struct seeding *s)
{
    const struct seed_request *request = &s->request;
    return arena_printf(&cli->arena,
                        "map=%s\ngrid=%s\nscale=%u\nunit=%s\nstore=%016" PRIx64
                        "\ngeneration=%" PRIu64 "\nas_of=%" PRId32
                        "\nrules=%s\nstyle=%s\nprogram=sisetu %s\n",
                        map_name(request->map), request->grid->name, request->scale,
                        request->unit ? request->unit : "", s->stamp.identity, s->world->generation,
                        s->world->as_of, s->world->rules->hash, s->style_hash, SISETU_VERSION);
}

static enum err_code open_output(struct cli *cli, struct seeding *s, struct err *err)
{
    const struct seed_request *request = &s->request;
    struct box bounds = seeder_plan(s->seeder)->bounds;
    enum err_code code = ERR_OK;
    struct buf layers;
    struct jw jw;
    buf_init(&layers);
    jw_init(&jw, &layers);
    vector_layers_write(s->style, request->map, s->world->schema, &jw);
    struct archive_options options = {
        .format = request->format,
        .grid = request->grid->id == GRID_WEB_MERCATOR ? NULL : request->grid,
        .min_zoom = request->min_zoom,
        .max_zoom = request->max_zoom,
        .west_deg = bounds.west_deg,
        .south_deg = bounds.south_deg,
        .east_deg = bounds.east_deg,
        .north_deg = bounds.north_deg,
        .name = arena_printf(&cli->arena, "%s %s", style_name(s->style), map_name(request->map)),
        .identity = identity_of(cli, s),
        .vector_layers = request->format == TILE_FORMAT_MVT ? buf_text(&layers) : NULL,
        .replace = cli_flag(cli, "replace"),
    };
    TRY(options.name && options.identity && buf_ok(&layers) ? ERR_OK : err_nomem(err));
    TRY(archive_open(s->output, &options, &s->archive, err));
done:
    buf_release(&layers);
    return code;
}

/* ---- what is told ---- */

/* "12.3 MB", in the run's arena, never NULL. */
static const char *size_text(struct cli *cli, double n_bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    size_t i = 0;
    for (; n_bytes >= 999.5 && i < 4; i++)
        n_bytes /= 1000;
    const char *text =
        arena_printf(&cli->arena, n_bytes < 10 && i > 0 ? "%.1f %s" : "%.0f %s", n_bytes, units[i]);
    return text ? text : "";
}

/* "0:18", "1:02:05". */
static const char *time_text(double seconds, char out[32])
{
    long s = seconds < 1e9 ? (long)ceil(seconds) : 1000000000;
    if (s >= 3600)
        snprintf(out, 32, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(out, 32, "%ld:%02ld", s / 60, s % 60);
    return out;
}

static void print_plan(struct cli *cli, const struct seeding *s,
                       const struct seed_estimate *estimate)
{
    const struct seed_plan *plan = seeder_plan(s->seeder);
    char left[32];
    for (uint32_t z = s->request.min_zoom; z <= s->request.max_zoom; z++)
        if (plan->n_of_zoom[z] > 0)
            buf_say(&cli->out, "zoom %2u %12" PRIu64 " tiles\n", seed_level(&s->request, z),
                    plan->n_of_zoom[z]);
    buf_say(&cli->out, "map %s: %zu tiles to draw at most", map_name(s->request.map), plan->n);
    if (estimate->n_resumed > 0)
        buf_say(&cli->out, ", %" PRIu64 " are there already", estimate->n_resumed);
    buf_say(&cli->out, "; about %s%s, %s on %zu thread%s\n", size_text(cli, estimate->n_bytes),
            estimate->n_resumed > 0 ? " more" : "", time_text(estimate->seconds_left, left),
            estimate->n_threads, estimate->n_threads == 1 ? "" : "s");
}

static void draw_progress(void *context, const struct seed_progress *progress)
{
    const struct seeding *s = context;
    char left[32];
    fprintf(stderr, "\rzoom %u: %" PRIu64 " of %" PRIu64 ", %.0f %%, %.0f a second, %s left \033[K",
            seed_level(&s->request, progress->zoom), progress->n_done, progress->n_all,
            100 * (double)progress->n_done / (double)progress->n_all, progress->tiles_a_second,
            time_text(progress->seconds_left, left));
}

/* After a failure: what there is, and how to go on. */
static enum err_code keep_message(const struct seeding *s, enum err_code code, struct err *err)
{
    char message[ERR_MESSAGE_BYTES];
    snprintf(message, sizeof message, "%s", err->message);
    return err_set(err, code,
                   "%s; what is drawn stays in %s.part: the same command goes on with it", message,
                   s->output);
}

static enum err_code draw_all(struct cli *cli, struct seeding *s, struct err *err)
{
    enum err_code code = ERR_OK;
    struct seed_estimate estimate;
    struct archive_stats stats;
    const struct seed_listener listener = {s, draw_progress};
    bool line = isatty(STDERR_FILENO);
    TRY(seeder_estimate(s->seeder, s->archive, &estimate, err));
    print_plan(cli, s, &estimate);
    if (!s->output)
        return ERR_OK;
    TRY(cli_flush(cli, err));
    code = seeder_run(s->seeder, s->archive, line ? &listener : NULL, err);
    if (line)
        fprintf(stderr, "\r\033[K");
    if (code == ERR_OK)
        code = archive_finish(s->archive, &stats, err);
    if (code == ERR_OK)
        buf_say(&cli->out, "%s: %" PRIu64 " tiles, %" PRIu64 " of them different, %s, in %.1f s\n",
                s->output, stats.n_tiles, stats.n_contents, size_text(cli, (double)stats.n_bytes),
                seconds_now() - s->started);
done:
    return code == ERR_OK || !s->output || code == ERR_NOT_FOUND ? code
                                                                 : keep_message(s, code, err);
}

static enum err_code run_seed(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct seeding s = {.started = seconds_now()};
    TRY(read_request(cli, &s, err));
    TRY(load(cli, &s, err));
    if (s.output)
        TRY(open_output(cli, &s, err));
    TRY(draw_all(cli, &s, err));
done:
    archive_close(s.archive);
    seeder_free(s.seeder);
    scenes_release(s.scenes);
    world_release(s.world);
    style_free(s.style);
    return code;
}

const struct cli_command cli_seed = {
    .name = "seed",
    .arguments = "STORE --map MAP --zoom A-B -o FILE.pmtiles|FILE.mbtiles|DIR",
    .summary = "draw all tiles of a map into one archive",
    .details =
        "Writes PMTiles 3, MBTiles 1.3, or DIR/{z}/{x}/{y}.png (.mvt), by the name of the output. "
        "MAP is\n"
        "region, city, county, dangers, risk or pipelines. Tells the number of tiles, and by a\n"
        "sample their size and the time, before it starts. Tiles that have nothing are left out,\n"
        "equal ones stored once; the same store gives the same bytes on any number of threads.\n"
        "Until it is finished the work lies in a file of that name with .part behind it; after a\n"
        "kill or a full disk the same command goes on where it stopped.",
    .examples = "sisetu seed build/ningxia.gpkg --map risk --zoom 0-12 -o risk.pmtiles\n"
                "sisetu seed build/ningxia.gpkg --map county --zoom 8-14 --unit 640181 "
                "-o lingwu.mbtiles\n"
                "sisetu seed build/ningxia.gpkg --map risk --zoom 0-14 --format mvt "
                "-o vector.pmtiles\n"
                "sisetu seed build/ningxia.gpkg --map risk --grid c --zoom 1-12 -o tianditu/\n"
                "sisetu seed build/ningxia.gpkg --map risk --zoom 0-16 --dry-run\n",
    .options =
        (const struct cli_option[]){
            {"output", 'o', "FILE", false, "FILE.pmtiles, FILE.mbtiles or a directory"},
            {"map", 0, "MAP", false, "which map"},
            {"zoom", 0, "A-B", false, "zooms, or one zoom; from 0 to 20"},
            {"grid", 0, "GRID", false,
             "WebMercatorQuad; into a directory also WorldCRS84Quad, CGCS2000Quad, c, w"},
            {"bbox", 0, "W,S,E,N", false, "only tiles that touch this box, degrees"},
            {"unit", 0, "CODE", false, "only tiles that touch this administrative unit"},
            {"format", 0, "FORMAT", false, "of the tiles: png, or mvt (vector tiles, gzipped)"},
            {"scale", 0, "N", false, "1, or 2 for 512 pixels"},
            {"threads", 0, "N", false, "threads that draw (default: as many as there are cores)"},
            {"replace", 0, NULL, false, "write over a finished file"},
            {"dry-run", 0, NULL, false, "tell what it would be, write nothing"},
            {"style", 0, "STYLE", false,
             "look of the maps: a name in styles/ (four-colour) or a file"},
            {"rules", 0, "DIR", false, "rule tables (default: those the store was assessed by)"},
            {NULL, 0, NULL, false, NULL}},
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_seed,
};
