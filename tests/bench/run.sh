#!/bin/sh
# run.sh - measures the main job on the sample region, in ratios against a peer where there
# is one (ogr2ogr for the import, in the same run), else in plain figures.
: "${BUILD:=build/release}"
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
ratio()
{
    echo "$1 $2" | awk '{printf "%.2f", $1 / $2}'
}

rounds=3
best() # best COMMAND...: least of several rounds
{
    least=
    for round in $(seq $rounds); do
        took=$(seconds "$@") || exit 1
        least=$(echo "$took ${least:-999999}" | awk '{print ($1 < $2) ? $1 : $2}')
    done
    echo "$least"
}

load=$(best sh data/sample/load.sh "$S" "$PWD/$BUILD/sisetu-sample" "$WORK/sample.gpkg")
echo "sample: generate, import every layer, assess          $load s"
cp build/ningxia.gpkg "$WORK/assess.gpkg"
again=$(best "$S" assess "$WORK/assess.gpkg")
echo "sample: assess an unchanged store                      $again s"

inputs=data/ningxia/boundaries_gcj02.geojson
ours=$(best sh -c "rm -f $WORK/a.gpkg; $S init $WORK/a.gpkg && $S import $WORK/a.gpkg admin $inputs --crs EPSG:4490")
theirs=$(best sh -c "rm -f $WORK/b.gpkg; ogr2ogr -f GPKG $WORK/b.gpkg $inputs -makevalid -a_srs EPSG:4490")
echo "boundaries: init, import with every check, ours        $ours s"
echo "boundaries: ogr2ogr -makevalid, theirs                 $theirs s   ratio $(ratio "$ours" "$theirs")"

sh tests/bench/exposure.sh

port=18099
start=$(date +%s.%N)
"$S" serve build/ningxia.gpkg --listen 127.0.0.1:$port 2>"$WORK/serve.log" &
server=$!
until curl -sf -o /dev/null http://127.0.0.1:$port/healthz; do
    kill -0 $server 2>/dev/null || { cat "$WORK/serve.log"; exit 1; }
    sleep 0.01
done
echo "serve: ready after                                     $(echo "$(date +%s.%N) $start" | awk '{printf "%.3f", $1 - $2}') s"
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
echo "serve: $n tiles z6-12 one after another, first time    $cold s   $(ratio "$n" "$cold") a second"
echo "serve: the same again                                  $warm s   $(ratio "$n" "$warm") a second"
echo "serve: resident memory                                 $(awk '/VmRSS/ {printf "%.0f MB", $2 / 1024}' /proc/$server/status)"

sh tests/bench/near.sh
sh tests/bench/assess.sh
