#!/bin/sh
# near.sh - pairs of two layers by distance, and what is refused.
. tests/cli/lib.sh

STORE=$WORK/near.gpkg
features() { printf '{"type":"FeatureCollection","features":[%s]}' "$1"; }
feature() { printf '{"type":"Feature","properties":{"id":"%s"%s},"geometry":%s}' "$1" "$2" "$3"; }
point() { printf '{"type":"Point","coordinates":[%s]}' "$1"; }
polygon() { printf '{"type":"Polygon","coordinates":[[%s]]}' "$1"; }
load() { "$S" import "$STORE" "$1" "$WORK/$1.geojson" --crs EPSG:4490 --accuracy 1 >/dev/null; }

# Plants by grade, targets north of them: 500 m is 0.004504564 degrees of latitude at 38 N.
features "$(feature E1 ',"declared_grade":1' "$(point 106,38)"),\
$(feature E2 ',"declared_grade":2' "$(point 106,38)"),\
$(feature E3 '' "$(point 106,38)"),\
$(feature E4 ',"declared_grade":4' "$(polygon '[106.1,38],[106.11,38],[106.11,38.01],[106.1,38.01],[106.1,38]')")" >"$WORK/enterprises.geojson"
features "$(feature P1 ',"use":"school"' "$(point 106,38.0045)"),\
$(feature P2 ',"use":"school"' "$(point 106,38.009)"),\
$(feature P3 ',"use":"school"' "$(point 106.105,38.005)"),\
$(feature P4 ',"use":"school"' "$(point 106.111,38.005)")" >"$WORK/protected.geojson"
is "a store is made" "$S" init "$STORE"
is "plants are imported" load enterprises
is "targets are imported" load protected

near() { "$S" near "$STORE" "$@"; }
pairs() { near "$@" --json | python3 -c "import json,sys; print(' '.join(d['a'] + d['b'] for d in map(json.loads, sys.stdin)))"; }
same "within one limit, ordered by ids" "E1P1 E1P2 E2P1 E2P2 E3P1 E3P2 E4P3 E4P4" "$(pairs enterprises protected --within 1000)"
same "one limit a declared grade" "E1P1 E1P2 E2P1 E4P3 E4P4" "$(pairs enterprises protected --within 1:1000,2:500,4:100 2>/dev/null)"
near enterprises protected --within 1:1000,2:500,4:100 --json >/dev/null 2>"$WORK/left_out"
same "who declares no such grade is counted on standard error" \
    "sisetu near: 1 of 4 enterprises declare no grade of --within, and are left out" "$(cat "$WORK/left_out")"
same "the nearest of each" "E1P1 E2P1 E3P1 E4P3" "$(pairs enterprises protected --nearest 1)"
same "the nearest two, not beyond the limit" "E1P1 E2P1 E3P1 E4P3 E4P4" "$(pairs enterprises protected --nearest 2 --within 600)"
same "a layer against itself: not with itself, each pair from both sides" "E1E2 E1E3 E2E1 E2E3 E3E1 E3E2" "$(pairs enterprises enterprises --within 1)"

distance=$(near enterprises protected --nearest 1 --json | python3 -c "import json,sys; print(json.loads(sys.stdin.readline())['distance_m'])")
same "the limit itself is within, at 0.1 mm" E1P1 "$(pairs enterprises protected --within "$(echo "$distance" | awk '{printf "%.4f", $1}')" | cut -d' ' -f1)"
same "a tenth of a millimetre less is not" "" "$(pairs enterprises protected --within "1:$(echo "$distance" | awk '{printf "%.4f", $1 - 0.0001}')" 2>/dev/null)"
same "inside a plant is 0 away, and the points lie there" "E4 P3 0 [[106.105, 38.005], [106.105, 38.005]]" \
    "$(near enterprises protected --within 1 --json --points | python3 -c "import json,sys; d=json.loads(sys.stdin.readlines()[-1]); print(d['a'], d['b'], d['distance_m'], d['closest'])")"
says '^E4 +P4 +87\.[0-9]+ m +106\.11[0-9]* 38\.005[0-9]* +106\.111[0-9]* 38\.005' "the table shows the closest points" near enterprises protected --within 100 --points
says '^0 pairs$' "nothing near is no error" near enterprises pipelines --within 100
same "empty JSON is empty" "" "$(near enterprises pipelines --within 100 --json)"

# Names and ids of a store that another program wrote may hold anything: a pair stays a line.
sqlite3 "$STORE" "$(sqlite3 "$STORE" "SELECT 'DROP TRIGGER \"' || name || '\";' FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'enterprises'")
    UPDATE enterprises SET id = 'E' || char(10) || '4', name = 'two' || char(13, 10) || 'lines' WHERE id = 'E4'"
says '^E.n4 +P4 +87' "an id with a line break stays in its line" near enterprises protected --within 100
same "of which there is one a pair, and the count" 3 "$(near enterprises protected --within 100 | wc -l)"
same "JSON tells the id as it is" True "$(near enterprises protected --within 100 --json | python3 -c 'import json,sys; print(json.loads(sys.stdin.readline())["a"] == "E\n4")')"
says '^E.n4 two.r.nlines: ' "so does a plant" "$S" enterprise "$STORE" "E
4"
fails 4 'the id .E 5.' "and an error" "$S" enterprise "$STORE" "E
5"

fails 2 'give --within M, --nearest K or both' "a question without a limit" near enterprises protected
fails 2 'within 0 should be more than 0' "a limit of 0" near enterprises protected --within 0
fails 2 'within -5 should be more than 0' "a negative limit" near enterprises protected --within=-5
fails 2 'within "nan" is not a number' "a limit that is no number" near enterprises protected --within nan
fails 2 'within "5OO" is not a number' "a limit with a letter" near enterprises protected --within 5OO
fails 2 'at most 20003932 m' "a limit beyond the earth" near enterprises protected --within 1e9
fails 2 'within "5:100" should be a grade of 1 to 4' "a grade that is none" near enterprises protected --within 1:1000,5:100
fails 2 'names grade 1 twice' "a grade given twice" near enterprises protected --within 1:1000,1:100
fails 2 'within 0 should be more than 0' "a grade's limit of 0" near enterprises protected --within 1:1000,2:0
fails 2 'within "" should be a grade|should be a grade' "a list that ends with a comma" near enterprises protected --within 1:1000,
fails 2 'needs enterprises: protected declare none' "grades of a layer without them" near protected enterprises --within 1:1000
fails 2 'nearest 0 is outside' "the nearest 0" near enterprises protected --nearest 0
fails 2 'no layer "protcted"; did you mean protected' "an unknown layer" near enterprises protcted --within 5
fails 2 'no layer "dwellings"; .sisetu help import. lists them' "one that is like none" near enterprises dwellings --within 5
fails 2 'layer inventory has no shapes' "a layer without shapes" near enterprises inventory --within 5
fails 2 'layer conflicts is not measured.*ask for their layers' "conflicts, which a world does not hold as records" near enterprises conflicts --within 5
fails 2 'layer conflicts is not measured' "and on the other side" near conflicts enterprises --nearest 1
fails 4 'none.gpkg' "a store that is not there" "$S" near "$WORK/none.gpkg" enterprises protected --within 5
fails 2 'missing argument' "one layer only" near enterprises --within 5

# A closed pipe ends it; a full disk is told.
if [ -w /dev/full ]; then
    # shellcheck disable=SC2016
    fails 8 'standard output' "a full disk behind standard output" sh -c '"$1" near "$2" enterprises protected --within 1000 >/dev/full' sh "$S" "$STORE"
fi

# Shapes that are none, and shapes that are odd, on the way to a distance.
import_one() # import_one GEOMETRY: into infrastructure, which takes points, lines and polygons
{
    rm -f "$WORK/rejects.csv"
    features "$(feature X ',"kind":"road"' "$1")" >"$WORK/one.geojson"
    "$S" import "$STORE" infrastructure "$WORK/one.geojson" --crs EPSG:4490 --accuracy 1 --replace --rejects "$WORK/rejects.csv" >"$WORK/.out" 2>"$WORK/.err"
}
refused() # refused WHAT PATTERN GEOMETRY: a clear reason at import
{
    import_one "$3"
    if grep -qE -- "$2" "$WORK/rejects.csv" "$WORK/.err" 2>/dev/null; then ok "$1"; else not_ok "$1" "$(cat "$WORK/.out" "$WORK/.err" "$WORK/rejects.csv" 2>/dev/null)"; fi
}
away() # away WHAT METRES LON,LAT GEOMETRY: accepted, and so far (to a millimetre) from a point
{
    import_one "$4"
    features "$(feature Q ',"kind":"team"' "$(point "$3")")" >"$WORK/resources.geojson"
    "$S" import "$STORE" resources "$WORK/resources.geojson" --crs EPSG:4490 --accuracy 1 --replace >/dev/null
    got=$(near resources infrastructure --nearest 1 --json | python3 -c "import json,sys; d=json.loads(sys.stdin.read()); print(abs(d['distance_m'] - $2) < 0.001 or d['distance_m'])")
    same "$1" True "$got"
}
square='[106,38],[106.01,38],[106.01,38.01],[106,38.01],[106,38]'
nest() { printf '{"type":"GeometryCollection","geometries":[%s]}' "$1"; }
refused "a collection of mixed kinds: split it" 'collection of .*; split it' "$(nest "$(polygon "$square"),$(point 106,38)")"
refused "one inside another collection" 'collection of .*; split it' "$(nest "$(nest "$(polygon "$square"),$(point 106,38)")")"
away "a collection of one kind in another is a shape like others" 0 106.005,38.005 "$(nest "$(nest "$(polygon "$square")")")"
refused "an empty shape" 'empty|no geometry' '{"type":"Polygon","coordinates":[]}'
refused "a line of no length" 'length|points|repair' '{"type":"LineString","coordinates":[[106,38],[106,38]]}'
refused "a polygon without area" 'area|points|repair|empty' "$(polygon '[106,38],[106,38],[106,38],[106,38]')"
refused "coordinates beyond the pole" 'latitude|90|outside' "$(point '106,91')"
# The bow tie's halves touch at (106.005, 38.005): outside them the middle of a side is outside.
away "a self-crossing polygon is its two halves" 0 106.002,38.005 "$(polygon '[106,38],[106.01,38.01],[106.01,38],[106,38.01],[106,38]')"
# Round the pole the ring's edges run along parallels; the pole is inside through the edges at 180.
cap='[-180,80],[180,80],[180,90],[-180,90],[-180,80]'
away "a polygon over the pole holds the pole" 0 106,90 "$(polygon "$cap")"
away "and what stands south of it is as far as its parallel" 1116.5991 120,79.99 "$(polygon "$cap")"
away "a shape at the antimeridian is near what stands beyond it" 13894.802 -179.9,51.4779 "$(polygon '[179.8,51.4],[179.9,51.4],[179.9,51.5],[179.8,51.5],[179.8,51.4]')"
finish
