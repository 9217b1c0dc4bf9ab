/*
 * near.c - times joins by distance on loaded layers: near STORE [ROUNDS]
 *
 * One line for each: name, seconds (least of the rounds), what came out. Pairs of enterprises
 * and protected targets by declared grade (1,000, 500, 300, 100 m), with the checksum of the
 * workload's answers.json (ids are its numbers); the nearest pipeline of every enterprise.
 * The index is part of the time, the loading of the world is not.
 */
#include "geo/world/pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

struct sums {
    const struct world *world;
    enum layer_id b;
    size_t n;
    size_t by_grade[5];
    double sum_m;
    double largest_m;
    uint64_t checksum;
    const uint64_t *a_numbers;
    const uint64_t *b_numbers;
    const int32_t *grades;
};

static enum err_code add(void *context, const struct pair *pair, struct err *err)
{
    (void)err;
    struct sums *sums = context;
    sums->n++;
    sums->by_grade[sums->grades[pair->a]]++;
    sums->sum_m += pair->closest.distance_m;
    sums->largest_m = max_of(sums->largest_m, pair->closest.distance_m);
    sums->checksum += (sums->a_numbers[pair->a] * 1000003 + sums->b_numbers[pair->b]) % 2147483647;
    return ERR_OK;
}

/* The numbers that the workload's ids are. */
static const uint64_t *numbers_of(const struct world *world, enum layer_id layer,
                                  struct arena *arena)
{
    size_t n = world_count(world, layer);
    uint64_t *numbers = arena_new(arena, uint64_t, n);
    for (size_t i = 0; numbers && i < n; i++)
        numbers[i] =
            strtoull(((const struct record_head *)world_record(world, layer, i))->id, NULL, 10);
    return numbers;
}

static const int32_t *grades_of(const struct world *world, struct arena *arena)
{
    size_t n = world_count(world, LAYER_ENTERPRISES);
    int32_t *grades = arena_new(arena, int32_t, n);
    for (size_t i = 0; grades && i < n; i++) {
        int32_t grade = world_enterprise(world, i)->declared_grade;
        grades[i] = grade >= 1 && grade <= 4 ? grade : 0;
    }
    return grades;
}

static void measure(const char *name, const struct pairs_question *question, int rounds)
{
    struct err err;
    struct sums sums = {0};
    double least_s = INFINITY;
    struct arena facts;
    arena_init(&facts, 0);
    const struct sums none = {.world = question->world,
                              .b = question->b,
                              .a_numbers = numbers_of(question->world, question->a, &facts),
                              .b_numbers = numbers_of(question->world, question->b, &facts),
                              .grades = grades_of(question->world, &facts)};
    for (int round = 0; round < rounds; round++) {
        struct arena arena;
        arena_init(&arena, 0);
        sums = none;
        double start_s = seconds();
        if (pairs_each(question, &arena, &sums, add, &err) != ERR_OK) {
            fprintf(stderr, "near: %s\n", err.message);
            exit(1);
        }
        least_s = fmin(least_s, seconds() - start_s);
        arena_release(&arena);
    }
    printf("%s %.4f n=%zu by_grade=%zu,%zu,%zu,%zu checksum=%llu sum_m=%.6f largest_m=%.6f\n", name,
           least_s, sums.n, sums.by_grade[1], sums.by_grade[2], sums.by_grade[3], sums.by_grade[4],
           (unsigned long long)sums.checksum, sums.sum_m, sums.largest_m);
    arena_release(&facts);
}

int main(int n_words, char **words)
{
    static const double by_grade_m[] = {NAN, 1000, 500, 300, 100};
    struct err err;
    struct world *world = NULL;
    int rounds = n_words > 2 ? atoi(words[2]) : 5;
    if (n_words < 2 || world_load(words[1], NULL, INT_ABSENT, &world, &err) != ERR_OK) {
        fprintf(stderr, "near: %s\n", n_words < 2 ? "usage: near STORE [ROUNDS]" : err.message);
        return 1;
    }
    size_t n = world_count(world, LAYER_ENTERPRISES);
    double *within_m = calloc(n + 1, sizeof *within_m);
    if (!within_m)
        return 1;
    for (size_t i = 0; i < n; i++) {
        int32_t grade = world_enterprise(world, i)->declared_grade;
        within_m[i] = by_grade_m[grade >= 1 && grade <= 4 ? grade : 0];
    }
    struct pairs_question question = {
        .world = world, .a = LAYER_ENTERPRISES, .b = LAYER_PROTECTED, .within_m = within_m};
    measure("pairs", &question, rounds);
    for (size_t i = 0; i < n; i++)
        within_m[i] = INFINITY;
    question.b = LAYER_PIPELINES;
    question.nearest = 1;
    measure("nearest", &question, rounds);
    free(within_m);
    world_release(world);
    return 0;
}
