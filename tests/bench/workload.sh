#!/bin/sh
# workload.sh [DIR [STORE]] - a store of the comparison workload (SISETU_BENCH names the folder
# that holds gen.py): plants, zones, targets, pipelines, counties, population.
#
# DIR (default /tmp/sisetu-bench) gets data/, made once by gen.py if absent, and STORE (default
# DIR/workload.gpkg), made anew if it is absent or was made from other data, another schema or by
# another workload.sh. SCALE=10 makes ten times the plants in DIR/x10. Prints the path of the
# store. Not assessed; takes 4 s (25 s with gen.py).
#
# How its fields become ours:
#   enterprises.risk 1..4    declared_grade; industry by name; the id is eid, in six digits, so that what lies on
#                            what is the same as where shapes are drawn in the order of the file
#   hazard_zones.risk 1..3   class (1 lethal, 2 serious, 3 slight), standing legal
#   hazard_zones.risk 4      no class, standing indicative: drawn, never graded; the id is zid, in six digits
#   protected.kind           use; a water source is no building: use "other"; the id is pid
#   pipelines                natural gas transmission, 508 mm, 4 MPa, buried; the id is lid
#   admin                    counties with the code of their name; no cities, no region
# All of it is accurate to 1 m, so that the errors of both sides do not hide the distances.
set -eu
: "${BUILD:=build/release}" "${SCALE:=1}" "${COPIES:=1}"
S=$PWD/$BUILD/sisetu
dir=${1:-/tmp/sisetu-bench}
[ "$SCALE" = 1 ] || dir=$dir/x$SCALE
data=$dir/data
[ "$COPIES" = 1 ] || dir=$dir/copies$COPIES
store=${2:-$dir/workload.gpkg}
mkdir -p "$dir"

exec 9>"$dir/workload.lock" # two at once would make it twice
flock 9
if [ ! -f "$data/ningxia.gpkg" ] || [ ! -f "$data/pop.tif" ]; then
    [ -f "${SISETU_BENCH:-}/gen.py" ] || {
        echo "workload.sh: SISETU_BENCH names no folder with gen.py" >&2
        exit 1
    }
    /usr/bin/python3 "$SISETU_BENCH/gen.py" "$data" --scale "$SCALE" >&2
fi
made=$(cat "$0" data/schema.csv "$data/manifest.json" | cksum)-$COPIES
if [ -f "$store" ] && [ "$(cat "$store.made" 2>/dev/null)" = "$made" ]; then
    echo "$store"
    exit 0
fi

work=$(mktemp -d "$dir/workload.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
mapped=$work/mapped.gpkg
new=$work/new.gpkg

map() # map LAYER SQL: a layer with fields of our names, the shapes as they are
{
    ogr2ogr -q -f GPKG -update -nln "$1" -dialect SQLite -sql "$2" "$mapped" "$data/ningxia.gpkg"
}
ogr2ogr -q -f GPKG -nln admin -dialect OGRSQL -sql "SELECT c.code AS id, c.code AS code, admin.name AS name,
    admin.level AS level FROM admin
    LEFT JOIN '$PWD/data/ningxia/census2020.csv'.census2020 c ON admin.name = c.name" "$mapped" "$data/ningxia.gpkg"
map enterprises "SELECT geom, printf('%06d', eid) AS id, name, risk AS declared_grade, CASE industry
    WHEN '危险化学品' THEN 'chemical' WHEN '煤矿' THEN 'coal_mine' WHEN '非煤矿山' THEN 'mine'
    WHEN '冶金' THEN 'metallurgy' WHEN '烟花爆竹' THEN 'fireworks' WHEN '油气储运' THEN 'oil_depot'
    WHEN '尾矿库' THEN 'tailings_pond' ELSE 'other' END AS industry FROM enterprises"
map zones "SELECT geom, printf('%06d', zid) AS id, printf('%06d', eid) AS enterprise_id, 'other' AS kind,
    CASE WHEN risk < 4 THEN risk END AS class,
    CASE WHEN risk < 4 THEN 'legal' ELSE 'indicative' END AS standing FROM hazard_zones"
map protected "SELECT geom, pid AS id, name, persons, CASE kind WHEN '学校' THEN 'school'
    WHEN '医院' THEN 'hospital' WHEN '居民区' THEN 'residential' WHEN '养老院' THEN 'nursing_home'
    WHEN '商场' THEN 'market' WHEN '文物' THEN 'heritage' ELSE 'other' END AS use FROM protected"
map pipelines "SELECT geom, lid AS id, name, 'natural_gas' AS medium, 'transmission' AS pipe_class,
    508 AS diameter_mm, 4 AS pressure_mpa, 1 AS buried FROM pipelines"

# The region is 3.37 degrees wide, 4,044 columns of its population. Counties of a copy have codes of
# another province.
copy() # copy LAYER COLUMNS: the layer's copies
{
    i=0
    while [ $i -lt "$COPIES" ]; do
        east=$((i - COPIES / 2))
        columns=$(echo "$2" | sed "s/COPY_CODE/printf('%06d', CAST(code AS INTEGER) + $east * 10000)/g; s/COPY/'$i-'/g")
        ogr2ogr -q -f GPKG -update -append -nln "$1" -dialect SQLite \
            -sql "SELECT ShiftCoords(geom, $east * 3.37, 0) AS geom, $columns FROM $1" "$copied" "$mapped"
        i=$((i + 1))
    done
}
population=$data/pop.tif
if [ "$COPIES" -gt 1 ]; then
    copied=$work/copied.gpkg
    ogr2ogr -q -f GPKG "$copied" "$mapped" admin -where "0 = 1"
    copy admin "COPY_CODE AS id, COPY_CODE AS code, name, level"
    copy enterprises "COPY || id AS id, name, declared_grade, industry"
    copy zones "COPY || id AS id, COPY || enterprise_id AS enterprise_id, kind, class, standing"
    copy protected "COPY || id AS id, name, persons, use"
    copy pipelines "COPY || id AS id, name, medium, pipe_class, diameter_mm, pressure_mpa, buried"
    mapped=$copied
    i=0
    while [ $i -lt "$COPIES" ]; do
        corners=$(awk -v east=$((i - COPIES / 2)) 'BEGIN {printf "%.2f 39.38 %.2f 35.24", 104.28 + east * 3.37, 107.65 + east * 3.37}')
        gdal_translate -q -of VRT -a_ullr $corners "$data/pop.tif" "$work/pop-$i.vrt"
        i=$((i + 1))
    done
    population=$work/pop.vrt
    gdalbuildvrt -q "$population" "$work"/pop-*.vrt
fi

"$S" init "$new" >&2
for layer in admin enterprises zones protected pipelines; do
    "$S" import "$new" "$layer" "$mapped" --from "$layer" --crs EPSG:4490 --accuracy 1 --strict >&2
done
"$S" import "$new" population "$population" --crs EPSG:4490 >&2
mv -f "$new" "$store"
echo "$made" >"$store.made"
echo "$store"
