#include "geo/findings/finding_row.h"

#include "geo/findings/finding_view.h"

#include <string.h>

void row_maker_begin(struct row_maker *maker, const struct world *world, struct worker *worker,
                     struct finding_source source, struct arena *arena)
{
    uint32_t row = (uint32_t)world_row(world, source.layer, source.slot);
    *maker = (struct row_maker){.world = world,
                                .worker = worker,
                                .arena = arena,
                                .layer = source.layer,
                                .row = row,
                                .list = findings_of(world, source.layer, row)};
    if (source.layer != LAYER_ZONES)
        maker->source = spacing_source_of(world, source.layer, row);
}

/* ---- what rows have in common ---- */

static struct finding_ref ref_of(const struct row_maker *maker, uint32_t k)
{
    return (struct finding_ref){maker->layer, maker->row, k};
}

static bool fits(const struct row_form *form, const struct finding *finding)
{
    return finding->kind == FINDING_DISTANCE && form->finding->kind == FINDING_DISTANCE &&
           form->finding->rule == finding->rule &&
           form->finding->target_layer == finding->target_layer;
}

/* "rule|layer/id|layer/" of a distance. */
static const char *id_head(const struct row_maker *maker, const struct finding *finding)
{
    const struct record_head *source = maker->source.record;
    const char *const parts[] = {finding_rule(maker->world, finding)->id,
                                 "|",
                                 layer_name(maker->layer),
                                 "/",
                                 source->id,
                                 "|",
                                 layer_name((enum layer_id)finding->target_layer),
                                 "/"};
    return arena_texts(maker->arena, parts, sizeof parts / sizeof *parts);
}

static enum err_code add_form(struct row_maker *maker, uint32_t k, struct err *err)
{
    const struct finding *finding = finding_list_at(maker->list, k);
    struct row_form *form = arena_new(maker->arena, struct row_form, 1);
    maker->forms = arena_grow(maker->arena, maker->forms, &maker->room, maker->n_forms + 1,
                              sizeof(struct row_form *));
    if (!form || !maker->forms)
        return err_nomem(err);
    form->finding = finding;
    form->id_head = finding->kind == FINDING_DISTANCE
                        ? id_head(maker, finding)
                        : finding_id(maker->world, ref_of(maker, k), maker->arena);
    if (!form->id_head)
        return err_nomem(err);
    form->n_id_head = strlen(form->id_head);
    maker->last = maker->n_forms;
    maker->forms[maker->n_forms++] = form;
    return ERR_OK;
}

static enum err_code find_form(struct row_maker *maker, uint32_t k, struct err *err)
{
    const struct finding *finding = finding_list_at(maker->list, k);
    if (maker->n_forms > 0 && fits(maker->forms[maker->last], finding))
        return ERR_OK;
    for (size_t i = 0; i < maker->n_forms; i++)
        if (fits(maker->forms[i], finding)) {
            maker->last = i;
            return ERR_OK;
        }
    return add_form(maker, k, err);
}

enum err_code row_maker_note(struct row_maker *maker, uint32_t k, struct row_note *out,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    const struct finding *finding = finding_list_at(maker->list, k);
    TRY(find_form(maker, k, err));
    *out = (struct row_note){.finding = finding, .k = k, .form = (uint32_t)maker->last};
    if (finding->kind == FINDING_DISTANCE)
        out->target = world_record_of_slot(maker->world, (enum layer_id)finding->target_layer,
                                           finding->target_slot);
done:
    return code;
}

/* What of an id comes behind its beginning. */
static const char *tail_of(const struct row_note *note)
{
    return note->target ? note->target->id : "";
}

/* Two texts, each in two pieces. */
static int compare_pieces(const char *a, const char *a_more, const char *b, const char *b_more)
{
    for (;; a++, b++) {
        if (!*a && a_more) {
            a = a_more;
            a_more = NULL;
        }
        if (!*b && b_more) {
            b = b_more;
            b_more = NULL;
        }
        if (*a != *b || !*a)
            return (unsigned char)*a - (unsigned char)*b;
    }
}

int row_note_compare(const struct row_maker *a_maker, const struct row_note *a,
                     const struct row_maker *b_maker, const struct row_note *b)
{
    const struct row_form *x = a_maker->forms[a->form];
    const struct row_form *y = b_maker->forms[b->form];
    bool alike = x == y || (x->n_id_head == y->n_id_head &&
                            memcmp(x->id_head, y->id_head, x->n_id_head) == 0);
    if (alike)
        return a->target == b->target ? 0 : strcmp(tail_of(a), tail_of(b));
    return compare_pieces(x->id_head, tail_of(a), y->id_head, tail_of(b));
}

const char *row_maker_id(const struct row_maker *maker, const struct row_note *note)
{
    const struct row_form *form = maker->forms[note->form];
    const char *tail = tail_of(note);
    return arena_join(maker->arena, form->id_head, form->n_id_head, tail);
}

static enum err_code phrase(struct row_maker *maker, struct row_form *form, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = maker->world;
    const struct spacing_rule *rule = &world->rules->spacing[form->finding->rule];
    const char *name = reasons_name(maker->source.record);
    double required_m = rules_required_m(rule, maker->source.record);
    TRY(reasons_phrase_of(world, rule, required_m, name, maker->arena, &form->phrase, err));
    spacing_speaks(world, &maker->source, rule, &form->missing);
    finding_row_begin(world, ref_of(maker, 0), form->finding, &form->row);
    form->phrased = true;
done:
    return code;
}

enum err_code row_maker_common(struct row_maker *maker, const struct row_note *note,
                               const void **out, struct err *err)
{
    struct row_form *form = maker->forms[note->form];
    *out = &form->row;
    return form->phrased ? ERR_OK : phrase(maker, form, err);
}

/* ---- a row ---- */

/* As distance_shapes; the edges of a source that is asked often are kept. */
static enum err_code measure(struct row_maker *maker, const struct geom *target,
                             const struct spacing_facts *facts, struct closest *out,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    const struct spacing_source *source = &maker->source;
    if (source->is_point && facts->is_point) {
        struct lonlat from = source->geom->points[0];
        *out = (struct closest){ellipsoid_between_m(from, source->ecef, facts->place, facts->ecef),
                                from, facts->place};
        return ERR_OK;
    }
    if (!maker->edges && !source->is_point && ++maker->n_measured > 1) {
        maker->edges = arena_new(maker->arena, struct edges, 1);
        TRY(maker->edges ? ERR_OK : err_nomem(err));
        TRY(edges_build(source->geom, maker->arena, maker->edges, err));
    }
    if (maker->edges)
        code = distance_edges_shape(maker->edges, target, INFINITY, maker->arena, out, err);
    else
        code = distance_shapes(source->geom, target, INFINITY, maker->arena, out, err);
done:
    return code;
}

/* What leaves open whether rule and class speak of the pair, or NULL. */
static const char *missing_of(const struct row_maker *maker, const struct row_form *form,
                              const struct target_class *class, struct row_target *target)
{
    if (form->missing || !spacing_may_be_target(&maker->source, class->layer, target->head))
        return form->missing;
    if (target->class != class) {
        target->class = class;
        target->missing = NULL;
        target->of_class = predicate_eval(class->predicate, target->head, &target->missing);
    }
    if (target->of_class != TRUTH_UNKNOWN)
        return NULL;
    return target->missing ? target->missing : "an attribute";
}

/* Judges the pair again. Of a conflict nothing is missing. */
static enum err_code judge(struct row_maker *maker, const struct row_form *form,
                           const struct row_note *note, struct row_target *target,
                           struct spacing_finding *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = maker->world;
    const struct finding *finding = note->finding;
    enum layer_id layer = (enum layer_id)finding->target_layer;
    const struct target_class *class = &world->rules->target_classes[finding->target_class];
    struct spacing_match match = {form->phrase.rule, NULL};
    struct closest closest;
    if (target->head != note->target)
        *target = (struct row_target){.head = note->target,
                                      .facts = spacing_measures_of(world, layer, note->target)};
    if (finding->verdict != VERDICT_CONFLICT)
        match.missing = missing_of(maker, form, class, target);
    TRY(measure(maker, &note->target->geom, &target->facts, &closest, err));
    spacing_judge_pair(&maker->source, &match, class, &target->facts, &closest, out);
done:
    return code;
}

/* All that a row owes to its target. */
static enum err_code fill(const struct row_maker *maker, const struct row_form *form,
                          const struct row_note *note, const struct spacing_finding *distance,
                          struct conflict *row, struct err *err)
{
    struct reason_words words =
        reasons_of_phrase(&form->phrase, distance, reasons_name(note->target), false, maker->arena);
    row->verdict = verdict_name((enum verdict)note->finding->verdict);
    row->grade = note->finding->grade;
    row->target_id = row->head.id + form->n_id_head; /* at hand, where the target is far off */
    finding_row_distance(distance, row);
    row->reason = words.text;
    row->decides = words.decides;
    if (!words.text)
        return err_nomem(err);
    return closest_line(&distance->closest, maker->arena, &row->head.geom, err);
}

/* *out stays NULL where judged again it says otherwise. */
static enum err_code distance_row(struct row_maker *maker, const struct row_note *note,
                                  struct row_target *target, const char *id, struct conflict **out,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct row_form *form = maker->forms[note->form];
    struct spacing_finding distance;
    if (!form->phrased)
        TRY(phrase(maker, form, err));
    TRY(judge(maker, form, note, target, &distance, err));
    if (distance.answer.verdict != (enum verdict)note->finding->verdict)
        return ERR_OK;
    struct conflict *row = arena_memdup(maker->arena, &form->row, sizeof *row);
    if (!row)
        return err_nomem(err);
    row->head.id = id ? id : row_maker_id(maker, note);
    TRY(row->head.id ? ERR_OK : err_nomem(err));
    TRY(fill(maker, form, note, &distance, row, err));
    *out = row;
done:
    return code;
}

enum err_code row_maker_row(struct row_maker *maker, const struct row_note *note,
                            struct row_target *target, const char *id, struct conflict **out,
                            struct err *err)
{
    enum err_code code = ERR_OK;
    struct conflict_view *view = NULL;
    *out = NULL;
    if (note->target)
        TRY(distance_row(maker, note, target, id, out, err));
    if (*out)
        return ERR_OK;
    view = arena_new(maker->arena, struct conflict_view, 1);
    if (!view)
        return err_nomem(err);
    TRY(finding_view(maker->world, maker->worker, ref_of(maker, note->k), maker->arena, view, err));
    *out = &view->row;
done:
    return code;
}

/* ---- a reason ---- */

static const char *ref_to(enum layer_id layer, const char *id, struct arena *arena)
{
    const char *const parts[] = {layer_name(layer), "/", id};
    return arena_texts(arena, parts, sizeof parts / sizeof *parts);
}

enum err_code row_maker_say(struct row_maker *maker, const struct row_note *note,
                            struct reason *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct row_form *form = maker->forms[note->form];
    struct row_target target = {.head = NULL};
    struct spacing_finding distance;
    struct conflict row;
    *out = (struct reason){.text = NULL};
    if (!note->target)
        return ERR_OK;
    if (!form->phrased)
        TRY(phrase(maker, form, err));
    TRY(judge(maker, form, note, &target, &distance, err));
    if (distance.answer.verdict != (enum verdict)note->finding->verdict)
        return ERR_OK;
    struct reason_words words =
        reasons_of_phrase(&form->phrase, &distance, reasons_name(note->target), true, maker->arena);
    if (!maker->source_ref)
        maker->source_ref = ref_to(maker->layer, form->row.source_id, maker->arena);
    finding_row_distance(&distance, &row);
    *out = (struct reason){
        .text = words.text,
        .zh = words.zh,
        .rule = &form->phrase.rule->source,
        .source = maker->source_ref,
        .target =
            ref_to((enum layer_id)note->finding->target_layer, note->target->id, maker->arena),
        .numbers = {{"distance_m", row.distance_m},
                    {"required_m", row.required_m},
                    {"margin_m", row.margin_m},
                    {"error_m", row.error_m}},
    };
    if (!out->text || !out->zh || !out->source || !out->target)
        return err_nomem(err);
done:
    return code;
}
