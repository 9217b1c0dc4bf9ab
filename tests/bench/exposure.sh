#!/bin/sh
# exposure.sh - population of the 20,000 zones of the comparison workload, one core, against
# exactextract in the same minute, least of three rounds each in turn. EXACTEXTRACT names a
# Python that has it, with GDAL (a virtual environment with --system-site-packages and
# `pip install --no-deps exactextract`); without it, our figure stands alone.
#
# Times are of the work alone: from a loaded world for us; from grid and zones in memory, and
# with the better of its two strategies, for exactextract. Each zone is compared: its shares
# are planar and ours are on the ellipsoid, so 1e-5 or 0.01 person is equal.
: "${BUILD:=build/release}" "${SISETU_BENCH:=}" "${DIR:=/tmp/sisetu-bench}" "${EXACTEXTRACT:=}"
. tests/bench/lines.sh
[ -f "$SISETU_BENCH/gen.py" ] || { echo "SKIP: SISETU_BENCH is not set: no population of zones against a peer"; exit 0; }
store=$(workload_store) || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/peer.py" <<'P'
import csv, sys, time
from exactextract import exact_extract
from exactextract.feature import GDALFeatureSource
from exactextract.raster import NumPyRasterSource
from osgeo import gdal
gdal.UseExceptions()
data, out = sys.argv[1:]
raster = gdal.Open(data + "/pop.tif")
cells, at = raster.ReadAsArray(), raster.GetGeoTransform()
grid = NumPyRasterSource(cells, at[0], at[3] + at[5] * cells.shape[0], at[0] + at[1] * cells.shape[1], at[3],
                         nodata=raster.GetRasterBand(1).GetNoDataValue())
file = gdal.OpenEx(data + "/ningxia.gpkg", gdal.OF_VECTOR)
memory = gdal.GetDriverByName("Memory").Create("", 0, 0, 0)
zones = memory.CopyLayer(file.GetLayerByName("hazard_zones"), "zones")
least = 1e9
for strategy in "feature-sequential", "raster-sequential":
    start = time.perf_counter()
    got = exact_extract(grid, GDALFeatureSource(zones), "sum", include_cols=["zid"], strategy=strategy, max_cells_in_memory=10**9)
    least = min(least, time.perf_counter() - start)
with open(out, "w", newline="") as f:
    csv.writer(f).writerows((g["properties"]["zid"], repr(g["properties"]["sum"] or 0.0)) for g in got)
print("%.4f" % least)
P
ours=9999 theirs=9999
for round in 1 2 3; do
    line=$(taskset -c 0 "$BUILD/bench/exposure" "$store" 3 "$work/ours.csv") || exit 1
    ours=$(least "$ours" "$(echo "$line" | cut -d' ' -f2)")
    if [ -n "$EXACTEXTRACT" ]; then
        took=$(taskset -c 0 "$EXACTEXTRACT" "$work/peer.py" "$DIR/data" "$work/theirs.csv") || exit 1
        theirs=$(least "$theirs" "$took")
    fi
done
echo "exposure: $(echo "$line" | cut -d' ' -f3-)"
if [ -z "$EXACTEXTRACT" ]; then
    line "exposure: population of 20,000 zones" "$ours"
    echo "SKIP: EXACTEXTRACT names no Python with exactextract"
    exit 0
fi
line "exposure: population of 20,000 zones" "$ours" exactextract "$theirs" 8
python3 - "$work" <<'P'
import csv, sys
a, b = ({int(i): float(p) for i, p in csv.reader(open(f"{sys.argv[1]}/{f}.csv"))} for f in ("ours", "theirs"))
off = [z for z in b if abs(a[z] - b[z]) > max(0.01, 1e-5 * b[z])]
print("exposure: %d zones, %d differ by over 1e-5 and 0.01 person, most %.4f persons" % (len(b), len(off), max(abs(a[z] - b[z]) for z in b)))
sys.exit(bool(off))
P
