/* test_import_files.c - formats, encodings, and files that are not what they say. */
#include "tests/unit/import_fixture.h"

#include "data/gdal_session.h"

#include <gdal.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>

/* "示例化工" and "名称" in GBK. */
#define GBK_NAME "\xCA\xBE\xC0\xFD\xBB\xAF\xB9\xA4"
#define GBK_COLUMN "\xC3\xFB\xB3\xC6"

static void expect_name(struct fixture *f, const char *name)
{
    size_t n;
    const struct protected_target *target = fixture_records(f, LAYER_PROTECTED, &n);
    assert_int_equal(n, 1);
    assert_string_equal(target->head.name, name);
}

/* ---- CSV ---- */

static void test_import_finds_the_columns_of_a_place_by_their_names(void **state)
{
    struct fixture *f = fixture_of(state);
    static const char *const files[] = {
        "lon,lat,name\n106.2,38.4,甲\n",
        "X;Y;name\n106.2;38.4;甲\n",
        "名字,经度,纬度,name\nx,106.2,38.4,甲\n",
        "longitude\tLATITUDE\tname\n106.2\t38.4\t甲\n",
        "name,WKT\n甲,POINT (106.2 38.4)\n",
        "\xEF\xBB\xBFlon,lat,name\r\n106.2,38.4,\"甲\"\r\n",
        "name,the_geom,x,y\n甲,POINT (106.2 38.4),1,2\n",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct import_options options =
            fixture_options("protected", fixture_text(f, "a.csv", files[i]), "EPSG:4490");
        options.mode = IMPORT_REPLACE;
        fixture_imports(f, &options);
        size_t n;
        const struct protected_target *target = fixture_records(f, LAYER_PROTECTED, &n);
        assert_true(target->head.geom.points[0].lon_deg == 106.2);
        assert_true(target->head.geom.points[0].lat_deg == 38.4);
        expect_name(f, "甲");
    }
    struct import_options options = fixture_options(
        "protected", fixture_text(f, "b.csv", "east,north,x,y\n106.2,38.4,1,2\n"), "EPSG:4490");
    static const struct import_pair fields[] = {{"x", "east"}, {"y", "north"}};
    options.fields = fields;
    options.n_fields = 2;
    options.mode = IMPORT_REPLACE;
    fixture_imports(f, &options);
    options.n_fields = 0;
    options.path = fixture_text(f, "c.csv", "name,place\n甲,乙\n");
    fixture_fails(f, &options, ERR_INPUT, "has no geometry; give --field x=COLUMN");
    options.path = fixture_text(f, "d.csv", "lon,lat\n106.2,\n106.2,38°\n");
    fixture_fails(f, &options, ERR_INPUT, "all 2 records were refused");
    fixture_refused(f, 0, 1, "geom", "column lat is empty");
    fixture_refused(f, 1, 2, "geom", "column lat: \"38°\" is not a number");
}

static void test_import_refuses_csv_whose_quotes_are_broken(void **state)
{
    struct fixture *f = fixture_of(state);
    static const struct {
        const char *text, *says;
    } files[] = {
        {"lon,lat,name\n106,38,\"a\n106,38,b\n", "a.csv:2: a quote is opened and never closed"},
        {"lon,lat,name\n106,38,a\n106,38,\"b\"c\n", "a.csv:3: text after a closing quote"},
        {"lon,lat,name\n106,38,\"a\n106,38,\"b\"\n", "a.csv:3: text after a closing quote"},
        {"lon,lat,name\n106,38,5\" pipe\n", "a.csv:2: a quote inside an unquoted cell"},
    };
    struct import_options options = fixture_options("protected", NULL, "EPSG:4490");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        options.path = fixture_text(f, "a.csv", files[i].text);
        fixture_fails(f, &options, ERR_INPUT, files[i].says);
    }
    static const char utf16[] = "l\0o\0n\0,\0";
    options.path = fixture_bytes(f, "u.csv", utf16, sizeof utf16);
    fixture_fails(f, &options, ERR_INPUT, "is it UTF-16?");
    options.path = fixture_text(f, "a.csv", "lon,lat,name\n106,38,\"say \"\"hi\"\",\nthere\"\n");
    fixture_imports(f, &options);
    assert_int_equal(f->summary.accepted, 1);
}

static void test_import_reads_csv_in_gbk_when_told_and_advises_it_when_not(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *path = fixture_text(f, "a.csv", "lon,lat," GBK_COLUMN "\n106,38," GBK_NAME "\n");
    static const struct import_pair name = {"name", "名称"};
    struct import_options options = fixture_options("protected", path, "EPSG:4490");
    options.fields = &name;
    options.n_fields = 1;
    fixture_fails(f, &options, ERR_INPUT, "--encoding GB18030");
    options.encoding = "GBK";
    fixture_imports(f, &options);
    expect_name(f, "示例化工");
    options.mode = IMPORT_REPLACE;
    options.where = "\"名称\" = '示例化工'"; /* compared in the file's encoding */
    fixture_imports(f, &options);
    options.where = "名称 = '示例化工'";
    fixture_fails(f, &options, ERR_USAGE, "names that are not plain ASCII in \"double\" ones");
    options.where = NULL;
    options.encoding = "klingon";
    fixture_fails(f, &options, ERR_USAGE, "encoding \"klingon\" is not known");
    options.encoding = NULL;
    options.path = fixture_text(f, "b.csv", "lon,lat,名称\n106,38," GBK_NAME "\n107,38,ok\n");
    fixture_imports(f, &options); /* one undecodable name refuses one record */
    fixture_refused(f, 0, 1, "name", "the text is not UTF-8");
    assert_string_equal(f->summary.first_refused[0].value,
                        "\\xCA\\xBE\\xC0\\xFD\\xBB\\xAF\\xB9\\xA4");
}

/* ---- Shapefile ---- */

/* A Shapefile of one point whose columns are `name` and enterprise_id (cut to ten bytes), its
 * bytes as given; cpg NULL: no such file. */
static const char *shapefile(struct fixture *f, const char *name, const char *text, const char *cpg)
{
    struct gdal_session gdal;
    const char *path = fixture_path(f, name);
    gdal_session_begin(&gdal);
    GDALDriverH driver = GDALGetDriverByName("ESRI Shapefile");
    GDALDatasetH dataset = GDALCreate(driver, path, 0, 0, 0, GDT_Unknown, NULL);
    char encoding[] = "ENCODING=";
    char *options[] = {encoding, NULL};
    OGRLayerH layer = GDALDatasetCreateLayer(dataset, "a", NULL, wkbPoint, options);
    OGRFieldDefnH field = OGR_Fld_Create("name", OFTString);
    OGR_L_CreateField(layer, field, 0);
    OGR_Fld_Destroy(field);
    OGRFeatureH feature = OGR_F_Create(OGR_L_GetLayerDefn(layer));
    OGR_F_SetFieldString(feature, 0, text);
    OGRGeometryH point = OGR_G_CreateGeometry(wkbPoint);
    OGR_G_SetPoint_2D(point, 0, 106, 38);
    OGR_F_SetGeometryDirectly(feature, point);
    assert_int_equal(OGR_L_CreateFeature(layer, feature), OGRERR_NONE);
    OGR_F_Destroy(feature);
    GDALClose(dataset);
    gdal_session_end(&gdal);
    char *base = arena_strndup(&f->arena, name, strlen(name) - 4);
    const char *cpg_name = arena_printf(&f->arena, "%s.cpg", base);
    unlink(fixture_path(f, cpg_name));
    if (cpg)
        fixture_text(f, cpg_name, cpg);
    return path;
}

static void test_import_reads_shapefiles_in_gbk_with_and_without_a_cpg(void **state)
{
    struct fixture *f = fixture_of(state);
    struct import_options options = fixture_options("protected", NULL, "EPSG:4490");
    options.mode = IMPORT_REPLACE;
    options.path = shapefile(f, "with.shp", GBK_NAME, "GBK");
    fixture_imports(f, &options);
    expect_name(f, "示例化工");
    options.path = shapefile(f, "936.shp", GBK_NAME, "936");
    fixture_imports(f, &options);
    expect_name(f, "示例化工");
    options.path = shapefile(f, "utf8.shp", "示例化工", "UTF-8");
    fixture_imports(f, &options);
    expect_name(f, "示例化工");
    options.path = shapefile(f, "silent.shp", "示例化工", NULL);
    fixture_imports(f, &options);
    expect_name(f, "示例化工");
    options.path = shapefile(f, "without.shp", GBK_NAME, NULL);
    fixture_fails(f, &options, ERR_INPUT, "--encoding GB18030");
    options.encoding = "GB18030";
    fixture_imports(f, &options);
    expect_name(f, "示例化工");
    options.path = shapefile(f, "lying.shp", GBK_NAME, "UTF-8");
    fixture_imports(f, &options); /* the user's word is above the file's */
    expect_name(f, "示例化工");
}

static void test_import_knows_its_own_names_when_a_shapefile_cuts_them(void **state)
{
    struct fixture *f = fixture_of(state);
    struct import_options options = fixture_options(
        "inventory", fixture_text(f, "a.csv", "enterprise_id,substance,q_t\nE-1,氯,5\n"), NULL);
    fixture_imports(f, &options);
    options = fixture_options("facilities",
                              fixture_text(f, "f.csv",
                                           "lon,lat,enterprise_id,facility_type\n"
                                           "106,38,E-1,GASOLINE_STATION_TANK\n"),
                              "EPSG:4490");
    fixture_imports(f, &options);
    struct store *store;
    const char *shape = fixture_path(f, "facilities.shp");
    assert_int_equal(store_open(f->store, STORE_READ, &store, &f->err), ERR_OK);
    enum err_code code = store_export(store, LAYER_FACILITIES, shape, false, &f->err);
    store_close(store);
    if (code != ERR_OK)
        fail_msg("%s", f->err.message);
    options.path = shape;
    options.mode = IMPORT_REPLACE;
    fixture_imports(f, &options);
    size_t n;
    const struct facility *facility = fixture_records(f, LAYER_FACILITIES, &n);
    assert_string_equal(facility->enterprise_id, "E-1");
    assert_string_equal(facility->facility_type, "GASOLINE_STATION_TANK");
}

/* ---- other formats ---- */

static void test_import_reads_kml(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *path = fixture_text(
        f, "a.kml",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><kml xmlns=\"http://www.opengis.net/kml/2.2\">"
        "<Document><Placemark><name>甲</name><Point><coordinates>106.2,38.4,0</coordinates>"
        "</Point></Placemark></Document></kml>");
    struct import_options options = fixture_options("protected", path, "gcj02");
    fixture_imports(f, &options);
    expect_name(f, "甲");
}

static void test_import_asks_which_layer_of_a_file_with_several(void **state)
{
    struct fixture *f = fixture_of(state);
    /* Another store is a GeoPackage with many layers. */
    const char *other = fixture_path(f, "other.gpkg");
    assert_int_equal(store_create(other, &f->err), ERR_OK);
    struct import_options options = fixture_options(
        "protected", fixture_text(f, "a.csv", "lon,lat,name\n106,38,甲\n"), "EPSG:4490");
    struct import_summary summary;
    assert_int_equal(import_run(other, &options, &f->arena, &summary, &f->err), ERR_OK);
    options.path = other;
    fixture_fails(f, &options, ERR_INPUT, "name one with --from");
    fixture_says(f, "protected");
    options.source_layer = "protectd";
    fixture_fails(f, &options, ERR_INPUT, "the file has no layer protectd");
    options.source_layer = "protected";
    fixture_imports(f, &options);
    expect_name(f, "甲");
}

static void test_import_reads_the_store_that_it_writes(void **state)
{
    struct fixture *f = fixture_of(state);
    struct import_options options = fixture_options(
        "protected", fixture_text(f, "a.csv", "id,lon,lat,name\na,106,38,甲\n"), "EPSG:4490");
    fixture_imports(f, &options);
    options.path = f->store;
    options.source_layer = "protected";
    options.mode = IMPORT_REPLACE;
    fixture_imports(f, &options);
    expect_name(f, "甲");
}

/* ---- files that are not what they say ---- */

static void test_import_names_what_a_file_really_is(void **state)
{
    struct fixture *f = fixture_of(state);
    struct import_options options = fixture_options("protected", NULL, "EPSG:4326");
    options.path = fixture_text(f, "report.geojson", "%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n");
    fixture_fails(f, &options, ERR_INPUT,
                  "is not GeoJSON that can be read: it begins with \"%PDF-1.7\"");
    options.path = fixture_text(f, "empty.geojson", "");
    fixture_fails(f, &options, ERR_INPUT, "is empty (0 bytes)");
    options.path = fixture_path(f, "missing.geojson");
    fixture_fails(f, &options, ERR_NOT_FOUND, "missing.geojson");
    options.path = fixture_text(f, "noise.shp",
                                "\x7F"
                                "ELF and so on, and on, and on");
    fixture_fails(f, &options, ERR_INPUT, "is not a Shapefile that can be read");
    options.path = fixture_text(f, "noise.xyz1", "??");
    fixture_fails(f, &options, ERR_INPUT, "cannot be read: it begins with \"??\"");
    options.path = fixture_text(f, "text.gpkg", "SQLite format 3");
    fixture_fails(f, &options, ERR_INPUT, "is not a GeoPackage that can be read");
    options.path = f->directory;
    fixture_fails(f, &options, ERR_INPUT, "");
}

static size_t read_whole(const char *path, char **bytes, struct arena *arena)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size_t n = (size_t)ftell(file);
    rewind(file);
    *bytes = arena_alloc(arena, n, 1);
    assert_int_equal(fread(*bytes, 1, n, file), n);
    fclose(file);
    return n;
}

static void test_import_takes_nothing_from_a_truncated_file(void **state)
{
    struct fixture *f = fixture_of(state);
    char *text = arena_strdup(&f->arena, "");
    for (int i = 0; i < 300; i++)
        text = arena_printf(
            &f->arena, "%s%s%s", text, i ? "," : "",
            fixture_feature(f, "{\"type\":\"Point\",\"coordinates\":[106,38]}",
                            arena_printf(&f->arena, "\"id\":\"p%d\",\"name\":\"甲\"", i)));
    const char *whole = fixture_geojson(f, "whole.geojson", text);
    char *bytes;
    size_t n = read_whole(whole, &bytes, &f->arena);
    struct import_options options = fixture_options("protected", NULL, "EPSG:4326");
    for (size_t cut = 1; cut < 10; cut++) {
        options.path = fixture_bytes(f, "cut.geojson", bytes, n * cut / 10);
        fixture_fails(f, &options, ERR_INPUT, "cut.geojson");
    }
    options.path = whole;
    fixture_imports(f, &options);
    struct store *store;
    const char *package = fixture_path(f, "whole.gpkg");
    assert_int_equal(store_open(f->store, STORE_READ, &store, &f->err), ERR_OK);
    assert_int_equal(store_export(store, LAYER_PROTECTED, package, false, &f->err), ERR_OK);
    store_close(store);
    n = read_whole(package, &bytes, &f->arena);
    options.mode = IMPORT_APPEND;
    for (size_t cut = 1; cut < 8; cut++) {
        options.path = fixture_bytes(f, "cut.gpkg", bytes, n * cut / 8);
        fixture_fails(f, &options, ERR_INPUT, "");
    }
}

static void test_import_dates_read_as_people_write_them(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *path = fixture_text(f, "a.csv",
                                    "lon,lat,valid_from\n106,38,2026-05-01\n106,38,2026/5/1\n"
                                    "106,38,2026.5.1\n106,38,20260501\n106,38,2026年05月01日\n"
                                    "106,38,2026-05-01T08:00:00Z\n106,38,2026/5/1 08:00\n"
                                    "106,38,2026-5/1\n106,38,1.5.2026\n106,38,2026-13-01\n"
                                    "106,38,2026-05-01x\n106,38,45678\n");
    struct import_options options = fixture_options("protected", path, "EPSG:4490");
    fixture_imports(f, &options);
    assert_int_equal(f->summary.accepted, 7);
    assert_int_equal(f->summary.refused, 5);
    size_t n;
    const struct protected_target *target = fixture_records(f, LAYER_PROTECTED, &n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(target[i].head.valid_from, 20260501);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_import_finds_the_columns_of_a_place_by_their_names),
        FIXTURE_TEST(test_import_refuses_csv_whose_quotes_are_broken),
        FIXTURE_TEST(test_import_reads_csv_in_gbk_when_told_and_advises_it_when_not),
        FIXTURE_TEST(test_import_reads_shapefiles_in_gbk_with_and_without_a_cpg),
        FIXTURE_TEST(test_import_knows_its_own_names_when_a_shapefile_cuts_them),
        FIXTURE_TEST(test_import_reads_kml),
        FIXTURE_TEST(test_import_asks_which_layer_of_a_file_with_several),
        FIXTURE_TEST(test_import_reads_the_store_that_it_writes),
        FIXTURE_TEST(test_import_names_what_a_file_really_is),
        FIXTURE_TEST(test_import_takes_nothing_from_a_truncated_file),
        FIXTURE_TEST(test_import_dates_read_as_people_write_them),
    };
    return cmocka_run_group_tests_name("import_files", tests, NULL, NULL);
}
