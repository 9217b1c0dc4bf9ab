#include "tiler/command/cli_world.h"

#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/limits.h"
#include "data/import_shapes.h"
#include "geo/findings/finding_view.h"
#include "geo/grades/grade_reasons.h"
#include "geo/findings/reasons.h"
#include "tiler/answers/answers.h"
#include "tiler/command/columns.h"

#include <string.h>

enum err_code cli_world_open(struct cli *cli, struct cli_world *out, struct err *err)
{
    enum err_code code = ERR_OK;
    *out = (struct cli_world){0};
    TRY(world_load(cli->arguments[0], cli_value(cli, "rules"), INT_ABSENT, &out->world, err));
    code = worker_init(&out->worker, LIMIT_REQUEST_BYTES, err);
    if (code != ERR_OK) {
        world_release(out->world);
        out->world = NULL;
    }
done:
    return code;
}

void cli_world_close(struct cli_world *world)
{
    if (!world->world)
        return;
    worker_release(&world->worker);
    world_release(world->world);
    world->world = NULL;
}

enum err_code cli_point(const struct cli *cli, size_t first, struct lonlat *out, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(cli_argument_real(cli, first, "LON", -180, 180, &out->lon_deg, err));
    TRY(cli_argument_real(cli, first + 1, "LAT", -90, 90, &out->lat_deg, err));
done:
    return code;
}

enum err_code cli_read_shapes(struct cli *cli, const char *path, struct shapes_question *question,
                              struct shape **out, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    struct buf text;
    buf_init(&text);
    question->path = path;
    question->crs = cli_value(cli, "crs");
    question->accept_shift = cli_flag(cli, "accept-shift");
    if (strcmp(path, "-") == 0) {
        TRY(file_read("/dev/stdin", LIMIT_STDIN_BYTES, &text, err));
        question->text = text.n_bytes ? buf_text(&text) : "";
        question->n_text = text.n_bytes;
    }
    TRY(shapes_read(question, &cli->arena, out, n, err));
done:
    buf_release(&text);
    return code;
}

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

const char *cli_metres(struct cli *cli, double m)
{
    if (!isfinite(m))
        return "-";
    if (fabs(m) >= 10000)
        return or_dash(arena_printf(&cli->arena, "%.2f km", m / 1000));
    return or_dash(arena_printf(&cli->arena, "%.2f m", m));
}

const char *cli_persons(struct cli *cli, double persons, double low, double high)
{
    if (!isfinite(persons))
        return "not known";
    if (high - low < 1)
        return or_dash(arena_printf(&cli->arena, "%.0f", persons));
    return or_dash(arena_printf(&cli->arena, "%.0f (%.0f to %.0f)", persons, low, high));
}

const char *cli_grade(struct cli *cli, const struct grade_row *grade)
{
    if (!grade)
        return "grey 灰 (not assessed)";
    const char *now = arena_printf(&cli->arena, "%s %s", reasons_grade_en(grade->grade),
                                   reasons_grade_zh(grade->grade));
    bool worse = grade->could_be > 0 && (grade->grade == 0 || grade->could_be < grade->grade);
    if (!now || !worse)
        return or_dash(now);
    return or_dash(arena_printf(&cli->arena, "%s, could be %s %s", now,
                                reasons_grade_en(grade->could_be),
                                reasons_grade_zh(grade->could_be)));
}

void cli_print_reasons(struct cli *cli, struct cli_world *on, const struct grade_row *grade,
                       const char *indent, size_t most)
{
    const struct grade_words words = {.world = on->world, .worker = &on->worker};
    struct json *root = NULL;
    const char *reasons = NULL;
    if (!grade)
        return;
    if (worker_fit(&on->worker, on->world, NULL) != ERR_OK ||
        grade_reasons(&words, grade, &on->worker.arena, &reasons, NULL) != ERR_OK ||
        jr_parse(reasons, strlen(reasons), &root, NULL) != ERR_OK) {
        cli->out.failed = true;
        return;
    }
    size_t n = jr_count(root);
    for (size_t i = 0; i < n && i < most; i++) {
        const char *text = jr_text(jr_get(jr_item(root, i), "text"));
        buf_say(&cli->out, "%s- %s\n", indent, text ? text : "");
    }
    if (n > most)
        buf_say(&cli->out, "%s  and %zu more (--json gives all)\n", indent, n - most);
    jr_free(root);
}

void cli_print_conflicts(struct cli *cli, struct cli_world *on, const struct finding_ref *refs,
                         size_t n, size_t most)
{
    for (size_t i = 0; i < n && i < most; i++) {
        struct conflict_view view;
        if (finding_view(on->world, &on->worker, refs[i], &on->worker.arena, &view, NULL) !=
            ERR_OK) {
            cli->out.failed = true;
            return;
        }
        buf_say(&cli->out, "  %-9s %-8s %s\n", view.row.verdict, reasons_grade_en(view.row.grade),
                view.row.reason);
        if (view.row.decides)
            buf_say(&cli->out, "                     decided by: %s\n", view.row.decides);
    }
    if (n > most)
        buf_say(&cli->out, "  and %zu more (--json gives all)\n", n - most);
}

void cli_print_exposure(struct cli *cli, const struct exposure *exposure, double radius_m)
{
    buf_say(&cli->out, "Residents within %s: %s\n", cli_metres(cli, radius_m),
            cli_persons(cli, exposure->persons, exposure->low, exposure->high));
    if (exposure->nodata_share > 0)
        buf_say(&cli->out, "  no population data for %.1f %% of that area\n",
                exposure->nodata_share * 100);
}

void cli_print_warnings(struct cli *cli, const struct world *world)
{
    struct buf text;
    struct jw jw;
    struct json *root = NULL;
    buf_init(&text);
    jw_init(&jw, &text);
    answer_warnings(&jw, world);
    if (buf_ok(&text) && jr_parse(buf_text(&text), text.n_bytes, &root, NULL) == ERR_OK)
        for (size_t i = 0; i < jr_count(root); i++)
            buf_say(&cli->out, "Warning: %s\n", jr_text(jr_item(root, i)));
    jr_free(root);
    buf_release(&text);
}
