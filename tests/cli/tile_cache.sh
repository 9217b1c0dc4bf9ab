#!/bin/sh
# tile_cache.sh - serve --tile-cache: tiles over restarts, kills and damage.
. tests/cli/lib.sh
SAMPLE=build/ningxia.gpkg
[ -f "$SAMPLE" ] || { echo "SKIP: no $SAMPLE; make sample makes it"; exit 0; }
STORE=$WORK/store.gpkg
CACHE=$WORK/tiles.cache
cp "$SAMPLE" "$STORE"

begin() # begin [options]: a server of the store, with a log of its own
{
    : >"$WORK/log"
    serve_store "$STORE" "$@"
}
stop() # stop [SIGNAL]
{
    kill "-${1:-TERM}" "$PID"
    wait "$PID" 2>/dev/null
}
trap 'kill "$PID" 2>/dev/null; rm -rf "$WORK"' EXIT
gauge() { curl -s "$URL/metrics" | sed -n "s/^$1 //p"; }
fetch() # fetch: 60 tiles; prints one sum over all of them
{
    for z in 8 9 10 11 12; do
        for dx in 0 1 2; do
            for end in png mvt; do
                curl -s --compressed "$URL/tiles/county/$z/$(((3254 >> (12 - z)) + dx))/$((1584 >> (12 - z))).$end"
            done
        done
    done | cksum
}
version() { curl -s "$URL/v1/status" | sed 's/.*"county":"\([0-9a-f]*\)".*/\1/'; }

begin --tile-cache "$CACHE"
sum=$(fetch)
first=$(version)
same "the first time nothing is there" 0 "$(gauge sisetu_tile_disk_hits_total)"
stop
begin --tile-cache "$CACHE"
same "after a restart tiles are the same" "$sum" "$(fetch)"
same "all of them from the file" 30 "$(gauge sisetu_tile_disk_hits_total)"
same "and under the same version" "$first" "$(version)"
stop KILL
begin --tile-cache "$CACHE"
same "after a kill too" "$sum 30" "$(fetch) $(gauge sisetu_tile_disk_hits_total)"
second_log=$WORK/second
"$S" serve "$STORE" --listen 127.0.0.1:0 --tile-cache "$CACHE" >"$WORK/url2" 2>"$second_log" &
SECOND=$!
sleep 2
same "a second server on the file says once that it does without" 1 "$(grep -c 'event=tile-cache.*memory alone' "$second_log")"
kill "$SECOND"
wait "$SECOND" 2>/dev/null
stop

size=$(wc -c <"$CACHE")
dd if="$CACHE" of="$WORK/cut" bs=1024 count=$((size / 2048)) 2>/dev/null
cp "$WORK/cut" "$CACHE"
begin --tile-cache "$CACHE"
same "a file that was cut gives no wrong tile" "$sum" "$(fetch)"
same "it is told in one line" 1 "$(grep -c 'event=tile-cache' "$WORK/log")"
same "and made anew" 1 "$(grep -c 'event=tile-cache.*made anew' "$WORK/log")"
stop
begin --tile-cache "$CACHE"
same "so that it is good the next time" "$sum 30 0" "$(fetch) $(gauge sisetu_tile_disk_hits_total) $(grep -c 'event=tile-cache' "$WORK/log")"
stop

token=$("$S" token add "$STORE" editor)
begin --tile-cache "$CACHE"
n=0
until curl -sf -o /dev/null -X PUT "$URL/v1/protected/far-off" -H "Authorization: Bearer $token" --data-binary '{"type":"Feature","properties":{"use":"school","persons":30,"accuracy_m":1},"geometry":{"type":"Point","coordinates":[105.2,37.2]}}' || [ $n -eq 30 ]; do
    sleep 0.2
    n=$((n + 1))
done
sum=$(fetch)
"$S" token list "$STORE" >/dev/null # waits until the edit is in the tables
sleep 0.5                           # and the server has heard of it
stop
begin --tile-cache "$CACHE"
same "after an edit and a restart tiles are the same, and all of them from the file" "$sum 30" "$(fetch) $(gauge sisetu_tile_disk_hits_total)"
stop

"$S" assess "$STORE" --as-of 2026-06-02 >/dev/null 2>&1
begin --tile-cache "$CACHE"
fetch >/dev/null
same "of another assessment nothing is found" 0 "$(gauge sisetu_tile_disk_hits_total)"
stop

cp README.md "$WORK/letter"
begin --tile-cache "$WORK/letter"
same "a file of somebody else's is not written to" "$(cksum <README.md)" "$(cksum <"$WORK/letter")"
same "tiles come all the same" 200 "$(curl -s -o /dev/null -w '%{http_code}' "$URL/tiles/county/9/407/197.png")"
stop
begin --tile-cache /dev/full
same "nor does a full disk stop anything" 200 "$(curl -s -o /dev/null -w '%{http_code}' "$URL/tiles/county/9/407/197.png")"
stop
finish
