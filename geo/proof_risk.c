/* proof_risk.c - what a conflict of risk rests on, and its sum. */
#include "geo/proof_private.h"

#include "data/base/text.h"
#include "geo/risk_findings.h"

/* All scenarios of a plant, with the people of those whose deaths are counted from them. */
static enum err_code need_scenarios(struct proof_needs *needs, const char *enterprise_id,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    const uint32_t *rows = NULL;
    size_t n = 0;
    world_of_enterprise(needs->world, LAYER_SCENARIOS, enterprise_id, &rows, &n);
    for (size_t i = 0; i < n; i++) {
        const struct scenario *scenario = world_record(needs->world, LAYER_SCENARIOS, rows[i]);
        TRY(proof_need_record(needs, LAYER_SCENARIOS, rows[i], err));
        if (isnan(scenario->fatalities) && scenario->head.geom.kind == GEOM_POLYGON)
            TRY(proof_need_cells(needs, &scenario->head.geom, err));
    }
done:
    return code;
}

enum err_code proof_need_risk(struct proof_needs *needs, const struct conflict *conflict,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = needs->world;
    struct risk_source source;
    enum layer_id layer;
    int64_t row = -1;
    proof_need_rules(needs, "risk_criteria.csv", NULL);
    proof_need_rules(needs, "protected_classes.csv", NULL);
    proof_need_rules(needs, "societal_risk.csv", NULL);
    if (layer_by_name(conflict->source_layer, &layer))
        row = world_find(world, layer, conflict->source_id);
    if (row < 0)
        return ERR_OK;
    TRY(risk_source_of(world, layer, (uint32_t)row, needs->arena, &source, err));
    for (size_t i = 0; i < source.n_rings; i++)
        TRY(proof_need_record(needs, source.rings[i].layer, source.rings[i].row, err));
    if (source.enterprise)
        TRY(need_scenarios(needs, source.enterprise->head.id, err));
done:
    return code;
}

const char *proof_risk_formula(const struct conflict *row, struct arena *arena)
{
    return proof_text(arena,
                      "%s Contours: inside one of f the risk is above f, outside of it below; "
                      "scenarios: sum of frequency x lethality over the areas that hold the place; "
                      "F(N) = sum of frequencies with N or more deaths: %s%s%s",
                      row->reason ? row->reason : "", row->verdict,
                      row->decides ? "; open by: " : "", row->decides ? row->decides : "");
}
