/* import_fixture.h - a store in a directory of its own, files beside it, an import into it. */
#ifndef SISETU_TESTS_IMPORT_FIXTURE_H
#define SISETU_TESTS_IMPORT_FIXTURE_H

#include "data/import.h"
#include "data/store.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char directory[64];
    char store[128];
    struct arena arena;
    struct import_summary summary;
    struct err err;
};

static inline struct fixture *fixture_of(void **state)
{
    return *state;
}

static inline int fixture_set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    strcpy(f->directory, "/tmp/sisetu-import-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->store, sizeof f->store, "%s/store.gpkg", f->directory);
    arena_init(&f->arena, 0);
    if (store_create(f->store, &f->err) != ERR_OK)
        fail_msg("%s", f->err.message);
    *state = f;
    return 0;
}

static inline int fixture_tear_down(void **state)
{
    struct fixture *f = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", f->directory);
    int failed = system(command);
    arena_release(&f->arena);
    free(f);
    return failed;
}

#define FIXTURE_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

static inline const char *fixture_path(struct fixture *f, const char *name)
{
    char *path = arena_printf(&f->arena, "%s/%s", f->directory, name);
    assert_non_null(path);
    return path;
}

/* Writes n bytes into a file of the directory. */
static inline const char *fixture_bytes(struct fixture *f, const char *name, const void *bytes,
                                        size_t n)
{
    const char *path = fixture_path(f, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
    return path;
}

static inline const char *fixture_text(struct fixture *f, const char *name, const char *text)
{
    return fixture_bytes(f, name, text, strlen(text));
}

/* A GeoJSON file of these features, given as text. */
static inline const char *fixture_geojson(struct fixture *f, const char *name, const char *features)
{
    return fixture_text(
        f, name,
        arena_printf(&f->arena, "{\"type\":\"FeatureCollection\",\"features\":[%s]}", features));
}

/* One feature: geometry as text, properties as text without braces. */
static inline const char *fixture_feature(struct fixture *f, const char *geometry,
                                          const char *properties)
{
    return arena_printf(&f->arena, "{\"type\":\"Feature\",\"properties\":{%s},\"geometry\":%s}",
                        properties, geometry);
}

static inline struct import_options fixture_options(const char *layer, const char *path,
                                                    const char *crs)
{
    return (struct import_options){
        .layer = layer, .path = path, .crs = crs, .accuracy_m = (double)NAN};
}

static inline enum err_code fixture_import(struct fixture *f, const struct import_options *options)
{
    f->err.message[0] = '\0';
    return import_run(f->store, options, &f->arena, &f->summary, &f->err);
}

/* An import that has to succeed. */
static inline void fixture_imports(struct fixture *f, const struct import_options *options)
{
    if (fixture_import(f, options) != ERR_OK)
        fail_msg("%s", f->err.message);
}

static inline void fixture_says(const struct fixture *f, const char *part)
{
    if (!strstr(f->err.message, part))
        fail_msg("\"%s\" does not say \"%s\"", f->err.message, part);
}

/* An import that has to fail so, with these words, and to leave the store as it was. */
static inline void fixture_fails(struct fixture *f, const struct import_options *options,
                                 enum err_code code, const char *part)
{
    struct store_stamp before, after;
    assert_int_equal(store_stamp(f->store, &before, &f->err), ERR_OK);
    enum err_code got = fixture_import(f, options);
    if (got != code)
        fail_msg("%s instead of %s: %s", err_code_name(got), err_code_name(code), f->err.message);
    fixture_says(f, part);
    struct err err;
    assert_int_equal(store_stamp(f->store, &after, &err), ERR_OK);
    assert_int_equal(before.generation, after.generation);
    assert_int_equal(f->summary.generation, 0);
}

/* All records of a layer, ordered by id. */
static inline const void *fixture_records(struct fixture *f, enum layer_id layer, size_t *n)
{
    struct store *store;
    void *records;
    assert_int_equal(store_open(f->store, STORE_READ, &store, &f->err), ERR_OK);
    assert_int_equal(store_read(store, layer, &f->arena, &records, n, &f->err), ERR_OK);
    store_close(store);
    return records;
}

/* What was refused in the i-th place: its field and a part of the reason. */
static inline void fixture_refused(const struct fixture *f, size_t i, size_t row, const char *field,
                                   const char *part)
{
    assert_true(i < f->summary.n_first_refused);
    const struct import_reject *one = &f->summary.first_refused[i];
    assert_int_equal(one->row, row);
    assert_string_equal(one->field, field);
    if (!strstr(one->reason, part))
        fail_msg("\"%s\" does not say \"%s\"", one->reason, part);
}

static inline const char *fixture_real(void)
{
    const char *folder = getenv("SISETU_REAL_DATA");
    return folder && *folder ? folder : NULL;
}

#endif
