#!/bin/sh
# tiles.sh - 600 tiles z6-14 of the comparison workload, drawn from data in memory on one core, against the peers that
# SISETU_BENCH/setup.sh installs, in turn; and what the two sides draw, next to each other.
#
# Ours is drawn by build/*/bench/tiles, as palettes, and once as the server sends them (all colours where 256 would show); the peers run in their own process too,
# without HTTP; all by the clock on the wall, but our p99. Leaves side-by-side pictures in build/*/bench-pictures/: Mapnik, ours, and their difference tenfold.
: "${BUILD:=build/release}" "${SISETU_BENCH:=}" "${DIR:=/tmp/sisetu-bench}" "${ROUNDS:=2}"
. tests/bench/lines.sh
[ -f "$SISETU_BENCH/gen.py" ] || { echo "SKIP: SISETU_BENCH is not set: no tiles against peers"; exit 0; }
store=$(workload_store) || exit 1
list=$DIR/data/tiles.txt peers=$SISETU_BENCH/peers
work=$(mktemp -d)
pictures=$BUILD/bench-pictures
trap 'rm -rf "$work"; [ -n "${stop_pg:-}" ] && bash "$SISETU_BENCH/pg.sh" stop >/dev/null 2>&1' EXIT
export NODE_PATH="$DIR/npm/node_modules" UV_THREADPOOL_SIZE=1
mkdir -p "$pictures"
for look in plain --labels --names; do
    /usr/bin/python3 tests/bench/tiles_style.py "$DIR/data" $look >"$work/style-$look.json"
done

has() # has WHAT COMMAND...: whether a peer is there; else says so
{
    what=$1
    shift
    "$@" >/dev/null 2>&1 && return
    echo "SKIP: $what is not there: bash SISETU_BENCH/setup.sh"
    return 1
}
mapnik= mapserver= mapnik4= postgis=
has "Mapnik 3.1" test -x "$DIR/bin/mapnik_bench" -a -f "$DIR/styles/mapnik-shape-m.xml" && mapnik=yes
has "MapServer 8.0" test -x "$DIR/bin/mapserver_bench" -a -f "$DIR/styles/ms-shape-m.map" && mapserver=yes
has "Mapnik 4.2" test -d "$DIR/npm/node_modules/@mapnik/mapnik" -a -d "$DIR/data/fmt/m4" && mapnik4=yes
export PGHOST=/tmp/pgbench PGPORT=5544 PGUSER=postgres PGDATABASE=bench
if has PostGIS test -x /usr/lib/postgresql/15/bin/postgres; then
    pg_isready -q 2>/dev/null || stop_pg=yes
    bash "$SISETU_BENCH/pg.sh" start >/dev/null 2>&1 && postgis=yes
    [ "$(psql -qtAc "SELECT count(*) FROM pg_proc WHERE proname = 'mvt'" 2>/dev/null)" = 1 ] ||
        bash "$SISETU_BENCH/pg.sh" load >/dev/null 2>&1 || postgis=
fi

ours() # ours LOOK FORMAT: sets our_rate, our_p99 and our_bytes by the best so far
{
    taskset -c 0 "$BUILD/bench/tiles" "$store" "$work/style-$1.json" risk "$list" 1 "$2" >"$work/ours" || exit 1
    our_rate=$(most "$(awk '/tiles_per_s/ {print $12}' "$work/ours")" "$our_rate")
    our_p99=$(least "$(awk '/tiles_per_s/ {print $6}' "$work/ours")" "$our_p99")
    our_bytes=$(awk '/tiles_per_s/ {print $10}' "$work/ours")
}
their_rate() # the tiles a second of a peer's line of JSON
{
    sed -n 's/.*"tiles_s": *\([0-9.]*\).*/\1/p' | tail -n 1
}
mapnik() # mapnik STYLE: in turn with the others
{
    "$DIR/bin/mapnik_bench" x "$DIR/styles/mapnik-$1.xml" "$list" png8:m=h 1 1 2>/dev/null | their_rate
}
mapserver() # mapserver STYLE EDGE
{
    "$DIR/bin/mapserver_bench" x "$DIR/styles/ms-$1.map" "$list" png8 1 1 "$2" 2>/dev/null | their_rate
}
mapnik4() # mapnik4 FORMAT
{
    taskset -c 0 node "$peers/mapnik4_bench.js" x "$DIR/styles/mapnik4-shape-m.xml" "$list" "$1" 1 1 2>/dev/null | their_rate
}

our_rate= our_p99= our_bytes= a= b= c=
for _ in $(seq "$ROUNDS"); do
    ours plain png
    [ -n "$mapnik" ] && a=$(most "$(mapnik shape-m)" "$a")
    [ -n "$mapserver" ] && b=$(most "$(mapserver shape-m 8)" "$b")
    [ -n "$mapnik4" ] && c=$(most "$(mapnik4 png8:m=h)" "$c")
done
figure "tiles: PNG, 600 tiles z6-14, cold" "$our_rate" "tiles/s" "" 1000
[ -n "$a" ] && rate "tiles: PNG, palette" "$our_rate" "Mapnik 3.1" "$a" 10
[ -n "$b" ] && rate "tiles: PNG, palette" "$our_rate" "MapServer 8.0" "$b" 10
[ -n "$c" ] && rate "tiles: PNG, palette" "$our_rate" "Mapnik 4.2" "$c" 10
figure "tiles: PNG, 99 % of the tiles within" "$our_p99" "ms" 8
figure "tiles: PNG, mean size" "$our_bytes" "bytes" 17000
our_rate=
ours plain auto
figure "tiles: PNG, all colours where 256 would show" "$our_rate" "tiles/s"
figure "tiles: PNG, mean size of these" "$our_bytes" "bytes"

our_rate= our_p99= a= b=
for _ in $(seq "$ROUNDS"); do
    ours --labels png
    [ -n "$mapnik" ] && a=$(most "$(mapnik shape-m-lab)" "$a")
    [ -n "$mapserver" ] && b=$(most "$(mapserver shape-m-lab 64)" "$b")
done
figure "tiles: PNG with the names of counties" "$our_rate" "tiles/s" "" 900
[ -n "$a" ] && rate "tiles: PNG with the names of counties" "$our_rate" "Mapnik 3.1" "$a" 10
[ -n "$b" ] && rate "tiles: PNG with the names of counties" "$our_rate" "MapServer 8.0" "$b" 10
our_rate= our_p99=
ours --names png
ours --names png
figure "tiles: PNG with the names of 20,000 plants" "$our_rate" "tiles/s" "" 500

our_rate= our_p99= a= b=
for _ in $(seq "$ROUNDS"); do
    ours plain mvt
    [ -n "$postgis" ] && a=$(most "$(/usr/bin/python3 "$SISETU_BENCH/mvt_pg.py" "$list" 1 1 2>/dev/null | their_rate)" "$a")
    [ -n "$mapnik4" ] && b=$(most "$(mapnik4 mvt)" "$b")
done
figure "tiles: vector" "$our_rate" "tiles/s" "" 1500
[ -n "$a" ] && rate "tiles: vector" "$our_rate" "PostGIS" "$a" 10
[ -n "$b" ] && rate "tiles: vector" "$our_rate" "Mapnik 4.2" "$b" 10

# What both draw: the tiles of the list that are named here, Mapnik's left, ours in the middle, right ten times their difference.
if [ -n "$mapnik" ]; then
    awk '!seen[$1]++' "$list" >"$work/few"
    "$DIR/bin/mapnik_bench" x "$DIR/styles/mapnik-shape-m.xml" "$work/few" png32:z=1 1 1 "$work/theirs" >/dev/null 2>&1
    "$BUILD/bench/tiles" "$store" "$work/style-plain.json" risk "$work/few" 1 png "$work/ours" >/dev/null
    /usr/bin/python3 tests/bench/side_by_side.py "$work/few" "$work/theirs_{z}_{x}_{y}.png" "$work/ours-{z}-{x}-{y}.png" "$pictures/tiles.png"
fi
exit 0
