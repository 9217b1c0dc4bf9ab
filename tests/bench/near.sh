#!/bin/sh
# near.sh - distances on the comparison workload against peers, in the same minute, one core:
# a C program on GEOS and PROJ's geodesic (SISETU_BENCH/peers/geos_pairs.c) and PostGIS
# geography (started by SISETU_BENCH/pg.sh). Least of three rounds each, in turn.
#
# Times are of the work alone: index and query on loaded layers for the C program and for us,
# the query on an indexed table for PostGIS.
: "${BUILD:=build/release}" "${SISETU_BENCH:=}" "${DIR:=/tmp/sisetu-bench}"
. tests/bench/lines.sh
[ -f "$SISETU_BENCH/gen.py" ] || { echo "SKIP: SISETU_BENCH is not set: no joins by distance against peers"; exit 0; }
store=$(workload_store) || exit 1
data=$DIR/data/ningxia.gpkg
peer=$DIR/bin/geos_pairs
if [ ! -x "$peer" ]; then
    mkdir -p "$DIR/bin"
    # shellcheck disable=SC2046
    gcc -O2 "$SISETU_BENCH/peers/geos_pairs.c" -o "$peer" $(gdal-config --cflags) -lgdal -lgeos_c -lproj -lm 2>/dev/null || peer=
fi

export PGHOST=/tmp/pgbench PGPORT=5544 PGUSER=postgres PGDATABASE=bench
postgis=
pg_isready -q 2>/dev/null || trap 'bash "$SISETU_BENCH/pg.sh" stop >/dev/null 2>&1' EXIT
if [ -x /usr/lib/postgresql/15/bin/postgres ] && bash "$SISETU_BENCH/pg.sh" start >/dev/null 2>&1; then
    psql -qc 'CREATE EXTENSION IF NOT EXISTS postgis' >/dev/null 2>&1 && postgis=yes
fi
load_table() # load_table LAYER: into PostGIS as geography, once
{
    [ "$(psql -qtAc "SELECT count(*) FROM pg_class WHERE relname = 'near_$1'")" = 1 ] && return
    PG_USE_COPY=YES ogr2ogr -q -f PostgreSQL "PG:host=$PGHOST port=$PGPORT user=$PGUSER dbname=$PGDATABASE" \
        "$data" "$1" -nln "near_$1" -lco GEOMETRY_NAME=geom -nlt GEOMETRY &&
        psql -q -c "ALTER TABLE near_$1 ADD COLUMN geog geography" \
            -c "UPDATE near_$1 SET geog = ST_SetSRID(geom, 4490)::geography" \
            -c "CREATE INDEX ON near_$1 USING gist (geog)" -c "VACUUM ANALYZE near_$1"
}
[ -n "$postgis" ] && for layer in enterprises protected pipelines; do load_table $layer || postgis=; done

pairs_sql="SELECT count(*) FROM near_enterprises e JOIN near_protected p ON ST_DWithin(e.geog, p.geog,
    CASE e.risk WHEN 1 THEN 1000.0 WHEN 2 THEN 500.0 WHEN 3 THEN 300.0 ELSE 100.0 END)"
nearest_sql="SELECT count(*) FROM (SELECT (SELECT l.geog <-> e.geog FROM near_pipelines l
    ORDER BY l.geog <-> e.geog LIMIT 1) FROM near_enterprises e WHERE eid % 100 = 0) t"
psql_seconds() # psql_seconds SQL: by PostgreSQL's own clock, one process on core 0
{
    taskset -c 0 psql -qtA <<SQL | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | tail -n 1 | awk '{printf "%.4f", $1 / 1000}'
SELECT pg_backend_pid() AS pid \gset
\setenv BACKEND :pid
\! taskset -cp 0 \$BACKEND >/dev/null
SET max_parallel_workers_per_gather = 0;
\timing on
$1;
SQL
}

pairs=9999 nearest=9999 geos_pairs=9999 geos_nearest=9999 pg_pairs=9999 pg_nearest=9999
for round in 1 2 3; do
    ours=$(taskset -c 0 "$BUILD/bench/near" "$store" 2) || exit 1
    pairs=$(least "$pairs" "$(echo "$ours" | awk '$1 == "pairs" {print $2}')")
    nearest=$(least "$nearest" "$(echo "$ours" | awk '$1 == "nearest" {print $2}')")
    if [ -n "$peer" ]; then
        geos_pairs=$(least "$geos_pairs" "$(taskset -c 0 "$peer" "$data" pairs | sed 's/.*"geodesic".*"total_s":\([0-9.]*\).*/\1/')")
        geos_nearest=$(least "$geos_nearest" "$(taskset -c 0 "$peer" "$data" nearest | sed 's/.*"prepared_multiline":{[^}]*"total_s":\([0-9.]*\)}.*/\1/')")
    fi
    if [ -n "$postgis" ]; then
        pg_pairs=$(least "$pg_pairs" "$(psql_seconds "$pairs_sql")")
        [ "$round" = 1 ] && pg_nearest=$(psql_seconds "$nearest_sql")
    fi
done
echo "$ours" | sed -n 's/^pairs [0-9.]* \(n=.*\) largest.*/near: pairs by declared grade: \1/p'
[ -n "$peer" ] || echo "SKIP: $SISETU_BENCH/peers/geos_pairs.c does not build here"
[ -n "$postgis" ] || echo "SKIP: no PostGIS here (postgresql-15-postgis-3, $SISETU_BENCH/pg.sh)"
[ -n "$peer" ] && line "near: pairs within geodesic distance" "$pairs" "GEOS + geod" "$geos_pairs" 3
[ -n "$postgis" ] && line "near: pairs within geodesic distance" "$pairs" "PostGIS geography" "$pg_pairs" 15
[ -n "$peer" ] && line "near: nearest pipeline of 20,000 plants" "$nearest" "GEOS, planar" "$geos_nearest" 1
[ -n "$postgis" ] && line "near: nearest pipeline of 20,000 plants" "$nearest" "PostGIS, 200 x 100" "$(echo "$pg_nearest" | awk '{print $1 * 100}')"
[ -n "$peer$postgis" ] || line "near: pairs within geodesic distance" "$pairs"
[ -n "$peer$postgis" ] || line "near: nearest pipeline of 20,000 plants" "$nearest"
exit 0
