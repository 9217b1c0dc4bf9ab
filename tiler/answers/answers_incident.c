/* answers_incident.c - who is inside, who can help. */
#include "data/base/text.h"
#include "tiler/answers/answers.h"

static void write_target_counts(struct jw *jw, const struct incident_answer *incident)
{
    static const char *const classes[] = {"high_sensitive", "important", "class_1",
                                          "class_2",        "class_3",   "unknown"};
    size_t counts[6] = {0};
    for (size_t i = 0; i < incident->n_targets; i++) {
        size_t k = 0;
        while (k < 5 && !text_equal(incident->target_classes[i], classes[k]))
            k++;
        counts[k]++;
    }
    jw_object(jw);
    for (size_t k = 0; k < 6; k++)
        jw_kv_integer(jw, classes[k], (int64_t)counts[k]);
    jw_end_object(jw);
}

static void write_targets(struct jw *jw, const struct world *world,
                          const struct incident_answer *incident)
{
    jw_object(jw);
    jw_kv_integer(jw, "total", (int64_t)incident->n_targets);
    jw_key(jw, "by_class");
    write_target_counts(jw, incident);
    jw_key(jw, "items");
    jw_array(jw);
    for (size_t i = 0; i < incident->n_targets; i++) {
        const struct protected_target *target = world_protected(world, incident->targets[i].row);
        jw_object(jw);
        jw_kv_string(jw, "id", target->head.id);
        jw_kv_string(jw, "name", target->head.name);
        jw_kv_string(jw, "target_class", incident->target_classes[i]);
        jw_kv_string(jw, "use", target->use);
        jw_key(jw, "persons");
        if (target->persons == INT_ABSENT)
            jw_null(jw);
        else
            jw_integer(jw, target->persons);
        jw_kv_fixed(jw, "distance_m", incident->targets[i].closest.distance_m, 4);
        answer_place(jw, near_place(&target->head.geom));
        jw_end_object(jw);
    }
    jw_end_array(jw);
    jw_end_object(jw);
}

static void write_plants_inside(struct jw *jw, const struct world *world,
                                const struct incident_answer *incident)
{
    jw_array(jw);
    for (size_t i = 0; i < incident->n_plants; i++) {
        const struct enterprise *plant = world_enterprise(world, incident->plants[i].row);
        const struct grade_row *grade = world_grade(world, "enterprise", plant->head.id, NULL);
        const uint32_t *rows;
        size_t n;
        world_of_enterprise(world, LAYER_INVENTORY, plant->head.id, &rows, &n);
        jw_object(jw);
        jw_kv_string(jw, "id", plant->head.id);
        jw_kv_string(jw, "name", plant->head.name);
        jw_kv_fixed(jw, "distance_m", incident->plants[i].closest.distance_m, 4);
        answer_place(jw, near_place(&plant->head.geom));
        jw_kv_integer(jw, "grade", grade ? grade->grade : 0);
        jw_key(jw, "inventory");
        jw_array(jw);
        for (size_t k = 0; k < n; k++) {
            const struct inventory_item *item = world_inventory(world, rows[k]);
            jw_object(jw);
            jw_kv_string(jw, "substance", item->substance);
            jw_kv_string(jw, "category", item->category);
            jw_kv_real(jw, "q_t", item->q_t);
            jw_end_object(jw);
        }
        jw_end_array(jw);
        jw_end_object(jw);
    }
    jw_end_array(jw);
}

static void write_lines_inside(struct jw *jw, const struct world *world,
                               const struct incident_answer *incident)
{
    jw_key(jw, "pipelines");
    jw_array(jw);
    for (size_t i = 0; i < incident->n_pipelines; i++) {
        const struct pipeline *pipeline = world_pipeline(world, incident->pipelines[i].row);
        jw_object(jw);
        jw_kv_string(jw, "id", pipeline->head.id);
        jw_kv_string(jw, "name", pipeline->head.name);
        jw_kv_string(jw, "medium", pipeline->medium);
        jw_kv_fixed(jw, "distance_m", incident->pipelines[i].closest.distance_m, 4);
        jw_end_object(jw);
    }
    jw_end_array(jw);
    jw_key(jw, "infrastructure");
    jw_array(jw);
    for (size_t i = 0; i < incident->n_infrastructure; i++) {
        const struct infrastructure *one =
            world_infrastructure(world, incident->infrastructure[i].row);
        jw_object(jw);
        jw_kv_string(jw, "id", one->head.id);
        jw_kv_string(jw, "name", one->head.name);
        jw_kv_string(jw, "kind", one->kind);
        jw_kv_fixed(jw, "distance_m", incident->infrastructure[i].closest.distance_m, 4);
        jw_end_object(jw);
    }
    jw_end_array(jw);
}

static void write_resources(struct jw *jw, const struct world *world,
                            const struct incident_answer *incident)
{
    const char *kind = NULL;
    jw_array(jw);
    for (size_t i = 0; i < incident->n_resources; i++) {
        const struct resource *resource = world_resource(world, incident->resources[i].row);
        if (!kind || !text_equal(kind, resource->kind)) {
            if (kind) {
                jw_end_array(jw);
                jw_end_object(jw);
            }
            kind = resource->kind;
            jw_object(jw);
            jw_kv_string(jw, "kind", kind);
            jw_key(jw, "items");
            jw_array(jw);
        }
        jw_object(jw);
        jw_kv_string(jw, "id", resource->head.id);
        jw_kv_string(jw, "name", resource->head.name);
        jw_kv_fixed(jw, "distance_m", incident->resources[i].closest.distance_m, 4);
        answer_place(jw, near_place(&resource->head.geom));
        jw_kv_real(jw, "capacity", resource->capacity);
        jw_kv_string(jw, "contact", resource->contact);
        jw_end_object(jw);
    }
    if (kind) {
        jw_end_array(jw);
        jw_end_object(jw);
    }
    jw_end_array(jw);
}

void answer_incident(struct jw *jw, const struct world *world,
                     const struct incident_answer *incident)
{
    jw_object(jw);
    answer_place(jw, incident->point);
    jw_kv_real(jw, "radius_m", incident->radius_m);
    jw_key(jw, "unit");
    if (incident->unit) {
        jw_object(jw);
        jw_kv_string(jw, "code", incident->unit->code);
        jw_kv_string(jw, "name", incident->unit->head.name);
        jw_end_object(jw);
    } else {
        jw_null(jw);
    }
    jw_key(jw, "exposure");
    answer_exposure(jw, &incident->exposure);
    jw_key(jw, "targets");
    write_targets(jw, world, incident);
    jw_key(jw, "plants");
    write_plants_inside(jw, world, incident);
    write_lines_inside(jw, world, incident);
    jw_key(jw, "resources");
    write_resources(jw, world, incident);
    jw_key(jw, "warnings");
    answer_warnings(jw, world);
    jw_end_object(jw);
}
