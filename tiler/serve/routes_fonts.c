/* routes_fonts.c - letters for clients of vector tiles: /fonts/{fontstack}/{range}.pbf for
 * MapLibre; /fonts/{family}/{weight}.css for OpenLayers, which draws with fonts of the browser. */
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

/* ---- style sheets ---- */

static const struct {
    const char *file, *name;
} weights[] = {{"100.css", "Thin"},    {"200.css", "ExtraLight"}, {"300.css", "Light"},
               {"400.css", "Regular"}, {"500.css", "Medium"},     {"600.css", "SemiBold"},
               {"700.css", "Bold"},    {"800.css", "ExtraBold"},  {"900.css", "Black"}};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);
    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

/* A family as its address has it, with + for blanks: letters, digits, hyphens. */
static bool read_family(const char *text, char *family, size_t room)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789- +";
    size_t n = strlen(text);
    if (n == 0 || n >= room || text[strspn(text, allowed)])
        return false;
    for (size_t i = 0; i <= n; i++)
        family[i] = (char)(text[i] == '+' ? ' ' : text[i]);
    return true;
}

/* A font of the reader's own machine: the one that is named, else one that looks like it. */
static enum err_code write_sheet(struct ask *ask, struct err *err)
{
    const char *file = ask_segment(ask, 2), *weight = NULL;
    char family[64];
    bool italic = ends_with(file, "-italic.css");
    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++)
        if (strncmp(file, weights[i].file, 3) == 0 &&
            strcmp(file + 3, italic ? "-italic.css" : ".css") == 0)
            weight = weights[i].name;
    if (!weight || !read_family(ask_segment(ask, 1), family, sizeof family))
        return err_set(err, ERR_NOT_FOUND,
                       "no such font: /fonts/Noto+Sans+CJK+SC/400.css, from 100 to 900");
    buf_printf(&ask->out,
               "@font-face{font-family:\"%s\";font-style:%s;font-weight:%.3s;src:local(\"%s %s\"),"
               "local(\"%s\"),local(\"Source Han Sans SC %s\"),local(\"PingFang SC\"),"
               "local(\"Microsoft YaHei\")}\n",
               family, italic ? "italic" : "normal", file, family, weight, family, weight);
    ask->response->content_type = "text/css; charset=utf-8";
    ask->response->cache_control = CACHE_A_DAY;
    return ERR_OK;
}

/* ---- packs ---- */

enum err_code ask_font(struct ask *ask, struct err *err)
{
    if (ends_with(ask_segment(ask, 2), ".css"))
        return write_sheet(ask, err);
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
