/*
 * lanes.h - two doubles or four floats at once, for the inner loops of distances.
 *
 * GCC's and clang's vector extensions, which any machine runs: sums, products and comparisons
 * are written as for plain numbers and round alike. Arrays that are read so are aligned to 16.
 */
#ifndef SISETU_GEO_LANES_H
#define SISETU_GEO_LANES_H

#include <stdint.h>

typedef double double2 __attribute__((vector_size(16), may_alias));
typedef int64_t mask2 __attribute__((vector_size(16)));
typedef float float4 __attribute__((vector_size(16), may_alias));
typedef int32_t mask4 __attribute__((vector_size(16)));

#define LANES_ALIGNED _Alignas(16)

/* The second wherever a number is NaN, as with a < b ? a : b. */
static inline double2 least2(double2 a, double2 b)
{
    mask2 first = a < b;
    return (double2)(((mask2)a & first) | ((mask2)b & ~first));
}

static inline double2 most2(double2 a, double2 b)
{
    mask2 first = a > b;
    return (double2)(((mask2)a & first) | ((mask2)b & ~first));
}

static inline float4 most4(float4 a, float4 b)
{
    mask4 first = a > b;
    return (float4)(((mask4)a & first) | ((mask4)b & ~first));
}

#endif
