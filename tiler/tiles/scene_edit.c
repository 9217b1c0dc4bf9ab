#include "tiler/tiles/scene_edit.h"

#include "data/base/text.h"
#include "geo/findings/finding.h"
#include "tiler/vector/attributes.h"

bool scene_edit_of(const struct scene_edit *edit, enum layer_id layer)
{
    return edit->facts->n > 0 && edit->facts->layer == layer;
}

bool scene_edit_is_wide(const struct scene_edit *edit)
{
    return scene_edit_of(edit, LAYER_POPULATION);
}

bool scene_edit_same_grade(const struct row_change *change)
{
    const struct grade_row *before = change->before, *after = change->after;
    return before && after && before->grade == after->grade &&
           before->could_be == after->could_be && before->undecided == after->undecided;
}

static bool is_cell(const struct row_change *change)
{
    const struct grade_row *row = change->after ? change->after : change->before;
    return text_equal(row->subject, "cell");
}

/* Whether what is said of any enterprise, or of any unit, is another thing. */
static bool says_otherwise(const struct scene_edit *edit, bool of_enterprises)
{
    for (size_t i = 0; i < edit->grades->n; i++) {
        const struct row_change *change = &edit->grades->items[i];
        const struct grade_row *row = change->after ? change->after : change->before;
        bool enterprise = text_equal(row->subject, "enterprise");
        bool unit = !enterprise && !is_cell(change);
        if ((of_enterprises ? enterprise : unit) && !scene_edit_same_grade(change))
            return true;
    }
    return false;
}

/* Cells are rows of the layer that holds all grades. */
static enum scene_fate fate_of_cells(const struct scene_edit *edit)
{
    enum scene_fate fate = FATE_SAME;
    for (size_t i = 0; i < edit->grades->n; i++) {
        const struct row_change *change = &edit->grades->items[i];
        if (!change->before || !change->after)
            return FATE_OTHER;
        if (is_cell(change))
            fate = FATE_SAYS;
    }
    return fate;
}

/* A conflict is known by the row of its source. */
static enum scene_fate fate_of_conflicts(const struct scene_edit *edit)
{
    if (edit->conflicts->n > 0 || scene_edit_of(edit, LAYER_CENSUS))
        return FATE_OTHER; /* areas of a census are cut with zones */
    for (size_t i = 0; i < FINDING_LAYERS; i++)
        if (scene_edit_of(edit, finding_layers[i]))
            return FATE_OTHER;
    return says_otherwise(edit, true) ? FATE_SAYS : FATE_SAME;
}

enum scene_fate scene_edit_fate(const struct scene_edit *edit, enum style_source id)
{
    enum layer_id layer = attribute_layer(id);
    if (scene_edit_is_wide(edit))
        return FATE_OTHER;
    switch ((int)id) {
    case SOURCE_UNITS:
    case SOURCE_SELECTED:
    case SOURCE_OUTSIDE:
        if (scene_edit_of(edit, LAYER_ADMIN))
            return FATE_OTHER;
        return says_otherwise(edit, false) ? FATE_SAYS : FATE_SAME;
    case SOURCE_BOUNDARIES:
        return scene_edit_of(edit, LAYER_ADMIN) ? FATE_OTHER : FATE_SAME;
    case SOURCE_CELLS:
        return fate_of_cells(edit);
    case SOURCE_CONFLICTS:
        return fate_of_conflicts(edit);
    case SOURCE_SEGMENTS:
        return edit->segments->n > 0 ? FATE_OTHER : FATE_SAME;
    default:
        break;
    }
    if (scene_edit_of(edit, layer))
        return FATE_OTHER;
    bool graded = layer == LAYER_ENTERPRISES || records_field(layer, "enterprise_id");
    return graded && says_otherwise(edit, true) ? FATE_SAYS : FATE_SAME;
}
