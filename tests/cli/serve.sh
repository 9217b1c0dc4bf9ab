#!/bin/sh
# serve.sh - the server as its clients meet it: over sockets, under bad input, while the store
# changes, and when it is told to stop.
. tests/cli/lib.sh

SAMPLE=build/ningxia.gpkg
[ -f "$SAMPLE" ] || { echo "SKIP: no $SAMPLE; make sample makes it"; exit 0; }
STORE=$WORK/store.gpkg
cp "$SAMPLE" "$STORE"

stop()
{
    kill "$PID" 2>/dev/null
    wait "$PID"
}
trap 'kill $PID 2>/dev/null; chmod -R u+w "$WORK" 2>/dev/null; rm -rf "$WORK"' EXIT

status() # status CURL-ARGUMENTS...: the HTTP status
{
    curl -s -o "$WORK/body" -D "$WORK/headers" -w '%{http_code}' --max-time 20 "$@"
}
header()
{
    sed -n "s/^$1: //Ip" "$WORK/headers" | tr -d '\r'
}
value() # value 'python expression on d' URL
{
    curl -s --max-time 20 "$2" | python3 -c "import json,sys; d=json.load(sys.stdin); print($1)"
}
# soon WHAT EXPECTED 'expression': of /v1/status, within two seconds and the time to ask twenty times
soon()
{
    i=0
    while got=$(value "$3" "$URL/v1/status") && [ "$got" != "$2" ] && [ $i -lt 20 ]; do
        sleep 0.1
        i=$((i + 1))
    done
    same "$1" "$2" "$got"
}

before=$(date +%s%N)
serve_store "$STORE"
[ -n "$URL" ] || { not_ok "the server starts" "$(cat "$WORK/log")"; finish; }
ms=$((($(date +%s%N) - before) / 1000000))
ok "the server is ready ($ms ms)"

same "healthz answers" '200 {"status":"ok"}' "$(status "$URL/healthz") $(cat "$WORK/body")"
same "the page is served" "200 text/html; charset=utf-8" "$(status "$URL/") $(header content-type)"
same "the page may load from here only" 1 "$(header content-security-policy | grep -c "default-src 'self'")"
same "its scripts are served" "200 text/javascript; charset=utf-8" "$(status "$URL/viewer/app.js") $(header content-type)"
same "nothing else of the disk is" "404 404 404" \
    "$(status --path-as-is "$URL/viewer/../routes.c") $(status "$URL/viewer/%2e%2e%2froutes.c") $(status --path-as-is "$URL/../../etc/passwd")"

same "a tile is a PNG with a tag" "200 image/png 1" \
    "$(status "$URL/tiles/risk/7/101/49.png") $(header content-type) $(header etag | grep -c '^"[0-9a-f]\{32\}"$')"
tag=$(header etag)
same "an unchanged tile is 304 without a body" "304 0" \
    "$(curl -s -D "$WORK/headers" -o /dev/null -w '%{http_code} %{size_download}' -H "If-None-Match: $tag" "$URL/tiles/risk/7/101/49.png")"
same "a tile is revalidated, so that a new assessment shows" "public, max-age=0, must-revalidate" "$(header cache-control)"
version=$(value 'd["tile_versions"]["risk"]' "$URL/v1/status" | tr -d '"')
same "under its version it is for ever" "200 public, max-age=31536000, immutable" \
    "$(status "$URL/tiles/risk/7/101/49.png?v=$version") $(header cache-control)"
same "under another it is not" "200 public, max-age=0, must-revalidate" \
    "$(status "$URL/tiles/risk/7/101/49.png?v=0123456789abcdef") $(header cache-control)"
same "HEAD of a kept tile has its length and no body" "200 $(curl -s "$URL/tiles/risk/7/101/49.png" | wc -c) 0" \
    "$(status --head "$URL/tiles/risk/7/101/49.png") $(header content-length) $(curl -s --head "$URL/tiles/risk/7/101/49.png" -o /dev/null -w '%{size_download}')"
same "answers name the generation" "$(value 'd["generation"]' "$URL/v1/status")" "$(status "$URL/v1/units" >/dev/null; header x-sisetu-generation)"
same "other sites may read" '*' "$(header access-control-allow-origin)"
same "HEAD has the length and no body" "200 $(curl -s "$URL/v1/units" | wc -c) 0" \
    "$(status --head "$URL/v1/units") $(header content-length) $(curl -s --head "$URL/v1/units" -o /dev/null -w '%{size_download}')"
same "a method that is not answered is 405 with Allow" "405 GET, HEAD, OPTIONS" "$(status -X DELETE "$URL/v1/units") $(header allow)"
same "OPTIONS answers what is" "204 POST, OPTIONS" "$(status -X OPTIONS "$URL/v1/check") $(header allow)"
same "a mistake is JSON that says which" '400 {"error":{"code":"usage","message":"parameter lon \"x\" is not a number"}}' \
    "$(status "$URL/v1/at?lon=x&lat=1") $(cat "$WORK/body")"
same "errors are not stored by caches" "no-store" "$(header cache-control)"

# Over the limits.
same "an address over 8 KiB is refused" 413 "$(status "$URL/v1/units?$(printf '%9000s' | tr ' ' a)")"
same "headers over 32 KiB are refused" 431 "$(status -H "X-A: $(printf '%40000s' | tr ' ' a)" "$URL/v1/units")"
head -c 3000000 /dev/zero >"$WORK/zero"
same "a body over 2 MiB is refused" 413 "$(status --data-binary @"$WORK/zero" "$URL/v1/check")"
same "the same in pieces of unknown length" 413 "$(status -H 'Transfer-Encoding: chunked' --data-binary @"$WORK/zero" "$URL/v1/check")"
truncate -s 40M "$WORK/zeros"
same "one of 40 MiB too, sent without asking first" "413 limit 2097152" "$(status -H 'Expect:' --data-binary @"$WORK/zeros" "$URL/v1/check") $(python3 -c 'import json, sys; e = json.load(open(sys.argv[1]))["error"]; print(e["code"], e["message"].split()[5])' "$WORK/body")"
same "in pieces of unknown length" 413 "$(status -H 'Expect:' -H 'Transfer-Encoding: chunked' --data-binary @"$WORK/zeros" "$URL/v1/check")"
same "and to a client that reads when it has sent all" 413 "$(python3 - "$URL" <<'END'
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1].split('//')[1].strip('/'), timeout=20)
connection.request('PUT', '/v1/protected/S1', bytes(9 << 20))
print(connection.getresponse().status)
END
)"
same "a client that asks first is told before it sends" "413 0" "$(curl -s -o "$WORK/body" --max-time 20 -w '%{http_code} %{size_upload}' --expect100-timeout 20 -H 'Expect: 100-continue' -T "$WORK/zeros" -X PUT "$URL/v1/protected/S1")"
same "a body that is no JSON is refused" 422 "$(status -d '{"type":' "$URL/v1/check")"
same "a site is judged" "200 1" "$(status -d '{"type":"WORKSHOP_JIA","geometry":{"type":"Point","coordinates":[106.25,38.48]}}' "$URL/v1/check") $(grep -c '"verdict"' "$WORK/body")"
printf 'GARBAGE\r\n\r\n' | timeout 5 nc -q1 127.0.0.1 "${URL##*:}" >/dev/null 2>&1
printf 'GET /v1/units HTTP/1.1\r\nHost: x\r\n' | timeout 2 nc -q0 127.0.0.1 "${URL##*:}" >/dev/null 2>&1
same "it still answers after garbage and a cut request" 200 "$(status "$URL/healthz")"

# The command line and the server give the same answers.
"$S" at "$STORE" 106.25 38.48 --radius 1500 --json >"$WORK/cli.json"
curl -s "$URL/v1/at?lon=106.25&lat=38.48&radius_m=1500" >"$WORK/http.json"
is "at is the same from both" sh -c "tr -d '\n' <'$WORK/cli.json' | cmp - '$WORK/http.json'"
colour_type() # of a tile: 2 RGB, 3 a palette, 6 RGBA
{
    curl -s "$1" | dd bs=1 skip=25 count=1 2>/dev/null | od -An -tu1 | tr -d ' '
}
same "?png=8 is a palette" 3 "$(colour_type "$URL/tiles/county/10/813/397.png?png=8")"
same "?png=32 keeps all colours" true \
    "$(case $(colour_type "$URL/tiles/county/10/813/397.png?png=32") in 2 | 6) echo true ;; esac)"
same "?png=24 is refused" 400 "$(status "$URL/tiles/county/10/813/397.png?png=24")"

"$S" tile "$STORE" county 10 813 397 -o "$WORK/cli.png"
curl -s "$URL/tiles/county/10/813/397.png" >"$WORK/http.png"
is "a tile is the same from both" cmp "$WORK/cli.png" "$WORK/http.png"

# Many at once: everybody gets the same.
i=0 pids=
while [ $i -lt 40 ]; do
    curl -s --max-time 30 "$URL/tiles/county/9/40$((i % 4 + 4))/198.png" -o "$WORK/many.$i" &
    pids="$pids $!"
    i=$((i + 1))
done
for pid in $pids; do wait "$pid"; done
same "forty requests at once are answered alike" 4 "$(cd "$WORK" && md5sum many.* | awk '{print $1}' | sort -u | wc -l)"

# The store changes under the server.
generation=$(value 'd["generation"]' "$URL/v1/status")
"$S" assess "$STORE" --as-of 2020-01-01 >/dev/null
soon "a new assessment shows" True "d['generation'] > $generation and d['as_of'] == '2020-01-01'"
"$S" init "$WORK/other.gpkg" >/dev/null
mv "$WORK/other.gpkg" "$STORE"
soon "another store in its place is followed" 0 'd["counts"]["enterprises"]'
printf 'not a store' >"$STORE"
i=0
while ! grep -q 'event=store error=' "$WORK/log" && [ $i -lt 200 ]; do
    sleep 0.05
    i=$((i + 1))
done
same "a broken one leaves the last good world" "0 200" "$(value 'd["counts"]["enterprises"]' "$URL/v1/status") $(status "$URL/v1/units")"
same "which is logged once" 1 "$(grep -c 'event=store error=' "$WORK/log")"

fails 6 'in use by another program' "a port in use is told" "$S" serve "$SAMPLE" --listen "${URL#http://}"
kill -TERM "$PID"
wait "$PID"
same "SIGTERM ends it with status 0" 0 $?
same "and it says so" 1 "$(grep -c 'event=stop signal=SIGTERM' "$WORK/log")"
PID=

serve_store "$SAMPLE" --threads 2 --max-age county=60 --basemap xyz:https://tiles.example/{z}/{x}/{y}.png --attribution Nobody
same "a basemap is passed on" "xyz Nobody" "$(value 'd["basemap"]["kind"] + " " + d["basemap"]["attribution"]' "$URL/v1/status")"
same "and the page may load from it" 1 "$(status "$URL/" >/dev/null; header content-security-policy | grep -c 'https://tiles.example')"
same "tiles are kept as long as --max-age says, map by map" "public, max-age=60, must-revalidate public, max-age=0, must-revalidate" \
    "$(status "$URL/tiles/county/9/407/197.png" >/dev/null; header cache-control) $(status "$URL/tiles/risk/9/407/197.png" >/dev/null; header cache-control)"
for map in region city county dangers risk; do
    for z in 6 7 8 9 10; do
        for dx in 0 1 2; do
            curl -s -o "$WORK/tile" "$URL/tiles/$map/$z/$((813 >> (10 - z)))/$(((397 >> (10 - z)) + dx)).png"
        done
    done
done
kb=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$PID/status")
most=256000
case $BUILD in *asan | *tsan) most=4000000 ;; esac
if [ "$kb" -lt $most ]; then ok "resident memory stays under 250 MB ($((kb / 1024)) MB)"; else not_ok "resident memory stays under 250 MB" "$kb kB"; fi
kill -INT "$PID"
wait "$PID"
same "SIGINT ends it with status 0" 0 $?
PID=

fails 4 'no such store' "a store that is not there is told" "$S" serve "$WORK/none.gpkg" --listen 127.0.0.1:0
fails 3 'not a GeoPackage' "a file that is no store is told" "$S" serve "$STORE" --listen 127.0.0.1:0
fails 2 'HOST:PORT' "an address without a port is refused" "$S" serve "$SAMPLE" --listen 127.0.0.1
fails 2 'HOST:PORT' "a port beyond 65535 is refused" "$S" serve "$SAMPLE" --listen 127.0.0.1:65536
fails 2 'tianditu:KEY or xyz:URL' "another basemap is refused" "$S" serve "$SAMPLE" --basemap osm
fails 2 'MAP=SECONDS' "an age without a number is told" "$S" serve "$SAMPLE" --max-age risk=long
fails 2 'MAP=SECONDS' "so is one of a map that there is not" "$S" serve "$SAMPLE" --max-age moon=60
fails 2 'threads' "no thread is too few" "$S" serve "$SAMPLE" --threads 0
fails 4 'nostyle.json' "a style that is not there is told" "$S" serve "$SAMPLE" --listen 127.0.0.1:0 --style "$WORK/nostyle.json"
finish
