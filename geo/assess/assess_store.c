/* assess_store.c - an assessment into the store: only what differs, in one transaction. */
#include "geo/assess/assess.h"

#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/text.h"
#include "data/store.h"
#include "geo/assess/assess_grades.h"
#include "geo/assess/edit_rows.h"
#include "geo/assess/finding_rows.h"
#include "geo/findings/findings.h"
#include "geo/pipelines/pipeline_segments.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* How often an assessment begins again because somebody wrote in between. */
enum { TRIES = 3 };

/* Rows of one derived layer to add, and ids to remove. */
struct difference {
    enum layer_id layer;
    char *inserted; /* records of the layer */
    size_t n_inserted;
    const char **deleted;
    size_t n_deleted;
};

struct saving {
    struct world *world;
    const struct assessment *assessment;
    struct crew *crew;
    struct arena *arena;
    struct finding_rows conflicts;
    struct grade_difference grades;
    struct difference segments;
    char as_of[TEXT_DATE_BYTES];
    char started[32];
    bool written;
};

/* Both sides are ordered by id: one walk along both. */
static enum err_code compare_layer(const struct saving *saving, enum layer_id layer,
                                   const void *made, size_t n_made, struct difference *out,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = saving->world;
    size_t record_bytes = records_binding(layer)->record_bytes;
    size_t n_stored = world_count(world, layer);
    struct arena scratch;
    arena_init(&scratch, 0);
    *out = (struct difference){.layer = layer};
    out->inserted = arena_alloc(saving->arena, n_made, record_bytes);
    out->deleted = arena_new(saving->arena, const char *, n_stored);
    if (!out->inserted || !out->deleted) {
        code = err_nomem(err);
        goto done;
    }
    for (size_t i = 0, j = 0; i < n_made || j < n_stored;) {
        const struct record_head *mine = i < n_made ? record_at(layer, made, i) : NULL;
        const struct record_head *its = j < n_stored ? world_record(world, layer, j) : NULL;
        int order = !mine ? 1 : !its ? -1 : strcmp(mine->id, its->id);
        bool same = false;
        if (order == 0)
            TRY(rows_same(layer, mine, its, &scratch, &same, err));
        if (mine && order <= 0 && !same)
            memcpy(out->inserted + out->n_inserted++ * record_bytes, mine, record_bytes);
        if (its && order >= 0 && !same)
            out->deleted[out->n_deleted++] = its->id;
        i += order <= 0;
        j += order >= 0;
        arena_reset(&scratch);
    }
done:
    arena_release(&scratch);
    return code;
}

static enum err_code write_difference(struct store *store, const struct difference *difference,
                                      int32_t generation, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct field_binding *stamp = records_field(difference->layer, "generation");
    size_t record_bytes = records_binding(difference->layer)->record_bytes;
    for (size_t i = 0; i < difference->n_inserted; i++)
        memcpy(difference->inserted + i * record_bytes + stamp->offset, &generation,
               sizeof generation);
    TRY(store_delete(store, difference->layer, difference->deleted, difference->n_deleted, err));
    TRY(store_insert(store, difference->layer, difference->inserted, difference->n_inserted, err));
done:
    return code;
}

static void now_text(char out[32])
{
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static enum err_code warnings_text(const struct assessment *assessment, struct arena *arena,
                                   const char **out, struct err *err)
{
    struct buf buf;
    struct jw jw;
    buf_init(&buf);
    jw_init(&jw, &buf);
    jw_array(&jw);
    for (size_t i = 0; i < assessment->n_warnings; i++)
        jw_string(&jw, assessment->warnings[i]);
    jw_end_array(&jw);
    *out = buf_ok(&buf) ? arena_strdup(arena, buf_text(&buf)) : NULL;
    buf_release(&buf);
    return *out ? ERR_OK : err_nomem(err);
}

static enum err_code write_run(struct store *store, const struct saving *saving, int32_t generation,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    struct run run;
    char finished[32];
    record_clear(LAYER_RUNS, &run);
    now_text(finished);
    run.head.id = arena_printf(saving->arena, "run-%08d", generation);
    run.as_of = saving->world->as_of;
    run.rules_hash = saving->world->rules->hash;
    run.started = saving->started;
    run.finished = finished;
    run.generation = generation;
    if (!run.head.id)
        return err_nomem(err);
    TRY(warnings_text(saving->assessment, saving->arena, &run.warnings, err));
    TRY(store_insert(store, LAYER_RUNS, &run, 1, err));
done:
    return code;
}

static bool anything_differs(const struct saving *saving)
{
    return finding_rows_inserted(&saving->conflicts) + saving->conflicts.n_deleted +
               saving->grades.n_inserted + saving->grades.n_deleted + saving->segments.n_inserted +
               saving->segments.n_deleted >
           0;
}

/* What of the store is as this assessment would leave it. */
struct need {
    uint64_t generation;
    bool same_rules;
    bool same_date;
    bool same_facts; /* as at the last assessment, or brought up to date by edits since */
};

/* Reading needs no lock, and an assessment that changes nothing must not touch the file. */
static enum err_code find_need(const char *path, struct saving *saving, struct need *out,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = NULL;
    const char *old_hash = NULL;
    const char *old_date = NULL;
    const char *assessed = NULL;
    char now[24];
    TRY(store_open(path, STORE_READ, &store, err));
    TRY(store_get(store, "rules_hash", saving->arena, &old_hash, err));
    TRY(store_get(store, "as_of", saving->arena, &old_date, err));
    TRY(store_get(store, "assessed", saving->arena, &assessed, err));
    out->generation = store_generation(store);
    snprintf(now, sizeof now, "%" PRIu64, out->generation);
    out->same_rules = text_equal(old_hash, saving->world->rules->hash);
    out->same_date = text_equal(old_date, saving->as_of);
    out->same_facts = text_equal(assessed, now);
    const struct grade_made made = {saving->world, saving->crew, saving->assessment};
    if (out->generation == saving->world->generation)
        TRY(finding_rows_compare(&saving->conflicts, store, err));
    if (out->generation == saving->world->generation)
        TRY(grade_difference_find(store, &made, saving->arena, &saving->grades, err));
done:
    store_close(store);
    return code;
}

/* Nothing is written if the store has another generation than the world (*stale), or if
 * everything is as it was. */
static enum err_code save(const char *path, struct saving *saving, bool *stale,
                          uint64_t *generation, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = NULL;
    const struct rules *rules = saving->world->rules;
    struct need is;
    char stamp[24];
    TRY(find_need(path, saving, &is, err));
    *generation = is.generation;
    *stale = *generation != saving->world->generation;
    if (*stale || (is.same_rules && is.same_date && is.same_facts && !anything_differs(saving)))
        goto done;
    TRY(store_open(path, STORE_WRITE, &store, err));
    *generation = store_generation(store);
    *stale = *generation != saving->world->generation;
    if (*stale)
        goto done;
    int32_t next = (int32_t)(*generation + 1);
    TRY(finding_rows_write(&saving->conflicts, store, next, err));
    TRY(grade_difference_write(store, &saving->grades, next, err));
    TRY(write_difference(store, &saving->segments, next, err));
    if (!is.same_rules) {
        TRY(store_write_rules(store, rules->files, rules->n_files, err));
        TRY(store_set(store, "rules_hash", rules->hash, err));
    }
    if (!is.same_date)
        TRY(store_set(store, "as_of", saving->as_of, err));
    snprintf(stamp, sizeof stamp, "%" PRId32, next);
    TRY(store_set(store, "assessed", stamp, err));
    TRY(write_run(store, saving, next, err));
    TRY(store_commit(store, err));
    *generation = store_generation(store);
    saving->written = true;
done:
    store_close(store);
    return code;
}

static enum err_code summarise(const struct saving *saving, uint64_t generation,
                               struct arena *arena, struct assess_summary *out, struct err *err)
{
    const struct assessment *assessment = saving->assessment;
    struct finding_sums sums = findings_sums(saving->world->findings);
    *out =
        (struct assess_summary){.conflicts = sums.n - sums.n_undecided,
                                .undecided = sums.n_undecided,
                                .inserted = finding_rows_inserted(&saving->conflicts) +
                                            saving->grades.n_inserted + saving->segments.n_inserted,
                                .deleted = saving->conflicts.n_deleted + saving->grades.n_deleted +
                                           saving->segments.n_deleted,
                                .written = saving->written,
                                .generation = generation,
                                .as_of = saving->world->as_of,
                                .n_warnings = assessment->n_warnings,
                                .warnings = arena_new(arena, const char *, assessment->n_warnings)};
    if (!out->warnings)
        return err_nomem(err);
    for (size_t i = 0; i < assessment->n_grades; i++) {
        const struct grade_row *row = &assessment->grades[i];
        if (text_equal(row->subject, "enterprise"))
            out->enterprises[row->grade]++;
    }
    for (size_t i = 0; i < assessment->n_warnings; i++) {
        out->warnings[i] = arena_strdup(arena, assessment->warnings[i]);
        if (!out->warnings[i])
            return err_nomem(err);
    }
    return ERR_OK;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

struct made_segments {
    struct segment *rows;
    size_t n;
};

/* Compares with what the store holds, and writes what differs. */
static enum err_code keep(const char *path, struct saving *saving, const struct made_segments *made,
                          bool *stale, uint64_t *generation, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(compare_layer(saving, LAYER_SEGMENTS, made->rows, made->n, &saving->segments, err));
    TRY(save(path, saving, stale, generation, err));
done:
    return code;
}

/* One try: load, assess, compare, save. */
static enum err_code assess_once(const char *path, const struct assess_options *options,
                                 struct arena *arena, struct assess_summary *out, bool *stale,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    struct assessment assessment = {.state = NULL};
    struct arena scratch;
    struct crew crew;
    struct saving saving = {.assessment = &assessment, .crew = &crew, .arena = &scratch};
    struct findings *findings = NULL;
    struct made_segments made = {NULL, 0};
    uint64_t generation = 0;
    double begun = seconds();
    arena_init(&scratch, 0);
    code = crew_init(&crew, options->n_threads, err);
    if (code != ERR_OK)
        return code;
    now_text(saving.started);
    TRY(world_load_facts(path, options->rules_directory, options->as_of, &saving.world, err));
    text_from_date(saving.world->as_of, saving.as_of);
    saving.conflicts =
        (struct finding_rows){.world = saving.world, .crew = &crew, .arena = &scratch};
    double loaded = seconds();
    TRY(findings_all(saving.world, &crew, &findings, err));
    world_set_findings(saving.world, findings);
    double found = seconds();
    TRY(assess_grades(saving.world, &crew, &scratch, &assessment, err));
    double graded = seconds();
    TRY(pipeline_segments(saving.world, &crew, &scratch, &made.rows, &made.n, err));
    double assessed = seconds();
    *stale = false;
    generation = saving.world->generation;
    if (!options->dry_run)
        TRY(keep(path, &saving, &made, stale, &generation, err));
    if (*stale)
        goto done;
    TRY(summarise(&saving, generation, arena, out, err));
    if (options->dry_run)
        out->inserted = out->deleted = 0;
    out->n_threads = crew.n;
    out->load_s = loaded - begun;
    out->assess_s = assessed - loaded;
    out->findings_s = found - loaded;
    out->grades_s = graded - found;
    out->segments_s = assessed - graded;
    out->write_s = seconds() - assessed;
done:
    assessment_release(&assessment);
    crew_release(&crew);
    world_release(saving.world);
    arena_release(&scratch);
    return code;
}

enum err_code assess_store(const char *store_path, const struct assess_options *options,
                           struct arena *arena, struct assess_summary *out, struct err *err)
{
    enum err_code code = ERR_OK;
    char installed[PATH_MAX];
    bool stale = true;
    struct assess_options own = *options;
    if (!own.rules_directory) {
        TRY(file_asset("data/rules", installed, sizeof installed, err));
        own.rules_directory = installed;
    }
    if (own.as_of == INT_ABSENT)
        own.as_of = text_today();
    for (int i = 0; i < TRIES && stale; i++)
        TRY(assess_once(store_path, &own, arena, out, &stale, err));
    if (stale)
        code = err_set(err, ERR_BUSY,
                       "%s was written by others during each of %d assessments: try again",
                       store_path, TRIES);
done:
    return code;
}
