/* cells.c - the names and places of the cells of the roll-up. */
#include "geo/grades/rollup.h"

#include <math.h>
#include <stdio.h>

/* Coordinates as whole numbers of this fraction of a degree (1 cm), so that 106.2 lies in the
 * cell that begins at 106.20 whatever its last bit. */
static const double UNITS_PER_DEG = 1e7;

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

void rollup_cell_of(double cell_deg, struct lonlat point, int64_t *column, int64_t *row)
{
    int64_t cell = llround(cell_deg * UNITS_PER_DEG);
    *column = floor_div(llround(point.lon_deg * UNITS_PER_DEG), cell);
    *row = floor_div(llround(point.lat_deg * UNITS_PER_DEG), cell);
}

void rollup_cell_id(int64_t column, int64_t row, char out[ROLLUP_CELL_ID_BYTES])
{
    snprintf(out, ROLLUP_CELL_ID_BYTES, "%lld_%lld", (long long)column, (long long)row);
}

struct box rollup_cell_box(double cell_deg, int64_t column, int64_t row)
{
    return (struct box){(double)column * cell_deg, (double)row * cell_deg,
                        (double)(column + 1) * cell_deg, (double)(row + 1) * cell_deg};
}
