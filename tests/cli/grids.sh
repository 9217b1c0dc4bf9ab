#!/bin/sh
# grids.sh - tiles of other grids than Web Mercator on the command line: one, and all of them in a
# directory, the same as those that are served.
. tests/cli/lib.sh

STORE=$ROOT/build/ningxia.gpkg
[ -f "$STORE" ] || { echo "SKIP: no build/ningxia.gpkg; make sample makes it"; exit 0; }
serve_store "$STORE"
trap 'kill $PID 2>/dev/null; rm -rf "$WORK"' EXIT
cd "$WORK" || exit 1

# One tile.
is_served() # is_served GRID Z X Y
{
    "$S" tile "$STORE" county "$2" "$3" "$4" --grid "$1" -o one.png && curl -sf -o served.png "$URL/tiles/county/$1/$2/$3/$4.png" &&
        cmp one.png served.png && [ "$(stat -c %s one.png)" -gt 200 ]
}
is "a tile of CGCS2000Quad is the one that is served" is_served CGCS2000Quad 10 1628 293
is "a tile of WorldCRS84Quad" is_served WorldCRS84Quad 10 1628 293
is "a tile of Tianditu's c" is_served c 11 1628 293
is "a tile of Tianditu's w" is_served w 10 814 394
fails 2 'grids are WebMercatorQuad, WorldCRS84Quad, CGCS2000Quad' "an unknown grid is told" "$S" tile "$STORE" county 1 0 0 --grid EPSG:4490 -o one.png
fails 2 'did you mean CGCS2000Quad' "and one that is nearly right" "$S" tile "$STORE" county 1 0 0 --grid CGCS2000quad -o one.png
fails 4 'zoom 20 is outside 0 to 19' "a level that the grid has not" "$S" tile "$STORE" county 20 0 0 --grid CGCS2000Quad -o one.png
fails 4 'zoom 0 is outside 1 to 18' "one below its first" "$S" tile "$STORE" county 0 0 0 --grid c -o one.png
fails 4 'x goes from 0 to 3 and y from 0 to 1' "a row that the level has not" "$S" tile "$STORE" county 1 0 2 --grid CGCS2000Quad -o one.png

# All of them.
fails 2 'PMTiles and MBTiles hold Web Mercator alone' "one file holds Web Mercator alone: PMTiles" "$S" seed "$STORE" --map risk --zoom 1-5 --grid c -o all.pmtiles
fails 2 'PMTiles and MBTiles hold Web Mercator alone' "MBTiles" "$S" seed "$STORE" --map risk --zoom 1-5 --grid CGCS2000Quad -o all.mbtiles
fails 2 'from 1 to 18' "zooms are those of the grid" "$S" seed "$STORE" --map risk --zoom 0-5 --grid c -o all/
is "Tianditu's w is Web Mercator" "$S" seed "$STORE" --map risk --zoom 1-5 --grid w -o w.pmtiles
is "and gives what no grid gives" "$S" seed "$STORE" --map risk --zoom 1-5 -o none.pmtiles
is "the same file" cmp w.pmtiles none.pmtiles
is "a directory holds the others" "$S" seed "$STORE" --map risk --zoom 1-10 --grid c -o c/
is "by their levels" "$S" seed "$STORE" --map risk --zoom 0-9 --grid CGCS2000Quad -o quad/
same "the zooms that were asked for" "1 2 3 4 5 6 7 8 9 10" "$(find c -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort -n | tr '\n' ' ' | sed 's/ $//')"
differ=
for z in 1 2 3 4 5 6 7 8 9 10; do
    diff -r "c/$z" "quad/$((z - 1))" >/dev/null || differ="$differ $z"
done
same "level n of c is level n - 1 of CGCS2000Quad" "" "$differ"
same "its metadata name the grid" "CGCS2000Quad urn:ogc:def:crs:EPSG::4490 0 9" "$(python3 -c '
import json
about = json.load(open("quad/metadata.json"))
print(about["tileMatrixSet"], about["crs"], about["minzoom"], about["maxzoom"])')"
find c -name '*.png' | sort >tiles
differ=0 n=0
for tile in $(awk 'NR % 7 == 1' tiles); do
    n=$((n + 1))
    curl -sf -o served.png "$URL/tiles/risk/$tile"
    cmp -s "$tile" served.png || differ=$((differ + 1))
done
if [ $n -gt 10 ]; then ok "$n tiles to compare"; else not_ok "tiles to compare" "$n"; fi
same "each is the one that is served" 0 $differ
# What is left out has nothing: every tile of level 8 of the data's corner of the world.
missing=
for x in $(seq 400 412); do
    for y in $(seq 68 80); do
        [ -f "c/9/$x/$y.png" ] && continue
        curl -sf -o served.png "$URL/tiles/risk/c/9/$x/$y.png"
        [ "$(stat -c %s served.png)" -eq 116 ] || missing="$missing $x/$y"
    done
done
same "a tile that is not there is empty" "" "$missing"
is "vector tiles too" "$S" seed "$STORE" --map risk --zoom 3-8 --grid CGCS2000Quad --format mvt -o vector/
tile=$(find vector -name '*.mvt' | sort | tail -1)
curl -sf --compressed -o served.mvt "$URL/tiles/risk/CGCS2000Quad/${tile#vector/}"
gzip -dc <"$tile" >drawn.mvt
is "as they are served" cmp drawn.mvt served.mvt
same "the sanitizers saw nothing" "" "$(grep -E 'Sanitizer|runtime error' log)"
finish
