#!/bin/sh
# wmts.sh - the Web Map Tile Service as GDAL and OWSLib read it: every map in every grid, at its
# place, pixel by pixel the tiles that are served.
. tests/cli/lib.sh

SAMPLE=$ROOT/build/ningxia.gpkg
[ -f "$SAMPLE" ] || { echo "SKIP: no build/ningxia.gpkg; make sample makes it"; exit 0; }
serve_store "$SAMPLE"
trap 'kill $PID 2>/dev/null; rm -rf "$WORK"' EXIT
CAPABILITIES=$URL/wmts/1.0.0/WMTSCapabilities.xml
GDAL_DEFAULT_WMS_CACHE_PATH=$WORK/gdal
export GDAL_DEFAULT_WMS_CACHE_PATH
cd "$WORK" || exit 1

# ---- GDAL ----

layer() { echo "WMTS:$CAPABILITIES,layer=$1,tilematrixset=$2"; }
maps="risk region city county dangers pipelines"
grids="WebMercatorQuad WorldCRS84Quad CGCS2000Quad"
styles=$(curl -sf "$CAPABILITIES" | sed -n 's|.*<ows:Identifier>\(.*\)</ows:Identifier>.*|\1|p' | sort -u | grep -cxE 'four-colour|accessible|dark|print')
for map in $maps; do for grid in $grids; do echo "layer=$map,tilematrixset=$grid"; done; done | sort >expected
gdalinfo "WMTS:$CAPABILITIES" 2>>log | sed -n 's/.*_NAME=.*xml,//p' | sed 's/,style=.*//' | sort -u >found
same "GDAL finds every map in every grid at one address" "$(cat expected)" "$(cat found)"
same "by key-value pairs too, in four styles" "4 $((18 * styles))" "$styles $(gdalinfo "WMTS:$URL/wmts?SERVICE=WMTS&REQUEST=GetCapabilities" 2>>log | grep -c _NAME=)"
says 'ID\["EPSG",4490\]' "CGCS2000Quad is EPSG:4490 to GDAL" gdalinfo "$(layer risk CGCS2000Quad)"
says 'Data axis to CRS axis mapping: 2,1' "whose latitude comes first" gdalinfo "$(layer risk CGCS2000Quad)"
says 'ID\["EPSG",3857\]' "WebMercatorQuad is EPSG:3857" gdalinfo "$(layer risk WebMercatorQuad)"

# One tile of GDAL's is the tile that is served, pixel by pixel.
rgb() # rgb IN OUT: three bands, as they lie
{
    expand=
    gdalinfo "$1" | grep -q 'Color Table' && expand='-expand rgb'
    # shellcheck disable=SC2086
    gdal_translate -q -of ENVI -co INTERLEAVE=BSQ $expand -b 1 $([ -n "$expand" ] || echo '-b 2 -b 3') "$1" "$2"
}
tile_is() # tile_is GRID Z X Y WEST NORTH EAST SOUTH
{
    curl -sf -o served.png "$URL/tiles/county/$1/$2/$3/$4.png"
    # Counted from the corner of a tile, not of the data: else GDAL reads between pixels.
    gdal_translate -q -of PNG -oo EXTENT_METHOD=TILE_MATRIX_SET -projwin "$5" "$6" "$7" "$8" "$(layer county "$1")" drawn.png 2>>log
    says 'Size is 256, 256' "a tile of $1 is 256 pixels to GDAL" gdalinfo drawn.png
    rgb served.png served.raw
    rgb drawn.png drawn.raw
    is "which are those that are served" cmp served.raw drawn.raw
    if [ "$(stat -c %s served.png)" -gt 200 ]; then ok "with something in it"; else not_ok "with something in it"; fi
}
# The tile of the last level that a plant lies in.
ogr2ogr -f CSV /vsistdout/ "$SAMPLE" -sql "SELECT ST_X(geom) AS x, ST_Y(geom) AS y FROM enterprises WHERE ST_GeometryType(geom) = 'POINT' ORDER BY id LIMIT 1" 2>>log |
    sed 1d | tr -d '"' | tr ',' ' ' >plant
python3 - >tiles <<'END'
import math
lon, lat = map(float, open("plant").read().split())
deg = 180 / 2 ** 19
x, y = int((lon + 180) / deg), int((90 - lat) / deg)
for grid in "CGCS2000Quad", "WorldCRS84Quad":
    print(grid, 19, x, y, *map(repr, (x * deg - 180, 90 - y * deg, (x + 1) * deg - 180, 90 - (y + 1) * deg)))
half = math.pi * 6378137
edge = 2 * half / 2 ** 20
x, y = int((math.radians(lon) * 6378137 + half) / edge), int((half - math.asinh(math.tan(math.radians(lat))) * 6378137) / edge)
print("WebMercatorQuad", 20, x, y, *map(repr, (x * edge - half, half - y * edge, (x + 1) * edge - half, half - (y + 1) * edge)))
END
while read -r grid z x y west north east south; do
    tile_is "$grid" "$z" "$x" "$y" "$west" "$north" "$east" "$south"
done <tiles
same "three grids" 3 $(($(wc -l <tiles)))

# The middle of a graded cell has its colour, in all grids, at the last level.
ogr2ogr -f CSV /vsistdout/ "$SAMPLE" -sql "SELECT subject_id, grade FROM grades WHERE subject = 'cell' AND grade = could_be ORDER BY id LIMIT 12" 2>>log |
    sed 1d | tr -d '"' | tr ',_' '  ' >cells
: >colours
while read -r x y grade; do
    lon=$(echo "$x" | awk '{print $1 / 100 + 0.0012}') lat=$(echo "$y" | awk '{print $1 / 100 + 0.0012}')
    for grid in $grids; do
        echo "$grade $x $y $(gdallocationinfo -valonly -wgs84 "$(layer county $grid)" "$lon" "$lat" 2>>log | head -3 | tr '\n' ' ')" >>colours
    done
done <cells
lines=$(wc -l <cells)
if [ "$lines" -gt 5 ]; then ok "the sample has graded cells"; else not_ok "the sample has graded cells" "$lines"; fi
# Hatching and lines are as wide in every grid, but not in degrees: a pixel may be covered a little more.
same "a cell has one colour in all grids" "" "$(awk '{key = $1 " " $2 " " $3}
    key == last && (($4 - r) ^ 2 > 400 || ($5 - g) ^ 2 > 400 || ($6 - b) ^ 2 > 400) {print key}
    {last = key; r = $4; g = $5; b = $6}' colours)"
same "in three grids each" $((3 * lines)) $(($(wc -l <colours)))
colours=$(awk '{print $4, $5, $6}' colours | sort -u | grep -c .)
if [ "$colours" -ge 2 ]; then ok "cells of several colours"; else not_ok "cells of several colours" "$(cat colours)"; fi

# Tianditu's address, with its numbers.
says 'Size is' "GDAL reads the capabilities of the dialect" gdalinfo "WMTS:$URL/county_c/wmts?REQUEST=GetCapabilities"
curl -sf -o c.png "$URL/county_c/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=vec&STYLE=default&TILEMATRIXSET=c&FORMAT=tiles&TILEMATRIX=11&TILEROW=293&TILECOL=1628&tk=0123"
curl -sf -o quad.png "$URL/tiles/county/CGCS2000Quad/10/1628/293.png"
is "level 11 of Tianditu's c is level 10 of CGCS2000Quad" cmp c.png quad.png

# ---- ArcGIS ----

# Its documented requests: keys in small letters, no style, formats by short names, bits of a pixel.
# The address that a user enters is asked with and without a version, and by path.
for asked in 'request=GetCapabilities&service=WMTS&version=1.0.0' 'SERVICE=WMTS&REQUEST=GetCapabilities&AcceptVersions=1.0.0' 'service=WMTS&request=GetCapabilities'; do
    says '<ows:Identifier>CGCS2000Quad' "capabilities to ArcGIS: $asked" curl -sf "$URL/wmts?$asked"
done
curl -sf -o plain.png "$URL/tiles/county/WebMercatorQuad/10/814/394.png"
curl -sf -o 32.png "$URL/tiles/county/WebMercatorQuad/10/814/394.png?png=32"
place='layer=county&tilematrixset=WebMercatorQuad&tilematrix=10&tilerow=394&tilecol=814'
for rest in 'version=1.0.0&style=default&format=png' 'version=1.0.0&style=&format=image/png' 'format=image/png&style=four-colour' ''; do
    curl -sf -o arcgis.png "$URL/wmts?service=WMTS&request=getTile&$place&$rest"
    is "a tile to ArcGIS: ${rest:-no version, style or format}" cmp plain.png arcgis.png
done
for format in image/png32 png24; do
    curl -sf -o arcgis.png "$URL/wmts?service=WMTS&request=GetTile&version=1.0.0&style=default&$place&format=$format"
    is "and as $format" cmp 32.png arcgis.png
done
same "a format that is not served is 400, whatever Accept says" "400 InvalidParameterValue" \
    "$(curl -s -o fault.xml -w '%{http_code}' -H 'Accept: image/jpeg' "$URL/wmts?service=WMTS&request=GetTile&$place&format=image/jpgpng") $(sed -n 's/.*exceptionCode="\([A-Za-z]*\)".*/\1/p' fault.xml)"

# ---- OWSLib ----

# It comes with the system's Python, whatever else is called so.
PYTHON=
for candidate in python3 /usr/bin/python3; do
    [ -n "$PYTHON" ] || { $candidate -c 'import owslib' 2>/dev/null && PYTHON=$candidate; }
done
if [ -z "$PYTHON" ]; then
    echo 'SKIP: no OWSLib (python3-owslib)'
    finish
fi
$PYTHON - "$URL" <<'END' >owslib 2>>log
import sys, urllib.request
from owslib.wmts import WebMapTileService
url = sys.argv[1]

def check(what, truth):
    print(("ok - " if truth else "not ok - ") + what)

def fetch(address):
    return urllib.request.urlopen(address).read()

service = WebMapTileService(url + "/wmts")
check("OWSLib reads the capabilities", service.identification.type == "OGC WMTS" and service.identification.version == "1.0.0")
check("OWSLib finds the maps, the one to begin with first", list(service.contents) == ["risk", "region", "city", "county", "dangers", "pipelines"])
check("OWSLib finds the grids", list(service.tilematrixsets) == ["WebMercatorQuad", "WorldCRS84Quad", "CGCS2000Quad"])
layer = service["county"]
check("OWSLib finds a default style", [name for name, style in layer.styles.items() if style["isDefault"]] == ["four-colour"])
check("OWSLib finds both formats", layer.formats == ["image/png", "application/vnd.mapbox-vector-tile"])
west, south, east, north = layer.boundingBoxWGS84
check("OWSLib finds the bounds of the data", 104 < west < 105 and 35 < south < 36 and 107 < east < 108 and 39 < north < 40)
matrix = service.tilematrixsets["CGCS2000Quad"].tilematrix["10"]
check("OWSLib finds a tile matrix", matrix.topleftcorner == (90.0, -180.0) and matrix.matrixwidth == 2048 and abs(matrix.scaledenominator * 1024 - 279541132.0143589) < 1e-3)
limits = layer.tilematrixsetlinks["CGCS2000Quad"].tilematrixlimits["10"]
def first(edge, margin):
    return int((edge + margin) / 0.17578125)
px = 128 * 0.17578125 / 256
check("its limits hold the data and no tile more than names reach",
      (limits.mintilecol, limits.maxtilecol, limits.mintilerow, limits.maxtilerow) ==
      (first(west + 180, -px), first(east + 180, px), first(90 - north, -px), first(90 - south, px)))
tile = service.gettile(layer="county", style="four-colour", tilematrixset="CGCS2000Quad", tilematrix="10", row=293, column=1628, format="image/png").read()
check("OWSLib gets a tile by key-value pairs", tile == fetch(url + "/tiles/county/CGCS2000Quad/10/1628/293.png"))
template = next(r["template"] for r in layer.resourceURLs if r["format"] == "image/png")
for key, value in {"Style": "four-colour", "TileMatrixSet": "CGCS2000Quad", "TileMatrix": "10", "TileRow": "293", "TileCol": "1628"}.items():
    template = template.replace("{%s}" % key, value)
check("and by path", tile == fetch(template))
legend = fetch(layer.styles["four-colour"]["legend"])
check("and its legend", legend[:4] == b"\x89PNG")
try:
    service.gettile(layer="county", style="four-colour", tilematrixset="CGCS2000Quad", tilematrix="10", row=1024, column=0, format="image/png")
    told = ""
except Exception as problem:
    told = str(problem)
check("a tile outside is told as an exception", "y from 0 to 1023" in told)
END
cat owslib
[ -s owslib ] || not_ok "OWSLib ran to its end" "$(tail -5 log)"
bad=$((bad + $(grep -c '^not ok' owslib)))
same "the sanitizers saw nothing" "" "$(grep -E 'Sanitizer|runtime error' log)"
finish
