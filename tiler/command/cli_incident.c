/* cli_incident.c - sisetu incident: who is inside, who can help? */
#include "data/base/limits.h"
#include "data/base/text.h"
#include "geo/findings/reasons.h"
#include "tiler/answers/answers.h"
#include "tiler/command/cli_world.h"
#include "tiler/command/columns.h"

enum { SHOWN = 20 };

static void print_near(struct cli *cli, const struct world *world, const char *title,
                       const struct near_row *rows, size_t n, const char *const *extra)
{
    struct columns table;
    buf_say(&cli->out, "%s: %zu\n", title, n);
    columns_begin(&table, &cli->arena, 4);
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        const struct record_head *head = world_record(world, rows[i].layer, rows[i].row);
        COLUMNS_ROW(&table, cli_metres(cli, rows[i].closest.distance_m), head->id, head->name,
                    extra[i]);
    }
    columns_end(&table, "  ", &cli->out);
    if (n > SHOWN)
        buf_say(&cli->out, "  and %zu more (--json gives all)\n", n - SHOWN);
}

static const char *inventory_of(struct cli *cli, const struct world *world, const char *id)
{
    const uint32_t *rows;
    size_t n;
    const char *text = "";
    world_of_enterprise(world, LAYER_INVENTORY, id, &rows, &n);
    for (size_t i = 0; text && i < n; i++) {
        const struct inventory_item *item = world_inventory(world, rows[i]);
        const char *what = item->substance ? item->substance : item->category;
        text = arena_printf(&cli->arena, "%s%s%s %g t", text, i ? ", " : "", what ? what : "?",
                            item->q_t);
    }
    return text;
}

/* A word beside each row: class of a target, inventory of a plant, kind of the rest. */
static const char **extras(struct cli *cli, const struct world *world,
                           const struct incident_answer *incident, const struct near_row *rows,
                           size_t n)
{
    const char **out = arena_new(&cli->arena, const char *, n);
    for (size_t i = 0; out && i < n; i++) {
        const void *record = world_record(world, rows[i].layer, rows[i].row);
        if (rows == incident->targets)
            out[i] = incident->target_classes[i] ? incident->target_classes[i] : "class unknown";
        else if (rows == incident->plants)
            out[i] = inventory_of(cli, world, ((const struct record_head *)record)->id);
        else if (rows == incident->pipelines)
            out[i] = ((const struct pipeline *)record)->medium;
        else if (rows == incident->infrastructure)
            out[i] = ((const struct infrastructure *)record)->kind;
        else
            out[i] = ((const struct resource *)record)->kind;
    }
    return out;
}

static enum err_code print_incident(struct cli *cli, const struct world *world,
                                    const struct incident_answer *incident, struct err *err)
{
    const struct {
        const char *title;
        const struct near_row *rows;
        size_t n;
    } parts[] = {
        {"Protected targets inside", incident->targets, incident->n_targets},
        {"Plants inside", incident->plants, incident->n_plants},
        {"Pipelines inside", incident->pipelines, incident->n_pipelines},
        {"Roads, railways, rivers inside", incident->infrastructure, incident->n_infrastructure},
        {"Nearest help", incident->resources, incident->n_resources}};
    buf_say(&cli->out, "Incident at %.6f, %.6f, radius %s, in %s\n", incident->point.lon_deg,
            incident->point.lat_deg, cli_metres(cli, incident->radius_m),
            incident->unit ? reasons_name(&incident->unit->head) : "no unit of the store");
    cli_print_exposure(cli, &incident->exposure, incident->radius_m);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char **extra = extras(cli, world, incident, parts[i].rows, parts[i].n);
        if (!extra)
            return err_nomem(err);
        print_near(cli, world, parts[i].title, parts[i].rows, parts[i].n, extra);
    }
    cli_print_warnings(cli, world);
    return ERR_OK;
}

static enum err_code run_incident(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct cli_world on = {0};
    struct lonlat point;
    struct incident_answer incident;
    double radius_m = 0;
    TRY(cli_point(cli, 1, &point, err));
    if (!cli_value(cli, "radius"))
        return err_set(err, ERR_USAGE, "--radius is missing: metres around the point");
    TRY(cli_real(cli, "radius", 1, LIMIT_RADIUS_M, &radius_m, err));
    TRY(cli_world_open(cli, &on, err));
    TRY(query_incident(on.world, &on.worker, point, radius_m, &incident, err));
    if (cli_flag(cli, "json")) {
        struct jw jw;
        jw_init(&jw, &cli->out);
        answer_incident(&jw, on.world, &incident);
        buf_add_byte(&cli->out, '\n');
    } else {
        TRY(print_incident(cli, on.world, &incident, err));
    }
done:
    cli_world_close(&on);
    return code;
}

const struct cli_command cli_incident = {
    .name = "incident",
    .arguments = "STORE LON LAT --radius M",
    .summary = "who is inside a circle, and who can help",
    .examples = "sisetu incident build/ningxia.gpkg 106.6 38.18 --radius 1500\n",
    .options =
        (const struct cli_option[]){
            {"radius", 'r', "M", false, "radius in metres"},
            {"rules", 0, "DIR", false, "rule tables (default: those the store was assessed by)"},
            {"json", 0, NULL, false, "print the JSON of the API"},
            {NULL, 0, NULL, false, NULL}},
    .min_arguments = 3,
    .max_arguments = 3,
    .run = run_incident,
};
