#!/bin/sh
# serve.sh - the server on the comparison workload: start to first tile, memory, finished tiles from its cache against nginx
# with a file of the same size; and the whole pyramid as vector tiles into one file, against GDAL (FULL=1; TIPPECANOE
# names a tippecanoe, if there is one).
#
# Server on core 0 and wrk on core 1, one after another in turn, best of ROUNDS.
: "${BUILD:=build/release}" "${SISETU_BENCH:=}" "${DIR:=/tmp/sisetu-bench}" "${ROUNDS:=3}" "${SECONDS_EACH:=3}" "${FULL:=}"
. tests/bench/lines.sh
[ -f "$SISETU_BENCH/gen.py" ] || { echo "SKIP: SISETU_BENCH is not set: no server on the workload"; exit 0; }
store=$(workload_store) || exit 1
work=$(mktemp -d)
server=
trap '[ -n "$server" ] && kill $server 2>/dev/null; [ -f "$work/nginx.pid" ] && kill "$(cat "$work/nginx.pid")" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
/usr/bin/python3 tests/bench/tiles_style.py "$DIR/data" --labels >"$work/style.json"
port=18097 static=18098
url=http://127.0.0.1:$port/tiles/risk/10/808/396.png

seconds_since() { echo "$(date +%s.%N) $1" | awk '{printf "%.3f", $1 - $2}'; }
start_server()
{
    taskset -c 0 "$BUILD/sisetu" serve "$store" --style "$work/style.json" --listen 127.0.0.1:$port >"$work/serve.log" 2>&1 &
    server=$!
    until curl -sf -o "$work/tile.png" "$url" 2>/dev/null; do
        kill -0 $server 2>/dev/null || { cat "$work/serve.log"; exit 1; }
        sleep 0.005
    done
}
first=
for _ in $(seq "$ROUNDS"); do
    [ -n "$server" ] && { kill $server; wait $server 2>/dev/null; }
    start=$(date +%s.%N)
    start_server
    first=$(least "$(seconds_since "$start")" "$first")
done
figure "serve: open the workload, answer the first tile" "$first" s 1
figure "serve: resident then" "$(awk '/VmRSS/ {printf "%.0f", $2 / 1024}' /proc/$server/status)" MB 400

if command -v wrk >/dev/null && command -v nginx >/dev/null; then
    cp "$work/tile.png" "$work/root.png"
    cat >"$work/nginx.conf" <<C
worker_processes 1;
pid $work/nginx.pid;
error_log $work/error.log;
events { worker_connections 4096; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache max=100;
  types { image/png png; }
  server { listen 127.0.0.1:$static reuseport; root $work; } }
C
    chmod 755 "$work"
    taskset -c 0 nginx -c "$work/nginx.conf" 2>/dev/null
    requests() { taskset -c 1 wrk -t1 -c"$1" -d"${SECONDS_EACH}s" "$2" | awk '/Requests\/sec/ {print $2}'; }
    for connections in 16 64; do
        ours= theirs=
        for _ in $(seq "$ROUNDS"); do
            ours=$(most "$(requests $connections "$url")" "$ours")
            theirs=$(most "$(requests $connections http://127.0.0.1:$static/root.png)" "$theirs")
        done
        rate "serve: a cached tile of $(stat -c %s "$work/root.png") bytes, $connections connections" "$ours" "nginx, a file" "$theirs" 1
    done
else
    echo "SKIP: no wrk or nginx here: cached tiles against nginx"
fi
kill $server
server=

start=$(date +%s.%N)
taskset -c 0 "$BUILD/sisetu" seed "$store" --map risk --zoom 6-14 --format mvt --style "$work/style.json" -o "$work/all.pmtiles" \
    >"$work/seed.log" 2>&1 || { cat "$work/seed.log"; exit 1; }
ours=$(seconds_since "$start")
figure "seed: z6-14 as vector tiles, one core" "$ours" s 8
[ -n "$FULL" ] || exit 0
for layer in admin hazard_zones pipelines enterprises; do
    [ -f "$work/$layer.fgb" ] || ogr2ogr -q -f FlatGeobuf "$work/$layer.fgb" "$DIR/data/ningxia.gpkg" $layer -t_srs EPSG:4326
done
start=$(date +%s.%N)
taskset -c 0 ogr2ogr -q -f MVT --config GDAL_NUM_THREADS 1 "$work/gdal.mbtiles" "$DIR/data/ningxia.gpkg" admin hazard_zones pipelines \
    enterprises -dsco FORMAT=MBTILES -dsco MINZOOM=6 -dsco MAXZOOM=14 -dsco MAX_SIZE=5000000 -dsco MAX_FEATURES=2000000
line "seed: z6-14 as vector tiles, one core" "$ours" "GDAL" "$(seconds_since "$start")"
if [ -x "${TIPPECANOE:-}" ]; then
    start=$(date +%s.%N)
    TIPPECANOE_MAX_THREADS=1 taskset -c 0 "$TIPPECANOE" -q -f -Z6 -z14 --no-feature-limit --no-tile-size-limit -r1 -o "$work/tc.mbtiles" \
        -L admin:"$work/admin.fgb" -L hazard_zones:"$work/hazard_zones.fgb" -L pipelines:"$work/pipelines.fgb" -L enterprises:"$work/enterprises.fgb"
    line "seed: z6-14 as vector tiles, one core" "$ours" "tippecanoe" "$(seconds_since "$start")"
fi
exit 0
