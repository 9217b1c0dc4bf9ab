/*
 * exposure.c - times the population of zones on a loaded world: exposure STORE [ROUNDS [CSV]]
 *
 * Every zone of the store, in its order, one after another on one thread; least of the rounds.
 * Prints seconds and, as the workload's answers.json has them, the number of zones, the sum of
 * their persons and the sum weighted by their ids. CSV gets id and persons of each.
 */
#include "geo/world/population.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static enum err_code measure(const struct world *world, struct worker *worker, double *persons,
                             double *took_s, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n = world_count(world, LAYER_ZONES);
    double start_s = seconds();
    for (size_t i = 0; i < n; i++) {
        struct exposure exposure;
        TRY(population_within(world, worker, world_geom(world, LAYER_ZONES, i), &worker->arena,
                              &exposure, err));
        persons[i] = exposure.persons;
    }
    *took_s = seconds() - start_s;
done:
    return code;
}

static void report(const struct world *world, const double *persons, double least_s,
                   const char *path)
{
    size_t n = world_count(world, LAYER_ZONES);
    double sum = 0;
    double weighted = 0;
    FILE *csv = path ? fopen(path, "w") : NULL;
    for (size_t i = 0; i < n; i++) {
        const char *id = world_zone(world, i)->head.id;
        sum += persons[i];
        weighted += persons[i] * strtod(id, NULL);
        if (csv)
            fprintf(csv, "%s,%.17g\n", id, persons[i]);
    }
    if (csv)
        fclose(csv);
    printf("exposure %.4f zones=%zu total=%.6f weighted=%.3f\n", least_s, n, sum, weighted);
}

int main(int n_words, char **words)
{
    enum err_code code = ERR_OK;
    struct err err = {0};
    struct world *world = NULL;
    struct worker worker = {0};
    struct arena arena;
    double least_s = (double)INFINITY;
    int rounds = n_words > 2 ? atoi(words[2]) : 3;
    if (n_words < 2)
        return 2;
    arena_init(&arena, 0);
    TRY(world_load(words[1], NULL, INT_ABSENT, &world, &err));
    TRY(worker_init(&worker, 0, &err));
    double *persons = arena_new(&arena, double, world_count(world, LAYER_ZONES));
    TRY(persons ? ERR_OK : err_nomem(&err));
    for (int round = 0; round < rounds; round++) {
        double took_s;
        TRY(measure(world, &worker, persons, &took_s, &err));
        least_s = took_s < least_s ? took_s : least_s;
    }
    report(world, persons, least_s, n_words > 3 ? words[3] : NULL);
done:
    if (code != ERR_OK)
        fprintf(stderr, "%s\n", err.message);
    if (world)
        world_release(world);
    worker_release(&worker);
    arena_release(&arena);
    return code != ERR_OK;
}
