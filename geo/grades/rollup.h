/*
 * rollup.h - grades of cells and of administrative units from those of enterprises (Truth 13).
 *
 *   grid   cells of cell_deg (0.01 degree): the worst source whose reach touches the cell.
 *          Cells that nothing reaches have no row.
 *   worst  the worst grade of the enterprises inside the unit
 *   index  weights by colour over the enterprises inside; the first grade whose bound it reaches
 *   share  the worst grade g (1-3) for which the share of the unit's residents in reach of
 *          sources graded g or worse reaches g's threshold; never milder than yellow with a red
 *          source inside; blue if anything inside was assessed; 0 without residents or data
 *
 * Reach: the source's zones (not the indicative ones), else what lies within reach_m of its
 * grade from its outline or point. An enterprise belongs to the unit of each level that holds
 * its point, or the centroid of its outline. could_be takes every enterprise for the worst
 * that it may be; undecided sums their undecided findings (units), or counts the sources
 * whose grade is open (cells).
 *
 * The figures of both are found tile by tile (grades_gather.c, reach_tile.h); here stand the
 * steps from figures to grades, and the names of cells and units.
 *
 * Space:  circles are cut to within 0.5 m for the shares; cells are touched by exact distance.
 */
#ifndef SISETU_GEO_ROLLUP_H
#define SISETU_GEO_ROLLUP_H

#include "data/rules.h"

/* The cell that holds a point, from its south-west corner: "10620_3848" for 0.01 degree. A
 * point on a border belongs to the cell east or north of it. */
enum { ROLLUP_CELL_ID_BYTES = 32 };
void rollup_cell_of(double cell_deg, struct lonlat point, int64_t *column, int64_t *row);
void rollup_cell_id(int64_t column, int64_t row, char out[ROLLUP_CELL_ID_BYTES]);
struct box rollup_cell_box(double cell_deg, int64_t column, int64_t row);

/* The grade of method share from the shares of residents in reach of sources graded 1, 2, 3 or
 * worse. n_inside[g]: enterprises inside by grade. */
int32_t rollup_share_grade(const struct parameters *parameters, const double share[5],
                           const uint32_t n_inside[5], double residents);
int32_t rollup_index_grade(const struct parameters *parameters, const uint32_t n_inside[5],
                           double *index);

/* "region", "city", "county", "township" for levels 1-4. */
const char *rollup_subject(int32_t level);

#endif
