/* rules_risk.c - how the rows of the risk tables are read. */
#include "data/rules_cells.h"

#include <math.h>

/* No rule speaks of more, whatever a contour's unit. */
static const double AMOUNT_MOST = 1e9;

void rules_read_risk_criterion(const struct cells *cells, void *row)
{
    struct risk_criterion *out = row;
    *out = (struct risk_criterion){
        .source = cells_source(cells, "id"),
        .target_class = cells_code(cells, "target_class", LAYER_PROTECTED, "target_class"),
        .new_per_year = cells_number(cells, "new_per_year", 1e-12, 1.0),
        .existing_per_year = cells_number(cells, "existing_per_year", 1e-12, 1.0),
    };
    if (out->new_per_year > out->existing_per_year)
        cells_error(cells, "new_per_year", "is milder than existing_per_year \"%s\"",
                    cells_text(cells, "existing_per_year"));
}

void rules_read_zone_class(const struct cells *cells, void *row)
{
    struct zone_class *out = row;
    double class = cells_number(cells, "class", 1.0, 3.0);
    if (class != floor(class))
        cells_error(cells, "class", "should be 1, 2 or 3");
    *out = (struct zone_class){
        .source = cells_source(cells, "id"),
        .kind = cells_code(cells, "kind", LAYER_ZONES, "kind"),
        .unit = cells_code(cells, "unit", LAYER_ZONES, "unit"),
        .at_least = cells_number(cells, "at_least", 1e-12, AMOUNT_MOST),
        .class = (int32_t) class,
        .dense_above = cells_number(cells, "dense_above", 0.0, AMOUNT_MOST),
    };
}

/* Both numbers of deaths and both frequencies have logarithms, or the line is level. */
static void check_societal_line(const struct cells *cells, const struct societal_line *line)
{
    if (isinf(line->n_to) && !cells_is_empty(cells, "f_to"))
        cells_error(cells, "f_to", "should be empty where n_to is: the line is level then");
    if (line->n_to < line->n_from)
        cells_error(cells, "n_to", "is below n_from \"%s\"", cells_text(cells, "n_from"));
    if (isfinite(line->n_to) && (!(line->f_from > 0.0) || !(line->f_to > 0.0)))
        cells_error(cells, "f_from", "and f_to should be above 0 where n_to is given");
    if (line->n_to == line->n_from && line->f_to != line->f_from)
        cells_error(cells, "f_to", "should equal f_from where n_to equals n_from: a point");
    if (line->f_to > line->f_from)
        cells_error(cells, "f_to", "is above f_from \"%s\": more deaths may not be more frequent",
                    cells_text(cells, "f_from"));
}

void rules_read_societal_line(const struct cells *cells, void *row)
{
    static const char *const regions[] = {"alarp", "unacceptable"};
    struct societal_line *out = row;
    *out = (struct societal_line){
        .source = cells_source(cells, "id"),
        .region =
            cells_choice(cells, "region", regions, 2) ? SOCIETAL_UNACCEPTABLE : SOCIETAL_ALARP,
        .n_from = cells_number(cells, "n_from", 1.0, AMOUNT_MOST),
        .n_from_included = cells_flag(cells, "n_from_included"),
        .n_to = cells_number_or(cells, "n_to", INFINITY, 1.0, AMOUNT_MOST),
        .f_from = cells_number(cells, "f_from", 0.0, 1.0),
    };
    out->f_to = cells_number_or(cells, "f_to", out->f_from, 0.0, 1.0);
    check_societal_line(cells, out);
}
