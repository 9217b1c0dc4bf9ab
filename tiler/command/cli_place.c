/* cli_place.c - sisetu at, unit, enterprise, conflicts. */
#include "data/base/limits.h"
#include "data/base/text.h"
#include "geo/findings/reasons.h"
#include "geo/grades/rollup.h"
#include "tiler/answers/answers.h"
#include "tiler/command/cli_world.h"
#include "tiler/command/columns.h"
#include "tiler/answers/params.h"

#include <string.h>

enum { SHOWN_REASONS = 5, SHOWN_CONFLICTS = 20, SHOWN_PLANTS = 20 };

static void begin_json(struct cli *cli, struct jw *jw)
{
    jw_init(jw, &cli->out);
}

static void end_json(struct cli *cli)
{
    buf_add_byte(&cli->out, '\n');
}

/* ---- at ---- */

static void print_at(struct cli *cli, struct cli_world *on, const struct at_answer *at)
{
    const struct world *world = on->world;
    struct columns table;
    buf_say(&cli->out, "At %.6f, %.6f\n", at->point.lon_deg, at->point.lat_deg);
    columns_begin(&table, &cli->arena, 4);
    for (int32_t level = 1; level <= 4; level++)
        if (at->units[level])
            COLUMNS_ROW(&table, rollup_subject(level), at->units[level]->code,
                        at->units[level]->head.name, cli_grade(cli, at->unit_grades[level]));
    if (at->cell)
        COLUMNS_ROW(&table, "cell", at->cell->subject_id, NULL, cli_grade(cli, at->cell));
    if (table.n_rows == 0)
        buf_add_text(&cli->out, "  in no unit of the store\n");
    columns_end(&table, "  ", &cli->out);
    for (size_t i = 0; i < at->n_zones; i++)
        buf_say(&cli->out, "Inside zone %s\n",
                reasons_name(&world_zone(world, at->zones[i])->head));
    for (size_t i = 0; i < at->n_areas; i++)
        buf_say(&cli->out, "Inside area %s (%s)\n",
                reasons_name(&world_area(world, at->areas[i])->head),
                world_area(world, at->areas[i])->kind);
    buf_say(&cli->out, "Enterprises within %s: %zu\n", cli_metres(cli, at->radius_m), at->n_near);
    columns_begin(&table, &cli->arena, 4);
    for (size_t i = 0; i < at->n_near && i < SHOWN_PLANTS; i++) {
        const struct enterprise *plant = world_enterprise(world, at->near[i].row);
        COLUMNS_ROW(&table, cli_metres(cli, at->near[i].closest.distance_m), plant->head.id,
                    plant->head.name,
                    cli_grade(cli, world_grade(world, "enterprise", plant->head.id, NULL)));
    }
    columns_end(&table, "  ", &cli->out);
    buf_say(&cli->out, "Conflicts: %zu\n", at->n_conflicts);
    cli_print_conflicts(cli, on, at->conflicts, at->n_conflicts, SHOWN_CONFLICTS);
    if (!isnan(at->density_km2))
        buf_say(&cli->out, "Density here: %.0f residents a km2\n", at->density_km2);
    cli_print_exposure(cli, &at->exposure, at->radius_m);
    cli_print_warnings(cli, world);
}

static enum err_code run_at(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct cli_world on = {0};
    struct lonlat point;
    struct at_answer at;
    double radius_m = 1000;
    TRY(cli_point(cli, 1, &point, err));
    TRY(cli_real(cli, "radius", 1, LIMIT_RADIUS_M, &radius_m, err));
    TRY(cli_world_open(cli, &on, err));
    TRY(query_at(on.world, &on.worker, point, radius_m, &at, err));
    if (cli_flag(cli, "json")) {
        struct jw jw;
        begin_json(cli, &jw);
        answer_at(&jw, on.world, &on.worker, &at);
        end_json(cli);
    } else {
        print_at(cli, &on, &at);
    }
done:
    cli_world_close(&on);
    return code;
}

/* ---- unit ---- */

static void print_plants(struct cli *cli, const struct world *world, const uint32_t *rows, size_t n)
{
    struct columns table;
    columns_begin(&table, &cli->arena, 3);
    for (size_t i = 0; i < n && i < SHOWN_PLANTS; i++) {
        const struct enterprise *plant = world_enterprise(world, rows[i]);
        COLUMNS_ROW(&table, plant->head.id, plant->head.name,
                    cli_grade(cli, world_grade(world, "enterprise", plant->head.id, NULL)));
    }
    columns_end(&table, "  ", &cli->out);
    if (n > SHOWN_PLANTS)
        buf_say(&cli->out, "  and %zu more\n", n - SHOWN_PLANTS);
}

static void print_unit(struct cli *cli, struct cli_world *on, const struct unit_answer *unit)
{
    const struct world *world = on->world;
    static const char *const methods[] = {"share", "worst", "index"};
    struct columns table;
    buf_say(&cli->out, "%s %s (%s)\n", unit->unit->code, reasons_name(&unit->unit->head),
            rollup_subject(unit->unit->level));
    columns_begin(&table, &cli->arena, 2);
    for (size_t i = 0; i < 3; i++)
        COLUMNS_ROW(&table, methods[i], cli_grade(cli, unit->grades[i]));
    columns_end(&table, "  ", &cli->out);
    cli_print_reasons(cli, on, unit->grades[0], "  ", SHOWN_REASONS);
    buf_say(&cli->out, "Residents: %s\n",
            cli_persons(cli, unit->exposure.persons, unit->exposure.low, unit->exposure.high));
    buf_say(&cli->out, "Conflicts: %zu, undecided: %zu\n", unit->n_conflicts, unit->n_undecided);
    if (unit->n_children > 0)
        buf_add_text(&cli->out, "Parts:\n");
    columns_begin(&table, &cli->arena, 3);
    for (size_t i = 0; i < unit->n_children; i++) {
        const struct admin_unit *child = unit->children[i];
        COLUMNS_ROW(
            &table, child->code, child->head.name,
            cli_grade(cli, world_grade(world, rollup_subject(child->level), child->code, NULL)));
    }
    columns_end(&table, "  ", &cli->out);
    buf_say(&cli->out, "Enterprises: %zu\n", unit->n_enterprises);
    print_plants(cli, world, unit->enterprises, unit->n_enterprises);
    cli_print_warnings(cli, world);
}

static enum err_code run_unit(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct cli_world on = {0};
    struct unit_answer unit;
    TRY(cli_world_open(cli, &on, err));
    TRY(query_unit(on.world, &on.worker, cli->arguments[1], &unit, err));
    if (cli_flag(cli, "json")) {
        struct jw jw;
        begin_json(cli, &jw);
        answer_unit(&jw, on.world, &on.worker, &unit);
        end_json(cli);
    } else {
        print_unit(cli, &on, &unit);
    }
done:
    cli_world_close(&on);
    return code;
}

/* ---- enterprise ---- */

static void print_enterprise(struct cli *cli, struct cli_world *on,
                             const struct enterprise_answer *answer)
{
    const struct world *world = on->world;
    const struct enterprise *plant = answer->enterprise;
    buf_say(&cli->out, "%s %s: %s\n", plant->head.id, reasons_name(&plant->head),
            cli_grade(cli, answer->grade));
    buf_say(&cli->out, "  at %.6f, %.6f in %s\n", answer->place.lon_deg, answer->place.lat_deg,
            answer->unit ? reasons_name(&answer->unit->head) : "no unit of the store");
    buf_say(&cli->out, "  industry %s, kind %s\n", plant->industry ? plant->industry : "-",
            plant->kind ? plant->kind : "-");
    cli_print_reasons(cli, on, answer->grade, "  ", SHOWN_CONFLICTS);
    if (answer->hazard.n_units > 0)
        buf_add_text(&cli->out, "Major-hazard units (GB 18218-2018):\n");
    for (size_t i = 0; i < answer->hazard.n_units; i++) {
        const struct hazard_unit *unit = &answer->hazard.units[i];
        buf_say(&cli->out, "  %s: S = %.3f, R = %.3f, ", unit->unit, unit->s, unit->r);
        if (unit->level > 0)
            buf_say(&cli->out, "level %d", (int)unit->level);
        else
            buf_add_text(&cli->out, "no major hazard");
        buf_add_text(&cli->out, unit->undecided ? ", undecided\n" : "\n");
    }
    buf_say(&cli->out, "Conflicts: %zu\n", answer->n_conflicts);
    cli_print_conflicts(cli, on, answer->conflicts, answer->n_conflicts, SHOWN_CONFLICTS);
    cli_print_exposure(cli, &answer->exposure, world->rules->parameters.alpha_radius_m);
    cli_print_warnings(cli, world);
}

static enum err_code run_enterprise(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct cli_world on = {0};
    struct enterprise_answer answer;
    TRY(cli_world_open(cli, &on, err));
    TRY(query_enterprise(on.world, &on.worker, cli->arguments[1], &answer, err));
    if (cli_flag(cli, "json")) {
        struct jw jw;
        begin_json(cli, &jw);
        answer_enterprise(&jw, on.world, &on.worker, &answer);
        end_json(cli);
    } else {
        print_enterprise(cli, &on, &answer);
    }
done:
    cli_world_close(&on);
    return code;
}

/* ---- conflicts ---- */

/* The options are the parameters of /v1/conflicts, read by the same code. */
static enum err_code read_filter(struct cli *cli, struct list_question *question, struct err *err)
{
    enum err_code code = ERR_OK;
    static const char *const names[] = {"bbox", "grade"};
    struct params params = {.n = 0};
    int64_t limit = LIMIT_PAGE_ITEMS;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (cli_value(cli, names[i]))
            params.items[params.n++] = (struct param){names[i], cli_value(cli, names[i])};
    *question = (struct list_question){.unit = cli_value(cli, "unit"),
                                       .verdict = cli_value(cli, "verdict"),
                                       .after = cli_value(cli, "after")};
    TRY(params_grades(&params, question->grades, err));
    TRY(params_bbox(&params, &question->has_box, &question->box, err));
    TRY(cli_integer(cli, "limit", 1, LIMIT_PAGE_ITEMS, &limit, err));
    question->limit = (size_t)limit;
    if (question->verdict && !text_equal(question->verdict, "conflict") &&
        !text_equal(question->verdict, "undecided"))
        return err_set(err, ERR_USAGE, "--verdict \"%s\" should be conflict or undecided",
                       question->verdict);
done:
    return code;
}

static void print_conflict_list(struct cli *cli, const struct json *root)
{
    const struct json *features = jr_get(root, "features");
    for (size_t i = 0; i < jr_count(features); i++) {
        const struct json *one = jr_get(jr_item(features, i), "properties");
        const char *plant = jr_text(jr_get(one, "enterprise_name"));
        const char *reason = jr_text(jr_get(one, "reason"));
        buf_say(&cli->out, "%-9s %-7s %s: %s\n", jr_text(jr_get(one, "verdict")),
                reasons_grade_en((int32_t)jr_integer(jr_get(one, "grade"), 0)),
                plant ? plant : jr_text(jr_get(one, "source")), reason ? reason : "");
    }
    buf_say(&cli->out, "%zu conflicts%s\n", jr_count(features),
            jr_text(jr_get(root, "next")) ? ", and more: --limit, --after or --json" : "");
}

static enum err_code run_conflicts(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct cli_world on = {0};
    struct list_question question;
    struct buf text;
    struct jw jw;
    struct json *root = NULL;
    buf_init(&text);
    jw_init(&jw, &text);
    TRY(read_filter(cli, &question, err));
    TRY(cli_world_open(cli, &on, err));
    TRY(answer_conflicts(&jw, on.world, &on.worker, &question, err));
    if (!buf_ok(&text)) {
        code = err_nomem(err);
        goto done;
    }
    if (cli_flag(cli, "json")) {
        buf_add(&cli->out, text.bytes, text.n_bytes);
        end_json(cli);
        goto done;
    }
    TRY(jr_parse(text.bytes, text.n_bytes, &root, err));
    print_conflict_list(cli, root);
done:
    jr_free(root);
    buf_release(&text);
    cli_world_close(&on);
    return code;
}

/* ---- descriptions ---- */

#define OPTION_JSON                                                                                \
    {                                                                                              \
        "json", 0, NULL, false, "print the JSON of the API"                                        \
    }
#define OPTION_RULES                                                                               \
    {                                                                                              \
        "rules", 0, "DIR", false, "rule tables (default: those the store was assessed by)"         \
    }
#define OPTION_END                                                                                 \
    {                                                                                              \
        NULL, 0, NULL, false, NULL                                                                 \
    }

const struct cli_command cli_at = {
    .name = "at",
    .arguments = "STORE LON LAT",
    .summary = "what is here: grades, zones, plants, conflicts, residents",
    .examples = "sisetu at build/ningxia.gpkg 106.2309 38.4872\n"
                "sisetu at build/ningxia.gpkg 106.2309 38.4872 --radius 500 --json\n",
    .options = (const struct cli_option[]){{"radius", 0, "M", false, "how far around (1000)"},
                                           OPTION_RULES,
                                           OPTION_JSON,
                                           OPTION_END},
    .min_arguments = 3,
    .max_arguments = 3,
    .run = run_at,
};

const struct cli_command cli_unit = {
    .name = "unit",
    .arguments = "STORE CODE",
    .summary = "how a region, city, county or township is, and why",
    .examples = "sisetu unit build/ningxia.gpkg 640100\n",
    .options = (const struct cli_option[]){OPTION_RULES, OPTION_JSON, OPTION_END},
    .min_arguments = 2,
    .max_arguments = 2,
    .run = run_unit,
};

const struct cli_command cli_enterprise = {
    .name = "enterprise",
    .arguments = "STORE ID",
    .summary = "why a plant has its grade",
    .examples = "sisetu enterprise build/ningxia.gpkg E-00016 --json\n",
    .options = (const struct cli_option[]){OPTION_RULES, OPTION_JSON, OPTION_END},
    .min_arguments = 2,
    .max_arguments = 2,
    .run = run_enterprise,
};

const struct cli_command cli_conflicts = {
    .name = "conflicts",
    .arguments = "STORE",
    .summary = "list the conflicts, by box, grade, verdict or unit",
    .examples = "sisetu conflicts build/ningxia.gpkg --unit 640181 --grade 1,2\n"
                "sisetu conflicts build/ningxia.gpkg --verdict undecided --json\n",
    .options =
        (const struct cli_option[]){
            {"bbox", 0, "W,S,E,N", false, "only those whose shape touches this box, degrees"},
            {"grade", 0, "G,...", false, "only these grades: 1 red to 4 blue"},
            {"verdict", 0, "V", false, "conflict or undecided"},
            {"unit", 0, "CODE", false, "only plants in this unit"},
            {"limit", 0, "N", false, "at most N (10000)"},
            {"after", 0, "TOKEN", false, "go on after the \"next\" of an earlier page"},
            OPTION_RULES,
            OPTION_JSON,
            OPTION_END},
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_conflicts,
};
