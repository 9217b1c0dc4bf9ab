#!/bin/sh
# flood.sh - ten thousand connections at once: the server says 503 or closes, answers others, and is
# as before when they have gone.
. tests/cli/lib.sh

SAMPLE=$ROOT/build/ningxia.gpkg
[ -f "$SAMPLE" ] || { echo "SKIP: no build/ningxia.gpkg; make sample makes it"; exit 0; }
[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 4096 ] || { echo "SKIP: a process may open only $(ulimit -Hn) files here"; exit 0; }
ulimit -n "$(ulimit -Hn)" 2>/dev/null
serve_store "$SAMPLE"
trap 'kill $PID 2>/dev/null; rm -rf "$WORK"' EXIT
of() { awk -v key="$1" '$1 == key {print $2}' "$WORK/flood"; }
kb() { awk '/VmRSS/ {print $2}' "/proc/$PID/status"; }
files() { find "/proc/$PID/fd" -mindepth 1 2>/dev/null | wc -l; }
less() { awk -v a="$1" -v b="$2" 'BEGIN {exit !(a != "" && a + 0 < b + 0)}'; }
is "the server answers" curl -sf -o /dev/null "$URL/tiles/county/9/407/197.png"
files=$(files) before=$(kb)

for kind in slow whole; do
    python3 "$ROOT/tests/cli/flood.py" "${URL##*:}" 10000 $kind >"$WORK/flood" 2>>"$WORK/log"
    echo "  $kind: $(tr '\n' ' ' <"$WORK/flood"), $(kb) kB"
    is "$(of connections) $kind connections: somebody else is answered within 30 s" less "$(of during_s)" 30
    is "and at once when they have gone" less "$(of after_s)" 5
    i=0
    while [ "$(files)" -gt $((files + 32)) ] && [ $i -lt 100 ]; do
        sleep 0.1
        i=$((i + 1))
    done
    is "whose descriptors are free again" test "$(files)" -le $((files + 32))
done
same "every whole request has its answer: 200, 503, or an end" "0 0 $(of connections)" "$(of unanswered) $(of other) $(($(of 200) + $(of 503) + $(of closed)))"
is "tiles among them" test "$(of 200)" -gt 100
case $BUILD in *asan | *tsan) ;; *)
    is "memory stays within 200 MB of what it was" test "$(kb)" -lt $((before + 204800))
    ;; esac
is "it ends when it is told to" kill -TERM "$PID"
wait "$PID"
same "with status 0" 0 $?
is "the log has few lines" test "$(wc -l <"$WORK/log")" -lt 20
same "the sanitizers saw nothing" "" "$(grep -E 'Sanitizer|runtime error' "$WORK/log")"
finish
