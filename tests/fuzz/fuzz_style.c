/* fuzz_style.c - any bytes as a style: refused with a message, or a style whose every layer
 * can be evaluated at every zoom, for a feature with and without properties. */
#include "styles/style.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct value some_property(const void *feature, const char *property)
{
    (void)feature;
    switch (strlen(property) % 4) {
    case 0:
        return value_number((double)strlen(property));
    case 1:
        return value_string("银川市 Yinchuan");
    case 2:
        return value_bool(true);
    default:
        return value_null();
    }
}

static void evaluate_layer(const struct style_layer *layer, const struct eval *eval)
{
    (void)style_filter(layer, eval);
    (void)style_anchor(layer, eval);
    for (int p = 0; p < PROP_COUNT; p++) {
        enum style_property property = (enum style_property)p;
        double number = style_number(layer, property, eval);
        struct colour colour = style_colour(layer, property, eval);
        if (isnan(number) || !(colour.a >= 0 && colour.a <= 1) ||
            !(colour.r >= 0 && colour.r <= 255))
            abort();
        (void)style_bool(layer, property, eval);
        (void)style_text(layer, property, eval);
        (void)style_choice(layer, property, eval);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct style *style = NULL;
    struct err err = {0};
    enum err_code code = style_parse("fuzz.json", (const char *)bytes, n, &style, &err);
    if ((code == ERR_OK) != (style != NULL) || (code != ERR_OK && !*err.message))
        abort();
    if (code != ERR_OK)
        return 0;
    struct arena arena;
    arena_init(&arena, (size_t)64 << 20);
    for (size_t i = 0; i < style_layer_count(style); i++) {
        for (double zoom = -1; zoom < 22; zoom += 4.5) {
            struct eval eval = {.zoom = zoom, .arena = &arena};
            evaluate_layer(style_layer(style, i), &eval);
            eval.get = some_property;
            evaluate_layer(style_layer(style, i), &eval);
            arena_reset(&arena);
        }
    }
    arena_release(&arena);
    style_free(style);
    return 0;
}
