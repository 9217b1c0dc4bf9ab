/* test_store_export.c - layers given back as files that other programs read, or not at all. */
#include "tests/unit/store_fixture.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sched.h>

static void put(struct fixture *f, enum layer_id layer, const void *records, size_t n)
{
    struct store *store;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_insert(store, layer, records, n, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
}

static enum err_code export(struct fixture *f, enum layer_id layer, const char *path,
                            bool replace) {
    struct store *store; assert_ok(f, store_open(f->path, STORE_READ, &store, &f->err));
    enum err_code code = store_export(store, layer, path, replace, &f->err);
    store_close(store);
    return code;
}

static void point_at(struct fixture *f, double lon, double lat, struct geom *out)
{
    assert_ok(f, geom_of_point((struct lonlat){lon, lat}, &f->arena, out, &f->err));
}

/* Two hidden dangers: points with Chinese text, a date, quotes, and coordinates of 17 digits. */
static void put_dangers(struct fixture *f)
{
    struct hidden_danger two[2];
    for (int i = 0; i < 2; i++) {
        record_clear(LAYER_HIDDEN_DANGERS, &two[i]);
        two[i].head.id = i ? "D-2" : "D-1";
        two[i].head.name = i ? "b, \"quoted\"" : "示例化工 001 储罐区";
        two[i].head.imported = "2026-11-21T10:11:12Z";
        two[i].level = 1 + i;
        point_at(f, 106.0 + 1.0 / 3, 38.0 + 1.0 / 7 + i, &two[i].head.geom);
    }
    two[0].found = 20260501;
    two[0].head.accuracy_m = 0.1;
    put(f, LAYER_HIDDEN_DANGERS, two, 2);
}

static void assert_says(const char *text, const char *says)
{
    if (!strstr(text, says)) {
        print_message("%s\n", text); /* longer than cmocka's own messages may be */
        fail_msg("no \"%s\" in the text above", says);
    }
}

static void assert_begins(const char *text, const char *with)
{
    if (strncmp(text, with, strlen(with)) != 0)
        fail_msg("begins otherwise than \"%s\":\n%s", with, text);
}

static void test_each_format_is_read_by_others_with_names_dates_and_places(void **state)
{
    struct fixture *f = *state;
    static const char *const files[] = {"d.geojson", "d.gpkg", "d.shp", "d.csv", "d.kml"};
    put_dangers(f);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const char *path = in(f, files[i]);
        assert_ok(f, export(f, LAYER_HIDDEN_DANGERS, path, false));
        const char *info =
            printed(f, "ogrinfo -al %s -oo X_POSSIBLE_NAMES=X -oo Y_POSSIBLE_NAMES=Y 2>&1", path);
        assert_says(info, "Feature Count: 2");
        assert_says(info, "ame (String) = 示例化工 001 储罐区"); /* KML's own is Name */
        assert_says(info, "ame (String) = b, \"quoted\"");
        assert_says(info, "id (String) = D-1");
        assert_says(info, "level (");
        assert_null(strstr(info, "ERROR"));
        assert_says(info, "POINT (106.33333333333");
        if (!strstr(info, "2026/05/01"))
            assert_says(info, "2026-05-01");
        assert_true(strstr(info, "2026-11-21T10:11:12Z") || strstr(info, "2026/11/21 10:11:12"));
        bool plain = strstr(files[i], ".csv") || strstr(files[i], ".kml");
        if (!plain)
            assert_says(info, "4490");
    }
}

static void test_text_formats_keep_every_digit_of_a_coordinate(void **state)
{
    struct fixture *f = *state;
    static const char *const files[] = {"d.geojson", "d.csv", "d.kml"};
    put_dangers(f);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const char *path = in(f, files[i]);
        assert_ok(f, export(f, LAYER_HIDDEN_DANGERS, path, false));
        const char *text = printed(f, "cat %s", path);
        const char *at = strstr(text, "106.3333");
        assert_non_null(at);
        double lon = strtod(at, NULL);
        if (lon != 106.0 + 1.0 / 3)
            fail_msg("%s: %.17g", files[i], lon);
    }
}

static void test_csv_has_a_mark_columns_for_points_and_text_for_other_shapes(void **state)
{
    struct fixture *f = *state;
    put_dangers(f);
    put_zones(f, some_zones(f, 2, 4, "x"), 2);
    assert_ok(f, export(f, LAYER_HIDDEN_DANGERS, in(f, "d.csv"), false));
    const char *text = printed(f, "cat %s", in(f, "d.csv"));
    assert_begins(text, "\xEF\xBB\xBFX,Y,id,name,");
    assert_says(text, "2026-05-01");
    assert_says(text, "\"b, \"\"quoted\"\"\"");
    assert_ok(f, export(f, LAYER_ZONES, in(f, "z.csv"), false));
    text = printed(f, "cat %s", in(f, "z.csv"));
    assert_begins(text, "\xEF\xBB\xBFWKT,id,name,");
    assert_says(text, "\"POLYGON ((");
    struct inventory_item item;
    record_clear(LAYER_INVENTORY, &item);
    item.head.id = "I-1";
    item.enterprise_id = "E-1";
    item.substance = "氯";
    item.q_t = 12.5;
    put(f, LAYER_INVENTORY, &item, 1);
    assert_ok(f, export(f, LAYER_INVENTORY, in(f, "i.csv"), false));
    text = printed(f, "cat %s", in(f, "i.csv"));
    assert_begins(text, "\xEF\xBB\xBFid,name,");
    assert_says(text, "氯");
    assert_ok(f, export(f, LAYER_INVENTORY, in(f, "i.geojson"), false));
    assert_says(printed(f, "cat %s", in(f, "i.geojson")), "\"geometry\": null");
}

static void test_a_layer_of_several_kinds_goes_whole_into_what_can_hold_it(void **state)
{
    struct fixture *f = *state;
    struct enterprise two[2];
    struct zone *zone = some_zones(f, 1, 8, "x");
    for (int i = 0; i < 2; i++) {
        record_clear(LAYER_ENTERPRISES, &two[i]);
        two[i].head.id = i ? "E-2" : "E-1";
    }
    point_at(f, 106, 38, &two[0].head.geom);
    two[1].head.geom = zone->head.geom;
    put(f, LAYER_ENTERPRISES, two, 2);
    static const char *const files[] = {"e.geojson", "e.gpkg", "e.csv", "e.kml"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_ok(f, export(f, LAYER_ENTERPRISES, in(f, files[i]), false));
        const char *info = printed(f, "ogrinfo -al %s 2>&1", in(f, files[i]));
        assert_says(info, "POINT (106 38)");
        assert_says(info, "POLYGON ((");
    }
    assert_fails(f, export(f, LAYER_ENTERPRISES, in(f, "e.shp"), false), ERR_INPUT,
                 "one kind of geometry");
    assert_fails(f, export(f, LAYER_INVENTORY, in(f, "i.shp"), false), ERR_INPUT, "has none");
    assert_string_equal(printed(f, "ls %s | grep -c shp", f->directory), "0");
}

static void test_a_shapefile_is_refused_where_it_would_cut_a_text(void **state)
{
    struct fixture *f = *state;
    struct hidden_danger danger;
    char name[256];
    record_clear(LAYER_HIDDEN_DANGERS, &danger);
    danger.head.id = "D-1";
    danger.level = 1;
    point_at(f, 106, 38, &danger.head.geom);
    memset(name, 'n', sizeof name);
    name[254] = '\0';
    danger.head.name = name;
    put(f, LAYER_HIDDEN_DANGERS, &danger, 1);
    assert_ok(f, export(f, LAYER_HIDDEN_DANGERS, in(f, "fits.shp"), false));
    assert_says(printed(f, "ogrinfo -al %s", in(f, "fits.shp")), name);
    assert_string_equal(printed(f, "cat %s", in(f, "fits.cpg")), "UTF-8");
    name[254] = 'n';
    name[255] = '\0';
    danger.head.id = "D-2";
    put(f, LAYER_HIDDEN_DANGERS, &danger, 1);
    assert_fails(f, export(f, LAYER_HIDDEN_DANGERS, in(f, "cut.shp"), false), ERR_LIMIT,
                 "hidden_dangers D-2: name has more than the 254 bytes");
    assert_int_equal(access(in(f, "cut.shp"), F_OK), -1);
}

static void test_nothing_is_overwritten_unless_asked_for(void **state)
{
    struct fixture *f = *state;
    static const char *const files[] = {"d.geojson", "d.gpkg", "d.shp", "d.csv", "d.kml"};
    put_dangers(f);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const char *path = in(f, files[i]);
        printed(f, "echo precious > %s", path);
        assert_fails(f, export(f, LAYER_HIDDEN_DANGERS, path, false), ERR_CONFLICT, "exists");
        assert_string_equal(printed(f, "cat %s", path), "precious");
        assert_ok(f, export(f, LAYER_HIDDEN_DANGERS, path, true));
        assert_says(printed(f, "ogrinfo -al %s 2>&1", path), "D-1");
    }
    /* a part of a Shapefile is as precious as the whole */
    printed(f, "echo precious > %s", in(f, "new.dbf"));
    assert_fails(f, export(f, LAYER_HIDDEN_DANGERS, in(f, "new.shp"), false), ERR_CONFLICT,
                 "new.dbf");
    assert_string_equal(printed(f, "cat %s", in(f, "new.dbf")), "precious");
    assert_int_equal(access(in(f, "new.shp"), F_OK), -1);
    /* an index of the old Shapefile would hide records of the new one */
    printed(f, "echo stale > %s", in(f, "d.qix"));
    assert_ok(f, export(f, LAYER_HIDDEN_DANGERS, in(f, "d.shp"), true));
    assert_int_equal(access(in(f, "d.qix"), F_OK), -1);
    assert_string_equal(printed(f, "ls %s | grep -c '\\.......$'", f->directory), "0");
}

static void test_the_store_itself_is_never_the_target(void **state)
{
    struct fixture *f = *state;
    put_dangers(f);
    const char *before = printed(f, "sha256sum < %s", f->path);
    assert_fails(f, export(f, LAYER_HIDDEN_DANGERS, f->path, true), ERR_CONFLICT, "store itself");
    assert_int_equal(symlink(f->path, in(f, "link.gpkg")), 0);
    assert_fails(f, export(f, LAYER_HIDDEN_DANGERS, in(f, "link.gpkg"), true), ERR_CONFLICT,
                 "store itself");
    assert_string_equal(printed(f, "sha256sum < %s", f->path), before);
    /* nor a store beside it that a program is writing */
    printed(f, "echo > %s; touch %s", in(f, "other.gpkg"), in(f, "other.gpkg-wal"));
    assert_fails(f, export(f, LAYER_HIDDEN_DANGERS, in(f, "other.gpkg"), true), ERR_CONFLICT,
                 "other.gpkg-wal");
}

static void test_bad_targets_are_refused_in_words(void **state)
{
    struct fixture *f = *state;
    put_dangers(f);
    assert_fails(f, export(f, LAYER_HIDDEN_DANGERS, in(f, "d.pdf"), false), ERR_USAGE,
                 ".geojson, .gpkg, .shp, .csv or .kml");
    assert_fails(f, export(f, LAYER_HIDDEN_DANGERS, in(f, "d.tif"), false), ERR_USAGE, "d.tif");
    assert_fails(f, export(f, LAYER_POPULATION, in(f, "p.csv"), false), ERR_USAGE, ".tif");
    assert_fails(f, export(f, LAYER_POPULATION, in(f, "p.tif"), false), ERR_NOT_FOUND,
                 "no population");
    assert_fails(f, export(f, LAYER_HIDDEN_DANGERS, in(f, "no/such/d.csv"), false), ERR_NOT_FOUND,
                 "no/such");
    assert_int_equal(mkdir(in(f, "dir.csv"), 0755), 0);
    assert_fails(f, export(f, LAYER_HIDDEN_DANGERS, in(f, "dir.csv"), true), ERR_CONFLICT,
                 "directory");
}

static void test_an_empty_layer_gives_an_empty_file(void **state)
{
    struct fixture *f = *state;
    static const char *const files[] = {"z.geojson", "z.gpkg", "z.csv", "z.kml"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_ok(f, export(f, LAYER_ZONES, in(f, files[i]), false));
        assert_int_equal(access(in(f, files[i]), F_OK), 0);
    }
}

static void test_population_comes_back_as_a_geotiff(void **state)
{
    struct fixture *f = *state;
    enum { COLUMNS = 300, ROWS = 280 };
    float *cells[4];
    const float *blocks[4];
    for (int b = 0; b < 4; b++) {
        cells[b] = arena_new(&f->arena, float, GRID_BLOCK_CELLS *GRID_BLOCK_CELLS);
        for (int i = 0; i < GRID_BLOCK_CELLS * GRID_BLOCK_CELLS; i++)
            cells[b][i] = NAN;
        blocks[b] = cells[b];
    }
    blocks[1] = NULL;
    cells[0][0] = 1.5F;                           /* column 0, row 0 */
    cells[3][23 * GRID_BLOCK_CELLS + 43] = 0.25F; /* column 299, row 279 */
    cells[2][0] = 0.0F;                           /* column 0, row 256 */
    struct grid grid = {COLUMNS,     ROWS, 104.5, 39.25, 0.001,  0.002,
                        "EPSG:4490", true, 2,     2,     blocks, NULL};
    struct store *store;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_write_grid(store, &grid, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    assert_ok(f, store_export(store, LAYER_POPULATION, in(f, "p.tif"), false, &f->err));
    store_close(store);
    const char *tif = in(f, "p.tif");
    const char *info = printed(f, "gdalinfo %s 2>&1", tif);
    assert_says(info, "Size is 300, 280");
    assert_says(info, "Origin = (104.5");
    assert_says(info, "39.25");
    assert_says(info, "Pixel Size = (0.001");
    assert_says(info, "-0.002");
    assert_says(info, "EPSG\",4490");
    assert_says(info, "Type=Float32");
    assert_says(info, "NoData Value=nan");
    assert_string_equal(printed(f, "gdallocationinfo -valonly %s 0 0", tif), "1.5");
    assert_string_equal(printed(f, "gdallocationinfo -valonly %s 299 279", tif), "0.25");
    assert_string_equal(printed(f, "gdallocationinfo -valonly %s 0 256", tif), "0");
    assert_string_equal(printed(f, "gdallocationinfo -valonly %s 299 0", tif), "nan");
    assert_fails(f, export(f, LAYER_POPULATION, tif, false), ERR_CONFLICT, "exists");
    assert_ok(f, export(f, LAYER_POPULATION, tif, true));
    assert_string_equal(printed(f, "ls %s", f->directory), "p.tif\nstore.gpkg");
}

/* Exports of some hundred KB onto a disk that has less. Exit status: what failed, as a bit. */
static int export_to_small_disk(struct fixture *f)
{
    static const char *const files[] = {"z.geojson", "z.gpkg", "z.shp", "z.csv", "z.kml"};
    const char *disk = in(f, "disk");
    int bad = 0;
    if (mkdir(disk, 0755) != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", disk, "tmpfs", 0, "size=200k") != 0)
        return 255;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/%s", disk, files[i]);
        enum err_code code = export(f, LAYER_ZONES, path, false);
        const char *left = printed(f, "ls -A %s", disk);
        if (code != ERR_NO_SPACE || *left) {
            fprintf(stderr, "%s: %s: %s; left: %s\n", files[i], err_code_name(code), f->err.message,
                    left);
            bad |= 1 << i;
        }
    }
    return bad;
}

static void test_a_full_disk_fails_the_export_and_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    int status = 0;
    put_zones(f, some_zones(f, 1000, 60, "x"), 1000);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(export_to_small_disk(f));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 255) {
        print_message("SKIP: no permission to mount a small disk\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_format_is_read_by_others_with_names_dates_and_places),
        TEST(test_text_formats_keep_every_digit_of_a_coordinate),
        TEST(test_csv_has_a_mark_columns_for_points_and_text_for_other_shapes),
        TEST(test_a_layer_of_several_kinds_goes_whole_into_what_can_hold_it),
        TEST(test_a_shapefile_is_refused_where_it_would_cut_a_text),
        TEST(test_nothing_is_overwritten_unless_asked_for),
        TEST(test_the_store_itself_is_never_the_target),
        TEST(test_bad_targets_are_refused_in_words),
        TEST(test_an_empty_layer_gives_an_empty_file),
        TEST(test_population_comes_back_as_a_geotiff),
        TEST(test_a_full_disk_fails_the_export_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
