/*
 * rng.h - random numbers that are the same on every machine.
 *
 * Each thing that is generated draws from a stream of its own, keyed by what it is and
 * its number: adding a tank to one plant moves nothing else.
 *
 * Source: splitmix64, Steele, Lea and Flood, "Fast splittable pseudorandom number
 *         generators", OOPSLA 2014.
 */
#ifndef SISETU_DATA_SAMPLE_RNG_H
#define SISETU_DATA_SAMPLE_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

enum rng_stream {
    RNG_REGION = 1,
    RNG_NETWORK,
    RNG_PARK,
    RNG_PLANT,
    RNG_SITE,
    RNG_VILLAGE,
    RNG_TEXTURE,
    RNG_TARGET,
    RNG_AREA,
    RNG_DANGER,
    RNG_RESOURCE,
    RNG_PIPELINE,
};

struct rng rng_of(enum rng_stream stream, uint64_t number);

uint64_t rng_next(struct rng *rng);
double rng_unit(struct rng *rng);                          /* [0, 1) */
double rng_between(struct rng *rng, double lo, double hi); /* [lo, hi) */
uint32_t rng_index(struct rng *rng, uint32_t n);           /* 0 .. n - 1; n is not 0 */
bool rng_chance(struct rng *rng, double share);

/* A number in [0, 1) that depends on its two coordinates alone: texture. */
double rng_noise(uint32_t x, uint32_t y);

#endif
