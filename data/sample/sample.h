/*
 * sample.h - everything that the parts of the generator share while they run.
 *
 * Order: network (roads first, so that plants keep off them), parks and their branch lines, plants
 * (which put hamlets and targets beside themselves), pipelines, people, targets, areas, dangers and
 * resources. Every part writes its features as it makes them; nothing is kept but where
 * things stand.
 */
#ifndef SISETU_DATA_SAMPLE_SAMPLE_H
#define SISETU_DATA_SAMPLE_SAMPLE_H

#include "data/sample/frame.h"
#include "data/sample/people.h"
#include "data/sample/rng.h"
#include "data/sample/writer.h"

/* A road, railway or river as drawn. */
struct way_line {
    const char *kind; /* codes of infrastructure.kind */
    const char *class;
    struct lonlat *points;
    size_t n_points;
};

struct park {
    struct frame frame; /* origin in the middle */
    uint32_t county;
    uint64_t number;
    uint32_t plots_taken;
};

/* Where a plant was put: what later parts need to know of it. */
struct placed_plant {
    struct lonlat at;
    uint32_t county;
    uint8_t goal;
    uint64_t number;
};

struct sample {
    struct arena *arena;
    struct region region;
    struct ground ground;
    struct people people;
    uint32_t scale;

    struct way_line *lines;
    size_t n_lines;
    size_t lines_capacity;
    struct park *parks;
    size_t n_parks;
    size_t parks_capacity;
    struct placed_plant *plants;
    size_t n_plants;
    size_t plants_capacity;

    struct writer enterprises;
    struct writer facilities;
    struct writer inventory;
    struct writer zones;
    struct writer scenarios;
    struct writer pipelines;
    struct writer targets;
    struct writer areas;
    struct writer infrastructure;
    struct writer dangers;
    struct writer resources;
};

enum err_code sample_network(struct sample *s, struct err *err);
enum err_code sample_parks(struct sample *s, struct err *err);
enum err_code sample_branches(struct sample *s, struct err *err);
enum err_code sample_plants(struct sample *s, struct err *err);
void sample_pipelines(struct sample *s);
void sample_targets(struct sample *s);
void sample_areas(struct sample *s);
void sample_duties(struct sample *s);

#endif
