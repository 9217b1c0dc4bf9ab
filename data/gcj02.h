/*
 * gcj02.h - the offsets of consumer maps, both ways: GCJ-02 (maps sold in China) and BD-09
 * (Baidu, which shifts GCJ-02 once more).
 *
 * Space:   longitude and latitude in degrees; WGS 84, which counts as equal to CGCS2000.
 *          The shift exists inside a box around China only; outside, every function is the
 *          identity, as in the algorithm that the maps use.
 * Errors:  none; NaN gives NaN. The inverses are solved by fixed-point iteration: what they
 *          answer, shifted again, lies within 1e-9 degree of the argument.
 * Threads: pure; no memory. About 0.3 us forwards, 2 us backwards.
 * Source:  the public algorithm; test vectors in tests/unit/test_gcj02.c.
 */
#ifndef SISETU_DATA_GCJ02_H
#define SISETU_DATA_GCJ02_H

#include "data/geom.h"

/* Whether the shift applies at this point: longitude in [72.004, 137.8347], latitude in
 * [0.8293, 55.8271]. */
bool gcj02_applies(struct lonlat point);

struct lonlat gcj02_from_wgs84(struct lonlat wgs84);
struct lonlat gcj02_to_wgs84(struct lonlat gcj02);

struct lonlat bd09_from_gcj02(struct lonlat gcj02);
struct lonlat bd09_to_gcj02(struct lonlat bd09);

struct lonlat bd09_from_wgs84(struct lonlat wgs84);
struct lonlat bd09_to_wgs84(struct lonlat bd09);

#endif
