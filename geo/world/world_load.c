/* world_load.c - a world from a store. */
#include "geo/world/world.h"

#include "data/base/text.h"
#include "data/schema.h"
#include "data/store.h"
#include "geo/measure/exposure.h"
#include "geo/findings/finding.h"
#include "geo/world/world_layer.h"

#include <stdlib.h>
#include <string.h>

static enum err_code load_layer(struct store *store, enum layer_id layer, int32_t as_of,
                                const struct world_layer **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena arena;
    arena_init(&arena, 0);
    void *records = NULL;
    size_t n = 0;
    code = store_read(store, layer, &arena, &records, &n, err);
    if (code != ERR_OK) {
        arena_release(&arena);
        return err_wrap(err, "layer %s", layer_name(layer));
    }
    return world_layer_new(layer, records, n, as_of, &arena, out, err);
}

/* Grade rows while they are gathered. */
struct grade_rows {
    struct arena arena;
    struct grade_row *items;
    size_t n;
    size_t capacity;
};

static enum err_code add_grade(void *context, const void *record, struct err *err)
{
    struct grade_rows *rows = context;
    rows->items =
        arena_grow(&rows->arena, rows->items, &rows->capacity, rows->n + 1, sizeof *rows->items);
    if (!rows->items)
        return err_nomem(err);
    struct grade_row *row = &rows->items[rows->n++];
    *row = *(const struct grade_row *)record;
    row->head.id = arena_strdup(&rows->arena, row->head.id);
    row->subject = arena_strdup(&rows->arena, row->subject ? row->subject : "");
    row->subject_id = arena_strdup(&rows->arena, row->subject_id ? row->subject_id : "");
    row->method = arena_strdup(&rows->arena, row->method ? row->method : "");
    return row->head.id && row->subject && row->subject_id && row->method ? ERR_OK : err_nomem(err);
}

static int compare_grades(const void *a, const void *b)
{
    return strcmp(((const struct grade_row *)a)->head.id, ((const struct grade_row *)b)->head.id);
}

/* Grades without their sentences, which are most of what the store keeps of them, and which
 * grade_reasons makes again when somebody asks. */
static enum err_code load_grades(struct store *store, struct world_parts *parts, struct err *err)
{
    static const char *const fields[] = {
        "id",    "subject",  "subject_id", "method", "grade",  "could_be", "undecided", "persons",
        "n_red", "n_orange", "n_yellow",   "n_blue", "n_grey", "value",    "generation"};
    enum err_code code = ERR_OK;
    struct grade_rows rows = {.n = 0};
    const struct store_each each = {.layer = LAYER_GRADES,
                                    .fields = fields,
                                    .n_fields = sizeof fields / sizeof fields[0],
                                    .context = &rows,
                                    .visit = add_grade};
    arena_init(&rows.arena, 0);
    code = store_each(store, &each, err);
    if (code != ERR_OK) {
        arena_release(&rows.arena);
        return err_wrap(err, "layer grades");
    }
    if (rows.n > 1)
        qsort(rows.items, rows.n, sizeof *rows.items, compare_grades);
    return world_layer_new(LAYER_GRADES, rows.items, rows.n, parts->as_of, &rows.arena,
                           &parts->layers[LAYER_GRADES], err);
}

static enum err_code load_rules(struct store *store, const char *directory,
                                struct world_parts *parts, struct err *err)
{
    enum err_code code = ERR_OK;
    struct schema *schema = arena_new(&parts->arena, struct schema, 1);
    struct rules *rules = arena_new(&parts->arena, struct rules, 1);
    struct store_text *files = NULL;
    size_t n = 0;
    if (!schema || !rules)
        return err_nomem(err);
    TRY(schema_load(&parts->arena, schema, err));
    if (!directory)
        TRY(store_read_rules(store, &parts->arena, &files, &n, err));
    if (n > 0)
        code = rules_load_texts(files, n, schema, &parts->arena, rules, err);
    else
        TRY(rules_load(directory, schema, &parts->arena, rules, err));
    if (code != ERR_OK) {
        err_wrap(err, "this program cannot read the rules that the store was assessed by; run "
                      "`sisetu assess` on it again");
        goto done;
    }
    parts->schema = schema;
    parts->rules = rules;
done:
    return code;
}

static enum err_code load_date(struct store *store, int32_t as_of, struct world_parts *parts,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const char *text = NULL;
    parts->as_of = as_of;
    if (as_of != INT_ABSENT)
        return ERR_OK;
    TRY(store_get(store, "as_of", &parts->arena, &text, err));
    if (!text)
        parts->as_of = text_today();
    else if (!text_to_date(text, &parts->as_of))
        code = err_set(err, ERR_INPUT, "the store's as_of \"%s\" is no date YYYY-MM-DD", text);
done:
    return code;
}

static enum err_code add_conflict(void *context, const void *record, struct err *err)
{
    return findings_builder_add(context, record, err);
}

/* The rows of layer conflicts become findings. What names records that the world does not have
 * is left out: its facts have changed since the assessment. */
static enum err_code load_findings(struct store *store, struct world *world, struct err *err)
{
    static const char *const fields[] = {"kind",      "verdict",   "grade",        "source_layer",
                                         "source_id", "target_id", "target_layer", "target_class",
                                         "rule_id",   "margin_m",  "persons",      "persons_high"};
    enum err_code code = ERR_OK;
    struct findings_builder *builder = NULL;
    struct findings *findings = NULL;
    size_t n_dropped = 0;
    TRY(findings_builder_new(world, &builder, err));
    const struct store_each each = {.layer = LAYER_CONFLICTS,
                                    .fields = fields,
                                    .n_fields = sizeof fields / sizeof fields[0],
                                    .context = builder,
                                    .visit = add_conflict};
    code = store_each(store, &each, err);
    if (code != ERR_OK) {
        findings_builder_free(builder);
        goto done;
    }
    TRY(findings_builder_end(builder, &findings, &n_dropped, err));
    world_set_findings(world, findings);
    world->n_findings_dropped = n_dropped;
done:
    return code;
}

/* Everything but findings, and grades where they are not wanted; the store stays open. */
static enum err_code load_facts(struct store *store, const char *rules_directory, int32_t as_of,
                                bool grades, struct world **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct world_parts parts = {.generation = store_generation(store),
                                .origin = store_stamp_of(store)};
    arena_init(&parts.arena, 0);
    TRY(load_date(store, as_of, &parts, err));
    TRY(load_rules(store, rules_directory, &parts, err));
    TRY(store_read_grid(store, &parts.arena, &parts.population, err));
    TRY(exposure_prepare(&parts.population, &parts.arena, err));
    for (size_t i = 0; i < LAYER_COUNT; i++) {
        if (i != LAYER_CONFLICTS && i != LAYER_GRADES &&
            records_binding((enum layer_id)i)->record_bytes > 0)
            TRY(load_layer(store, (enum layer_id)i, parts.as_of, &parts.layers[i], err));
    }
    if (grades)
        TRY(load_grades(store, &parts, err));
done:
    if (code == ERR_OK)
        return world_new(&parts, out, err);
    arena_release(&parts.arena);
    for (size_t i = 0; i < LAYER_COUNT; i++)
        world_layer_release(parts.layers[i]);
    return code;
}

enum err_code world_load_facts(const char *store_path, const char *rules_directory, int32_t as_of,
                               struct world **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = NULL;
    TRY(store_open(store_path, STORE_READ, &store, err));
    TRY(load_facts(store, rules_directory, as_of, false, out, err));
done:
    store_close(store);
    return code;
}

enum err_code world_load(const char *store_path, const char *rules_directory, int32_t as_of,
                         struct world **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = NULL;
    struct world *world = NULL;
    TRY(store_open(store_path, STORE_READ, &store, err));
    TRY(load_facts(store, rules_directory, as_of, true, &world, err));
    TRY(load_findings(store, world, err));
    *out = world;
    world = NULL;
done:
    store_close(store);
    world_release(world);
    return code;
}
