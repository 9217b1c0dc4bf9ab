/* fuzz_rules.c - any text as one of the rule tables, the others as shipped: refused with a
 * message, or rules that look-ups can use. The first byte picks the table. */
#include "data/rules.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

struct shipped {
    struct arena arena;
    struct schema schema;
    struct rules rules;
    bool loaded;
};

static const struct shipped *shipped(void)
{
    static struct shipped all;
    struct err err;
    if (!all.loaded) {
        arena_init(&all.arena, 0);
        if (schema_load(&all.arena, &all.schema, &err) != ERR_OK ||
            rules_load(NULL, &all.schema, &all.arena, &all.rules, &err) != ERR_OK)
            abort();
        all.loaded = true;
    }
    return &all;
}

static void use(const struct rules *rules)
{
    struct protected_target target;
    struct enterprise plant;
    struct zone zone;
    const char *missing;
    record_clear(LAYER_PROTECTED, &target);
    target.use = "school";
    (void)rules_protected_class(rules, &target, &missing);
    record_clear(LAYER_ENTERPRISES, &plant);
    plant.industry = "chemical";
    if (!(rules_radius_m(rules, &plant) > 0.0) ||
        !(rules_accuracy_m(rules, LAYER_ENTERPRISES, &plant.head) > 0.0))
        abort();
    record_clear(LAYER_ZONES, &zone);
    zone.kind = "toxic";
    zone.value = 2.0;
    int32_t class = rules_zone_class(rules, &zone);
    if (class < 0 || class > 3)
        abort();
    (void)rules_substance(rules, "chlorine");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    enum { MOST = 64 };
    const struct shipped *all = shipped();
    struct store_text files[MOST];
    struct arena arena;
    struct rules rules;
    struct err err = {0};
    if (n == 0 || all->rules.n_files > MOST)
        return 0;
    arena_init(&arena, (size_t)64 << 20);
    memcpy(files, all->rules.files, all->rules.n_files * sizeof *files);
    files[bytes[0] % all->rules.n_files].text =
        arena_strndup(&arena, (const char *)bytes + 1, n - 1);
    enum err_code code =
        rules_load_texts(files, all->rules.n_files, &all->schema, &arena, &rules, &err);
    if (code != ERR_OK && !*err.message)
        abort();
    if (code == ERR_OK)
        use(&rules);
    arena_release(&arena);
    return 0;
}
