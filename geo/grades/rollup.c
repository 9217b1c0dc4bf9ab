#include "geo/grades/rollup.h"

const char *rollup_subject(int32_t level)
{
    static const char *const names[] = {"", "region", "city", "county", "township"};
    return level >= 1 && level <= 4 ? names[level] : names[0];
}

/* Rounding of shares; a share of exactly 1 % passes 1 %. */
static const double TIE = 1e-12;

int32_t rollup_share_grade(const struct parameters *parameters, const double share[5],
                           const uint32_t n_inside[5], double residents)
{
    if (!(residents > 0))
        return 0;
    for (int32_t g = 1; g <= 3; g++) {
        if (share[g] + TIE >= parameters->share_threshold[g])
            return g;
    }
    if (n_inside[1] > 0)
        return 3;
    return n_inside[2] + n_inside[3] + n_inside[4] > 0 ? 4 : 0;
}

int32_t rollup_index_grade(const struct parameters *parameters, const uint32_t n_inside[5],
                           double *index)
{
    *index = 0;
    for (int g = 1; g <= 4; g++)
        *index += parameters->index_weight[g] * n_inside[g];
    if (n_inside[1] + n_inside[2] + n_inside[3] + n_inside[4] == 0)
        return 0;
    for (int32_t g = 1; g <= 3; g++) {
        if (*index + TIE >= parameters->index_from[g])
            return g;
    }
    return 4;
}
