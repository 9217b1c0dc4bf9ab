/* routes_fonts.c - letters for clients of vector tiles: /fonts/{fontstack}/{range}.pbf. */
#include "styles/style_set.h"
#include "tiler/serve/ask.h"
#include "tiler/serve/glyph_cache.h"

#include <stdio.h>
#include <string.h>

static const char GLYPHS_TYPE[] = "application/x-protobuf";
static const char CACHE_A_DAY[] = "public, max-age=86400";

/* "512-767.pbf": 2. */
static enum err_code read_range(const char *text, uint32_t *out, struct err *err)
{
    unsigned first = 0, last = 0;
    char again[64];
    if (sscanf(text, "%5u-%5u", &first, &last) == 2)
        snprintf(again, sizeof again, "%u-%u.pbf", first, last);
    *out = first / GLYPH_RANGE;
    if (last == 0 || strcmp(text, again) != 0 || first % GLYPH_RANGE != 0 ||
        last != first + GLYPH_RANGE - 1 || *out >= GLYPH_RANGES)
        return err_set(err, ERR_USAGE,
                       "\"%.64s\" is no range of letters: 256 from a multiple of 256 on, up to "
                       "65280-65535.pbf",
                       text);
    return ERR_OK;
}

static enum err_code find_stack(const struct style_set *styles, const char *names,
                                const struct font_stack **out, struct err *err)
{
    *out = NULL;
    for (size_t i = 0; i < style_set_count(styles) && !*out; i++)
        *out = style_stack_named(style_set_at(styles, i), names);
    return *out ? ERR_OK
                : err_set(err, ERR_NOT_FOUND,
                          "no style has letters in \"%.200s\": the fonts of a layer's text-font, "
                          "joined by commas",
                          names);
}

enum err_code ask_glyphs(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *names = ask_segment(ask, 1);
    const struct font_stack *stack;
    uint32_t range;
    struct style_set *styles = watch_styles(ask->settings->watch);
    TRY(read_range(ask_segment(ask, 2), &range, err));
    TRY(find_stack(styles, names, &stack, err));
    TRY(glyph_cache_get(ask->settings->glyphs, stack, names, range, &ask->response->body, err));
    ask->response->content_type = GLYPHS_TYPE;
    ask->response->cache_control = CACHE_A_DAY;
done:
    style_set_release(styles);
    return code;
}
