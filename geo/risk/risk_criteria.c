#include "geo/risk/risk_criteria.h"

#include "data/base/text.h"

enum plant_age risk_plant_age(const struct enterprise *enterprise)
{
    if (!enterprise)
        return PLANT_UNKNOWN;
    return text_equal(enterprise->status, "planned") ||
                   text_equal(enterprise->status, "construction")
               ? PLANT_NEW
               : PLANT_EXISTING;
}

enum confidence risk_weaker(enum confidence a, enum confidence b)
{
    return a > b ? a : b; /* the order of enum confidence */
}

/* Rows of risk_criteria of one class, as bits. A table has five; more than 64 is none. */
static uint64_t rows_of_class(const struct world *world, const char *class)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < world->rules->n_risk_criteria && i < 64; i++) {
        const struct risk_criterion *row = &world->rules->risk_criteria[i];
        if (rule_holds(&row->source, world->as_of) && text_equal(row->target_class, class))
            rows |= UINT64_C(1) << i;
    }
    return rows;
}

static uint64_t rows_of_all(const struct world *world)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < world->rules->n_risk_criteria && i < 64; i++) {
        if (rule_holds(&world->rules->risk_criteria[i].source, world->as_of))
            rows |= UINT64_C(1) << i;
    }
    return rows;
}

/* The classes that may hold: those of the rows that hold or may hold, up to the first that
 * holds for sure. Where none does, any class may. */
static uint64_t candidates(const struct world *world, const struct protected_target *target,
                           const char **missing, enum confidence *confidence)
{
    uint64_t rows = 0;
    *missing = NULL;
    *confidence = CONFIDENCE_SURE_V;
    if (target->target_class)
        return rows_of_class(world, target->target_class);
    for (size_t i = 0; i < world->rules->n_protected_classes; i++) {
        const struct protected_class *row = &world->rules->protected_classes[i];
        const char *lacking = NULL;
        if (!row->source.active)
            continue;
        enum truth truth = predicate_eval(row->predicate, target, &lacking);
        if (truth == TRUTH_NO)
            continue;
        rows |= rows_of_class(world, row->target_class);
        *confidence = risk_weaker(*confidence, row->source.confidence);
        if (truth == TRUTH_YES)
            return rows;
        *missing = *missing ? *missing : lacking ? lacking : "target_class";
    }
    *missing = *missing ? *missing : "target_class";
    return rows_of_all(world);
}

static bool is_grave(const char *class)
{
    return text_equal(class, "high_sensitive") || text_equal(class, "important") ||
           text_equal(class, "class_1");
}

static void take_row(const struct world *world, enum plant_age age, uint32_t i,
                     struct risk_limit *out)
{
    const struct risk_criterion *row = &world->rules->risk_criteria[i];
    double strict = age == PLANT_EXISTING ? row->existing_per_year : row->new_per_year;
    double mild = age == PLANT_NEW ? row->new_per_year : row->existing_per_year;
    bool first = out->classes == 0;
    if (first || strict < out->strictest) {
        out->strictest = strict;
        out->rule = i;
    }
    out->mildest = first ? mild : max_of(out->mildest, mild);
    out->class = first || text_equal(out->class, row->target_class) ? row->target_class : NULL;
    out->grave = (first || out->grave) && is_grave(row->target_class);
    out->may_be_grave |= is_grave(row->target_class);
    out->confidence = risk_weaker(out->confidence, row->source.confidence);
    out->classes |= UINT64_C(1) << i;
}

bool risk_limit_of(const struct world *world, enum plant_age age,
                   const struct protected_target *target, struct risk_limit *out)
{
    *out = (struct risk_limit){.classes = 0};
    uint64_t rows = candidates(world, target, &out->missing, &out->confidence);
    for (uint32_t i = 0; i < 64; i++) {
        if (rows >> i & 1)
            take_row(world, age, i, out);
    }
    if (out->class)
        out->missing = NULL; /* whatever is missing, it is of that class */
    return out->classes != 0;
}

int64_t risk_strictest(const struct world *world, enum plant_age age, double *per_year)
{
    struct risk_limit limit = {.classes = 0};
    uint64_t rows = rows_of_all(world);
    for (uint32_t i = 0; i < 64; i++) {
        if (rows >> i & 1)
            take_row(world, age, i, &limit);
    }
    *per_year = limit.strictest;
    return limit.classes ? (int64_t)limit.rule : -1;
}

const char *risk_classes(const struct world *world, uint64_t classes, struct arena *arena)
{
    const char *text = "";
    for (size_t i = 0; text && i < world->rules->n_risk_criteria && i < 64; i++) {
        if (classes >> i & 1)
            text = arena_printf(arena, "%s%s%s", text, *text ? " or " : "",
                                world->rules->risk_criteria[i].target_class);
    }
    return text;
}
