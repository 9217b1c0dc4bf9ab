/* cli_tile.c - sisetu tile: one tile as a file, without a server. */
#include "data/base/file.h"
#include "data/base/limits.h"
#include "data/base/text.h"
#include "styles/style.h"
#include "tiler/command/cli.h"
#include "tiler/grid/tile_grid.h"
#include "tiler/tiles/tile.h"

static enum err_code read_whole(const struct cli *cli, size_t i, const char *name, int64_t *out,
                                struct err *err)
{
    if (!text_to_int(cli->arguments[i], out) || *out < 0)
        return err_set(err, ERR_USAGE, "%s \"%s\" is not a whole number from 0", name,
                       cli->arguments[i]);
    return ERR_OK;
}

static enum err_code read_key(struct cli *cli, const struct tile_grid **grid, struct tile_key *key,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    int64_t scale = 1, z, x, y;
    *key = (struct tile_key){.unit = cli_value(cli, "unit")};
    if (!map_by_name(cli->arguments[1], &key->map))
        return err_set(err, ERR_USAGE,
                       "no map \"%s\"; maps are region, city, county, dangers, risk and pipelines",
                       cli->arguments[1]);
    TRY(cli_grid(cli, grid, err));
    TRY(read_whole(cli, 2, "Z", &z, err));
    TRY(read_whole(cli, 3, "X", &x, err));
    TRY(read_whole(cli, 4, "Y", &y, err));
    struct plane_tile tile;
    TRY(tile_grid_tile(*grid, z, x, y, &tile, err));
    key->z = tile.z, key->x = tile.x, key->y = tile.y;
    TRY(cli_integer(cli, "scale", 1, 2, &scale, err));
    key->scale = (uint32_t)scale;
    if (cli_value(cli, "png")) {
        int64_t bits = 0;
        TRY(cli_integer(cli, "png", 8, 32, &bits, err));
        if (bits != 8 && bits != 32)
            return err_set(err, ERR_USAGE, "--png is 8 or 32, bits a pixel");
        key->form = bits == 8 ? IMAGE_PALETTE : IMAGE_TRUE;
    }
    if (!cli_value(cli, "output"))
        return err_set(err, ERR_USAGE, "-o FILE is missing: where the PNG goes");
    if (file_is_same(cli_value(cli, "output"), cli->arguments[0]))
        code = err_set(err, ERR_CONFLICT, "%s: is the store itself; draw to another file",
                       cli_value(cli, "output"));
done:
    return code;
}

static enum err_code run_tile(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct tile_key key;
    const struct tile_grid *grid = tile_grid_of(GRID_WEB_MERCATOR);
    struct style *style = NULL;
    struct world *world = NULL;
    struct scenes *scenes = NULL;
    struct canvas *canvas = NULL;
    struct worker worker;
    bool has_worker = false;
    struct buf png;
    buf_init(&png);
    TRY(read_key(cli, &grid, &key, err));
    TRY(style_load(cli_value(cli, "style"), &style, err));
    TRY(world_load(cli->arguments[0], cli_value(cli, "rules"), INT_ABSENT, &world, err));
    TRY(scenes_new(world, style, grid->plane, &scenes, err));
    TRY(canvas_new(style, &canvas, err));
    TRY(worker_init(&worker, LIMIT_REQUEST_BYTES, err));
    has_worker = true;
    TRY(tile_draw(scenes, canvas, &worker, &key, &png, err));
    TRY(file_write_atomic(cli_value(cli, "output"), png.bytes, png.n_bytes, err));
done:
    buf_release(&png);
    if (has_worker)
        worker_release(&worker);
    canvas_free(canvas);
    scenes_release(scenes);
    world_release(world);
    style_free(style);
    return code;
}

const struct cli_command cli_tile = {
    .name = "tile",
    .arguments = "STORE MAP Z X Y -o FILE",
    .summary = "draw one tile to a PNG file",
    .details = "MAP is region, city, county, dangers, risk or pipelines; Z, X, Y are those of\n"
               "the grid: XYZ in Web Mercator, unless --grid names another.",
    .examples = "sisetu tile build/ningxia.gpkg risk 7 101 49 -o tile.png\n"
                "sisetu tile build/ningxia.gpkg county 10 813 397 -o tile.png --scale 2\n",
    .options =
        (const struct cli_option[]){
            {"output", 'o', "FILE", false, "where to write; replaced if it exists"},
            {"grid", 0, "GRID", false,
             "WebMercatorQuad, WorldCRS84Quad, CGCS2000Quad; w or c: as Tianditu numbers its "
             "tiles"},
            {"scale", 0, "N", false, "1, or 2 for 512 pixels"},
            {"png", 0, "BITS", false, "8: a palette, 32: all colours (default: what is not seen)"},
            {"unit", 0, "CODE", false, "dim everything outside this unit"},
            {"style", 0, "STYLE", false,
             "look of the maps: a name in styles/ (four-colour) or a file"},
            {"rules", 0, "DIR", false, "rule tables (default: those the store was assessed by)"},
            {NULL, 0, NULL, false, NULL}},
    .min_arguments = 5,
    .max_arguments = 5,
    .run = run_tile,
};
