/* cli_risk.c - sisetu risk: F-N curves, individual risk, iso-risk contours. */
#include "data/base/file.h"
#include "data/base/text.h"
#include "data/geom_json.h"
#include "geo/findings/reasons.h"
#include "geo/risk/risk_map.h"
#include "tiler/answers/answers.h"
#include "tiler/command/cli_world.h"
#include "tiler/command/columns.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN_PLANTS = 30, SHOWN_POINTS = 12, LEVELS_MOST = 16 };

/* ---- for people ---- */

static void print_societal(struct cli *cli, const struct societal *societal)
{
    const struct societal_against *governs = societal->governs;
    if (societal->n_scenarios == 0) {
        buf_say(&cli->out, "Societal risk: not known, there are no scenarios\n");
        return;
    }
    buf_say(&cli->out, "Societal risk: %s", societal_region_name(societal->region));
    if (societal->could_be != societal->region)
        buf_say(&cli->out, ", could be %s", societal_region_name(societal->could_be));
    buf_say(&cli->out, " (%zu scenarios, PLL %.3g persons a year)\n", societal->n_scenarios,
            societal->pll);
    for (size_t i = 0; i < societal->n_lines; i++) {
        const struct societal_against *line = &societal->lines[i];
        if (isnan(line->at_n))
            continue;
        buf_say(&cli->out, "%s F(%.4g) = %.3g a year is %.3g times line %s (%s%s)\n",
                line == governs ? "*" : " ", line->at_n, line->per_year, line->factor,
                line->line->source.id,
                line->answer.verdict == VERDICT_CONFLICT ? "above"
                : line->answer.verdict == VERDICT_CLEAR  ? "below"
                                                         : "undecided",
                line->line->source.confidence == CONFIDENCE_LIKELY ? "; check the printed standard"
                                                                   : "");
    }
    size_t n = societal->n_curve;
    for (size_t i = 0; i < n && i < SHOWN_POINTS; i++)
        buf_say(&cli->out, "  F(%.4g) = %.3g\n", societal->curve[i].n, societal->curve[i].per_year);
    if (n > SHOWN_POINTS)
        buf_say(&cli->out, "  and %zu more points (--json gives all)\n", n - SHOWN_POINTS);
}

static void print_plants(struct cli *cli, const struct world *world, const struct risk_answer *risk)
{
    struct columns table;
    columns_begin(&table, &cli->arena, 6);
    for (size_t i = 0; i < risk->n_plants && i < SHOWN_PLANTS; i++) {
        const struct risk_plant *plant = &risk->plants[i];
        const struct enterprise *enterprise = world_enterprise(world, plant->row);
        const char *region = societal_region_name(plant->region);
        if (plant->could_be != plant->region)
            region = arena_printf(&cli->arena, "%s, could be %s", region,
                                  societal_region_name(plant->could_be));
        COLUMNS_ROW(&table, enterprise->head.id, plant->n_scenarios ? region : "no scenarios",
                    arena_printf(&cli->arena, "%zu conflicts", plant->n_conflicts),
                    arena_printf(&cli->arena, "%zu undecided", plant->n_undecided),
                    arena_printf(&cli->arena, "PLL %.3g", plant->pll), enterprise->head.name);
    }
    columns_end(&table, "  ", &cli->out);
    if (risk->n_plants > SHOWN_PLANTS)
        buf_say(&cli->out, "  and %zu more (--json gives all)\n", risk->n_plants - SHOWN_PLANTS);
}

static const char *interval_text(struct cli *cli, const struct quantity *risk)
{
    if (!(risk->high > risk->low))
        return arena_printf(&cli->arena, "%.3g a year", risk->low);
    if (isinf(risk->high))
        return arena_printf(&cli->arena, "above %.3g a year", risk->low);
    return arena_printf(&cli->arena, "%.3g to %.3g a year", risk->low, risk->high);
}

static void print_at(struct cli *cli, const struct world *world, const struct risk_answer *risk)
{
    buf_say(&cli->out, "Individual risk at %.6f, %.6f: %s\n", risk->question.point.lon_deg,
            risk->question.point.lat_deg, interval_text(cli, &risk->total));
    for (size_t i = 0; i < risk->n_shares; i++) {
        const struct risk_share *share = &risk->shares[i];
        const struct record_head *head = world_record(world, share->layer, share->row);
        buf_say(&cli->out, "  %s %s (%s), by %s\n", interval_text(cli, &share->risk), head->id,
                reasons_name(head), share->by_contours ? "contours" : "scenarios");
    }
    for (size_t i = 0; i < risk->pipelines.n; i++) {
        const struct risk_pipeline *pipeline = &risk->pipelines.items[i];
        buf_say(&cli->out,
                "  %.3g a year pipeline %s: %.1f m of it within its impact radius of %.1f m (a "
                "customary rate; in no verdict)\n",
                pipeline->per_year, world_pipeline(world, pipeline->row)->head.id,
                pipeline->length_m, pipeline->radius_m);
    }
    if (risk->pipelines.n_unknown > 0)
        buf_say(&cli->out, "  %zu pipelines within 1 km lack diameter or pressure\n",
                risk->pipelines.n_unknown);
    buf_add_text(&cli->out, "A target could stand here (GB 36894: beside new, existing plants)\n");
    for (size_t i = 0; i < risk->n_allowed; i++) {
        const struct risk_allowed *allowed = &risk->allowed[i];
        buf_say(&cli->out, "  %-15s %-10s %s\n", allowed->criterion->target_class,
                verdict_name(allowed->by_new.verdict), verdict_name(allowed->by_existing.verdict));
    }
}

static void print_risk(struct cli *cli, const struct world *world, const struct risk_answer *risk)
{
    switch (risk->question.scope) {
    case RISK_AT_POINT:
        print_at(cli, world, risk);
        break;
    case RISK_OF_ENTERPRISE:
        print_societal(cli, &risk->societal);
        buf_say(&cli->out, "Findings: %zu\n", risk->findings.n);
        for (size_t i = 0; i < risk->findings.n; i++)
            buf_say(&cli->out, "  %s: %s\n", verdict_name(risk->findings.items[i].verdict),
                    risk->views[i].reason);
        break;
    case RISK_OF_UNIT:
    case RISK_OF_ALL:
        print_societal(cli, &risk->societal);
        buf_say(&cli->out, "Plants with contours or scenarios: %zu\n", risk->n_plants);
        print_plants(cli, world, risk);
        break;
    }
}

/* ---- contours ---- */

static enum err_code read_levels(struct cli *cli, struct risk_iso *levels, size_t *n,
                                 struct err *err)
{
    const char *text = cli_value(cli, "contours");
    char *copy = arena_strdup(&cli->arena, text);
    char *rest = NULL;
    *n = 0;
    if (!copy)
        return err_nomem(err);
    for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        double level = 0;
        if (!text_to_double(text_trim(word), &level) || !(level > 0 && level <= 1))
            return err_set(err, ERR_USAGE,
                           "--contours: \"%s\" should be a frequency a year above 0, such as "
                           "3e-7,3e-6,1e-5,3e-5",
                           word);
        if (*n == LEVELS_MOST)
            return err_set(err, ERR_USAGE, "--contours takes %d levels at most", LEVELS_MOST);
        levels[(*n)++] = (struct risk_iso){.per_year = level};
    }
    if (*n == 0)
        return err_set(err, ERR_USAGE, "--contours \"%s\" names no level", text);
    return ERR_OK;
}

/* As layer zones takes them: a feature a level that is reached anywhere. */
static enum err_code write_contours(struct cli *cli, const struct risk_answer *risk,
                                    const struct risk_iso *levels, size_t n, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *path = cli_value(cli, "output");
    struct buf text;
    struct jw jw;
    buf_init(&text);
    jw_init(&jw, &text);
    jw_object(&jw);
    jw_kv_string(&jw, "type", "FeatureCollection");
    jw_key(&jw, "features");
    jw_array(&jw);
    for (size_t i = 0; i < n; i++) {
        if (levels[i].area.kind == GEOM_NONE)
            continue;
        jw_object(&jw);
        jw_kv_string(&jw, "type", "Feature");
        jw_key(&jw, "properties");
        jw_object(&jw);
        jw_kv_string(&jw, "id", arena_printf(&cli->arena, "risk-%g", levels[i].per_year));
        if (risk->question.scope == RISK_OF_ENTERPRISE)
            jw_kv_string(&jw, "enterprise_id", risk->question.id);
        jw_kv_string(&jw, "kind", "individual_risk");
        jw_kv_real(&jw, "freq_per_year", levels[i].per_year);
        jw_kv_fixed(&jw, "area_m2", levels[i].area_m2, 4);
        jw_end_object(&jw);
        jw_key(&jw, "geometry");
        geom_write_json(&jw, &levels[i].area, GEOM_JSON_DECIMALS);
        jw_end_object(&jw);
    }
    jw_end_array(&jw);
    jw_end_object(&jw);
    buf_add_byte(&text, '\n');
    if (!buf_ok(&text))
        code = err_nomem(err);
    else if (path)
        code = file_write_atomic(path, buf_text(&text), text.n_bytes, err);
    else
        buf_add_text(&cli->out, buf_text(&text));
    buf_release(&text);
    return code;
}

static enum err_code run_contours(struct cli *cli, struct cli_world *on,
                                  const struct risk_answer *risk, struct err *err)
{
    enum err_code code = ERR_OK;
    struct risk_iso levels[LEVELS_MOST];
    size_t n = 0;
    TRY(read_levels(cli, levels, &n, err));
    TRY(risk_contours(on->world, &on->worker, risk->scenarios, risk->n_scenarios, &on->worker.arena,
                      levels, n, err));
    TRY(write_contours(cli, risk, levels, n, err));
    for (size_t i = 0; cli_value(cli, "output") && i < n; i++)
        buf_say(&cli->out, "%g a year: %.0f m2\n", levels[i].per_year, levels[i].area_m2);
done:
    return code;
}

/* ---- the command ---- */

static enum err_code read_point(const char *text, struct lonlat *out, struct err *err)
{
    char copy[128];
    char *comma = NULL;
    snprintf(copy, sizeof copy, "%s", text);
    comma = strchr(copy, ',');
    if (comma)
        *comma = '\0';
    if (!comma || strlen(text) >= sizeof copy || !text_to_double(text_trim(copy), &out->lon_deg) ||
        !text_to_double(text_trim(comma + 1), &out->lat_deg) || !(fabs(out->lon_deg) <= 180) ||
        !(fabs(out->lat_deg) <= 90))
        return err_set(err, ERR_USAGE, "--at \"%s\" should be LON,LAT in degrees", text);
    return ERR_OK;
}

static enum err_code read_question(struct cli *cli, struct risk_question *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *at = cli_value(cli, "at");
    const char *unit = cli_value(cli, "unit");
    const char *enterprise = cli_value(cli, "enterprise");
    *out = (struct risk_question){.scope = RISK_OF_ALL};
    if ((at != NULL) + (unit != NULL) + (enterprise != NULL) > 1)
        return err_set(err, ERR_USAGE, "give one of --enterprise, --unit and --at");
    if (enterprise)
        *out = (struct risk_question){.scope = RISK_OF_ENTERPRISE, .id = enterprise};
    if (unit)
        *out = (struct risk_question){.scope = RISK_OF_UNIT, .id = unit};
    if (at) {
        out->scope = RISK_AT_POINT;
        TRY(read_point(at, &out->point, err));
        if (cli_value(cli, "contours"))
            return err_set(err, ERR_USAGE, "--contours are those of a plant or unit, not of --at");
    }
    if (cli_value(cli, "output") && !cli_value(cli, "contours"))
        return err_set(err, ERR_USAGE, "--output is for --contours");
    if (cli_value(cli, "output") && file_is_same(cli_value(cli, "output"), cli->arguments[0]))
        return err_set(err, ERR_USAGE, "--output is the store itself");
done:
    return code;
}

static enum err_code run_risk(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct cli_world on = {0};
    struct risk_question question;
    struct risk_answer risk;
    TRY(read_question(cli, &question, err));
    TRY(cli_world_open(cli, &on, err));
    TRY(query_risk(on.world, &on.worker, &question, &risk, err));
    if (cli_value(cli, "contours")) {
        TRY(run_contours(cli, &on, &risk, err));
    } else if (cli_flag(cli, "json")) {
        struct jw jw;
        jw_init(&jw, &cli->out);
        answer_risk(&jw, on.world, &risk);
        buf_add_byte(&cli->out, '\n');
    } else {
        print_risk(cli, on.world, &risk);
        cli_print_warnings(cli, on.world);
    }
done:
    cli_world_close(&on);
    return code;
}

const struct cli_command cli_risk = {
    .name = "risk",
    .arguments = "STORE",
    .summary = "individual and societal risk of plants, units and places",
    .details =
        "Of a plant: its F-N curve against the lines of societal_risk.csv, and every protected\n"
        "target whose criterion (GB 36894) its risk exceeds or may exceed. Of a unit, or of the\n"
        "whole store: the curve of all scenarios together, and each plant's. At a point: the\n"
        "risk of every source that reaches it, and which targets could stand there.\n"
        "\n"
        "--contours writes where the sum of all scenarios reaches each level, as exact polygons\n"
        "that layer zones takes.",
    .examples = "sisetu risk build/ningxia.gpkg --unit 640181\n"
                "sisetu risk build/ningxia.gpkg --at 106.6,38.18 --json\n"
                "sisetu risk build/ningxia.gpkg --contours 3e-7,3e-6,1e-5,3e-5 -o risk.geojson\n",
    .options =
        (const struct cli_option[]){
            {"enterprise", 0, "ID", false, "of this plant"},
            {"unit", 0, "CODE", false, "of the plants of this unit"},
            {"at", 0, "LON,LAT", false, "at this point"},
            {"contours", 0, "LEVELS", false, "iso-risk contours at these frequencies a year"},
            {"output", 'o', "FILE", false, "where contours go (default: standard output)"},
            {"rules", 0, "DIR", false, "rule tables (default: those the store was assessed by)"},
            {"json", 0, NULL, false, "print the JSON of the API"},
            {NULL, 0, NULL, false, NULL}},
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_risk,
};
