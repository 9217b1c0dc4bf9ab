/* test_import_crs.c - coordinates of every origin, densified edges, swapped and shifted layers. */
#include "tests/unit/import_fixture.h"

#include "data/gcj02.h"
#include "data/gdal_session.h"

#include <ogr_srs_api.h>

static const double DEGREE_M = 111320;

static double metres(struct lonlat a, struct lonlat b)
{
    return hypot((a.lon_deg - b.lon_deg) * cos(a.lat_deg * 0.0174532925), a.lat_deg - b.lat_deg) *
           DEGREE_M;
}

/* Computed with PROJ 9.1.1: EPSG:4490 against northing, easting on 4507 and 4545. */
static const struct {
    const char *id;
    struct lonlat at;
    double north_4507, east_4507, north_4545, east_4545;
} places[] = {
    {"a", {106.2309, 38.4872}, 4262295.748, 607395.694, 4263061.053, 345643.619},
    {"b", {106.6000, 38.1800}, 4228687.836, 640192.089, 4228404.170, 377332.812},
    {"c", {106.2425, 36.0158}, 3988010.023, 612008.764, 3988724.939, 341561.200},
    {"d", {105.1896, 37.5149}, 4153672.741, 516762.140, 4157368.746, 251512.543},
    {"e", {107.4073, 37.7838}, 4186231.548, 712074.021, 4183666.481, 447789.004},
};

enum { N_PLACES = sizeof places / sizeof places[0] };

/* A table of the places; way 0: 4507, 1: 4545, 2: 4507 with x and y swapped. */
static const char *place_table(struct fixture *f, int way)
{
    char *text = arena_strdup(&f->arena, "id,x,y\n");
    for (size_t i = 0; i < N_PLACES; i++) {
        double x = way == 1 ? places[i].east_4545 : places[i].east_4507;
        double y = way == 1 ? places[i].north_4545 : places[i].north_4507;
        text = arena_printf(&f->arena, "%s%s,%.3f,%.3f\n", text, places[i].id, way == 2 ? y : x,
                            way == 2 ? x : y);
    }
    return fixture_text(f, "places.csv", text);
}

static void test_import_agrees_with_the_projection_vectors(void **state)
{
    struct fixture *f = fixture_of(state);
    static const char *const names[] = {"EPSG:4507", "epsg:4545"};
    for (int way = 0; way < 2; way++) {
        struct import_options options =
            fixture_options("protected", place_table(f, way), names[way]);
        options.mode = IMPORT_REPLACE;
        fixture_imports(f, &options);
        size_t n;
        const struct protected_target *target = fixture_records(f, LAYER_PROTECTED, &n);
        assert_int_equal(n, N_PLACES);
        for (size_t i = 0; i < n; i++)
            assert_true(metres(target[i].head.geom.points[0], places[i].at) < 0.001);
    }
    assert_non_null(strstr(f->summary.crs, "EPSG:4545 (CGCS2000"));
}

static void test_import_undoes_gcj02_and_bd09_by_name(void **state)
{
    struct fixture *f = fixture_of(state);
    static const char *const names[] = {"gcj02", "BD-09"};
    struct lonlat truth = {106.2309, 38.4872};
    struct lonlat shifted[] = {gcj02_from_wgs84(truth), bd09_from_wgs84(truth)};
    for (int i = 0; i < 2; i++) {
        const char *path = fixture_text(f, "a.csv",
                                        arena_printf(&f->arena, "lon,lat\n%.12f,%.12f\n",
                                                     shifted[i].lon_deg, shifted[i].lat_deg));
        struct import_options options = fixture_options("protected", path, names[i]);
        options.mode = IMPORT_REPLACE;
        fixture_imports(f, &options);
        size_t n;
        const struct protected_target *target = fixture_records(f, LAYER_PROTECTED, &n);
        assert_true(metres(target->head.geom.points[0], truth) < 1e-4);
    }
}

static void test_import_passes_wgs84_and_cgcs2000_as_equal(void **state)
{
    struct fixture *f = fixture_of(state);
    static const char *const names[] = {"EPSG:4326", "EPSG:4490", "EPSG:4979", "EPSG:4480"};
    for (int i = 0; i < 4; i++) {
        const char *path = fixture_text(f, "a.csv", "lon,lat\n106.123456789012,38.210987654321\n");
        struct import_options options = fixture_options("protected", path, names[i]);
        options.mode = IMPORT_REPLACE;
        fixture_imports(f, &options);
        size_t n;
        const struct protected_target *target = fixture_records(f, LAYER_PROTECTED, &n);
        assert_true(target->head.geom.points[0].lon_deg == 106.123456789012);
        assert_true(target->head.geom.points[0].lat_deg == 38.210987654321);
    }
}

static void test_import_refuses_crs_that_it_cannot_do_well(void **state)
{
    struct fixture *f = fixture_of(state);
    struct import_options options =
        fixture_options("protected", fixture_text(f, "a.csv", "lon,lat\n106,38\n"), "EPSG:4610");
    fixture_fails(f, &options, ERR_INPUT, "ballpark"); /* Xian 1980: no published parameters */
    options.crs = "EPSG:2334";
    fixture_fails(f, &options, ERR_INPUT, "ballpark");
    options.crs = "EPSG:999999";
    fixture_fails(f, &options, ERR_USAGE, "not in the register");
    options.crs = "EPSG:4479";
    fixture_fails(f, &options, ERR_USAGE, "neither geographic nor projected");
    options.crs = "WGS84";
    fixture_fails(f, &options, ERR_USAGE, "give EPSG:4490");
    options.crs = "+proj=longlat";
    fixture_fails(f, &options, ERR_USAGE, "is not known");
}

static void test_import_refuses_numbers_of_another_crs(void **state)
{
    struct fixture *f = fixture_of(state);
    struct import_options options = fixture_options(
        "protected", fixture_text(f, "a.csv", "lon,lat\n106.23,38.48\n"), "EPSG:4545");
    fixture_fails(f, &options, ERR_INPUT, "is that CRS right?"); /* degrees taken for metres */
    options.crs = "EPSG:3857"; /* made for the whole world: 100 m off the coast of Guinea */
    fixture_fails(f, &options, ERR_INPUT, "looks like degrees, but EPSG:3857");
    options.path = place_table(f, 0);
    options.crs = "EPSG:4490";
    fixture_fails(f, &options, ERR_INPUT, "metres of a projected CRS?");
    options.crs = "EPSG:4524"; /* the zone's number stands before its eastings: not so here */
    fixture_fails(f, &options, ERR_INPUT, "all 5 records were refused");
}

static void test_import_recognises_swapped_coordinates(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *path = fixture_text(f, "a.csv", "x,y\n38.48,106.23\n38.18,106.6\n106.1,38.2\n");
    struct import_options options = fixture_options("protected", path, "EPSG:4490");
    fixture_fails(f, &options, ERR_INPUT, "latitude and longitude look swapped in 2 of 3 records");
    fixture_says(f, "--field x=LONGITUDE");
    options.path = fixture_text(f, "b.csv", "x,y\n38.48,89.5\n43.8,87.6\n"); /* in the far west */
    fixture_fails(f, &options, ERR_INPUT, "swapped in 2 of 2");
    options.path = place_table(f, 2);
    options.crs = "EPSG:4507";
    fixture_fails(f, &options, ERR_INPUT, "swapped in 5 of 5");
    const char *one = fixture_text(f, "c.csv", "x,y\n38.48,106.23\n106.6,38.18\n106.1,38.2\n");
    options = fixture_options("protected", one, "EPSG:4490");
    fixture_imports(f, &options); /* one slip is refused alone */
    fixture_refused(f, 0, 1, "geom", "looks like latitude, longitude; give longitude first");
}

/* Without boundaries a place in the Arctic is believed; all of China's west, where a longitude
 * could be a latitude, is still recognised, in degrees of WGS 84, which holds everywhere. */
static void test_import_takes_no_place_in_the_arctic_for_swapped(void **state)
{
    struct fixture *f = fixture_of(state);
    /* Longyearbyen, Ny-Alesund, Nagurskoye, Cape Zhelaniya, the north pole */
    const char *arctic = fixture_text(
        f, "a.csv", "x,y\n15.6,78.2\n11.9,78.9\n47.6,80.8\n68.6,76.95\n30,89.9\n60,70\n");
    struct import_options options = fixture_options("protected", arctic, "EPSG:4326");
    fixture_imports(f, &options);
    /* Kashgar, Taxkorgan, Horgos, Alashankou, Purang, Shigatse, Yadong, Altay, Kanas, Sansha */
    const char *swapped =
        fixture_text(f, "b.csv",
                     "x,y\n39.47,75.99\n37.77,75.23\n44.21,80.41\n45.17,82.57\n30.29,81.18\n"
                     "29.27,88.88\n27.49,88.91\n47.85,88.13\n48.7,87.02\n16.83,112.33\n");
    options = fixture_options("protected", swapped, "EPSG:4326");
    options.mode = IMPORT_APPEND;
    fixture_fails(f, &options, ERR_INPUT, "swapped in 10 of 10");
    options.path = fixture_text(f, "c.csv", "x,y\n78.2,15.6\n"); /* in India: far, no mistake */
    fixture_imports(f, &options);
}

/* ---- edges ---- */

/* Longitude and latitude on CGCS2000 of a place on EPSG:4507, by PROJ itself. */
static struct lonlat unproject(OGRCoordinateTransformationH transformation, double x, double y)
{
    int ok = 0;
    OCTTransformEx(transformation, 1, &x, &y, NULL, &ok);
    assert_true(ok);
    return (struct lonlat){x, y};
}

static double to_polyline_m(const struct geom *geom, struct lonlat point)
{
    double best = 1e9, k = cos(point.lat_deg * 0.0174532925199433);
    for (uint32_t i = 1; i < geom->n_points; i++) {
        struct lonlat a = geom->points[i - 1], b = geom->points[i];
        double ux = (b.lon_deg - a.lon_deg) * k, uy = b.lat_deg - a.lat_deg;
        double px = (point.lon_deg - a.lon_deg) * k, py = point.lat_deg - a.lat_deg;
        double t = fmax(0, fmin(1, (px * ux + py * uy) / (ux * ux + uy * uy)));
        best = fmin(best, hypot(px - t * ux, py - t * uy) * DEGREE_M);
    }
    return best;
}

static void test_import_densifies_projected_edges_to_a_millimetre(void **state)
{
    struct fixture *f = fixture_of(state);
    struct gdal_session gdal;
    /* 80 km west to east, 60 km south to north, and one across the central meridian, which
     * bends both ways and meets its chord in the middle. */
    static const double lines[][4] = {{560000, 4200000, 640000, 4200000},
                                      {600000, 4180000, 600000, 4240000},
                                      {460000, 4160000, 540000, 4240000}};
    char *text = arena_strdup(&f->arena, "id,wkt\n");
    for (int i = 0; i < 3; i++)
        text = arena_printf(&f->arena, "%s%c,\"LINESTRING(%.0f %.0f,%.0f %.0f)\"\n", text, 'a' + i,
                            lines[i][0], lines[i][1], lines[i][2], lines[i][3]);
    struct import_options options =
        fixture_options("pipelines", fixture_text(f, "lines.csv", text), "EPSG:4507");
    fixture_imports(f, &options);
    size_t n;
    const struct pipeline *pipe = fixture_records(f, LAYER_PIPELINES, &n);
    gdal_session_begin(&gdal);
    OGRSpatialReferenceH from = OSRNewSpatialReference(NULL), to = OSRNewSpatialReference(NULL);
    OSRImportFromEPSG(from, 4507);
    OSRImportFromEPSG(to, 4490);
    OSRSetAxisMappingStrategy(from, OAMS_TRADITIONAL_GIS_ORDER);
    OSRSetAxisMappingStrategy(to, OAMS_TRADITIONAL_GIS_ORDER);
    OGRCoordinateTransformationH transformation = OCTNewCoordinateTransformation(from, to);
    for (int i = 0; i < 3; i++) {
        double worst = 0;
        for (int step = 0; step <= 5000; step++) {
            double t = step / 5000.0;
            struct lonlat on =
                unproject(transformation, lines[i][0] + t * (lines[i][2] - lines[i][0]),
                          lines[i][1] + t * (lines[i][3] - lines[i][1]));
            worst = fmax(worst, to_polyline_m(&pipe[i].head.geom, on));
        }
        assert_true(worst < 0.001);
        assert_true(pipe[i].head.geom.n_points > 10 && pipe[i].head.geom.n_points < 2000);
    }
    OCTDestroyCoordinateTransformation(transformation);
    OSRDestroySpatialReference(from);
    OSRDestroySpatialReference(to);
    gdal_session_end(&gdal);
}

static void test_import_keeps_shared_edges_shared_and_short_ones_whole(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *path = fixture_text(
        f, "two.csv",
        "id,kind,wkt\n"
        "a,other,\"POLYGON((600000 4200000,620000 4201000,615000 4230000,600000 4200000))\"\n"
        "b,other,\"POLYGON((615000 4230000,620000 4201000,640000 4220000,615000 4230000))\"\n"
        "c,other,\"POLYGON((600000 4200000,600040 4200000,600000 4200040,600000 4200000))\"\n");
    struct import_options options = fixture_options("areas", path, "EPSG:4507");
    fixture_imports(f, &options);
    size_t n, shared = 0;
    const struct area *area = fixture_records(f, LAYER_AREAS, &n);
    const struct geom *a = &area[0].head.geom, *b = &area[1].head.geom;
    for (uint32_t i = 1; i < a->n_points; i++)
        for (uint32_t j = 1; j < b->n_points; j++)
            shared += memcmp(&a->points[i], &b->points[j], sizeof a->points[i]) == 0;
    assert_true(shared > 30); /* 29 km in pieces of under 1 km, bit for bit in both */
    assert_int_equal(area[2].head.geom.n_points, 4);
}

/* ---- what the file says of itself ---- */

static void test_import_holds_the_crs_against_what_the_file_says(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *path = fixture_text(
        f, "a.geojson",
        "{\"type\":\"FeatureCollection\",\"crs\":{\"type\":\"name\",\"properties\":{\"name\":"
        "\"urn:ogc:def:crs:EPSG::4507\"}},\"features\":[{\"type\":\"Feature\",\"properties\":{},"
        "\"geometry\":{\"type\":\"Point\",\"coordinates\":[607395.694,4262295.748]}}]}");
    struct import_options options = fixture_options("protected", path, "EPSG:4545");
    fixture_fails(f, &options, ERR_INPUT, "says of itself that it is on EPSG:4507");
    options.crs = "EPSG:4507";
    fixture_imports(f, &options);
    options.mode = IMPORT_REPLACE;
    options.crs = "EPSG:4545";
    options.accept_shift = true;
    fixture_imports(f, &options); /* the user insists */
    /* GeoJSON that only claims the WGS 84 of its standard says nothing. */
    options.accept_shift = false;
    options.path = fixture_geojson(
        f, "b.geojson",
        fixture_feature(f, "{\"type\":\"Point\",\"coordinates\":[345643.619,4263061.053]}", ""));
    fixture_imports(f, &options);
}

/* ---- shifted layers ---- */

/* Four counties in a row with ragged borders, at `shift` from where they are. */
static const char *counties(struct fixture *f, const char *name,
                            struct lonlat (*shift)(struct lonlat), double jitter_deg)
{
    char *text = arena_strdup(&f->arena, "");
    for (int county = 0; county < 4; county++) {
        char *ring = arena_strdup(&f->arena, "");
        for (int i = 0; i <= 160; i++) {
            double t = (i % 160) / 40.0, along = t - floor(t), x, y;
            int side = (int)t;
            x = side == 0 ? along : side == 1 ? 1 : side == 2 ? 1 - along : 0;
            y = side == 0 ? 0 : side == 1 ? along : side == 2 ? 1 : 1 - along;
            struct lonlat at = {105 + county * 0.6 + x * 0.6, 37 + y * 0.6};
            at.lon_deg += 0.004 * sin(at.lat_deg * 97) + jitter_deg * sin(i * 12.9898);
            at.lat_deg += 0.004 * sin(at.lon_deg * 89) + jitter_deg * cos(i * 78.233);
            if (shift)
                at = shift(at);
            ring = arena_printf(&f->arena, "%s%s[%.7f,%.7f]", ring, i ? "," : "", at.lon_deg,
                                at.lat_deg);
        }
        text = arena_printf(
            &f->arena, "%s%s%s", text, county ? "," : "",
            fixture_feature(
                f, arena_printf(&f->arena, "{\"type\":\"Polygon\",\"coordinates\":[[%s]]}", ring),
                arena_printf(&f->arena, "\"code\":\"64010%d\"", county + 1)));
    }
    return fixture_geojson(f, name, text);
}

static void test_import_refuses_boundaries_that_are_shifted(void **state)
{
    struct fixture *f = fixture_of(state);
    struct import_options options =
        fixture_options("admin", counties(f, "true.geojson", NULL, 0), "EPSG:4490");
    fixture_imports(f, &options);
    options.mode = IMPORT_REPLACE;
    /* Another survey of the same borders, good to some 60 m. */
    options.path = counties(f, "gcj.geojson", gcj02_from_wgs84, 0.0004);
    fixture_fails(f, &options, ERR_INPUT, "looks shifted, as GCJ-02 is");
    fixture_says(f, "name CRS gcj02");
    options.path = counties(f, "bd.geojson", bd09_from_wgs84, 0.0004);
    fixture_fails(f, &options, ERR_INPUT, "name CRS bd09");
    options.path = counties(f, "again.geojson", NULL, 0.0004);
    options.crs = "gcj02"; /* undone although there was nothing to undo */
    fixture_fails(f, &options, ERR_INPUT, "name CRS EPSG:4490");
    options.crs = "EPSG:4326";
    fixture_imports(f, &options);
    options.path = counties(f, "gcj.geojson", gcj02_from_wgs84, 0.0004);
    options.crs = "gcj02";
    fixture_imports(f, &options);
    options.crs = "EPSG:4326";
    options.accept_shift = true;
    fixture_imports(f, &options);
}

static void test_import_judges_no_layer_that_does_not_follow_boundaries(void **state)
{
    struct fixture *f = fixture_of(state);
    struct import_options options =
        fixture_options("admin", counties(f, "true.geojson", NULL, 0), "EPSG:4490");
    fixture_imports(f, &options);
    /* A thousand plants anywhere, and a lake whose detailed shore happens to lie where GCJ-02
     * would put a border. */
    char *text = arena_strdup(&f->arena, "x,y\n");
    uint32_t seed = 7;
    for (int i = 0; i < 1000; i++) {
        double r[2];
        for (int k = 0; k < 2; k++) {
            seed = seed * 1664525u + 1013904223u;
            r[k] = (double)(seed >> 8) / (1 << 24);
        }
        text = arena_printf(&f->arena, "%s%.5f,%.5f\n", text, 105 + 2.4 * r[0], 37 + 0.6 * r[1]);
    }
    options = fixture_options("protected", fixture_text(f, "plants.csv", text), "EPSG:4490");
    fixture_imports(f, &options);
    char *ring = arena_strdup(&f->arena, "");
    for (int i = 0; i <= 2000; i++) {
        double angle = 2 * 3.14159265358979 * (i % 2000) / 2000;
        struct lonlat at = gcj02_from_wgs84(
            (struct lonlat){105.6 + 0.0005 * cos(angle), 37.3 + 0.01 * sin(angle)});
        ring = arena_printf(&f->arena, "%s%s%.7f %.7f", ring, i ? "," : "", at.lon_deg, at.lat_deg);
    }
    text = arena_printf(&f->arena, "kind,wkt\nother,\"POLYGON((%s))\"\n", ring);
    options = fixture_options("areas", fixture_text(f, "lake.csv", text), "EPSG:4490");
    fixture_imports(f, &options);
}

static void real_counties(struct fixture *f, struct import_options *options, const char *folder,
                          const char *file, const char *crs)
{
    static const struct import_pair theirs[] = {{"code", "adcode"}};
    static const struct import_pair tianditu[] = {{"code", "district_adcode"},
                                                  {"name", "district_name"}};
    bool own = strstr(file, "tianditu") != NULL;
    *options =
        fixture_options("admin", arena_printf(&f->arena, "%s/ningxia/%s", folder, file), crs);
    options->fields = own ? tianditu : theirs;
    options->n_fields = own ? 2 : 1;
    options->mode = IMPORT_REPLACE;
}

static void test_import_tells_real_boundaries_that_are_shifted_from_those_that_are_not(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *folder = fixture_real();
    if (!folder) {
        print_message("SKIP: SISETU_REAL_DATA does not name the folder with the real layers\n");
        skip();
    }
    static const char gcj[] = "ningxia_counties_echarts_npm_gcj02.geojson";
    static const char wgs[] = "ningxia_counties_echarts_npm_wgs84.geojson";
    static const char own[] = "ningxia_district_tianditu.geojson";
    static const char *const points[] = {"gem_coal_plant_units", "gem_oilgas_plants",
                                         "gem_steel_plants", "settlements_geonames",
                                         "osm_railway_stations"};
    struct import_options options;
    real_counties(f, &options, folder, own, "EPSG:4490");
    fixture_imports(f, &options);
    assert_int_equal(f->summary.accepted, 22);
    assert_int_equal(f->summary.repaired, 0);
    real_counties(f, &options, folder, gcj, "EPSG:4326");
    fixture_fails(f, &options, ERR_INPUT, "looks shifted, as GCJ-02 is");
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        options = fixture_options(
            "protected", arena_printf(&f->arena, "%s/ningxia/%s.geojson", folder, points[i]),
            "EPSG:4326");
        options.mode = IMPORT_REPLACE;
        fixture_imports(f, &options);
    }
    static const char *const lines[] = {"ne_10m_rivers", "osm_aeroways",
                                        "gem_pipelines_ningxia_margin", "ne_50m_urban_areas"};
    static const struct import_pair river = {"kind", "river"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        options = fixture_options(
            "infrastructure", arena_printf(&f->arena, "%s/ningxia/%s.geojson", folder, lines[i]),
            "EPSG:4326");
        options.mode = IMPORT_REPLACE;
        options.constants = &river;
        options.n_constants = 1;
        fixture_imports(f, &options);
    }
    real_counties(f, &options, folder, wgs, "EPSG:4326");
    fixture_imports(f, &options);
    assert_true(f->summary.repaired > 0);
    real_counties(f, &options, folder, own, "EPSG:4490");
    fixture_imports(f, &options);
    real_counties(f, &options, folder, wgs, "gcj02");
    fixture_fails(f, &options, ERR_INPUT, "looks unshifted");
    real_counties(f, &options, folder, gcj, "gcj02");
    fixture_imports(f, &options);
    assert_int_equal(f->summary.accepted, 22);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_import_agrees_with_the_projection_vectors),
        FIXTURE_TEST(test_import_undoes_gcj02_and_bd09_by_name),
        FIXTURE_TEST(test_import_passes_wgs84_and_cgcs2000_as_equal),
        FIXTURE_TEST(test_import_refuses_crs_that_it_cannot_do_well),
        FIXTURE_TEST(test_import_refuses_numbers_of_another_crs),
        FIXTURE_TEST(test_import_recognises_swapped_coordinates),
        FIXTURE_TEST(test_import_takes_no_place_in_the_arctic_for_swapped),
        FIXTURE_TEST(test_import_densifies_projected_edges_to_a_millimetre),
        FIXTURE_TEST(test_import_keeps_shared_edges_shared_and_short_ones_whole),
        FIXTURE_TEST(test_import_holds_the_crs_against_what_the_file_says),
        FIXTURE_TEST(test_import_refuses_boundaries_that_are_shifted),
        FIXTURE_TEST(test_import_judges_no_layer_that_does_not_follow_boundaries),
        FIXTURE_TEST(test_import_tells_real_boundaries_that_are_shifted_from_those_that_are_not),
    };
    return cmocka_run_group_tests_name("import_crs", tests, NULL, NULL);
}
