/* fuzz_predicate.c - any text as a condition: refused with a message, or a condition whose
 * answer names what is missing exactly when it is UNKNOWN. The first byte picks the layer. */
#include "data/predicate.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void count(void *context, const struct field_binding *field)
{
    size_t *n = context;
    *n += field != NULL;
}

static bool always(const void *context, const char *value)
{
    return context == NULL && value != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const enum layer_id layers[] = {LAYER_PROTECTED, LAYER_FACILITIES, LAYER_ENTERPRISES,
                                           LAYER_AREAS};
    static union {
        struct record_head head;
        struct protected_target protected_target;
        struct facility facility;
        struct enterprise enterprise;
        struct area area;
    } record;
    struct arena arena;
    struct err err = {0};
    const struct predicate *predicate = NULL;
    if (n == 0)
        return 0;
    enum layer_id layer = layers[bytes[0] % 4];
    arena_init(&arena, (size_t)64 << 20);
    char *text = arena_strndup(&arena, (const char *)bytes + 1, n - 1);
    enum err_code code = predicate_parse(text, layer, NULL, &arena, &predicate, &err);
    if ((code == ERR_OK) != (predicate != NULL) || (code != ERR_OK && !*err.message))
        abort();
    if (code == ERR_OK) {
        const char *missing = NULL;
        size_t fields = 0;
        record_clear(layer, &record);
        enum truth truth = predicate_eval(predicate, &record, &missing);
        if ((truth == TRUTH_UNKNOWN) != (missing != NULL))
            abort();
        if (predicate_stranger(predicate, "use", always, NULL))
            abort();
        predicate_each_field(predicate, count, &fields);
    }
    arena_release(&arena);
    return 0;
}
