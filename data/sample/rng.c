#include "data/sample/rng.h"

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

struct rng rng_of(enum rng_stream stream, uint64_t number)
{
    return (struct rng){mix(mix((uint64_t)stream) ^ (number * 0x9e3779b97f4a7c15u))};
}

uint64_t rng_next(struct rng *rng)
{
    rng->state += 0x9e3779b97f4a7c15u;
    return mix(rng->state);
}

double rng_unit(struct rng *rng)
{
    return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

double rng_between(struct rng *rng, double lo, double hi)
{
    return lo + (hi - lo) * rng_unit(rng);
}

uint32_t rng_index(struct rng *rng, uint32_t n)
{
    return (uint32_t)(((rng_next(rng) >> 32) * n) >> 32);
}

bool rng_chance(struct rng *rng, double share)
{
    return rng_unit(rng) < share;
}

double rng_noise(uint32_t x, uint32_t y)
{
    uint64_t key = ((uint64_t)x << 32) | y;
    return (double)(mix(key + 0x9e3779b97f4a7c15u) >> 11) * 0x1p-53;
}
