/* answers_near.c - pairs of records and how far they are apart. */
#include "tiler/answers/answers.h"

static void write_place(struct jw *jw, struct lonlat place)
{
    jw_array(jw);
    jw_fixed(jw, place.lon_deg, 11);
    jw_fixed(jw, place.lat_deg, 11);
    jw_end_array(jw);
}

static void write_closest(struct jw *jw, const struct closest *closest)
{
    jw_array(jw);
    write_place(jw, closest->a);
    write_place(jw, closest->b);
    jw_end_array(jw);
}

void answer_pair(struct jw *jw, const char *a, const char *b, const struct closest *closest,
                 bool points)
{
    jw_object(jw);
    jw_kv_string(jw, "a", a);
    jw_kv_string(jw, "b", b);
    jw_kv_fixed(jw, "distance_m", closest->distance_m, 6);
    if (points) {
        jw_key(jw, "closest");
        write_closest(jw, closest);
    }
    jw_end_object(jw);
}

void answer_near(struct jw *jw, const struct world *world, const struct near_facts *facts)
{
    const struct record_head *a = world_record(world, facts->a_layer, facts->a_row);
    jw_object(jw);
    jw_key(jw, "a");
    jw_object(jw);
    jw_kv_string(jw, "layer", layer_name(facts->a_layer));
    jw_kv_string(jw, "id", a->id);
    jw_kv_string(jw, "name", a->name);
    jw_end_object(jw);
    jw_kv_string(jw, "layer", layer_name(facts->b_layer));
    jw_kv_real(jw, "within_m", facts->within_m);
    jw_kv_integer(jw, "numberReturned", (int64_t)facts->n);
    jw_key(jw, "items");
    jw_array(jw);
    for (size_t i = 0; i < facts->n; i++) {
        const struct near_row *row = &facts->rows[i];
        const struct record_head *b = world_record(world, row->layer, row->row);
        jw_object(jw);
        jw_kv_string(jw, "id", b->id);
        jw_kv_string(jw, "name", b->name);
        jw_kv_fixed(jw, "distance_m", row->closest.distance_m, 6);
        jw_key(jw, "closest");
        write_closest(jw, &row->closest);
        jw_end_object(jw);
    }
    jw_end_array(jw);
    jw_end_object(jw);
}
