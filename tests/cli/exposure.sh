#!/bin/sh
# exposure.sh - people inside shapes and shares of area, from the command line.
. tests/cli/lib.sh

STORE=$WORK/s.gpkg
py() # py 'python expression on d, the list of answers' COMMAND...: prints the value
{
    expression=$1
    shift
    "$@" | python3 -c "import json,sys; d=[json.loads(l) for l in sys.stdin]; print($expression)"
}

# A grid of 20 x 20 cells of 0.01 degree at 106 E, 39 N: 10 persons each, a row without data.
python3 - "$WORK" <<'P'
import json, sys
w = sys.argv[1]
rows = [["-9"] * 20 if r == 19 else ["10"] * 20 for r in range(20)]
open(w + "/g.asc", "w").write("ncols 20\nnrows 20\nxllcorner 106\nyllcorner 38.8\ncellsize 0.01\nNODATA_value -9\n"
                              + "\n".join(" ".join(r) for r in rows) + "\n")
def box(a, b, c, d): return [[[a, b], [c, b], [c, d], [a, d], [a, b]]]
def put(name, *features):
    json.dump({"type": "FeatureCollection", "features": [
        {"type": "Feature", "id": i, "properties": {}, "geometry": g} for i, g in features]}, open(f"{w}/{name}.geojson", "w"))
P = lambda *b: {"type": "Polygon", "coordinates": box(*b)}
put("two", ("one", P(106, 38.9, 106.1, 39)), ("half", P(106.005, 38.9, 106.01, 38.91)))
put("nodata", ("n", P(106, 38.8, 106.01, 38.82)))
put("bow", ("bow", {"type": "Polygon", "coordinates": [[[106, 38.9], [106.1, 39], [106.1, 38.9], [106, 39], [106, 38.9]]]}))
put("point", ("p", {"type": "Point", "coordinates": [106.1, 38.9]}))
put("line", ("l", {"type": "LineString", "coordinates": [[106.05, 38.9], [106.15, 38.9]]}))
put("flat", ("flat", {"type": "Polygon", "coordinates": [[[106, 38.9], [106.1, 38.9], [106, 38.9], [106, 38.9]]]}))
put("empty", ("void", {"type": "Polygon", "coordinates": []}))
put("nested", ("nest", {"type": "GeometryCollection", "geometries": [{"type": "GeometryCollection", "geometries": [P(106, 38.9, 106.1, 39)]}]}))
put("mixed", ("mix", {"type": "GeometryCollection", "geometries": [P(106, 38.9, 106.1, 39), {"type": "Point", "coordinates": [106, 39]}]}))
put("date", ("date", P(179, 38.9, -179, 39)))
put("shared", ("a", P(106, 38.9, 106.1, 39)), ("b", P(106, 38.9, 106.1, 39)))
open(w + "/nan.geojson", "w").write('{"type":"Polygon","coordinates":[[[106,38.9],[NaN,38.9],[106.1,39],[106,38.9]]]}')
open(w + "/census.csv", "w").write("id,persons,wkt\n"
    'A,100,"POLYGON((106 38.9,106.1 38.9,106.1 39,106 39,106 38.9))"\n'
    'B,300,"POLYGON((106.2 38.9,106.3 38.9,106.3 39,106.2 39,106.2 38.9))"\n')
P
is "an empty store" "$S" init "$STORE"
says 'neither population nor census' "a store without people says so" "$S" exposure "$STORE" "$WORK/two.geojson" --crs EPSG:4490
same "and knows nobody" "[None, None]" "$(py '[x["persons"] for x in d]' "$S" exposure "$STORE" "$WORK/two.geojson" --crs EPSG:4490 --json)"

# Census areas: persons by area, gaps without data.
is "a census is imported" "$S" import "$STORE" census "$WORK/census.csv" --crs EPSG:4490
same "an area is counted whole" "(100.0, 100.0, 100.0, 1)" \
    "$(py '(d[0]["persons"] / 1.0, d[0]["low"] / 1.0, d[0]["high"] / 1.0, d[0]["cells"])' "$S" exposure "$STORE" "$WORK/two.geojson" --crs EPSG:4490 --json)"
same "and a part by its area" True \
    "$(py 'abs(d[1]["persons"] - 0.5) < 1e-3 and d[1]["low"] == 0 and d[1]["high"] == 100' "$S" exposure "$STORE" "$WORK/two.geojson" --crs EPSG:4490 --json)"

is "a grid is imported" "$S" import "$STORE" population "$WORK/g.asc" --crs EPSG:4326
says 'counted by the grid' "and a census beside it is said to be unused" "$S" import "$STORE" census "$WORK/census.csv" --crs EPSG:4490 --replace
says '^id +persons +low +high +cells +area_m2 +densest_km2 +nodata_share$' "exposure has headings" "$S" exposure "$STORE" "$WORK/two.geojson" --crs EPSG:4490
says '^half +5\.0 +0\.0 +10\.0 +1 ' "half a cell has half its people" "$S" exposure "$STORE" "$WORK/two.geojson" --crs EPSG:4490
same "a line a feature, in order" "['one', 'half']" "$(py '[x["id"] for x in d]' "$S" exposure "$STORE" "$WORK/two.geojson" --crs EPSG:4490 --json)"
same "with these members" "area_m2 cells densest high id low nodata_share persons" \
    "$(py '" ".join(sorted(d[0]))' "$S" exposure "$STORE" "$WORK/two.geojson" --crs EPSG:4490 --json)"
same "whole cells are counted whole" "(1000, 1000, 1000, 100, 0)" \
    "$(py 'tuple(d[0][k] for k in ("persons", "low", "high", "cells", "nodata_share"))' "$S" exposure "$STORE" "$WORK/two.geojson" --crs EPSG:4490 --json)"
same "no data is not zero" True \
    "$(py 'd[0]["persons"] == 10 and abs(d[0]["nodata_share"] - 0.5) < 1e-3' "$S" exposure "$STORE" "$WORK/nodata.geojson" --crs EPSG:4490 --json)"
same "standard input is read as GeoJSON" 1000 \
    "$(py 'd[0]["persons"]' sh -c "'$S' exposure '$STORE' - --crs EPSG:4490 --json <'$WORK/two.geojson'")"
same "a plane buffer of 500 m of a point has its area" True \
    "$(py 'abs(d[0]["area_m2"] / 785398.16 - 1) < 1e-4' "$S" exposure "$STORE" "$WORK/point.geojson" --crs EPSG:4490 --within 500 --json)"
same "a line has people near it" True \
    "$(py 'd[0]["low"] < d[0]["persons"] < d[0]["high"]' "$S" exposure "$STORE" "$WORK/line.geojson" --crs EPSG:4490 --within 1500 --json)"
same "a polygon that crosses itself is made valid, and that is said" True \
    "$(py 'abs(d[0]["persons"] - 500) < 0.2 and "self-intersection" in d[0]["repaired"]' "$S" exposure "$STORE" "$WORK/bow.geojson" --crs EPSG:4490 --json)"
same "collections in collections are opened" 1000 "$(py 'd[0]["persons"]' "$S" exposure "$STORE" "$WORK/nested.geojson" --crs EPSG:4490 --json)"

# The same persons a km2 on the cells of Mollweide, as the world's grids have them.
python3 - "$WORK" <<'P'
import sys
w = sys.argv[1]
open(w + "/m.asc", "w").write("ncols 60\nnrows 60\nxllcorner 9062000\nyllcorner 4641000\ncellsize 1000\nNODATA_value -9\n"
                              + "\n".join(" ".join(["40"] * 60) for _ in range(60)) + "\n")
P
is "a second store" "$S" init "$WORK/m.gpkg"
is "a grid in Mollweide is imported as it is" "$S" import "$WORK/m.gpkg" population "$WORK/m.asc" --crs ESRI:54009
same "its people are counted in its own cells" True \
    "$(py '(lambda x: abs(x["persons"] / (x["area_m2"] / 1e6 * 40) - 1) < 0.006 and x["nodata_share"] == 0 and x["low"] < x["persons"] < x["high"] and abs(x["densest"] / 40 - 1) < 0.006)(d[0])' "$S" exposure "$WORK/m.gpkg" "$WORK/two.geojson" --crs EPSG:4490 --json)"

fails 2 'crs is required.*WGS 84' "exposure wants the CRS" "$S" exposure "$STORE" "$WORK/two.geojson"
fails 2 'EPSG:9999' "an unknown CRS is refused" "$S" exposure "$STORE" "$WORK/two.geojson" --crs EPSG:9999
fails 3 'looks like degrees' "degrees on a CRS of metres are refused" "$S" exposure "$STORE" "$WORK/two.geojson" --crs EPSG:3857
fails 3 'feature 1 \(id "p"\): points; exposure without --within' "a point without --within is refused by name" "$S" exposure "$STORE" "$WORK/point.geojson" --crs EPSG:4490
fails 3 'feature 1 \(id "l"\): lines' "a line without --within is refused by name" "$S" exposure "$STORE" "$WORK/line.geojson" --crs EPSG:4490
fails 3 'feature 1 \(id "flat"\).*(no area|fewer than 3|bounds no)' "a polygon without area is refused" "$S" exposure "$STORE" "$WORK/flat.geojson" --crs EPSG:4490
fails 3 'feature 1 \(id "void"\).*(empty|no geometry)' "an empty geometry is refused" "$S" exposure "$STORE" "$WORK/empty.geojson" --crs EPSG:4490
fails 3 'GeoJSON|not a pair of numbers|NaN' "NaN for a coordinate is refused" "$S" exposure "$STORE" "$WORK/nan.geojson" --crs EPSG:4490
fails 3 'over half a turn; cut the shape at the antimeridian' "a polygon over the antimeridian is refused" "$S" exposure "$STORE" "$WORK/date.geojson" --crs EPSG:4490
fails 2 'within' "a distance of 0 is refused" "$S" exposure "$STORE" "$WORK/point.geojson" --crs EPSG:4490 --within 0
fails 2 'within -5 is outside' "a negative distance is refused" "$S" exposure "$STORE" "$WORK/point.geojson" --crs EPSG:4490 --within=-5
fails 2 'within "nan" is not a number' "a distance that is no number is refused" "$S" exposure "$STORE" "$WORK/point.geojson" --crs EPSG:4490 --within nan
fails 2 'id nothing.*no such column' "an unknown id column is refused" "$S" exposure "$STORE" "$WORK/two.geojson" --crs EPSG:4490 --id nothing
fails 3 'standard input is empty' "empty standard input is refused" sh -c "'$S' exposure '$STORE' - --crs EPSG:4490 </dev/null"
fails 3 'standard input is not GeoJSON' "standard input that is no GeoJSON is refused" sh -c "echo no | '$S' exposure '$STORE' - --crs EPSG:4490"
fails 4 'none.geojson' "a file that is not there is not found" "$S" exposure "$STORE" "$WORK/none.geojson" --crs EPSG:4490

# The worked example of a house 476 m from a plant: 10.3232 % of it lies within 500 m.
python3 - "$WORK" <<'P'
import json, math, sys
w = sys.argv[1]
lon, lat = 106.2, 38.4
e2 = (2 - 1 / 298.257222101) / 298.257222101
s = math.sin(math.radians(lat)); u = 1 - e2 * s * s
east = math.degrees(1 / (6378137 / math.sqrt(u) * math.cos(math.radians(lat))))
north = math.degrees(1 / (6378137 * (1 - e2) / (u * math.sqrt(u))))
ring = [[lon + x * east, lat + y * north] for x, y in ((476, 0), (676, 0), (676, 100), (476, 100), (476, 0))]
json.dump({"type": "Polygon", "coordinates": [ring]}, open(w + "/house.geojson", "w"))
json.dump({"type": "Point", "coordinates": [lon, lat]}, open(w + "/plant.geojson", "w"))
P
says '^10\.32[0-9]* % of the first' "a share of area is exact where circles are circles" "$S" share "$WORK/house.geojson" "$WORK/plant.geojson" --b-within 500 --crs EPSG:4490
same "share gives areas and shares" "['area_a_m2', 'area_b_m2', 'area_shared_m2', 'share_of_a', 'share_of_b']" \
    "$(py 'list(d[0])' "$S" share "$WORK/house.geojson" "$WORK/plant.geojson" --b-within 500 --crs EPSG:4490 --json)"
fails 3 'points; a share without --b-within' "a point without a radius has no area" "$S" share "$WORK/house.geojson" "$WORK/plant.geojson" --crs EPSG:4490
fails 3 'holds 2 shapes' "a share is asked of one shape" "$S" share "$WORK/shared.geojson" "$WORK/house.geojson" --crs EPSG:4490
fails 2 'b-within 0 is outside' "a radius of 0 has no area" "$S" share "$WORK/house.geojson" "$WORK/plant.geojson" --b-within 0 --crs EPSG:4490
fails 2 'b-within -500 is outside' "nor has a negative one" "$S" share "$WORK/house.geojson" "$WORK/plant.geojson" --b-within=-500 --crs EPSG:4490
fails 2 'crs is required' "share wants the CRS" "$S" share "$WORK/house.geojson" "$WORK/plant.geojson" --b-within 500
finish
