#include "geo/findings/reasons.h"

#include "data/base/digits.h"
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

/* Three bytes of UTF-8: U+1000 to U+CFFF, where Chinese stands, and its punctuation, U+FF00 to
 * U+FF7F. */
static bool is_wide(const unsigned char *at)
{
    bool here = (*at >= 0xE1 && *at <= 0xEC && (at[1] & 0xC0) == 0x80) ||
                (*at == 0xEF && (at[1] == 0xBC || at[1] == 0xBD));
    return here && (at[2] & 0xC0) == 0x80;
}

/* Whether a text is nothing but ASCII, without control characters, and wide characters. */
static bool is_plain(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    for (;;) {
        if (*at >= 0x20 && *at < 0x80)
            at++;
        else if (is_wide(at))
            at += 3;
        else
            return *at == 0;
    }
}

/* As jw_string, which looks at each character: most texts are plain, and but for quotes and strokes
 * stand in JSON as they are. */
static void add_string(struct buf *out, const char *text)
{
    struct jw jw;
    if (!text || !is_plain(text)) {
        jw_init(&jw, out);
        jw_string(&jw, text);
        return;
    }
    buf_add_byte(out, '"');
    for (size_t n; *text; text += n) {
        n = strcspn(text, "\"\\");
        buf_add(out, text, n);
        if (text[n]) {
            buf_add_byte(out, '\\');
            buf_add_byte(out, text[n++]);
        }
    }
    buf_add_byte(out, '"');
}

/* key: with what stands before and behind it. */
static void add_text(struct buf *out, const char *key, const char *text)
{
    if (!text || !*text)
        return;
    buf_add_text(out, key);
    add_string(out, text);
}

static void add_number(struct buf *out, const struct reason_number *number)
{
    struct jw jw;
    if (!number->name || !isfinite(number->value))
        return;
    buf_add_text(out, ",\"");
    buf_add_text(out, number->name);
    buf_add_text(out, "\":");
    jw_init(&jw, out);
    jw_fixed(&jw, number->value, 6);
}

static void add_reason(struct buf *out, const struct reason *reason)
{
    const struct rule_source *rule = reason->rule;
    char grade[DIGITS_BYTES];
    if (reason->json) {
        buf_add_text(out, reason->json);
        return;
    }
    buf_add_text(out, "{\"text\":");
    add_string(out, reason->text);
    add_text(out, ",\"zh\":", reason->zh);
    if (reason->grade > 0) {
        digits_general(reason->grade, grade);
        buf_add_text(out, ",\"grade\":");
        buf_add_text(out, grade);
    }
    if (rule) {
        add_text(out, ",\"rule\":", rule->id);
        add_text(out, ",\"standard\":", rule->standard);
        add_text(out, ",\"edition\":", rule->edition);
        add_text(out, ",\"clause\":", rule->clause);
        add_text(out, ",\"confidence\":", confidence_name(rule->confidence));
    }
    add_text(out, ",\"source\":", reason->source);
    add_text(out, ",\"target\":", reason->target);
    for (size_t i = 0; i < REASON_NUMBERS; i++)
        add_number(out, &reason->numbers[i]);
    buf_add_byte(out, '}');
}

enum err_code reasons_quote(struct reason *reasons, size_t n, struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    struct buf buf;
    buf_init(&buf);
    for (size_t i = 0; i < n; i++) {
        buf_clear(&buf);
        add_reason(&buf, &reasons[i]);
        reasons[i].json = buf_ok(&buf) ? arena_strdup(arena, buf_text(&buf)) : NULL;
        TRY(reasons[i].json ? ERR_OK : err_nomem(err));
    }
done:
    buf_release(&buf);
    return code;
}

/* led: others stand before them. */
static enum err_code write_reasons(const struct reason *reasons, size_t n, bool led,
                                   struct arena *arena, const char **json, struct err *err)
{
    struct buf buf;
    buf_init(&buf);
    if (!led)
        buf_add_byte(&buf, '[');
    for (size_t i = 0; i < n; i++) {
        if (led || i > 0)
            buf_add_byte(&buf, ',');
        add_reason(&buf, &reasons[i]);
    }
    buf_add_byte(&buf, ']');
    *json = buf_ok(&buf) ? arena_strdup(arena, buf_text(&buf)) : NULL;
    buf_release(&buf);
    return *json ? ERR_OK : err_nomem(err);
}

enum err_code reasons_write(const struct reason *reasons, size_t n, struct arena *arena,
                            const char **json, struct err *err)
{
    return write_reasons(reasons, n, false, arena, json, err);
}

enum err_code reasons_write_end(const struct reason *reasons, size_t n, struct arena *arena,
                                const char **json, struct err *err)
{
    return write_reasons(reasons, n, true, arena, json, err);
}

const char *reason_metres(double m, struct arena *arena)
{
    double step_m = m >= 100 ? 1 : m >= 10 ? 0.01 : m >= 1 ? 0.001 : 1e-4;
    /* To 0.1 mm first, as decisions compare: 6.99999999 is 7. */
    double steps = floor(round(m * 1e4) / round(step_m * 1e4));
    char text[DIGITS_BYTES];
    digits_general(steps * step_m, text);
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
    case UNDECIDED_ATTRIBUTE: {
        const char *const parts[] = {"the missing attribute \"", finding->missing, "\""};
        const char *const parts_zh[] = {"缺少的属性“", finding->missing, "”"};
        words->decides = arena_texts(arena, parts, 3);
        if (zh)
            words->decides_zh = arena_texts(arena, parts_zh, 3);
        break;
    }
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

/* "GB 50016-2014(2018) tbl 4.2.1": the edition where the standard's name does not hold it. */
const char *reasons_clause(const struct rule_source *rule, struct arena *arena)
{
    bool told = !*rule->edition || strstr(rule->standard, rule->edition);
    const char *const parts[] = {rule->standard, told ? "" : " ", told ? "" : rule->edition,
                                 *rule->clause ? " " : "", rule->clause};
    return arena_texts(arena, parts, sizeof parts / sizeof *parts);
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
    char *text = arena_alloc_raw(arena, n_bytes, 1), *end = text;
    for (size_t i = 0; text && i < n; i++) {
        memcpy(end, parts[i].text, parts[i].n_bytes);
        end += parts[i].n_bytes;
    }
    if (text)
        *end = '\0';
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
                                   .head = arena_texts(arena, head, 4),
                                   .clause = reasons_clause(&rule->source, arena)};
    if (!out->head || !out->clause)
        return err_nomem(err);
    out->n_head = strlen(out->head);
    out->n_clause = strlen(out->clause);
    digits_general(required_m, out->required);
    return ERR_OK;
}

static const char *spacing_text(const struct spacing_phrase *phrase,
                                const struct spacing_finding *finding, const char *target,
                                const char *decides, struct arena *arena)
{
    bool conflict = finding->answer.verdict == VERDICT_CONFLICT;
    bool printed = phrase->rule->source.confidence == CONFIDENCE_LIKELY;
    char distance[DIGITS_BYTES], margin[DIGITS_BYTES];
    digits_fixed(finding->answer.required_m + finding->answer.margin_m, 2, distance);
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
    digits_fixed(fabs(finding->answer.margin_m), 2, margin);
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

static const char *spacing_zh(const struct spacing_phrase *phrase,
                              const struct spacing_finding *finding, const char *target,
                              const char *decides, struct arena *arena)
{
    bool conflict = finding->answer.verdict == VERDICT_CONFLICT;
    bool printed = phrase->rule->source.confidence == CONFIDENCE_LIKELY;
    const char *source = phrase->source_name ? phrase->source_name : "拟建场址";
    const char *type = phrase->type ? phrase->type->name_zh : phrase->rule->facility;
    char distance[DIGITS_BYTES], margin[DIGITS_BYTES];
    digits_fixed(finding->answer.required_m + finding->answer.margin_m, 2, distance);
    const struct part clause = {phrase->clause, phrase->n_clause};
    const struct part required = part_of(phrase->required);
    const struct part class = part_of(finding->target_class->name_zh);
    if (finding->answer.verdict == VERDICT_UNDECIDED) {
        const struct part parts[] = {part_of(source),
                                     part_of("（"),
                                     part_of(type),
                                     part_of("）距 "),
                                     part_of(target),
                                     part_of("（"),
                                     class,
                                     part_of("）"),
                                     part_of(distance),
                                     part_of(" m，"),
                                     clause,
                                     part_of(" 要求 "),
                                     required,
                                     part_of(" m：尚不能判定，需要"),
                                     part_of(decides ? decides : "更多数据"),
                                     part_of("。")};
        return joined(parts, sizeof parts / sizeof *parts, arena);
    }
    digits_fixed(fabs(finding->answer.margin_m), 2, margin);
    const struct part parts[] = {part_of(source),
                                 part_of("（"),
                                 part_of(type),
                                 part_of("）距 "),
                                 part_of(target),
                                 part_of("（"),
                                 class,
                                 part_of("）"),
                                 part_of(distance),
                                 part_of(" m，比 "),
                                 clause,
                                 part_of(" 要求的 "),
                                 required,
                                 part_of(conflict ? " m 少 " : " m 多 "),
                                 part_of(margin),
                                 part_of(printed ? " m；请核对标准原文。" : " m。")};
    return joined(parts, sizeof parts / sizeof *parts, arena);
}

struct reason_words reasons_of_phrase(const struct spacing_phrase *phrase,
                                      const struct spacing_finding *finding, const char *target,
                                      bool zh, struct arena *arena)
{
    struct reason_words words = {NULL, NULL, NULL, NULL};
    say_what_decides(finding, zh, arena, &words);
    words.text = spacing_text(phrase, finding, target, words.decides, arena);
    if (zh)
        words.zh = spacing_zh(phrase, finding, target, words.decides_zh, arena);
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
