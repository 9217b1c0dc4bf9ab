/* cli_share.c - sisetu share: which part of one shape lies inside another? */
#include "data/base/json.h"
#include "data/base/limits.h"
#include "data/import_shapes.h"
#include "geo/world/share.h"
#include "tiler/command/cli_world.h"

/* The one shape of a file, and the radius of its option. */
static enum err_code read_one(struct cli *cli, size_t argument, const char *within,
                              struct share_shape *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *path = cli->arguments[argument];
    struct shape *shapes;
    size_t n;
    struct shapes_question question = {.expected = box_empty()};
    TRY(cli_real(cli, within, 0.001, LIMIT_RADIUS_M, &out->radius_m, err));
    question.polygons_only = out->radius_m == 0;
    question.asker = arena_printf(&cli->arena, "a share without --%s", within);
    TRY(question.asker ? ERR_OK : err_nomem(err));
    TRY(cli_read_shapes(cli, path, &question, &shapes, &n, err));
    if (n != 1)
        TRY(err_set(err, ERR_INPUT, "%s holds %zu shapes; a share is asked of one", path, n));
    out->geom = &shapes[0].geom;
done:
    return code;
}

static void print_json(struct cli *cli, const struct share *share)
{
    struct jw jw;
    jw_init(&jw, &cli->out);
    jw_object(&jw);
    jw_kv_real(&jw, "area_a_m2", share->a_m2);
    jw_kv_real(&jw, "area_b_m2", share->b_m2);
    jw_kv_real(&jw, "area_shared_m2", share->shared_m2);
    jw_kv_real(&jw, "share_of_a", share->of_a);
    jw_kv_real(&jw, "share_of_b", share->of_b);
    jw_end_object(&jw);
    buf_add_byte(&cli->out, '\n');
}

static enum err_code run_share(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct worker worker = {0};
    struct share_shape a = {0};
    struct share_shape b = {0};
    struct share share;
    TRY(read_one(cli, 0, "a-within", &a, err));
    TRY(read_one(cli, 1, "b-within", &b, err));
    TRY(worker_init(&worker, LIMIT_REQUEST_BYTES, err));
    TRY(share_of(&worker, &a, &b, &share, err));
    if (cli_flag(cli, "json"))
        print_json(cli, &share);
    else
        buf_say(&cli->out,
                "%.4f %% of the first lies in the second, %.4f %% of the second in the first\n"
                "first %.2f m2, second %.2f m2, shared %.2f m2\n",
                100 * share.of_a, 100 * share.of_b, share.a_m2, share.b_m2, share.shared_m2);
done:
    worker_release(&worker);
    return code;
}

const struct cli_command cli_share = {
    .name = "share",
    .arguments = "A B --crs CRS",
    .summary = "which part of one shape lies inside another",
    .details =
        "A and B are vector files of one shape each, one of them may be - for GeoJSON on standard\n"
        "input. With --a-within or --b-within a shape is all that lies so near to the point, line\n"
        "or polygon of its file, its arcs true circles. Areas are those on the ellipsoid; shares\n"
        "are good to a millionth for radii from 1 m.",
    .examples = "sisetu share house.geojson plant.geojson --b-within 500 --crs EPSG:4490\n",
    .options =
        (const struct cli_option[]){
            {"crs", 0, "CRS", false, "of both files: EPSG:n, gcj02 or bd09; required"},
            {"a-within", 0, "M", false, "the first is everything within so many metres"},
            {"b-within", 0, "M", false, "the second is everything within so many metres"},
            {"accept-shift", 0, NULL, false, "take --crs at its word though a file says else"},
            {"json", 0, NULL, false, "JSON with all digits"},
            {NULL, 0, NULL, false, NULL}},
    .min_arguments = 2,
    .max_arguments = 2,
    .run = run_share,
};
