#!/bin/sh
# vector_tiles.sh - vector tiles over HTTP, read by GDAL: the records at their places, whole.
. tests/cli/lib.sh

SAMPLE=build/ningxia.gpkg
[ -f "$SAMPLE" ] || { echo "SKIP: no $SAMPLE; make sample makes it"; exit 0; }
serve_store "$SAMPLE"
trap 'kill $PID 2>/dev/null; rm -rf "$WORK"' EXIT

# Every enterprise that is a point: its id, its tile at zoom 12.
ogr2ogr -f CSV /vsistdout/ "$SAMPLE" enterprises -lco GEOMETRY=AS_XY -select id 2>/dev/null |
    python3 -c '
import csv, math, sys
for row in csv.DictReader(sys.stdin):
    if not row["X"]:
        continue
    lon, lat = float(row["X"]), float(row["Y"])
    x = (lon + 180) / 360 * 4096
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 4096
    print(row["id"], lon, lat, int(x), int(y))' >"$WORK/points"
lines=$(wc -l <"$WORK/points")
if [ "$lines" -gt 5 ]; then ok "the sample has plants that are points"; else not_ok "the sample has plants that are points" "$lines"; fi

awk '{print $4, $5}' "$WORK/points" | sort -u | head -12 >"$WORK/tiles"
: >"$WORK/seen"
while read -r x y; do
    curl -sf -o "$WORK/plain.mvt" "$URL/tiles/county/12/$x/$y.mvt"
    curl -sf --compressed -o "$WORK/gzip.mvt" "$URL/tiles/county/12/$x/$y.mvt"
    cmp -s "$WORK/plain.mvt" "$WORK/gzip.mvt" || not_ok "gzip is the same tile" "$x/$y"
    ogr2ogr -f CSV /vsistdout/ "MVT:$WORK/plain.mvt" enterprises -oo X="$x" -oo Y="$y" -oo Z=12 \
        -lco GEOMETRY=AS_XY -t_srs OGC:CRS84 -select id 2>>"$WORK/log" | sed 1d >>"$WORK/seen"
    ogrinfo -so "MVT:$WORK/plain.mvt" -oo X="$x" -oo Y="$y" -oo Z=12 >>"$WORK/layers" 2>&1
done <"$WORK/tiles"
same "plants stand where they are, to a unit of the tile, as GDAL reads them" "" "$(python3 - "$WORK" <<'EOF'
import sys
work = sys.argv[1]
tiles = {tuple(line.split()) for line in open(work + "/tiles")}
seen = {}
for line in open(work + "/seen"):
    x, y, name = line.strip().split(",")
    seen.setdefault(name.strip('"'), []).append((float(x), float(y)))
unit = 360 / 4096 / 4096
compared = 0
for line in open(work + "/points"):
    name, lon, lat, x, y = line.split()
    if (x, y) not in tiles:
        continue
    compared += 1
    if not any(abs(p[0] - float(lon)) < unit and abs(p[1] - float(lat)) < unit for p in seen.get(name, [])):
        print(name, lon, lat, seen.get(name))
if compared < 5:
    print("only", compared)
EOF
)"
for layer in units boundaries enterprises; do
    if grep -q "$layer" "$WORK/layers"; then ok "GDAL finds $layer"; else not_ok "GDAL finds $layer" "$(head -20 "$WORK/layers")"; fi
done
same "no layer that a tile cannot hold" "" "$(grep -E 'selected|outside|ERROR' "$WORK/layers")"

same "nothing there is 204 without a body" "204 0" "$(curl -s -o /dev/null -w '%{http_code} %{size_download}' "$URL/tiles/county/12/1/1.mvt")"
tag=$(curl -sI "$URL/tiles/county/12/1/1.mvt" | tr -d '\r' | sed -n 's/^ETag: //p')
same "and 304 to who has it" 304 "$(curl -s -o /dev/null -w '%{http_code}' -H "If-None-Match: $tag" "$URL/tiles/county/12/1/1.mvt")"
same "TileJSON has an address that answers" 200 "$(curl -s -o /dev/null -w '%{http_code}' "$(curl -s "$URL/tiles/county.json" | python3 -c 'import json, sys; print(json.load(sys.stdin)["tiles"][0].replace("{z}", "6").replace("{x}", "50").replace("{y}", "24"))')")"
same "the style leads to it" "$URL/tiles/county.json" "$(curl -s "$URL/styles/four-colour.json?map=county" | python3 -c 'import json, sys; print(json.load(sys.stdin)["sources"]["sisetu"]["url"])')"
finish
