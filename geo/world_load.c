/* world_load.c - a world from a store. */
#include "geo/world.h"

#include "data/base/text.h"
#include "data/schema.h"
#include "data/store.h"
#include "geo/exposure.h"
#include "geo/world_layer.h"

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

enum err_code world_load(const char *store_path, const char *rules_directory, int32_t as_of,
                         struct world **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = NULL;
    struct world_parts parts = {.generation = 0};
    arena_init(&parts.arena, 0);
    TRY(store_open(store_path, STORE_READ, &store, err));
    parts.generation = store_generation(store);
    TRY(load_date(store, as_of, &parts, err));
    TRY(load_rules(store, rules_directory, &parts, err));
    TRY(store_read_grid(store, &parts.arena, &parts.population, err));
    TRY(exposure_prepare(&parts.population, &parts.arena, err));
    for (size_t i = 0; i < LAYER_COUNT; i++) {
        if (records_binding((enum layer_id)i)->record_bytes > 0)
            TRY(load_layer(store, (enum layer_id)i, parts.as_of, &parts.layers[i], err));
    }
done:
    store_close(store);
    if (code == ERR_OK)
        return world_new(&parts, out, err);
    arena_release(&parts.arena);
    for (size_t i = 0; i < LAYER_COUNT; i++)
        world_layer_release(parts.layers[i]);
    return code;
}
