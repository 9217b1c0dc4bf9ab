/* report_relocation.c - the relocation list as tables: one row a plant, and its evidence. */
#include "data/base/text.h"
#include "geo/findings/finding_view.h"
#include "geo/findings/reasons.h"
#include "tiler/report/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Decimals of the columns of numbers. */
enum { TEXT = -1, WHOLE = 0, METRES = 2, DEGREES = 8, RATIO = 3 };

static const struct report_column PLANT_COLUMNS[] = {
    {"编号 ID", 12, TEXT},
    {"企业名称 Name", 28, TEXT},
    {"统一社会信用代码 Credit code", 20, TEXT},
    {"县区代码 County code", 10, TEXT},
    {"县区 County", 12, TEXT},
    {"地址 Address", 24, TEXT},
    {"经度 Longitude", 14, DEGREES},
    {"纬度 Latitude", 14, DEGREES},
    {"类型 Kind", 10, TEXT},
    {"行业 Industry", 14, TEXT},
    {"规模 Size", 10, TEXT},
    {"主要产品 Products", 20, TEXT},
    {"重大危险源级别 Major-hazard level", 12, TEXT},
    {"S", 8, RATIO},
    {"R", 8, RATIO},
    {"所在区域 Inside area", 20, TEXT},
    {"区域类型 Area kind", 14, TEXT},
    {"所在园区 Park", 18, TEXT},
    {"园区等级 Park grade", 8, WHOLE},
    {"最不利目标 Worst target", 22, TEXT},
    {"目标类别 Target class", 16, TEXT},
    {"实测距离 Distance m", 10, METRES},
    {"要求距离 Required m", 10, METRES},
    {"不足 Shortfall m", 10, METRES},
    {"规则 Rule", 16, TEXT},
    {"依据条款 Clause", 26, TEXT},
    {"卫生防护距离 Sanitary distance", 16, TEXT},
    {"500米内人口 Residents 500 m", 10, WHOLE},
    {"1公里内人口 Residents 1 km", 10, WHOLE},
    {"四色等级 Grade", 12, TEXT},
    {"可能等级 Could be", 12, TEXT},
    {"建议 Proposal", 22, TEXT},
    {"理由 Reasons", 80, TEXT},
    {"判定所需 Decided by", 30, TEXT},
    {"启动期限 Start by", 12, TEXT},
    {"完成期限 Finish by", 12, TEXT},
    {"期限依据 Deadline basis", 24, TEXT},
    {"是否逾期 Overdue", 10, TEXT},
    {"迁入园区 Destination park", 16, TEXT},
    {"决定机关 Authority", 18, TEXT},
};

static const struct report_column EVIDENCE_COLUMNS[] = {
    {"企业编号 Enterprise", 12, TEXT},
    {"企业名称 Name", 28, TEXT},
    {"判定 Verdict", 12, TEXT},
    {"种类 Kind", 10, TEXT},
    {"危险源 Source", 20, TEXT},
    {"目标 Target", 20, TEXT},
    {"目标名称 Target name", 24, TEXT},
    {"目标类别 Target class", 16, TEXT},
    {"规则 Rule", 16, TEXT},
    {"标准 Standard", 22, TEXT},
    {"版本 Edition", 10, TEXT},
    {"条款 Clause", 12, TEXT},
    {"可信度 Confidence", 10, TEXT},
    {"实测距离 Distance m", 12, DEGREES - 4},
    {"下限 Low m", 12, DEGREES - 4},
    {"上限 High m", 12, DEGREES - 4},
    {"要求距离 Required m", 12, DEGREES - 4},
    {"余量 Margin m", 12, DEGREES - 4},
    {"位置误差 Error m", 12, DEGREES - 4},
    {"起点经度 From lon", 14, DEGREES},
    {"起点纬度 From lat", 14, DEGREES},
    {"终点经度 To lon", 14, DEGREES},
    {"终点纬度 To lat", 14, DEGREES},
    {"理由 Reason (zh)", 70, TEXT},
    {"Reason (en)", 70, TEXT},
    {"判定所需 Decided by", 30, TEXT},
    {"冲突编号 Conflict id", 50, TEXT},
};

enum {
    N_PLANT = sizeof PLANT_COLUMNS / sizeof PLANT_COLUMNS[0],
    N_EVIDENCE = sizeof EVIDENCE_COLUMNS / sizeof EVIDENCE_COLUMNS[0]
};

struct filling {
    const struct world *world;
    struct arena *arena;
    struct report_table *table;
    struct conflict_view *views; /* of the plant at hand, as its conflicts */
    size_t at;                   /* next cell of the row */
    bool failed;
};

/* ---- cells ---- */

static void begin_row(struct filling *on)
{
    struct report_table *table = on->table;
    size_t used = table->n_rows * table->n_columns;
    table->cells = arena_grow(on->arena, table->cells, &table->capacity, used + table->n_columns,
                              sizeof *table->cells);
    on->failed = on->failed || !table->cells;
    on->at = used;
    table->n_rows += !on->failed;
}

static void put_text(struct filling *on, const char *text)
{
    if (!on->failed)
        on->table->cells[on->at++] = (struct report_cell){.text = text ? text : ""};
}

static void put_number(struct filling *on, double number)
{
    if (!on->failed)
        on->table->cells[on->at++] = (struct report_cell){.number = number};
}

__attribute__((format(printf, 2, 3))) static const char *make(struct filling *on,
                                                              const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *kept = arena_strdup(on->arena, text);
    on->failed = on->failed || !kept;
    return kept ? kept : "";
}

static const char *date_text(struct filling *on, int32_t date)
{
    char text[TEXT_DATE_BYTES];
    if (date == INT_ABSENT)
        return "";
    text_from_date(date, text);
    return make(on, "%s", text);
}

/* ---- words ---- */

/* Words for codes of schema.csv as officials write them; a code without one stands itself. */
static const char *word_of(const char *code)
{
    static const struct {
        const char *code;
        const char *zh;
    } words[] = {{"production", "生产"},
                 {"storage", "储存"},
                 {"trading", "经营"},
                 {"use", "使用"},
                 {"extra_large", "特大型"},
                 {"large", "大型"},
                 {"medium", "中型"},
                 {"small", "小型"},
                 {"micro", "微型"},
                 {"dense_urban", "城镇人口密集区"},
                 {"residential", "居民集中区"},
                 {"nature_reserve", "自然保护区"},
                 {"water_source_1", "饮用水水源一级保护区"},
                 {"water_source_2", "饮用水水源二级保护区"},
                 {"water_source_3", "饮用水水源准保护区"},
                 {"ecological", "生态保护红线"},
                 {"farmland", "永久基本农田"},
                 {"shoreline", "岸线管控范围"},
                 {"conflict", "不符合"},
                 {"undecided", "待定"},
                 {"distance", "距离"},
                 {"area", "区域"}};
    for (size_t i = 0; code && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].code, code) == 0)
            return words[i].zh;
    return code ? code : "";
}

static const char *proposal_word(enum relocation_proposal proposal)
{
    switch (proposal) {
    case PROPOSE_MOVE:
        return "异地迁建 move into a park";
    case PROPOSE_IMPROVE:
        return "就地改造 improve on site";
    case PROPOSE_CLARIFY:
        return "补充资料后判定 clarify first";
    }
    return "";
}

static const char *clause_text(struct filling *on, const struct conflict *conflict)
{
    bool likely = text_equal(conflict->confidence, confidence_name(CONFIDENCE_LIKELY));
    return make(on, "%s%s%s%s", conflict->standard ? conflict->standard : "",
                conflict->clause && *conflict->clause ? " " : "",
                conflict->clause ? conflict->clause : "", likely ? "（请核对标准原文）" : "");
}

/* Whether a distance of the sanitary kind fails. What is kept is not in the store, and an approved
 * value of the environmental assessment would go first: so nothing found is nothing judged. */
static const char *sanitary_word(const struct filling *on, const struct relocation_row *row)
{
    const char *word = "未判定 not judged";
    for (size_t i = 0; i < row->n_conflicts; i++) {
        const struct conflict *conflict = &on->views[i].row;
        for (size_t r = 0; r < on->world->rules->n_spacing; r++) {
            const struct spacing_rule *rule = &on->world->rules->spacing[r];
            if (rule->kind != SPACING_SANITARY || !text_equal(rule->source.id, conflict->rule_id))
                continue;
            if (text_equal(conflict->verdict, "conflict"))
                return "不达标 fails";
            word = "待定 undecided";
        }
    }
    return word;
}

/* One text of all conflicts: their sentences, or what would decide the open ones. */
static const char *join_conflicts(struct filling *on, const struct relocation_row *row,
                                  bool decides)
{
    struct buf text;
    buf_init(&text);
    for (size_t i = 0; i < row->n_conflicts; i++) {
        const struct conflict *conflict = &on->views[i].row;
        const char *one = decides ? conflict->decides : on->views[i].zh;
        if (!one || strstr(buf_text(&text), one))
            continue;
        buf_printf(&text, "%s%s", text.n_bytes ? "\n" : "", one);
        if (!decides)
            buf_printf(&text, "［%s］", clause_text(on, conflict));
    }
    const char *kept = buf_ok(&text) ? arena_strdup(on->arena, buf_text(&text)) : NULL;
    on->failed = on->failed || !kept;
    buf_release(&text);
    return kept ? kept : "";
}

/* ---- rows ---- */

static void put_hazard(struct filling *on, const struct hazard *hazard)
{
    double s = (double)NAN;
    double r = (double)NAN;
    for (size_t i = 0; i < hazard->n_units; i++) {
        s = fmax(s, hazard->units[i].s);
        r = fmax(r, hazard->units[i].r);
    }
    if (hazard->n_undecided > 0)
        put_text(on, make(on, "%d，待定（可能 %d）", (int)hazard->level, (int)hazard->could_be));
    else if (hazard->level > 0)
        put_text(on, make(on, "%d", (int)hazard->level));
    else
        put_text(on, hazard->n_units > 0 ? "不构成 none" : "无存量数据 no inventory");
    put_number(on, s);
    put_number(on, r);
}

static void put_areas(struct filling *on, const struct relocation_row *row)
{
    put_text(on, row->inside ? reasons_name(&row->inside->head) : "");
    put_text(on, row->inside ? word_of(row->inside->kind) : "");
    put_text(on, row->park ? reasons_name(&row->park->head) : "");
    put_number(on, row->park && row->park->grade != INT_ABSENT ? (double)row->park->grade
                                                               : (double)NAN);
}

static const struct record_head *target_of(const struct world *world,
                                           const struct conflict *conflict)
{
    enum layer_id layer;
    if (!conflict->target_layer || !layer_by_name(conflict->target_layer, &layer))
        return NULL;
    int64_t row = world_find(world, layer, conflict->target_id);
    return row < 0 ? NULL : world_record(world, layer, (size_t)row);
}

static void put_worst(struct filling *on, const struct relocation_row *row)
{
    if (row->worst_distance < 0) {
        put_text(on, "");
        put_text(on, "");
        for (int i = 0; i < 3; i++)
            put_number(on, (double)NAN);
        put_text(on, "");
        put_text(on, "");
        return;
    }
    const struct conflict *conflict = &on->views[row->worst_distance].row;
    const struct record_head *target = target_of(on->world, conflict);
    put_text(on, target ? reasons_name(target) : conflict->target_id);
    put_text(on, conflict->target_class);
    put_number(on, conflict->required_m + conflict->margin_m); /* to the edge, as judged */
    put_number(on, conflict->required_m);
    put_number(on, conflict->margin_m < 0 ? -conflict->margin_m : 0);
    put_text(on, conflict->rule_id);
    put_text(on, clause_text(on, conflict));
}

static const char *colour(struct filling *on, int32_t grade)
{
    return make(on, "%s %s", reasons_grade_zh(grade), reasons_grade_en(grade));
}

static void put_plant(struct filling *on, const struct relocation_row *row)
{
    const struct enterprise *plant = world_enterprise(on->world, row->enterprise_row);
    const struct relocation_rule *deadline = row->deadline;
    begin_row(on);
    put_text(on, plant->head.id);
    put_text(on, plant->head.name);
    put_text(on, plant->credit_code);
    put_text(on, row->unit_code);
    put_text(on, row->unit_name);
    put_text(on, plant->address);
    put_number(on, row->place.lon_deg);
    put_number(on, row->place.lat_deg);
    put_text(on, word_of(plant->kind));
    const struct industry *industry = rules_industry(on->world->rules, plant->industry);
    put_text(on, industry ? industry->name_zh : plant->industry);
    put_text(on, word_of(plant->size));
    put_text(on, plant->products);
    put_hazard(on, &row->hazard);
    put_areas(on, row);
    put_worst(on, row);
    put_text(on, sanitary_word(on, row));
    put_number(on, row->persons_500_m);
    put_number(on, row->persons_1000_m);
    put_text(on, colour(on, row->grade ? row->grade->grade : 0));
    put_text(on, colour(on, row->grade ? row->grade->could_be : 0));
    put_text(on, proposal_word(row->proposal));
    put_text(on, join_conflicts(on, row, false));
    put_text(on, join_conflicts(on, row, true));
    put_text(on, deadline ? date_text(on, deadline->start_by) : "");
    put_text(on, deadline ? date_text(on, deadline->finish_by) : "");
    put_text(on, deadline ? make(on, "%s%s%s", deadline->source.standard,
                                 *deadline->source.clause ? " " : "", deadline->source.clause)
                          : "");
    put_text(on, row->overdue ? "是 yes" : deadline ? "否 no" : "");
    put_text(on, "");
    put_text(on, "设区的市人民政府");
}

static void put_evidence(struct filling *on, const struct relocation_row *row,
                         const struct conflict_view *view)
{
    const struct conflict *conflict = &view->row;
    const struct record_head *target = target_of(on->world, conflict);
    const struct geom *geom = &conflict->head.geom;
    bool line = geom->kind == GEOM_LINE || geom->kind == GEOM_POINT;
    struct lonlat none = {(double)NAN, (double)NAN};
    struct lonlat a = line && geom->n_points > 0 ? geom->points[0] : none;
    struct lonlat b = line && geom->n_points > 0 ? geom->points[geom->n_points - 1] : none;
    begin_row(on);
    put_text(on, world_enterprise(on->world, row->enterprise_row)->head.id);
    put_text(on, world_enterprise(on->world, row->enterprise_row)->head.name);
    put_text(on, make(on, "%s %s", word_of(conflict->verdict), conflict->verdict));
    put_text(on, word_of(conflict->kind));
    put_text(on, make(on, "%s/%s", conflict->source_layer, conflict->source_id));
    put_text(on, conflict->target_id
                     ? make(on, "%s/%s", conflict->target_layer, conflict->target_id)
                     : "");
    put_text(on, target ? reasons_name(target) : "");
    put_text(on, conflict->target_class);
    put_text(on, conflict->rule_id);
    put_text(on, conflict->standard);
    put_text(on, conflict->edition);
    put_text(on, conflict->clause);
    put_text(on, conflict->confidence);
    const double metres[] = {conflict->distance_m, conflict->low_m,    conflict->high_m,
                             conflict->required_m, conflict->margin_m, conflict->error_m};
    for (size_t i = 0; i < sizeof metres / sizeof metres[0]; i++)
        put_number(on, metres[i]);
    put_number(on, a.lon_deg);
    put_number(on, a.lat_deg);
    put_number(on, b.lon_deg);
    put_number(on, b.lat_deg);
    put_text(on, view->zh);
    put_text(on, conflict->reason);
    put_text(on, conflict->decides);
    put_text(on, conflict->head.id);
}

/* ---- the whole ---- */

static void add_fact(struct report *report, const char *name, const char *value)
{
    report->facts[report->n_facts++] = (struct report_fact){name, value};
}

static void add_facts(struct filling *on, const struct relocation_answer *answer,
                      struct report *report)
{
    size_t n = 0;
    for (size_t i = 0; i < answer->n_rows; i++)
        n += answer->rows[i].state == RELOCATE;
    add_fact(report, "规则日期 Rules as of", date_text(on, on->world->as_of));
    add_fact(report, "规则校验 Rules SHA-256", on->world->rules->hash);
    add_fact(report, "数据版本 Generation",
             make(on, "%llu", (unsigned long long)on->world->generation));
    add_fact(report, "软件 Program", "sisetu " SISETU_VERSION);
    add_fact(report, "应搬迁 To move", make(on, "%zu", n));
    add_fact(report, "待定 Undecided", make(on, "%zu", answer->n_rows - n));
    add_fact(report, "说明 1",
             "距离为椭球面上两形状最近点之间的大地线长度。 Distances are geodesics between the "
             "closest points of the two shapes.");
    add_fact(report, "说明 2",
             "“待定”指数据或标准原文尚不足以判定，不等于符合。 Undecided is not clear: data or the "
             "printed standard are missing.");
    add_fact(report, "说明 3",
             "建议由证据推出，由设区的市人民政府决定。 Proposals follow from the evidence; the "
             "city government decides.");
}

/* The conflicts of a plant in full. */
static enum err_code view_conflicts(struct filling *on, struct worker *worker,
                                    const struct relocation_row *row, struct err *err)
{
    enum err_code code = ERR_OK;
    on->views = arena_new(on->arena, struct conflict_view, row->n_conflicts);
    TRY(on->views ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < row->n_conflicts; i++)
        TRY(finding_view(on->world, worker, row->conflicts[i], on->arena, &on->views[i], err));
done:
    return code;
}

enum err_code report_relocation(const struct world *world, struct worker *worker,
                                const struct relocation_answer *answer, struct report *out,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena *arena = &worker->arena;
    *out = (struct report){.workbook = "relocation.xlsx",
                           .title = "危险化学品企业搬迁改造清单 Relocation list",
                           .tables = arena_new(arena, struct report_table, 3),
                           .n_tables = 3,
                           .date = world->as_of};
    if (!out->tables)
        return err_nomem(err);
    out->tables[0] = (struct report_table){.file = "relocation.csv",
                                           .sheet = "应搬迁 To move",
                                           .columns = PLANT_COLUMNS,
                                           .n_columns = N_PLANT};
    out->tables[1] = (struct report_table){.file = "relocation-undecided.csv",
                                           .sheet = "待定 Undecided",
                                           .columns = PLANT_COLUMNS,
                                           .n_columns = N_PLANT};
    out->tables[2] = (struct report_table){.file = "relocation-evidence.csv",
                                           .sheet = "证据 Evidence",
                                           .columns = EVIDENCE_COLUMNS,
                                           .n_columns = N_EVIDENCE};
    struct filling on = {.world = world, .arena = arena};
    for (size_t i = 0; i < answer->n_rows; i++) {
        const struct relocation_row *row = &answer->rows[i];
        TRY(view_conflicts(&on, worker, row, err));
        on.table = &out->tables[row->state == RELOCATE ? 0 : 1];
        put_plant(&on, row);
        on.table = &out->tables[2];
        for (size_t k = 0; k < row->n_conflicts; k++)
            put_evidence(&on, row, &on.views[k]);
    }
    add_facts(&on, answer, out);
    TRY(on.failed ? err_nomem(err) : ERR_OK);
done:
    return code;
}
