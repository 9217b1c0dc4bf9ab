#!/bin/sh
# serving.sh - the server under load: while its store is written, replaced and shared, with
# clients that are many or slow, and when it is stopped in the middle.
. tests/cli/lib.sh

SAMPLE=build/ningxia.gpkg
[ -f "$SAMPLE" ] || { echo "SKIP: no $SAMPLE; make sample makes it"; exit 0; }
STORE=$WORK/store.gpkg
cp "$SAMPLE" "$STORE"
PIDS=
trap 'kill $PIDS 2>/dev/null; chmod -R u+w "$WORK" 2>/dev/null; rm -rf "$WORK"' EXIT
: "${SECONDS_OF_LOAD:=8}"

start() # start STORE: sets URL and PID
{
    serve_store "$1"
    PIDS="$PIDS $PID"
}
value() # value 'python expression on d' [URL]
{
    curl -s --max-time 20 "${2:-$URL}/v1/status" | python3 -c "import json,sys; d=json.load(sys.stdin); print($1)"
}
# soon EXPECTED 'expression' WHAT [URL]: true within two seconds
soon()
{
    i=0
    while [ $i -lt 20 ]; do
        got=$(value "$2" "${4:-$URL}")
        [ "$got" = "$1" ] && break
        sleep 0.1
        i=$((i + 1))
    done
    same "$3" "$1" "$got"
}
resident_kb()
{
    sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$PID/status"
}
point() { echo "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"id\":\"$1\",\"use\":\"school\"},\"geometry\":{\"type\":\"Point\",\"coordinates\":[106.2,38.4]}}]}"; }

start "$STORE"
[ -n "$URL" ] || { not_ok "the server starts" "$(cat "$WORK/log")"; finish; }
targets=$(value 'd["counts"]["protected"]')

# Mixed questions of sixteen clients, an import and assessments beside them.
python3 tests/cli/load.py "$URL" "$SECONDS_OF_LOAD" 16 >"$WORK/load" &
load=$!
sleep 1
early=$(resident_kb)
point serving-1 >"$WORK/one.geojson"
is "an import while serving succeeds" "$S" import "$STORE" protected "$WORK/one.geojson" --crs EPSG:4490 --append
soon $((targets + 1)) 'd["counts"]["protected"]' "and shows within two seconds, under load"
is "an assessment while serving succeeds" "$S" assess "$STORE" --as-of 2024-05-06
soon 2024-05-06 'd["as_of"]' "and shows within two seconds, under load"
is "one more" "$S" assess "$STORE"
wait $load
late=$(resident_kb)
cat "$WORK/load"
same "every request of the load is answered, none with 5xx" "" "$(grep -E '^(5|lost)' "$WORK/load")"
same "right ones and wrong ones" "200 400 404 405 422" "$(awk '{print $1}' "$WORK/load" | tr '\n' ' ' | sed 's/ $//')"
most=256000
case $BUILD in *asan | *tsan) most=4000000 ;; esac
echo "resident: $early kB after a second, $late kB after three worlds and $(awk '{n += $2} END {print n}' "$WORK/load") requests"
if [ "$late" -lt $most ]; then ok "resident memory stays under 250 MB"; else not_ok "resident memory stays under 250 MB" "$late kB"; fi

# Two hundred at once for what nobody has drawn yet.
pids= i=0
while [ $i -lt 200 ]; do
    curl -s --max-time 60 -o "$WORK/par.$i" -w '%{http_code}\n' "$URL/tiles/county/11/$((1620 + i % 5))/794.png" >>"$WORK/codes" &
    pids="$pids $!"
    i=$((i + 1))
done
for pid in $pids; do wait "$pid"; done
same "two hundred at once: all answered" "200 200" "$(sort "$WORK/codes" | uniq -c | awk '{print $2, $1}')"
same "and everybody alike" "1 1 1 1 1" "$(for t in 0 1 2 3 4; do i=$t; while [ $i -lt 200 ]; do cat "$WORK/par.$i" | md5sum; i=$((i + 5)); done | sort -u | wc -l; done | tr "\n" " " | sed "s/ $//")"

# Clients that send a byte now and then, or read nothing, hold up nobody.
python3 - "${URL#http://}" "$WORK/slow" <<'END'
import socket, sys, time, urllib.request
host, port = sys.argv[1].split(":")
slow = []
for i in range(100):
    s = socket.create_connection((host, int(port)))
    s.send(b"GET /v1/units HTTP/1.1\r\nHost: x\r\nX-Slow: " if i % 2 else
           b"GET /v1/enterprises?limit=10000 HTTP/1.1\r\nHost: x\r\n\r\n" * 5)
    slow.append(s)
worst = 0
for i in range(20):
    for s in slow[1::2]:
        s.send(b"a")
    start = time.monotonic()
    assert urllib.request.urlopen(f"http://{host}:{port}/tiles/risk/8/203/9{i % 10}.png", timeout=20).status == 200
    worst = max(worst, time.monotonic() - start)
    time.sleep(0.05)
open(sys.argv[2], "w").write("%d" % (worst * 1000))
END
slowest=$(cat "$WORK/slow" 2>/dev/null)
if [ -n "$slowest" ] && [ "$slowest" -lt 5000 ]; then ok "a hundred slow clients hold up nobody (worst $slowest ms)"; else not_ok "a hundred slow clients hold up nobody" "worst: ${slowest:-no answer} ms"; fi

# Two servers on one store.
FIRST=$URL
start "$STORE"
same "a second server on the same store answers the same" "$(value 'd["generation"]' "$FIRST")" "$(value 'd["generation"]')"
"$S" assess "$STORE" --as-of 2023-01-02 >/dev/null
soon 2023-01-02 'd["as_of"]' "a new assessment shows in the second"
soon 2023-01-02 'd["as_of"]' "and in the first" "$FIRST"

# The file is replaced by others that have the same generation.
cp "$STORE" "$WORK/a.gpkg"
cp "$STORE" "$WORK/b.gpkg"
"$S" assess "$WORK/a.gpkg" --as-of 2022-01-01 >/dev/null
"$S" assess "$WORK/b.gpkg" --as-of 2021-01-01 >/dev/null
mv "$WORK/a.gpkg" "$STORE"
soon 2022-01-01 'd["as_of"]' "another store moved into its place is followed"
cat "$WORK/b.gpkg" >"$STORE"
soon 2021-01-01 'd["as_of"]' "so is one of the same generation, written over it"
head -c 1000000 "$WORK/b.gpkg" >"$STORE"
sleep 1.5
same "one that is cut short leaves the last good world" "2021-01-01 200" \
    "$(value 'd["as_of"]') $(curl -s -o /dev/null -w '%{http_code}' "$URL/v1/enterprises?limit=5")"
cp "$SAMPLE" "$STORE"
soon "$targets" 'd["counts"]["protected"]' "a good one is taken up again"

# Stopped in the middle of it all: what was begun is answered, and the end comes soon.
python3 tests/cli/load.py "$URL" 4 16 >"$WORK/load" &
load=$!
sleep 1.5
before=$(date +%s%N)
kill -TERM "$PID"
wait "$PID"
status=$?
ms=$((($(date +%s%N) - before) / 1000000))
wait $load
limit=3000
case $BUILD in *asan | *tsan) limit=30000 ;; esac
same "SIGTERM under load ends it with status 0" 0 $status
if [ $ms -lt $limit ]; then ok "within three seconds ($ms ms)"; else not_ok "within three seconds" "$ms ms"; fi
same "nobody got 500; 503 says to try again" "" "$(grep "^500" "$WORK/load")"

# Where nothing may be written the map is served all the same.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    mkdir "$WORK/closed"
    cp "$SAMPLE" "$WORK/closed/s.gpkg"
    chmod 755 "$WORK"
    chmod 555 "$WORK/closed"
    chmod 444 "$WORK/closed/s.gpkg"
    : >"$WORK/url"
    setpriv --reuid=65534 --clear-groups "$S" serve "$WORK/closed/s.gpkg" --listen 127.0.0.1:0 >"$WORK/url" 2>>"$WORK/log" &
    PIDS="$PIDS $!"
    i=0
    while [ ! -s "$WORK/url" ] && [ $i -lt 200 ]; do
        sleep 0.05
        i=$((i + 1))
    done
    URL=$(sed 's|/$||' "$WORK/url")
    same "a store in a read-only directory is served" "$targets" "$(value 'd["counts"]["protected"]')"
    chmod 755 "$WORK/closed"
else
    echo 'SKIP: cannot become another user'
fi
same "the sanitizers saw nothing" "" "$(grep -E 'Sanitizer|runtime error' "$WORK/log")"
finish
