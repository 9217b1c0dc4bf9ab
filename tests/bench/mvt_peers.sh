#!/bin/sh
# mvt_peers.sh - vector tiles of the comparison workload against those that PostGIS makes of the same data (ST_AsMVT,
# 64 units of buffer), feature by feature: ids, names, places. Both are read by @mapbox/vector-tile; ours by GDAL, too.
: "${BUILD:=build/release}" "${SISETU_BENCH:=}" "${DIR:=/tmp/sisetu-bench}"
. tests/bench/lines.sh
[ -f "$SISETU_BENCH/pg.sh" ] && [ -x /usr/lib/postgresql/15/bin/postgres ] || { echo "SKIP: no PostGIS here (postgresql-15-postgis-3, SISETU_BENCH/pg.sh)"; exit 0; }
[ -d tests/browser/node_modules/@mapbox/vector-tile ] || { echo "SKIP: no tests/browser/node_modules: make test installs them"; exit 0; }
store=$(workload_store) || exit 1
export PGHOST=/tmp/pgbench PGPORT=5544 PGUSER=postgres PGDATABASE=bench
work=$(mktemp -d)
started=
trap 'rm -rf "$work"; [ -n "$started" ] && bash "$SISETU_BENCH/pg.sh" stop >/dev/null 2>&1' EXIT

pg_isready -q 2>/dev/null || started=yes
bash "$SISETU_BENCH/pg.sh" start >/dev/null 2>&1 && psql -qc 'CREATE EXTENSION IF NOT EXISTS postgis' >/dev/null 2>&1 || { echo "SKIP: PostGIS does not start"; exit 0; }
for layer in hazard_zones enterprises pipelines; do
    [ "$(psql -qtAc "SELECT count(*) FROM pg_class WHERE relname = 'tile_$layer'")" = 1 ] && continue
    PG_USE_COPY=YES ogr2ogr -q -f PostgreSQL "PG:host=$PGHOST port=$PGPORT user=$PGUSER dbname=$PGDATABASE" "$DIR/data/ningxia.gpkg" $layer \
        -nln tile_$layer -t_srs EPSG:3857 -lco GEOMETRY_NAME=geom -nlt GEOMETRY || exit 1
done

# Forty tiles of zoom 11 to 14: below, ours draw what is under a pixel as the pixel, theirs drop it.
awk '$1 >= 11 && n++ % 12 == 0' "$DIR/data/tiles.txt" | head -40 >"$work/list"
python3 tests/bench/tiles_style.py "$DIR/data" >"$work/style.json"
"$BUILD/bench/tiles" "$store" "$work/style.json" risk "$work/list" 1 mvt "$work/ours" >/dev/null || exit 1
layer() # layer TABLE NAME COLUMNS: one layer of tile z, x, y
{
    echo "coalesce((SELECT ST_AsMVT(t, '$2', 4096, 'g') FROM (SELECT ST_AsMVTGeom(geom, ST_TileEnvelope($z, $x, $y), 4096, 64, true) g, $3
        FROM tile_$1 WHERE geom && ST_TileEnvelope($z, $x, $y, margin => 64.0 / 4096)) t WHERE g IS NOT NULL), '')"
}
while read -r z x y; do
    echo "SELECT '$z-$x-$y ' || encode($(layer hazard_zones zones "lpad(zid::text, 6, '0') AS id") || $(layer enterprises enterprises "lpad(eid::text, 6, '0') AS id, name") || $(layer pipelines pipelines 'lid AS id, name'), 'hex');"
done <"$work/list" | psql -qtA >"$work/theirs" || exit 1
node tests/bench/mvt_peers.js "$work" >"$work/told" || { cat "$work/told"; exit 1; }
cat "$work/told"

# As GDAL counts them.
while read -r z x y; do
    for name in zones enterprises pipelines; do
        n=$(ogrinfo -so "MVT:$work/ours-$z-$x-$y.mvt" $name -oo X="$x" -oo Y="$y" -oo Z="$z" 2>/dev/null | sed -n 's/^Feature Count: //p')
        echo "$z-$x-$y $name ${n:-0}"
    done
done <"$work/list" >"$work/gdal"
if cmp -s "$work/gdal" "$work/counts"; then echo "GDAL counts the same features in each layer of each tile"; else diff "$work/gdal" "$work/counts" | head; exit 1; fi
