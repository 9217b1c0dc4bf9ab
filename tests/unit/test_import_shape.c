/* test_import_shape.c - geometries: kinds, repair, and what cannot be repaired. */
#include "tests/unit/growth.h"
#include "tests/unit/import_fixture.h"

#include "data/base/limits.h"
#include "data/gdal_session.h"

#include <gdal.h>
#include <ogr_api.h>

/* A CSV of geometries as well-known text, one a line, with ids a, b, c ... */
static struct import_options shapes(struct fixture *f, const char *layer, const char *const *wkt)
{
    char *text = arena_strdup(&f->arena, "id,wkt\n");
    for (int i = 0; wkt[i]; i++)
        text = arena_printf(&f->arena, "%s%c,\"%s\"\n", text, 'a' + i, wkt[i]);
    struct import_options options =
        fixture_options(layer, fixture_text(f, "shapes.csv", text), "EPSG:4490");
    static const struct import_pair kind = {"kind", "other"};
    if (strcmp(layer, "protected") != 0 && strcmp(layer, "pipelines") != 0) {
        options.constants = &kind;
        options.n_constants = 1;
    }
    return options;
}

static const struct geom *geom_of(struct fixture *f, enum layer_id layer, size_t i)
{
    size_t n;
    const void *records = fixture_records(f, layer, &n);
    assert_true(i < n);
    return &record_at(layer, records, i)->geom;
}

/* Square degrees. */
static double area(const struct geom *geom)
{
    double twice = 0;
    for (uint32_t ring = 0; ring < geom->n_rings; ring++)
        for (uint32_t i = geom_ring_start(geom, ring) + 1; i < geom->ring_ends[ring]; i++) {
            struct lonlat a = geom->points[i - 1], b = geom->points[i];
            twice += (a.lon_deg - 106) * (b.lat_deg - 38) - (b.lon_deg - 106) * (a.lat_deg - 38);
        }
    return twice / 2;
}

static void assert_repaired(const struct fixture *f, size_t i, size_t row, const char *part)
{
    assert_true(i < f->summary.n_first_repaired);
    assert_int_equal(f->summary.first_repaired[i].row, row);
    if (!strstr(f->summary.first_repaired[i].reason, part))
        fail_msg("\"%s\" does not say \"%s\"", f->summary.first_repaired[i].reason, part);
}

static void test_import_repairs_bow_ties_and_stray_holes_and_says_so(void **state)
{
    struct fixture *f = fixture_of(state);
    static const char *const wkt[] = {
        "POLYGON((106 38,107 38,107 39,106 39,106 38))",
        "POLYGON((106 38,107 39,107 38,106 39,106 38))", /* a bow-tie */
        "POLYGON((106 38,107 38,107 39,106 39,106 38),(108 38,108.5 38,108.5 38.5,108 38))",
        "MULTIPOLYGON(((106 38,107 38,107 39,106 39,106 38)),((106.5 38,107.5 38,107.5 39,106.5 "
        "39,106.5 38)))",
        "POLYGON((106 38,107 38,107 39,106 39,106 38),(106.2 38.2,106.4 38.2,106.2 38.2))",
        "POLYGON((106 38,107 38,107 39,106 39))", /* not closed: no fault worth a word */
        NULL};
    struct import_options options = shapes(f, "areas", wkt);
    fixture_imports(f, &options);
    assert_int_equal(f->summary.accepted, 6);
    assert_int_equal(f->summary.repaired, 4);
    assert_repaired(f, 0, 2, "repaired: self-intersection at 106.5 38.5");
    assert_repaired(f, 1, 3, "repaired: hole lies outside shell at");
    assert_repaired(f, 2, 4, "repaired: self-intersection at");
    assert_repaired(f, 3, 5, "without extent was left out");
    static const double areas[] = {1, 0.5, 1, 1.5, 1, 1};
    for (size_t i = 0; i < 6; i++)
        assert_true(fabs(area(geom_of(f, LAYER_AREAS, i)) - areas[i]) < 1e-12);
    assert_int_equal(geom_of(f, LAYER_AREAS, 1)->n_parts, 2);
}

static void test_import_refuses_shapes_that_are_none(void **state)
{
    struct fixture *f = fixture_of(state);
    static const char *const wkt[] = {"POLYGON((106 38,107 38,106 38))",
                                      "POLYGON((106 38,107 38,106.5 38,106 38))", /* no area */
                                      "POLYGON EMPTY",
                                      "",
                                      "POLYGON((106 38,107 38",
                                      "POLYGON((106 38,107 38,nan 39,106 38))",
                                      "POLYGON((106 38,107 38,1e300 39,106 38))",
                                      "POLYGON((106 38,107 38,107 91,106 38))",
                                      "POLYGON((106 38,180.001 38,107 39,106 38))",
                                      "POLYGON((106 38,107 38,107 39,106 38))",
                                      NULL};
    struct import_options options = shapes(f, "areas", wkt);
    fixture_imports(f, &options);
    assert_int_equal(f->summary.accepted, 1);
    assert_int_equal(f->summary.refused, 9);
    fixture_refused(f, 0, 1, "geom", "fewer than 3 different corners");
    fixture_refused(f, 1, 2, "geom", "nothing with an area is left");
    fixture_refused(f, 2, 3, "geom", "empty");
    fixture_refused(f, 3, 4, "geom", "no geometry");
    fixture_refused(f, 4, 5, "geom", "not well-known text");
    assert_string_equal(f->summary.first_refused[5].field, "geom"); /* OGR's WKT knows no nan */
    fixture_refused(f, 6, 7, "geom", "no place on Earth");
    fixture_refused(f, 7, 8, "geom", "latitude in -90..90");
    fixture_refused(f, 8, 9, "geom", "longitude lies in -180..180");
}

static void test_import_refuses_coordinates_that_are_no_numbers(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *path = fixture_geojson(
        f, "a.geojson",
        arena_printf(
            &f->arena, "%s,%s,%s,%s",
            fixture_feature(f, "{\"type\":\"Point\",\"coordinates\":[106,38]}", "\"id\":\"a\""),
            fixture_feature(f, "{\"type\":\"LineString\",\"coordinates\":[[106,38],[NaN,38]]}",
                            "\"id\":\"b\""),
            fixture_feature(f, "{\"type\":\"Point\",\"coordinates\":[1e300,38]}", "\"id\":\"c\""),
            fixture_feature(f, "{\"type\":\"Point\",\"coordinates\":[106,1e400]}",
                            "\"id\":\"d\"")));
    struct import_options options = fixture_options("infrastructure", path, "EPSG:4326");
    static const struct import_pair kind = {"kind", "other"};
    options.constants = &kind;
    options.n_constants = 1;
    fixture_imports(f, &options);
    assert_int_equal(f->summary.accepted, 1);
    assert_int_equal(f->summary.refused, 3);
    fixture_refused(f, 1, 3, "geom", "no place on Earth");
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(f->summary.first_refused[i].field, "geom");
}

static void test_import_takes_no_nought_for_a_place(void **state)
{
    struct fixture *f = fixture_of(state);
    static const char *const wkt[] = {"POINT(0 0)", "POINT(106 38)", "POINT(0 38)", NULL};
    struct import_options options = shapes(f, "protected", wkt);
    fixture_imports(f, &options);
    fixture_refused(f, 0, 1, "geom", "(0 0) stands for a place that nobody knew");
    assert_int_equal(f->summary.accepted, 2);
}

static void test_import_takes_the_kinds_that_a_layer_has(void **state)
{
    struct fixture *f = fixture_of(state);
    static const char *const wkt[] = {
        "POINT(106 38)",
        "MULTIPOLYGON(((106 38,107 38,107 39,106 38)),((108 38,109 38,109 39,108 38)))",
        "GEOMETRYCOLLECTION(POINT(106 38),POLYGON((106 38,107 38,107 39,106 38)))",
        "GEOMETRYCOLLECTION(POLYGON((106 38,107 38,107 39,106 38)),POLYGON((108 38,109 38,109 "
        "39,108 38)))",
        "LINESTRING(106 38,107 38)",
        "POLYGON Z((106 38 1,107 38 2,107 39 3,106 38 1))",
        NULL};
    struct import_options options = shapes(f, "areas", wkt);
    fixture_imports(f, &options);
    assert_int_equal(f->summary.accepted, 4);
    fixture_refused(f, 0, 1, "geom", "points; areas takes polygons");
    fixture_refused(f, 1, 5, "geom", "lines; areas takes polygons");
    assert_repaired(f, 0, 3, "parts of another kind were left out");
    assert_int_equal(geom_of(f, LAYER_AREAS, 0)->n_parts, 2);
    assert_int_equal(geom_of(f, LAYER_AREAS, 2)->n_parts, 2);
    options = shapes(f, "protected", wkt); /* takes points and polygons: which of a mixture? */
    fixture_imports(f, &options);
    assert_int_equal(f->summary.accepted, 4);
    fixture_refused(f, 0, 3, "geom", "collection of points and polygons; split it");
    fixture_refused(f, 1, 5, "geom", "lines; protected takes points and polygons");
}

static void test_import_takes_lines_with_a_length(void **state)
{
    struct fixture *f = fixture_of(state);
    static const char *const wkt[] = {"LINESTRING(106 38,106 38)",
                                      "MULTILINESTRING((106 38,107 38),(106 38,106 38))",
                                      "LINESTRING(106 38,106 38,107 38,107 38)", NULL};
    struct import_options options = shapes(f, "pipelines", wkt);
    fixture_imports(f, &options);
    assert_int_equal(f->summary.accepted, 2);
    fixture_refused(f, 0, 1, "geom", "no length");
    assert_int_equal(f->summary.repaired, 1);
    assert_int_equal(geom_of(f, LAYER_PIPELINES, 0)->n_rings, 1);
    assert_int_equal(geom_of(f, LAYER_PIPELINES, 1)->n_points, 2);
}

static void test_import_straightens_arcs_finely(void **state)
{
    struct fixture *f = fixture_of(state);
    static const char *const wkt[] = {
        "CURVEPOLYGON(CIRCULARSTRING(106.01 38,106 38.01,105.99 38,106 37.99,106.01 38))", NULL};
    struct import_options options = shapes(f, "areas", wkt);
    fixture_imports(f, &options);
    const struct geom *circle = geom_of(f, LAYER_AREAS, 0);
    double truth = 3.14159265358979 * 1e-4, step = 0.1 * 3.14159265358979 / 180;
    assert_true(fabs(area(circle) - truth * (1 - step * step / 6)) < 1e-9 * truth * 100);
}

/* A star of n vertices whose edges do not cross, each as steep as in a star of any other n. */
static const char *star(struct fixture *f, const char *name, size_t n)
{
    const char *path = fixture_path(f, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\","
                  "\"properties\":{\"id\":\"a\"},\"geometry\":{\"type\":\"Polygon\","
                  "\"coordinates\":[[");
    for (size_t i = 0; i <= n; i++) {
        double angle = 2 * 3.14159265358979 * (double)(i % n) / (double)n;
        double radius = i % n % 2 ? 0.4 : 0.4 + 1000.0 / (double)n;
        fprintf(file, "%s[%.9f,%.9f]", i ? "," : "", 106 + radius * cos(angle),
                38 + radius * sin(angle));
    }
    fprintf(file, "]]}}]}");
    assert_int_equal(fclose(file), 0);
    return path;
}

/* How long a star of n vertices takes. */
static double import_star(struct fixture *f, size_t n)
{
    static const struct import_pair kind = {"kind", "other"};
    struct import_options options =
        fixture_options("areas", star(f, "star.geojson", n), "EPSG:4490");
    options.constants = &kind;
    options.n_constants = 1;
    options.mode = IMPORT_REPLACE;
    double start = growth_clock_s();
    fixture_imports(f, &options);
    double took = growth_clock_s() - start;
    assert_int_equal(f->summary.repaired, 0);
    assert_int_equal(geom_of(f, LAYER_AREAS, 0)->n_points, n + 1);
    return took;
}

static void test_import_takes_a_polygon_of_a_million_vertices(void **state)
{
    struct fixture *f = fixture_of(state);
    enum { N = 1000000 };
    double eighth = import_star(f, N / GROWTH_SHARE);
    growth_check("a polygon of a million vertices", eighth, import_star(f, N));
}

/* A GeoPackage of lines with 2 and n vertices, up and down. */
static const char *lines(struct fixture *f, int n)
{
    struct gdal_session gdal;
    const char *path = fixture_path(f, "lines.gpkg");
    gdal_session_begin(&gdal);
    GDALDatasetH dataset =
        GDALCreate(GDALGetDriverByName("GPKG"), path, 0, 0, 0, GDT_Unknown, NULL);
    OGRLayerH layer = GDALDatasetCreateLayer(dataset, "lines", NULL, wkbLineString, NULL);
    for (int line = 0; line < 2; line++) {
        OGRGeometryH shape = OGR_G_CreateGeometry(wkbLineString);
        OGR_G_SetPointCount(shape, line ? n : 2);
        for (int i = 0; i < (line ? n : 2); i++)
            OGR_G_SetPoint_2D(shape, i, 106 + i % 2, 38 + i * 1e-7);
        OGRFeatureH feature = OGR_F_Create(OGR_L_GetLayerDefn(layer));
        OGR_F_SetGeometryDirectly(feature, shape);
        assert_int_equal(OGR_L_CreateFeature(layer, feature), OGRERR_NONE);
        OGR_F_Destroy(feature);
    }
    GDALClose(dataset);
    gdal_session_end(&gdal);
    return path;
}

static void test_import_refuses_more_vertices_than_its_limit(void **state)
{
    struct fixture *f = fixture_of(state);
    struct import_options options =
        fixture_options("pipelines", lines(f, LIMIT_VERTICES_PER_GEOMETRY), "EPSG:4490");
    fixture_imports(f, &options);
    assert_int_equal(f->summary.accepted, 2);
    unlink(options.path);
    options.path = lines(f, LIMIT_VERTICES_PER_GEOMETRY + 1);
    options.mode = IMPORT_REPLACE;
    fixture_imports(f, &options);
    assert_int_equal(f->summary.accepted, 1);
    fixture_refused(f, 0, 2, "geom", "over 4194304 vertices");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_import_repairs_bow_ties_and_stray_holes_and_says_so),
        FIXTURE_TEST(test_import_refuses_shapes_that_are_none),
        FIXTURE_TEST(test_import_refuses_coordinates_that_are_no_numbers),
        FIXTURE_TEST(test_import_takes_no_nought_for_a_place),
        FIXTURE_TEST(test_import_takes_the_kinds_that_a_layer_has),
        FIXTURE_TEST(test_import_takes_lines_with_a_length),
        FIXTURE_TEST(test_import_straightens_arcs_finely),
        FIXTURE_TEST(test_import_takes_a_polygon_of_a_million_vertices),
        FIXTURE_TEST(test_import_refuses_more_vertices_than_its_limit),
    };
    return cmocka_run_group_tests_name("import_shape", tests, NULL, NULL);
}
