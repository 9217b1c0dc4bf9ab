/* cli_near.c - sisetu near: which records of two layers are near each other. */
#include "data/base/limits.h"
#include "data/base/text.h"
#include "geo/world/pairs.h"
#include "tiler/answers/answers.h"
#include "tiler/command/cli_world.h"

#include <stdio.h>
#include <string.h>

/* What is written at a time, bytes: pairs stream, they are not held. */
static const size_t FLUSH_BYTES = 1 << 16;

/* No two places on earth are farther apart: half a meridian, m. */
static const double FARTHEST_M = 20003931.5;

/* --within: one limit, or one a declared grade. NAN: none. */
struct limits {
    bool by_grade;
    double all_m;
    double grade_m[5];
};

static enum err_code read_limit(const char *text, double *out, struct err *err)
{
    double value;
    if (!text_to_double(text, &value))
        return err_set(err, ERR_USAGE, "--within \"%s\" is not a number of metres", text);
    if (!(value > 0 && value <= FARTHEST_M))
        return err_set(err, ERR_USAGE, "--within %s should be more than 0 and at most %.0f m", text,
                       FARTHEST_M);
    *out = value;
    return ERR_OK;
}

static enum err_code read_grade_limit(struct cli *cli, const char *text, size_t n,
                                      struct limits *limits, struct err *err)
{
    char *one = arena_strndup(&cli->arena, text, n);
    if (!one)
        return err_nomem(err);
    if (!(one[0] >= '1' && one[0] <= '4' && one[1] == ':'))
        return err_set(err, ERR_USAGE,
                       "--within \"%s\" should be a grade of 1 to 4, a colon and metres: 1:1000",
                       one);
    double *limit_m = &limits->grade_m[one[0] - '0'];
    if (!isnan(*limit_m))
        return err_set(err, ERR_USAGE, "--within names grade %c twice", one[0]);
    return read_limit(one + 2, limit_m, err);
}

/* "M" or "1:1000,2:500". */
static enum err_code read_within(struct cli *cli, struct limits *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *text = cli_value(cli, "within");
    *out = (struct limits){false, INFINITY, {NAN, NAN, NAN, NAN, NAN}};
    if (!text)
        return ERR_OK;
    if (!strpbrk(text, ":,"))
        return read_limit(text, &out->all_m, err);
    out->by_grade = true;
    for (;;) {
        size_t n = strcspn(text, ",");
        TRY(read_grade_limit(cli, text, n, out, err));
        if (!text[n])
            break;
        text += n + 1;
    }
done:
    return code;
}

/* A limit for each record of a; those without one are counted on standard error. */
static enum err_code limits_of(struct cli *cli, const struct pairs_question *question,
                               const struct limits *limits, double **out, struct err *err)
{
    size_t n = world_count(question->world, question->a);
    size_t n_without = 0;
    double *within_m = arena_new(&cli->arena, double, n);
    if (!within_m)
        return err_nomem(err);
    if (limits->by_grade && question->a != LAYER_ENTERPRISES)
        return err_set(err, ERR_USAGE,
                       "--within by grade needs enterprises: %s declare none; give one limit",
                       layer_name(question->a));
    for (size_t i = 0; i < n; i++) {
        within_m[i] = limits->all_m;
        if (!limits->by_grade)
            continue;
        int32_t grade = world_enterprise(question->world, i)->declared_grade;
        within_m[i] = limits->grade_m[grade >= 1 && grade <= 4 ? grade : 0];
        if (isnan(within_m[i]))
            n_without++;
    }
    if (n_without > 0)
        fprintf(stderr,
                "sisetu near: %zu of %zu enterprises declare no grade of --within, "
                "and are left out\n",
                n_without, n);
    *out = within_m;
    return ERR_OK;
}

struct printing {
    struct cli *cli;
    const struct pairs_question *question;
    bool json;
    bool points;
    size_t n;
};

static const char *id_of(const struct world *world, enum layer_id layer, uint32_t row)
{
    return ((const struct record_head *)world_record(world, layer, row))->id;
}

static enum err_code print_pair(void *context, const struct pair *pair, struct err *err)
{
    struct printing *printing = context;
    const struct pairs_question *question = printing->question;
    struct buf *out = &printing->cli->out;
    const char *a = id_of(question->world, question->a, pair->a);
    const char *b = id_of(question->world, question->b, pair->b);
    const struct closest *closest = &pair->closest;
    printing->n++;
    if (printing->json) {
        struct jw jw;
        jw_init(&jw, out);
        answer_pair(&jw, a, b, closest, printing->points);
        buf_add_byte(out, '\n');
    } else {
        buf_say(out, "%-16s %-16s %14.4f m", a, b, closest->distance_m);
        if (printing->points)
            buf_say(out, "   %.9f %.9f   %.9f %.9f", closest->a.lon_deg, closest->a.lat_deg,
                    closest->b.lon_deg, closest->b.lat_deg);
        buf_add_byte(out, '\n');
    }
    return out->n_bytes > FLUSH_BYTES ? cli_flush(printing->cli, err) : ERR_OK;
}

static enum err_code run_near(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct cli_world on = {0};
    struct limits limits;
    struct arena arena;
    double *within_m = NULL;
    int64_t nearest = 0;
    arena_init(&arena, 0);
    if (!cli_value(cli, "within") && !cli_value(cli, "nearest"))
        return err_set(err, ERR_USAGE, "give --within M, --nearest K or both");
    TRY(read_within(cli, &limits, err));
    TRY(cli_integer(cli, "nearest", 1, LIMIT_PAGE_ITEMS, &nearest, err));
    TRY(cli_world_open(cli, &on, err));
    struct pairs_question question = {.world = on.world, .nearest = (size_t)nearest};
    struct printing printing = {cli, &question, cli_flag(cli, "json"), cli_flag(cli, "points"), 0};
    TRY(near_layer(on.world, cli->arguments[1], &question.a, err));
    TRY(near_layer(on.world, cli->arguments[2], &question.b, err));
    TRY(limits_of(cli, &question, &limits, &within_m, err));
    question.within_m = within_m;
    TRY(pairs_each(&question, &arena, &printing, print_pair, err));
    if (!printing.json)
        buf_say(&cli->out, "%zu pairs\n", printing.n);
done:
    arena_release(&arena);
    cli_world_close(&on);
    return code;
}

const struct cli_command cli_near = {
    .name = "near",
    .arguments = "STORE A B --within M",
    .summary = "which records of two layers are near each other, and how far apart",
    .details =
        "Lists the pairs of a record of layer A and one of layer B whose geodesic distance is at\n"
        "most M metres, the limit itself within, compared at 0.1 mm. Ordered by id of A, then of\n"
        "B. --within 1:1000,2:500,3:300,4:100 gives one limit a declared grade of A, which must "
        "be\n"
        "enterprises then; those without a grade or a limit for it are left out, and counted on\n"
        "standard error. --nearest K lists the K nearest of B for each of A, by distance, then "
        "id;\n"
        "with --within none beyond it. A layer against itself leaves out the record itself and\n"
        "lists each pair from both sides. Records without a shape are near nothing.\n"
        "\n"
        "With --json one line a pair: {\"a\":id,\"b\":id,\"distance_m\":m}, and with --points\n"
        "\"closest\":[[lon,lat],[lon,lat]], the first on A.",
    .examples =
        "sisetu near build/ningxia.gpkg enterprises protected --within 500\n"
        "sisetu near build/ningxia.gpkg enterprises protected --within 1:1000,2:500 --json\n"
        "sisetu near build/ningxia.gpkg enterprises pipelines --nearest 1 --points\n",
    .options =
        (const struct cli_option[]){
            {"within", 'w', "M|GRADE:M,...", false, "largest distance in metres, or one a grade"},
            {"nearest", 'n', "K", false, "only the K nearest of each"},
            {"points", 0, NULL, false, "also the two closest points"},
            {"rules", 0, "DIR", false, "rule tables (default: those the store was assessed by)"},
            {"json", 0, NULL, false, "one JSON object a line"},
            {NULL, 0, NULL, false, NULL}},
    .min_arguments = 3,
    .max_arguments = 3,
    .run = run_near,
};
