/* What a style's expressions may ask of a feature (styles/README.md lists it). */
#include "tiler/features/source.h"

#include "data/base/text.h"

#include <string.h>

static const char *const unit_subjects[] = {"", "region", "city", "county", "township"};

static const struct record_head *head_of(const struct source *source, uint32_t index)
{
    return world_record(source->world, source->layer, source->rows[index]);
}

const char *source_feature_id(const struct source *source, uint32_t feature)
{
    const char *id = source->ids ? source->ids[feature] : head_of(source, feature)->id;
    return id ? id : "";
}

/* The grade that a feature itself has, or NULL. */
static const struct grade_row *own_grade(const struct source *source, uint32_t index)
{
    const struct world *world = source->world;
    const struct record_head *head = head_of(source, index);
    switch ((int)source->id) {
    case SOURCE_UNITS:
    case SOURCE_SELECTED:
    case SOURCE_OUTSIDE: {
        const struct admin_unit *unit = (const struct admin_unit *)(const void *)head;
        bool known = unit->level >= 1 && unit->level <= 4;
        return known ? world_grade(world, unit_subjects[unit->level], unit->code, NULL) : NULL;
    }
    case SOURCE_CELLS:
        return (const struct grade_row *)(const void *)head;
    case SOURCE_ENTERPRISES:
    case SOURCE_ENTERPRISE_OUTLINES:
        return world_grade(world, "enterprise", head->id, NULL);
    default:
        return NULL;
    }
}

/* The grade of the enterprise that a feature belongs to. */
static const struct grade_row *enterprise_grade(const struct source *source, uint32_t index)
{
    const struct field_binding *field = records_field(source->layer, "enterprise_id");
    if (source->refs)
        return world_grade(source->world, "enterprise",
                           finding_enterprise_id(source->world, source->refs[index]), NULL);
    const char *id = field ? record_text(head_of(source, index), field) : NULL;
    return id ? world_grade(source->world, "enterprise", id, NULL) : NULL;
}

static struct value integer(int32_t value)
{
    return value == INT_ABSENT ? value_null() : value_number(value);
}

/* Whether what is not decided yet may turn out worse than the grade says. */
static bool may_be_worse(const struct grade_row *grade)
{
    return grade && grade->could_be >= 1 && (grade->grade == 0 || grade->could_be < grade->grade);
}

/* *known false if `property` is none of a grade's. */
static struct value grade_property(const struct grade_row *grade, const char *property, bool *known)
{
    *known = true;
    if (strcmp(property, "grade") == 0)
        return value_number(grade ? grade->grade : 0);
    if (strcmp(property, "could_be") == 0)
        return value_number(grade ? grade->could_be : 0);
    if (strcmp(property, "undecided") == 0)
        return value_number(grade ? grade->undecided : 0);
    if (strcmp(property, "worse") == 0)
        return value_bool(may_be_worse(grade));
    *known = false;
    return value_null();
}

/* Finding a grade takes as long as all else. */
static bool is_of_grade(const char *property)
{
    bool known;
    (void)grade_property(NULL, property, &known);
    return known;
}

static bool has_own_grade(enum style_source id)
{
    return id == SOURCE_UNITS || id == SOURCE_SELECTED || id == SOURCE_OUTSIDE ||
           id == SOURCE_CELLS || id == SOURCE_ENTERPRISES || id == SOURCE_ENTERPRISE_OUTLINES;
}

static struct value danger_property(const struct source *source, uint32_t index,
                                    const char *property, bool *known)
{
    const struct hidden_danger *danger = (const void *)head_of(source, index);
    *known = true;
    bool open = danger->closed == INT_ABSENT && !text_equal(danger->state, "closed");
    if (strcmp(property, "open") == 0)
        return value_bool(open);
    if (strcmp(property, "overdue") == 0)
        return value_bool(open && danger->due != INT_ABSENT && danger->due < source->world->as_of);
    *known = false;
    return value_null();
}

static struct value record_property(const struct source *source, uint32_t index,
                                    const char *property)
{
    const void *record = head_of(source, index);
    const struct field_binding *field = records_field(source->layer, property);
    if (!field || record_is_absent(record, field))
        return value_null();
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_DATETIME:
        return value_string(record_text(record, field));
    case FIELD_INTEGER:
    case FIELD_DATE:
        return integer(record_integer(record, field));
    case FIELD_REAL:
        return value_number(record_real(record, field));
    }
    return value_null();
}

struct value source_property(const void *feature, const char *property)
{
    const struct source_feature *f = feature;
    const struct source *source = f->source;
    bool known = false;
    struct value value = value_null();
    if (source->id == SOURCE_BOUNDARIES)
        return strcmp(property, "level") == 0 ? value_number(source->levels[f->index])
                                              : value_null();
    if (has_own_grade(source->id) && is_of_grade(property))
        value = grade_property(own_grade(source, f->index), property, &known);
    else if (source->id == SOURCE_HIDDEN_DANGERS)
        value = danger_property(source, f->index, property, &known);
    if (!known && strcmp(property, "enterprise_grade") == 0) {
        const struct grade_row *grade = enterprise_grade(source, f->index);
        value = grade_property(grade, "grade", &known);
    }
    if (known)
        return value;
    return source->refs ? source_conflict_property(source, f->index, property)
                        : record_property(source, f->index, property);
}
