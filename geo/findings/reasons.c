#include "geo/findings/reasons.h"

#include "data/base/json.h"
#include "data/base/text.h"

#include <stdio.h>
#include <string.h>

static const char *const GRADES_EN[] = {"grey", "red", "orange", "yellow", "blue"};
static const char *const GRADES_ZH[] = {"灰", "红", "橙", "黄", "蓝"};

const char *reasons_grade_en(int32_t grade)
{
    return grade >= 0 && grade <= 4 ? GRADES_EN[grade] : GRADES_EN[0];
}

const char *reasons_grade_zh(int32_t grade)
{
    return grade >= 0 && grade <= 4 ? GRADES_ZH[grade] : GRADES_ZH[0];
}

const char *reasons_name(const struct record_head *head)
{
    if (head->name && *head->name)
        return head->name;
    return head->id ? head->id : "";
}

const char *reasons_ref(enum layer_id layer, const char *id, struct arena *arena)
{
    return arena_printf(arena, "%s/%s", layer_name(layer), id ? id : "");
}

static void write_text(struct jw *jw, const char *key, const char *text)
{
    if (text && *text)
        jw_kv_string(jw, key, text);
}

static void write_reason(struct jw *jw, const struct reason *reason)
{
    if (reason->json) {
        jw_raw(jw, reason->json);
        return;
    }
    jw_object(jw);
    jw_kv_string(jw, "text", reason->text);
    write_text(jw, "zh", reason->zh);
    if (reason->grade > 0)
        jw_kv_integer(jw, "grade", reason->grade);
    if (reason->rule) {
        write_text(jw, "rule", reason->rule->id);
        write_text(jw, "standard", reason->rule->standard);
        write_text(jw, "edition", reason->rule->edition);
        write_text(jw, "clause", reason->rule->clause);
        write_text(jw, "confidence", confidence_name(reason->rule->confidence));
    }
    write_text(jw, "source", reason->source);
    write_text(jw, "target", reason->target);
    for (size_t i = 0; i < REASON_NUMBERS; i++) {
        if (reason->numbers[i].name && isfinite(reason->numbers[i].value))
            jw_kv_fixed(jw, reason->numbers[i].name, reason->numbers[i].value, 6);
    }
    jw_end_object(jw);
}

enum err_code reasons_write(const struct reason *reasons, size_t n, struct arena *arena,
                            const char **json, struct err *err)
{
    struct buf buf;
    struct jw jw;
    buf_init(&buf);
    jw_init(&jw, &buf);
    jw_array(&jw);
    for (size_t i = 0; i < n; i++)
        write_reason(&jw, &reasons[i]);
    jw_end_array(&jw);
    *json = buf_ok(&buf) ? arena_strdup(arena, buf_text(&buf)) : NULL;
    buf_release(&buf);
    return *json ? ERR_OK : err_nomem(err);
}

/* The end of the string whose quote stands before `at`: its own quote, or the end of the text. */
static const char *end_of_string(const char *at)
{
    for (;;) {
        while (*at && *at != '"' && *at != '\\')
            at++;
        if (*at != '\\')
            return at;
        at += at[1] ? 2 : 1;
    }
}

/* The end of the value that begins at `at`: at the comma or bracket behind it, or at the end of the
 * text. */
static const char *end_of_value(const char *at)
{
    size_t depth = 0;
    for (; *at; at++) {
        if (*at == '"') {
            at = end_of_string(at + 1);
            if (!*at)
                break;
            continue;
        }
        if (depth == 0 && (*at == ',' || *at == ']'))
            break;
        if (*at == '{' || *at == '[')
            depth++;
        else if ((*at == '}' || *at == ']') && depth > 0)
            depth--;
    }
    return at;
}

enum err_code reasons_split(const char *json, struct arena *arena, const char ***out, size_t *n,
                            struct err *err)
{
    size_t capacity = 0;
    *out = NULL;
    *n = 0;
    if (json[0] != '[' || json[1] == ']')
        return ERR_OK;
    for (const char *at = json + 1; at[-1] != ']';) {
        const char *end = end_of_value(at);
        if (!*end) { /* cut short */
            *n = 0;
            return ERR_OK;
        }
        const char *one = arena_strndup(arena, at, (size_t)(end - at));
        *out = arena_grow(arena, *out, &capacity, *n + 1, sizeof **out);
        if (!one || !*out)
            return err_nomem(err);
        (*out)[(*n)++] = one;
        at = end + 1;
    }
    return ERR_OK;
}

/* The digits of a whole number, before `end`. */
static char *digits_before(uint64_t number, char *end)
{
    do
        *--end = (char)('0' + number % 10);
    while (number /= 10);
    return end;
}

/* A hundred times the number is off by 1e-5 at most, so that it is surely on one side of a half
 * unless it is as near to it; then the number is left to printf, which knows all its digits. */
void reason_fixed2(double number, char out[REASON_NUMBER_BYTES])
{
    static const double most = 1e9, unsure = 1e-4;
    double hundredths = fabs(number) * 100;
    double whole = floor(hundredths);
    if (!(fabs(number) < most) || fabs(hundredths - whole - 0.5) < unsure) {
        snprintf(out, REASON_NUMBER_BYTES, number < most && number > -most ? "%.2f" : "%.2e",
                 number);
        return;
    }
    uint64_t n = (uint64_t)whole + (hundredths - whole > 0.5);
    char digits[REASON_NUMBER_BYTES], *end = digits + sizeof digits;
    char *at = digits_before(n % 100 + 100, end);
    *at = '.';
    at = digits_before(n / 100, at);
    if (signbit(number))
        *--at = '-';
    memcpy(out, at, (size_t)(end - at));
    out[end - at] = '\0';
}

void reason_general(double number, char out[REASON_NUMBER_BYTES])
{
    static const double most = 999999; /* more is written with an exponent */
    if (!(number >= 1 && number <= most) || number > floor(number)) {
        snprintf(out, REASON_NUMBER_BYTES, "%g", number);
        return;
    }
    char digits[REASON_NUMBER_BYTES], *end = digits + sizeof digits;
    char *at = digits_before((uint64_t)number, end);
    memcpy(out, at, (size_t)(end - at));
    out[end - at] = '\0';
}

const char *reason_metres(double m, struct arena *arena)
{
    double step_m = m >= 100 ? 1 : m >= 10 ? 0.01 : m >= 1 ? 0.001 : 1e-4;
    /* To 0.1 mm first, as decisions compare: 6.99999999 is 7. */
    double steps = floor(round(m * 1e4) / round(step_m * 1e4));
    char text[REASON_NUMBER_BYTES];
    reason_general(steps * step_m, text);
    return arena_strdup(arena, text);
}

/* What would decide, by what left it open; zh: in Chinese too. */
static void say_what_decides(const struct spacing_finding *finding, bool zh, struct arena *arena,
                             struct reason_words *words)
{
    const struct verdict_answer *answer = &finding->answer;
    switch (answer->by) {
    case DECIDED:
        break;
    case UNDECIDED_POSITION:
        words->decides = "better positions of both";
        words->decides_zh = "双方更精确的位置";
        if (!isnan(answer->decides_below_m)) {
            const char *below = reason_metres(answer->decides_below_m, arena);
            const char *error = reason_metres(finding->measured.error_m, arena);
            words->decides =
                arena_printf(arena, "positions good to %s m together (now %s m)", below, error);
            if (zh)
                words->decides_zh =
                    arena_printf(arena, "双方位置误差之和不大于 %s m（现为 %s m）", below, error);
        }
        break;
    case UNDECIDED_OUTLINE:
        words->decides = "the position of the facility inside the plant";
        words->decides_zh = "设施在厂区内的位置";
        break;
    case UNDECIDED_RADIUS:
        words->decides = "the outline of the plant that is known by a point only";
        words->decides_zh = "仅以点表示的企业的厂界";
        break;
    case UNDECIDED_ATTRIBUTE:
        words->decides = arena_printf(arena, "the missing attribute \"%s\"", finding->missing);
        if (zh)
            words->decides_zh = arena_printf(arena, "缺少的属性“%s”", finding->missing);
        break;
    case UNDECIDED_INTERVAL:
        words->decides = "a narrower interval of the figure";
        words->decides_zh = "更窄的数值区间";
        break;
    case UNDECIDED_CONFIDENCE:
        words->decides = "the printed text of the standard";
        words->decides_zh = "核对标准原文";
        break;
    }
}

const char *reasons_joined(const char *const *parts, size_t n, struct arena *arena)
{
    size_t n_bytes = 1;
    for (size_t i = 0; i < n; i++)
        n_bytes += strlen(parts[i]);
    char *text = arena_alloc(arena, n_bytes, 1), *end = text;
    for (size_t i = 0; text && i < n; i++)
        end = stpcpy(end, parts[i]);
    return text;
}

/* "GB 50016-2014(2018) tbl 4.2.1": the edition where the standard's name does not hold it. */
const char *reasons_clause(const struct rule_source *rule, struct arena *arena)
{
    bool told = !*rule->edition || strstr(rule->standard, rule->edition);
    const char *const parts[] = {rule->standard, told ? "" : " ", told ? "" : rule->edition,
                                 *rule->clause ? " " : "", rule->clause};
    return reasons_joined(parts, sizeof parts / sizeof *parts, arena);
}

/* A piece of a sentence. */
struct part {
    const char *text;
    size_t n_bytes;
};

static inline struct part part_of(const char *text)
{
    return (struct part){text, strlen(text)};
}

static const char *joined(const struct part *parts, size_t n, struct arena *arena)
{
    size_t n_bytes = 1;
    for (size_t i = 0; i < n; i++)
        n_bytes += parts[i].n_bytes;
    char *text = arena_alloc(arena, n_bytes, 1), *end = text;
    for (size_t i = 0; text && i < n; i++) {
        memcpy(end, parts[i].text, parts[i].n_bytes);
        end += parts[i].n_bytes;
    }
    return text;
}

enum err_code reasons_phrase_of(const struct world *world, const struct spacing_rule *rule,
                                double required_m, const char *source_name, struct arena *arena,
                                struct spacing_phrase *out, struct err *err)
{
    const struct facility_type *type = rules_facility_type(world->rules, rule->facility);
    const char *const head[] = {source_name ? source_name : "The proposed site", " (",
                                type ? type->name_en : rule->facility, ") is "};
    *out = (struct spacing_phrase){.rule = rule,
                                   .type = type,
                                   .source_name = source_name,
                                   .head = reasons_joined(head, 4, arena),
                                   .clause = reasons_clause(&rule->source, arena)};
    if (!out->head || !out->clause)
        return err_nomem(err);
    out->n_head = strlen(out->head);
    out->n_clause = strlen(out->clause);
    reason_general(required_m, out->required);
    return ERR_OK;
}

static const char *spacing_text(const struct spacing_phrase *phrase,
                                const struct spacing_finding *finding, const char *target,
                                const char *decides, struct arena *arena)
{
    bool conflict = finding->answer.verdict == VERDICT_CONFLICT;
    bool printed = phrase->rule->source.confidence == CONFIDENCE_LIKELY;
    char distance[REASON_NUMBER_BYTES], margin[REASON_NUMBER_BYTES];
    reason_fixed2(finding->answer.required_m + finding->answer.margin_m, distance);
    const struct part head = {phrase->head, phrase->n_head};
    const struct part clause = {phrase->clause, phrase->n_clause};
    const struct part required = part_of(phrase->required);
    const struct part class = part_of(finding->target_class->name_en);
    if (finding->answer.verdict == VERDICT_UNDECIDED) {
        const struct part parts[] = {head,
                                     part_of(distance),
                                     part_of(" m from "),
                                     part_of(target),
                                     part_of(" ("),
                                     class,
                                     part_of("), where "),
                                     clause,
                                     part_of(" asks for "),
                                     required,
                                     part_of(" m: undecided without "),
                                     part_of(decides ? decides : "more"),
                                     part_of(".")};
        return joined(parts, sizeof parts / sizeof *parts, arena);
    }
    reason_fixed2(fabs(finding->answer.margin_m), margin);
    const struct part parts[] = {head,
                                 part_of(distance),
                                 part_of(" m from "),
                                 part_of(target),
                                 part_of(" ("),
                                 class,
                                 part_of("), "),
                                 part_of(margin),
                                 part_of(conflict ? " m short of" : " m more than"),
                                 part_of(" the "),
                                 required,
                                 part_of(" m of "),
                                 clause,
                                 part_of(printed ? "; check the printed standard." : ".")};
    return joined(parts, sizeof parts / sizeof *parts, arena);
}

static const char *spacing_zh(const struct spacing_finding *finding, const char *source,
                              const char *type, const char *target, const char *clause,
                              const char *decides, struct arena *arena)
{
    double required_m = finding->answer.required_m;
    double distance_m = required_m + finding->answer.margin_m;
    bool conflict = finding->answer.verdict == VERDICT_CONFLICT;
    bool printed = finding->rule->source.confidence == CONFIDENCE_LIKELY;
    if (finding->answer.verdict == VERDICT_UNDECIDED)
        return arena_printf(arena, "%s（%s）距 %s（%s）%.2f m，%s 要求 %g m：尚不能判定，需要%s。",
                            source, type, target, finding->target_class->name_zh, distance_m,
                            clause, required_m, decides ? decides : "更多数据");
    return arena_printf(arena, "%s（%s）距 %s（%s）%.2f m，比 %s 要求的 %g m %s %.2f m%s。", source,
                        type, target, finding->target_class->name_zh, distance_m, clause,
                        required_m, conflict ? "少" : "多", fabs(finding->answer.margin_m),
                        printed ? "；请核对标准原文" : "");
}

struct reason_words reasons_of_phrase(const struct spacing_phrase *phrase,
                                      const struct spacing_finding *finding, const char *target,
                                      bool zh, struct arena *arena)
{
    struct reason_words words = {NULL, NULL, NULL, NULL};
    const char *source = phrase->source_name;
    say_what_decides(finding, zh, arena, &words);
    words.text = spacing_text(phrase, finding, target, words.decides, arena);
    if (zh)
        words.zh = spacing_zh(finding, source ? source : "拟建场址",
                              phrase->type ? phrase->type->name_zh : phrase->rule->facility, target,
                              phrase->clause, words.decides_zh, arena);
    return words;
}

struct reason_words reasons_of_spacing(const struct world *world,
                                       const struct spacing_finding *finding,
                                       const char *source_name, struct arena *arena)
{
    struct err err;
    struct spacing_phrase phrase;
    const struct record_head *target = world_record(world, finding->layer, finding->row);
    if (reasons_phrase_of(world, finding->rule, finding->answer.required_m, source_name, arena,
                          &phrase, &err) != ERR_OK)
        return (struct reason_words){NULL, NULL, NULL, NULL};
    return reasons_of_phrase(&phrase, finding, reasons_name(target), true, arena);
}

const char *reasons_without_stop(const char *text, struct arena *arena)
{
    static const char *const stops[] = {".", "。"};
    size_t n = strlen(text);
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        size_t length = strlen(stops[i]);
        if (n >= length && strcmp(text + n - length, stops[i]) == 0)
            return arena_strndup(arena, text, n - length);
    }
    return text;
}
