#!/bin/sh
# run.sh - measures the main job on the sample region and on the comparison workload, in ratios against a peer in the same
# run where there is one, else in plain figures (lines.sh tells the columns). FULL=1: also with ten times the data, and
# edits, which takes half an hour the first time. ONLY=workload leaves the sample region out.
: "${BUILD:=build/release}" "${FULL:=}" "${ONLY:=}"
. tests/bench/lines.sh
workload()
{
    echo "comparison workload (SISETU_BENCH=${SISETU_BENCH:-}), joins and exposure on one core"
    sh tests/bench/near.sh
    sh tests/bench/exposure.sh
    SCALE=1 sh tests/bench/assess.sh
    sh tests/bench/tiles.sh
    sh tests/bench/labels.sh
    sh tests/bench/mvt_peers.sh
    sh tests/bench/serve.sh
    if [ -n "$FULL" ]; then
        SCALE=10 ROUNDS=1 sh tests/bench/assess.sh
        [ -f "${SISETU_BENCH:-}/gen.py" ] && for copies in 1 10; do
            echo "edits, $copies times the data; p99 should be under 25 ms"
            COPIES=$copies sh tests/bench/edit.sh
        done
    else
        echo "SKIP: ten times the data and edits: FULL=1 measures them"
    fi
}
if [ "$ONLY" = workload ]; then
    workload
    exit 0
fi
S=$PWD/$BUILD/sisetu
WORK=$(mktemp -d)
server=
trap '[ -n "$server" ] && kill $server 2>/dev/null; rm -rf "$WORK"' EXIT
[ -f build/ningxia.gpkg ] || { echo "build/ningxia.gpkg is missing: run make sample"; exit 1; }

seconds() # seconds COMMAND...: wall time of a command
{
    start=$(date +%s.%N)
    "$@" >"$WORK/out" 2>&1 || { cat "$WORK/out"; exit 1; }
    echo "$(date +%s.%N) $start" | awk '{printf "%.3f", $1 - $2}'
}

rounds=3
best() # best COMMAND...: least of several rounds
{
    shortest=
    for round in $(seq $rounds); do
        took=$(seconds "$@") || exit 1
        shortest=$(least "$took" "$shortest")
    done
    echo "$shortest"
}

load=$(best sh data/sample/load.sh "$S" "$PWD/$BUILD/sisetu-sample" "$WORK/sample.gpkg")
line "sample: generate, import every layer, assess" "$load"
cp build/ningxia.gpkg "$WORK/assess.gpkg"
again=$(best "$S" assess "$WORK/assess.gpkg")
line "sample: assess an unchanged store" "$again"

inputs=data/ningxia/boundaries_gcj02.geojson
ours=$(best sh -c "rm -f $WORK/a.gpkg; $S init $WORK/a.gpkg && $S import $WORK/a.gpkg admin $inputs --crs EPSG:4490")
theirs=$(best sh -c "rm -f $WORK/b.gpkg; ogr2ogr -f GPKG $WORK/b.gpkg $inputs -makevalid -a_srs EPSG:4490")
line "boundaries: init, import with every check" "$ours" "ogr2ogr -makevalid" "$theirs"

port=18099
start=$(date +%s.%N)
"$S" serve build/ningxia.gpkg --listen 127.0.0.1:$port 2>"$WORK/serve.log" &
server=$!
until curl -sf -o /dev/null http://127.0.0.1:$port/healthz; do
    kill -0 $server 2>/dev/null || { cat "$WORK/serve.log"; exit 1; }
    sleep 0.01
done
line "serve: ready after" "$(echo "$(date +%s.%N) $start" | awk '{printf "%.3f", $1 - $2}')"
tiles=$WORK/tiles
for z in 6 7 8 9 10 11 12; do
    for dx in 0 1 2 3; do
        for dy in 0 1 2 3; do
            awk -v z=$z -v dx=$dx -v dy=$dy -v p=$port 'BEGIN {n = 2 ^ (z - 6); printf "url = http://127.0.0.1:%d/tiles/risk/%d/%d/%d.png\noutput = /dev/null\n", p, z, int(50.8 * n) + dx - 1, int(24.3 * n) + dy - 1}'
        done
    done
done >"$tiles"
n=$(grep -c url "$tiles")
cold=$(seconds curl -s -K "$tiles")
warm=$(seconds curl -s -K "$tiles")
figure "serve: $n tiles z6-12 one after another, first time" "$(echo "$n $cold" | awk '{printf "%.0f", $1 / $2}')" "a second"
figure "serve: the same again" "$(echo "$n $warm" | awk '{printf "%.0f", $1 / $2}')" "a second"
figure "serve: resident memory" "$(awk '/VmRSS/ {printf "%.0f", $2 / 1024}' /proc/$server/status)" MB
kill $server
server=
workload
