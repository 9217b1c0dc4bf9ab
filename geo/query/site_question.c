#include "geo/query/site_question.h"

#include "data/base/limits.h"
#include "data/base/text.h"
#include "data/schema.h"
#include "geo/measure/overlay.h"

#include <string.h>

static enum err_code check_code(const struct schema_field *field, const char *value,
                                struct arena *arena, struct err *err)
{
    for (size_t i = 0; i < field->n_codes; i++)
        if (strcmp(field->codes[i], value) == 0)
            return ERR_OK;
    const char **codes = arena_new(arena, const char *, field->n_codes + 1);
    if (!codes)
        return err_nomem(err);
    memcpy(codes, field->codes, field->n_codes * sizeof *codes);
    const char *near = text_nearest(value, codes);
    if (near)
        return err_set(err, ERR_INPUT, "%s \"%s\" is not a code; did you mean %s?", field->name,
                       value, near);
    char list[256] = "";
    for (size_t i = 0; i < field->n_codes; i++) {
        strncat(list, i ? ", " : "", sizeof list - strlen(list) - 1);
        strncat(list, codes[i], sizeof list - strlen(list) - 1);
    }
    return err_set(err, ERR_INPUT, "%s \"%s\" is not a code; known are %s", field->name, value,
                   list);
}

/* What is given of a record, against the layer's fields. */
static enum err_code check_record(const struct world *world, enum layer_id layer,
                                  const void *record, struct arena *arena, struct err *err)
{
    const struct schema_layer *fields = &world->schema->layers[layer];
    for (size_t i = 0; record && i < fields->n_fields; i++) {
        const struct schema_field *field = &fields->fields[i];
        const struct field_binding *binding = records_field(layer, field->name);
        if (!binding || record_is_absent(record, binding))
            continue;
        if (field->type == FIELD_TEXT && field->n_codes > 0) {
            enum err_code code = check_code(field, record_text(record, binding), arena, err);
            if (code != ERR_OK)
                return code;
        }
        if (field->type != FIELD_REAL && field->type != FIELD_INTEGER)
            continue;
        double value = record_real(record, binding);
        if (!(value >= field->min && value <= field->max))
            return err_set(err, ERR_INPUT, "%s is %.10g, outside %.10g to %.10g%s%s", field->name,
                           value, field->min, field->max, *field->unit ? " " : "", field->unit);
    }
    return ERR_OK;
}

static enum err_code check_industry(const struct rules *rules, const char *code,
                                    struct arena *arena, struct err *err)
{
    if (!code || rules_industry(rules, code))
        return ERR_OK;
    const char **codes = arena_new(arena, const char *, rules->n_industries + 1);
    if (!codes)
        return err_nomem(err);
    for (size_t i = 0; i < rules->n_industries; i++)
        codes[i] = rules->industries[i].source.id;
    const char *near = text_nearest(code, codes);
    return err_set(err, ERR_INPUT, "unknown industry \"%s\"%s%s%s", code,
                   near ? "; did you mean " : "; see industries.csv", near ? near : "",
                   near ? "?" : "");
}

enum err_code site_question_check(const struct world *world, struct worker *worker,
                                  const struct site_question *question, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena *arena = &worker->arena;
    if (question->geom.n_points > LIMIT_SITE_VERTICES)
        return err_set(err, ERR_LIMIT, "the outline has %u corners; a site may have %d",
                       question->geom.n_points, LIMIT_SITE_VERTICES);
    TRY(check_record(world, LAYER_FACILITIES, question->qualifiers, arena, err));
    TRY(check_record(world, LAYER_ENTERPRISES, question->plant, arena, err));
    if (question->plant)
        TRY(check_industry(world->rules, question->plant->industry, arena, err));
    if (question->geom.kind == GEOM_POLYGON)
        TRY(overlay_check_valid(worker->overlay, &question->geom, err));
done:
    return code;
}
