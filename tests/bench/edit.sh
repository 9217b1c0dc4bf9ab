#!/bin/sh
# edit.sh - how long one edit takes until it is durable and published: random edits over HTTP of
# the comparison workload (COPIES=10: of ten times as much, SCALE=10: ten times as dense, see
# workload.sh), and afterwards whether the store is what a full assessment makes of it. EDITS
# (1,000) of them, PAUSE_MS (0) between an answer and the next.
set -eu
: "${BUILD:=build/release}" "${SCALE:=1}" "${COPIES:=1}" "${EDITS:=1000}"
S=$PWD/$BUILD/sisetu
store=$(BUILD=$BUILD SCALE=$SCALE COPIES=$COPIES sh tests/bench/workload.sh)
work=$(mktemp -d "$(dirname "$store")/edit.XXXXXX")
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# The assessed store is kept: assessing ten times the data takes a while.
assessed=$(dirname "$store")/assessed.gpkg
made=$(cksum <"$S"; cat "$store.made")
if [ ! -f "$assessed" ] || [ "$(cat "$assessed.made" 2>/dev/null)" != "$made" ]; then
    cp "$store" "$assessed.new"
    "$S" assess "$assessed.new" >/dev/null
    mv "$assessed.new" "$assessed"
    printf '%s\n' "$made" >"$assessed.made"
fi
cp "$assessed" "$work/store.gpkg"
# Every n-th record is enough to draw from.
for layer in enterprises zones protected pipelines; do
    ogr2ogr -q -f GeoJSON "$work/$layer.geojson" "$work/store.gpkg" -lco COORDINATE_PRECISION=15 \
        -sql "SELECT * FROM $layer WHERE fid % (4 * $SCALE * $COPIES) = 1"
done
token=$("$S" token add "$work/store.gpkg" bench)
"$S" serve "$work/store.gpkg" --listen 127.0.0.1:0 >"$work/url" 2>"$work/log" &
pid=$!
i=0
while [ ! -s "$work/url" ] && [ $i -lt 1200 ]; do
    sleep 0.1
    i=$((i + 1))
done
python3 tests/bench/edit.py "$(cat "$work/url")" "$token" "$work" "$EDITS"
grep -o 'prepared_ms=[0-9]*' "$work/log" | tail -1 | sed 's/^/  what edits need was ready after start in ms: /'
kill "$pid"
wait "$pid" || true
pid=
"$S" assess "$work/store.gpkg" --as-of "$(sqlite3 "$work/store.gpkg" "SELECT value FROM sisetu_meta WHERE key = 'as_of'")" >"$work/assess"
if grep -q 'nothing changed' "$work/assess"; then
    echo "  afterwards: the store is as assessed from scratch"
else
    cat "$work/assess"
    echo "  afterwards: A FULL ASSESSMENT FINDS DIFFERENCES"
    exit 1
fi
