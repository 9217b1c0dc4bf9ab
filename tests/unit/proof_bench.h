/*
 * proof_bench.h - a store in small with its assessment, and proofs of it: written, verified,
 * forged.
 */
#ifndef SISETU_TESTS_PROOF_BENCH_H
#define SISETU_TESTS_PROOF_BENCH_H

#include "tests/unit/world_fixture.h"

#include "data/base/hash.h"
#include "data/base/json.h"
#include "data/base/limits.h"
#include "geo/assess/assess.h"
#include "geo/proof/proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A store in small: facts, and the conflicts and grades that an assessment finds in them. */
struct stage {
    struct fixture f;
    struct world *facts; /* of which the assessment was made */
    struct arena found;
    struct world *world; /* with conflicts and grades */
    struct worker worker;
    struct buf proof;
    void (*more)(struct fixture *f);   /* facts, before the assessment */
    void (*change)(struct fixture *f); /* facts, after it */
};

/* One plant with a tank 14.999 m from a class II building and 15.001 m from another, ammonia
 * and chlorine, a hazard zone over dense cells, in no park. */
static inline void give_facts(struct fixture *f)
{
    struct enterprise *plant = fixture_add(f, LAYER_ENTERPRISES, "E/1");
    plant->head.name = "示例化工";
    plant->head.source = "plants.csv";
    plant->head.source_row = 7;
    plant->head.geom = fixture_box(f, 106.199, 38.399, 106.201, 38.401);
    plant->kind = "production";
    plant->industry = "chemical";
    plant->declared_grade = 3;
    plant->score_19 = 88.5;
    struct facility *tank = fixture_add(f, LAYER_FACILITIES, "T1");
    tank->head.geom = fixture_point(f, 106.2, 38.4);
    tank->enterprise_id = "E/1";
    tank->facility_type = "LIQ_TANK_AB";
    tank->total_m3 = 50;
    tank->fixed_roof = 0;
    const double distances[] = {14.999, 15.001};
    for (int i = 0; i < 2; i++) {
        struct protected_target *house = fixture_add(f, LAYER_PROTECTED, i == 0 ? "P1" : "P2");
        struct lonlat at =
            ellipsoid_direct((struct lonlat){106.2, 38.4}, i == 0 ? 90 : 270, distances[i]);
        house->head.geom = fixture_point(f, at.lon_deg, at.lat_deg);
        house->use = "village";
        house->fire_rating = 2;
        house->storeys = 2;
        house->persons = 40;
        house->households = 12;
    }
    struct zone *zone = fixture_add(f, LAYER_ZONES, "Z1");
    zone->head.geom = fixture_box(f, 106.19, 38.39, 106.21, 38.41);
    zone->enterprise_id = "E/1";
    zone->kind = "toxic";
    zone->class = 2;
    const char *const substances[] = {"氯", "氨"};
    for (int i = 0; i < 2; i++) {
        struct inventory_item *item = fixture_add(f, LAYER_INVENTORY, i == 0 ? "I1" : "I2");
        item->enterprise_id = "E/1";
        item->unit = "U1";
        item->substance = substances[i];
        item->q_t = i == 0 ? 50 : 100;
    }
    struct area *area = fixture_add(f, LAYER_AREAS, "A1");
    area->head.geom = fixture_box(f, 106.5, 38.5, 106.51, 38.51);
    area->kind = "park";
    fixture_grid(f, 106.1, 38.5, 0.001, 200, 200, 1);
    for (uint32_t column = 104; column < 108; column++)
        fixture_cell(f, column, 98, 30);
}

/* The same facts again, with what an assessment found in them. */
static inline void stage_open(struct stage *stage)
{
    struct fixture first;
    struct assessment all;
    struct conflict *conflicts;
    size_t n_conflicts;
    struct err err;
    fixture_init(&first);
    give_facts(&first);
    if (stage->more)
        stage->more(&first);
    stage->facts = fixture_world(&first, 20260601);
    arena_init(&stage->found, 0);
    fixture_check(worker_init(&stage->worker, 0, &err), &err);
    struct crew crew = {.workers = &stage->worker, .n = 1};
    fixture_check(assess_world(stage->facts, &crew, &stage->found, &all, &err), &err);
    fixture_check(assess_reasons(stage->facts, &stage->worker, &all, &stage->found, &err), &err);
    assessment_release(&all);
    fixture_check(assess_conflicts(stage->facts, &stage->worker, &stage->found, &conflicts,
                                   &n_conflicts, &err),
                  &err);
    fixture_init(&stage->f);
    give_facts(&stage->f);
    if (stage->more)
        stage->more(&stage->f);
    for (size_t i = 0; i < n_conflicts; i++)
        *(struct conflict *)fixture_add(&stage->f, LAYER_CONFLICTS, "-") = conflicts[i];
    for (size_t i = 0; i < all.n_grades && i < FIXTURE_RECORDS; i++)
        if (strcmp(all.grades[i].subject, "cell") != 0)
            *(struct grade_row *)fixture_add(&stage->f, LAYER_GRADES, "-") = all.grades[i];
    if (stage->change)
        stage->change(&stage->f);
    stage->world = fixture_world(&stage->f, 20260601);
    buf_init(&stage->proof);
}

static inline void stage_close(struct stage *stage)
{
    buf_release(&stage->proof);
    worker_release(&stage->worker);
    world_release(stage->world);
    world_release(stage->facts);
    arena_release(&stage->found);
}

static inline void prove(struct stage *stage, enum proof_kind kind, const char *id)
{
    struct err err;
    const struct proof_question question = {.kind = kind, .id = id};
    buf_clear(&stage->proof);
    fixture_check(proof_write(stage->world, &stage->worker, &question, &stage->proof, &err), &err);
}

static inline enum err_code verify_text(struct stage *stage, const char *text, size_t n,
                                        const struct world *store, struct proof_check *out)
{
    struct err err;
    worker_reset(&stage->worker);
    return proof_verify(text, n, store, &stage->worker, out, &err);
}

static inline struct proof_check verify(struct stage *stage, const struct world *store)
{
    struct proof_check check;
    assert_int_equal(
        verify_text(stage, buf_text(&stage->proof), stage->proof.n_bytes, store, &check), ERR_OK);
    return check;
}

static inline void must_hold(struct stage *stage)
{
    struct proof_check check = verify(stage, NULL);
    if (check.verdict != PROOF_HOLDS)
        fprintf(stderr, "%s: %s\n", check.subject, check.findings[0]);
    assert_int_equal(check.verdict, PROOF_HOLDS);
    assert_int_equal(check.n_findings, 0);
}

static inline bool says(const char *const *lines, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strstr(lines[i], text))
            return true;
    return false;
}

static const char NEAR[] = "F02-BLDG_I_II|facilities/T1|protected/P1";

/* Makes the hash of a document right again, as a forger would. A quote out of place that makes
 * the last member part of a text leaves it as it is. */
static inline void make_hash_right(char *text)
{
    static const char key[] = ",\"sha256\":\"";
    char hash[HASH_TEXT_BYTES];
    char *compact = malloc(strlen(text) + 1);
    assert_non_null(compact);
    size_t n = 0;
    bool quoted = false;
    for (const char *c = text; *c; c++) {
        if (!quoted && (*c == ' ' || *c == '\n'))
            continue;
        compact[n++] = *c;
        if (quoted && *c == '\\' && c[1])
            compact[n++] = *++c;
        else if (*c == '"')
            quoted = !quoted;
    }
    compact[n] = '\0';
    const char *end = strstr(compact, key);
    char *stated = strstr(text, "\n \"sha256\": \"");
    if (end && stated) {
        hash_text(compact, (size_t)(end - compact), hash);
        memcpy(strchr(stated, ':') + 3, hash, HASH_TEXT_BYTES - 1);
    }
    free(compact);
}

/* The document with a piece of text replaced and its hash made right again; the caller frees. */
static inline char *forge(const struct buf *proof, const char *piece, const char *instead)
{
    const char *at = strstr(buf_text(proof), piece);
    assert_non_null(at);
    size_t before = (size_t)(at - buf_text(proof));
    size_t room = proof->n_bytes + strlen(instead) + 1;
    char *text = malloc(room);
    assert_non_null(text);
    snprintf(text, room, "%.*s%s%s", (int)before, buf_text(proof), instead, at + strlen(piece));
    make_hash_right(text);
    return text;
}

static inline void must_not_hold(struct stage *stage, const char *piece, const char *instead,
                                 const char *finding)
{
    struct proof_check check;
    char *text = forge(&stage->proof, piece, instead);
    assert_int_equal(verify_text(stage, text, strlen(text), NULL, &check), ERR_OK);
    if (!says(check.findings, check.n_findings, finding))
        fprintf(stderr, "%s -> %s: %s\n", piece, instead,
                check.n_findings ? check.findings[0] : "(holds)");
    assert_int_equal(check.verdict, PROOF_BROKEN);
    assert_true(says(check.findings, check.n_findings, finding));
    assert_false(says(check.findings, check.n_findings, "altered"));
    free(text);
}

#endif
