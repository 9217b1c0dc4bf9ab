/* routes_sprite.c - patterns and symbols for clients of vector tiles:
 * /styles/{name}/sprite{,@2x}.{json,png}. */
#include "data/base/text.h"
#include "tiler/serve/ask.h"
#include "tiler/draw/sprite.h"

/* All styles have the same sheet; a name that is none is told. */
static enum err_code check_style(struct ask *ask, const char *name, struct err *err)
{
    struct style_set *styles = watch_styles(ask->settings->watch);
    enum err_code code =
        style_set_find(styles, name) < 0 ? ask_no_style(styles, name, err) : ERR_OK;
    style_set_release(styles);
    return code;
}

enum err_code ask_sprite(struct ask *ask, struct err *err)
{
    enum err_code code = check_style(ask, ask_segment(ask, 1), err);
    const char *file = ask_segment(ask, 2);
    bool doubled = text_equal(file, "sprite@2x.json") || text_equal(file, "sprite@2x.png");
    uint32_t scale = doubled ? 2 : 1;
    if (code != ERR_OK)
        return code;
    if (text_equal(file, "sprite.json") || text_equal(file, "sprite@2x.json")) {
        sprite_write_json(scale, &ask->jw);
        return ERR_OK;
    }
    if (!text_equal(file, "sprite.png") && !doubled)
        return err_set(err, ERR_NOT_FOUND,
                       "\"%s\" is none of sprite.json, sprite.png, sprite@2x.json, sprite@2x.png",
                       file);
    ask->response->content_type = "image/png";
    return sprite_write_png(scale, &ask->out, err);
}
