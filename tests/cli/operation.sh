#!/bin/sh
# operation.sh - the server as its operator meets it: metrics, access log, ids of requests, reload,
# many connections, and how it stops.
. tests/cli/lib.sh

SAMPLE=build/ningxia.gpkg
[ -f "$SAMPLE" ] || { echo "SKIP: no $SAMPLE; make sample makes it"; exit 0; }
STORE=$WORK/store.gpkg
cp "$SAMPLE" "$STORE"
mkdir "$WORK/access"

serve_store "$STORE" --access-log "$WORK/access/log"
trap 'kill -9 $PID 2>/dev/null; chmod -R u+w "$WORK" 2>/dev/null; rm -rf "$WORK"' EXIT
PORT=${URL##*:}
[ -n "$URL" ] || { not_ok "the server starts" "$(cat "$WORK/log")"; finish; }

figure() # figure NAME: its value in /metrics
{
    curl -s --max-time 20 "$URL/metrics" | awk -v name="$1" '$1 == name {print $2}'
}

logged() # logged PATTERN FILE: waits for a line, which is written after its answer was taken
{
    i=0
    while ! grep -q "$1" "$2" 2>/dev/null && [ $i -lt 100 ]; do
        sleep 0.05
        i=$((i + 1))
    done
    grep -c "$1" "$2"
}

# ---- metrics ----
curl -s -o /dev/null "$URL/tiles/risk/6/50/24.png"
curl -s -o /dev/null "$URL/tiles/risk/6/50/24.png"
curl -s -o /dev/null "$URL/v1/units/640100"
curl -s -o /dev/null "$URL/v1/units/nowhere"
for i in 1 2 3 4 5 6 7 8 9; do curl -s -o /dev/null "$URL/made/up/$i"; done
same "tiles are counted under one pattern" 2 "$(figure 'sisetu_http_requests_total{route="/tiles/*/*/*/*",method="GET",status="2xx"}')"
same "one of them from the cache" 1 "$(figure sisetu_tile_cache_hits_total)"
same "answers and errors apart" "1 1" \
    "$(figure 'sisetu_http_requests_total{route="/v1/units/*",method="GET",status="2xx"}') $(figure 'sisetu_http_requests_total{route="/v1/units/*",method="GET",status="4xx"}')"
same "addresses that are made up make no labels" "9 0" \
    "$(figure 'sisetu_http_requests_total{route="other",method="GET",status="4xx"}') $(curl -s "$URL/metrics" | grep -c made/up)"
same "it is Prometheus' text format" "text/plain; version=0.0.4; charset=utf-8" \
    "$(curl -s -o /dev/null -w '%{content_type}' "$URL/metrics")"
same "every figure has one HELP and one TYPE" "$(curl -s "$URL/metrics" | grep -c '^# HELP')" \
    "$(curl -s "$URL/metrics" | sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' | sort -u | wc -l)"

# ---- ids and log ----
same "a request keeps the id that a proxy gave it" proxy-7.a \
    "$(curl -s -o /dev/null -D - -H 'X-Request-Id: proxy-7.a' "$URL/v1/units" | sed -n 's/^X-Request-Id: //p' | tr -d '\r')"
given=$(curl -s -o /dev/null -D - -H 'X-Request-Id: a b"c' "$URL/v1/units?x=1" | sed -n 's/^X-Request-Id: //p' | tr -d '\r')
is "one that is not plain is replaced" sh -c "echo '$given' | grep -qE '^[0-9a-f]{16}$'"
same "the log has the request under its id" 1 "$(logged "id=$given .*target=\"/v1/units?x=1\" status=400 " "$WORK/access/log")"
same "and the cached tile" 1 "$(grep -c 'from=127.0.0.1 method=GET target="/tiles/risk/6/50/24.png" status=200 bytes=[0-9]* ms=0' "$WORK/access/log")"
mv "$WORK/access/log" "$WORK/access/log.1"
kill -HUP "$PID"
same "SIGHUP is told" 1 "$(logged event=reload "$WORK/log")"
i=0
while [ ! -f "$WORK/access/log" ] && [ $i -lt 200 ]; do
    sleep 0.05
    i=$((i + 1))
done
sleep 0.1
curl -s -o /dev/null "$URL/healthz?after"
same "after SIGHUP lines go to a new file" "1 0" "$(logged healthz "$WORK/access/log") $(grep -c healthz "$WORK/access/log.1")"

# ---- many connections, slow ones ----
cat >"$WORK/hold.py" <<'P'
import socket, sys, time
port, n = int(sys.argv[1]), int(sys.argv[2])
held = []
for i in range(n):
    s = socket.socket()
    s.settimeout(5)
    try:
        s.connect(("127.0.0.1", port))
        s.send(b"GET /tiles/risk/6/")
        held.append(s)
    except OSError:
        break
print(len(held), flush=True)
time.sleep(60)
P
ulimit -n 4096 2>/dev/null
python3 "$WORK/hold.py" "$PORT" 2000 >"$WORK/held" 2>/dev/null &
HOLD=$!
i=0
while [ ! -s "$WORK/held" ] && [ $i -lt 400 ]; do
    sleep 0.05
    i=$((i + 1))
done
same "while one address holds all connections that it can, another is served" 200 \
    "$(curl -s -o /dev/null -w '%{http_code}' --max-time 20 --interface 127.0.0.2 "$URL/healthz")"
open=$(curl -s --max-time 20 --interface 127.0.0.2 "$URL/metrics" | awk '$1 == "sisetu_connections" {print $2}')
is "one address has at most 512 of them (${open:-0} are open)" test "${open:-0}" -gt 10 -a "${open:-0}" -le 514
kill $HOLD
wait $HOLD 2>/dev/null

# ---- the end ----
# A client that takes its answer slowly, through a small window, while the server is told to stop.
cat >"$WORK/slow.py" <<'P'
import socket, sys, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
s.connect(("127.0.0.1", int(sys.argv[1])))
s.send(b"GET /viewer/ol.js HTTP/1.1\r\nHost: x\r\n\r\n" * 4)  # more than the system takes at once
print("asked", flush=True)
time.sleep(1.5)
n = 0
while True:
    piece = s.recv(1 << 16)
    if not piece:
        break
    n += len(piece)
print(n, flush=True)
P
bytes=$(curl -s "$URL/viewer/ol.js" | wc -c)
python3 "$WORK/slow.py" "$PORT" >"$WORK/slow" &
SLOW=$!
i=0
while [ ! -s "$WORK/slow" ] && [ $i -lt 200 ]; do
    sleep 0.05
    i=$((i + 1))
done
sleep 0.5
kill -TERM "$PID"
sleep 0.2
fails 7 '' "a server that was told to stop takes no new connections" sh -c "curl -s '$URL/healthz' || { s=\$?; echo refused >&2; exit \$s; }"
wait $SLOW
got=$(tail -n 1 "$WORK/slow")
is "but sends what it had begun to send ($got of at least $bytes bytes)" test "$got" -ge "$bytes"
wait $PID
same "and ends well" 0 $?
same "its log ends with the last request, its events with the signal" "1 1" \
    "$(tail -n 4 "$WORK/access/log" | grep -c 'target="/viewer/ol.js" status=200' | sed 's/[2-4]/1/') $(tail -n 1 "$WORK/log" | grep -c 'event=stop signal=SIGTERM')"

fails 4 'cannot write the access log /nowhere/x' "a log that cannot be written is told at once" \
    "$S" serve "$STORE" --listen 127.0.0.1:0 --access-log /nowhere/x
finish
