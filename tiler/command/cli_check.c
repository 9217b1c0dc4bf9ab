/* cli_check.c - sisetu check: may this be built here? */
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/limits.h"
#include "geo/proof/proof.h"
#include "geo/findings/reasons.h"
#include "tiler/answers/answers.h"
#include "tiler/command/cli_world.h"
#include "tiler/answers/geojson.h"
#include "tiler/answers/site_request.h"

#include <string.h>

/* ---- the site ---- */

static enum err_code read_site(struct cli *cli, struct geom *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *path = cli->arguments[1];
    struct buf text;
    struct json *root = NULL;
    buf_init(&text);
    TRY(file_read(path, LIMIT_JSON_BYTES, &text, err));
    code = jr_parse(buf_text(&text), text.n_bytes, &root, err);
    if (code == ERR_OK)
        code = geojson_read(root, &cli->arena, out, err);
    if (code != ERR_OK) {
        code = err_wrap(err, "%s", path);
        goto done;
    }
    code = geojson_apply_crs(cli_value(cli, "crs"), out, &cli->arena, err);
    if (code != ERR_OK)
        code = err_wrap(err, "--crs");
done:
    jr_free(root);
    buf_release(&text);
    return code;
}

static enum err_code read_question(struct cli *cli, struct site_request *site, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(site_request_init(site, &cli->arena, err));
    site->question.facility_type = cli_value(cli, "type");
    if (!site->question.facility_type) {
        code = err_set(err, ERR_USAGE,
                       "--type is missing: a code of facility_types.csv, such as LIQ_TANK_AB");
        goto done;
    }
    TRY(cli_real(cli, "accuracy", 0.0001, 1000000, &site->question.accuracy_m, err));
    const char *with;
    for (size_t i = 0; (with = cli_nth_value(cli, "with", i)); i++) {
        const char *name, *value;
        TRY(cli_pair(cli, "with", with, &name, &value, err));
        code = site_request_with(site, name, value, &cli->arena, err);
        if (code != ERR_OK) {
            code = err_wrap(err, "--with");
            goto done;
        }
    }
    TRY(read_site(cli, &site->question.geom, err));
done:
    return code;
}

/* ---- words ---- */

static void print_finding(struct cli *cli, const struct world *world,
                          const struct site_finding *finding)
{
    buf_say(&cli->out, "%-10s %s\n", verdict_name(finding->answer.verdict), finding->reason);
    buf_say(&cli->out, "           rule %s, %s", finding->rule->id,
            confidence_name(finding->rule->confidence));
    if (finding->has_target)
        buf_say(&cli->out, "; %s/%s", layer_name(finding->target_layer),
                ((const struct record_head *)world_record(world, finding->target_layer,
                                                          finding->target_row))
                    ->id);
    if (finding->spacing)
        buf_say(&cli->out, "; margin %s, error %s", cli_metres(cli, finding->answer.margin_m),
                cli_metres(cli, finding->error_m));
    buf_add_byte(&cli->out, '\n');
    if (finding->spacing)
        buf_say(&cli->out, "           from %.8f, %.8f to %.8f, %.8f\n", finding->closest.a.lon_deg,
                finding->closest.a.lat_deg, finding->closest.b.lon_deg, finding->closest.b.lat_deg);
    if (finding->decides)
        buf_say(&cli->out, "           decided by: %s\n", finding->decides);
}

static void print_site(struct cli *cli, const struct world *world, const struct site_answer *site,
                       const char *type)
{
    static const char *const words[] = {[VERDICT_CLEAR] = "CLEAR 符合",
                                        [VERDICT_CONFLICT] = "CONFLICT 不符合",
                                        [VERDICT_UNDECIDED] = "UNDECIDED 尚不能判定"};
    buf_say(&cli->out, "%s: %s (%zu rules tried)\n", type, words[site->verdict], site->n_rules);
    for (size_t i = 0; i < site->n_findings; i++)
        print_finding(cli, world, &site->findings[i]);
    cli_print_exposure(cli, &site->within, site->population_radius_m);
    for (size_t i = 0; i < site->n_notes; i++)
        buf_say(&cli->out, "Note: %s\n", site->notes[i]);
}

static enum err_code run_check(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct cli_world on = {0};
    struct site_request site;
    struct site_answer answer;
    TRY(read_question(cli, &site, err));
    TRY(cli_world_open(cli, &on, err));
    if (cli_flag(cli, "explain")) {
        const struct proof_question question = {.kind = PROOF_SITE, .site = &site.question};
        TRY(proof_write(on.world, &on.worker, &question, &cli->out, err));
        goto done;
    }
    TRY(query_site(on.world, &on.worker, &site.question, &answer, err));
    if (cli_flag(cli, "json")) {
        struct jw jw;
        jw_init(&jw, &cli->out);
        answer_site(&jw, on.world, &on.worker, &answer);
        buf_add_byte(&cli->out, '\n');
    } else {
        print_site(cli, on.world, &answer, site.question.facility_type);
    }
done:
    cli_world_close(&on);
    return code;
}

const struct cli_command cli_check = {
    .name = "check",
    .arguments = "STORE SITE.geojson --type FACILITY",
    .summary = "may this be built here? distances, red lines, residents",
    .details =
        "The site is one GeoJSON geometry or feature: a point, or better the outline of what is\n"
        "measured from (tank shell, unit edge, fence). The verdict is the worst of the findings:\n"
        "conflict, undecided, clear. An attribute that a rule needs and that is not given ends as\n"
        "undecided. What the plant does (kind, industry) follows from the type where it can, and\n"
        "from --with otherwise. The exit status is 0 for each of the three.",
    .examples =
        "sisetu check build/ningxia.gpkg site.geojson --type LIQ_TANK_AB --with total_m3=500\n"
        "sisetu check build/ningxia.gpkg site.geojson --type GASOLINE_STATION_TANK --with grade=2\n"
        "sisetu check build/ningxia.gpkg site.geojson --type WORKSHOP_JIA --with industry=chemical "
        "--json\n",
    .options =
        (const struct cli_option[]){
            {"type", 't', "FACILITY", false, "code of facility_types.csv"},
            {"with", 'w', "NAME=VALUE", true,
             "total_m3, single_m3, store_t, grade, charge_kg ...; kind, industry, size of the "
             "plant"},
            {"accuracy", 0, "M", false, "largest error of the drawn site, m"},
            {"crs", 0, "CRS", false, "EPSG:4490 (default), EPSG:4326, gcj02 or bd09"},
            {"rules", 0, "DIR", false, "rule tables (default: those the store was assessed by)"},
            {"json", 0, NULL, false, "print the JSON of the API"},
            {"explain", 0, NULL, false, "print the proof of the verdict, for `sisetu verify`"},
            {NULL, 0, NULL, false, NULL}},
    .min_arguments = 2,
    .max_arguments = 2,
    .run = run_check,
};
