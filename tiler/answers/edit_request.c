#include "tiler/answers/edit_request.h"

#include "data/base/text.h"

enum err_code edit_request_layer(const char *name, enum layer_id *out, struct err *err)
{
    const char *names[LAYER_COUNT + 1] = {0};
    if (layer_by_name(name, out))
        return ERR_OK;
    for (int i = 0; i < LAYER_COUNT; i++)
        names[i] = layer_name((enum layer_id)i);
    const char *near = text_nearest(name, names);
    return err_set(err, ERR_USAGE, "no layer \"%s\"%s%s%s", name,
                   near ? "; did you mean " : "; `sisetu help import` lists them", near ? near : "",
                   near ? "?" : "");
}

/* The boundaries of a world as an array. */
static enum err_code boundaries(const struct world *world, struct arena *arena,
                                struct import_edit *out, struct err *err)
{
    size_t n = world_count(world, LAYER_ADMIN);
    struct admin_unit *units = arena_new(arena, struct admin_unit, n);
    if (!units)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        units[i] = *world_admin(world, i);
    out->admin = units;
    out->n_admin = n;
    return ERR_OK;
}

enum err_code edit_request_read(const struct edit_source *source, const struct world *world,
                                struct arena *arena, struct edit_request *out,
                                struct import_summary *summary, struct err *err)
{
    enum err_code code = ERR_OK;
    void *records = NULL;
    struct import_edit edit = {
        .schema = world->schema, .text = source->text, .n_text = source->n_text, .id = source->id};
    TRY(boundaries(world, arena, &edit, err));
    TRY(import_read(source->options, &edit, arena, summary, &records, err));
    out->records = records;
    out->n_records = summary->accepted;
    if (source->id && out->n_records != 1)
        code = err_set(err, ERR_INPUT, "%s holds %zu records; put one Feature at its address",
                       summary->source, out->n_records);
done:
    return code;
}
