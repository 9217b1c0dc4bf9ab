#!/bin/sh
# risk.sh - risk of the sample region, and contours that go round: written, imported, judged.
. tests/cli/lib.sh

STORE=build/ningxia.gpkg
[ -f "$STORE" ] || { echo "SKIP: no $STORE; make sample makes it"; exit 0; }

json() # json 'python expression on d' COMMAND...: prints the value
{
    expression=$1
    shift
    "$@" | python3 -c "import json,sys; d=json.load(sys.stdin); print($expression)"
}

same "the sample has plants in each region of the F-N diagram" "['acceptable', 'alarp', 'unacceptable']" \
    "$(json 'sorted({e["region"] for e in d["enterprises"]})' "$S" risk "$STORE" --json)"
same "PLL of the whole is that of its plants" True \
    "$(json 'abs(d["societal"]["pll"] - sum(e["pll"] for e in d["enterprises"])) < 1e-12' "$S" risk "$STORE" --json)"
plant=$(json 'd["enterprises"][0]["id"]' "$S" risk "$STORE" --json)
same "the curve of a plant falls" True \
    "$(json 'all(a[1] >= b[1] and a[0] < b[0] for a, b in zip(d["societal"]["curve"], d["societal"]["curve"][1:]))' "$S" risk "$STORE" --enterprise "$plant" --json)"
same "each finding is told in both languages with its clause" True \
    "$(json 'len(d["findings"]) > 0 and all(f["reason"] and f["zh"] and f["rule"]["clause"] for f in d["findings"])' "$S" risk "$STORE" --enterprise "$plant" --json)"
says 'F\(' "a plant shows its curve" "$S" risk "$STORE" --enterprise "$plant"
says 'beside new' "a point says who could stand there" "$S" risk "$STORE" --at 106.2309,38.4872
fails 4 'nobody' "an unknown plant is not found" "$S" risk "$STORE" --enterprise nobody
fails 4 '999999' "an unknown unit is not found" "$S" risk "$STORE" --unit 999999

# what the contours hold is what a point in them bears
is "contours are written" "$S" risk "$STORE" --enterprise "$plant" --contours 1e-6,1e-5,1 -o "$WORK/iso.geojson"
same "a level that nothing reaches has no contour" "[1e-06, 1e-05]" \
    "$(json '[f["properties"]["freq_per_year"] for f in d["features"]]' cat "$WORK/iso.geojson")"
same "contours on standard output are the same" "$(cat "$WORK/iso.geojson")" \
    "$("$S" risk "$STORE" --enterprise "$plant" --contours 1e-6,1e-5,1)"
"$S" init "$WORK/round.gpkg" >/dev/null
cat >"$WORK/plant.geojson" <<END
{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"$plant","name":"P"},
 "geometry":{"type":"Point","coordinates":[106.2,38.4]}}]}
END
is "a plant is imported" "$S" import "$WORK/round.gpkg" enterprises "$WORK/plant.geojson" --crs EPSG:4490
is "contours are zones" "$S" import "$WORK/round.gpkg" zones "$WORK/iso.geojson" --crs EPSG:4490 --accuracy 1
place=$(json '(lambda r: "%.7f,%.7f" % (sum(p[0] for p in r)/len(r), sum(p[1] for p in r)/len(r)))(d["features"][1]["geometry"]["coordinates"][0] if d["features"][1]["geometry"]["type"]=="Polygon" else d["features"][1]["geometry"]["coordinates"][0][0])' cat "$WORK/iso.geojson")
same "their middle bears more than the inner one" "[True, 1e-05]" \
    "$(json '[d["individual_risk"]["above_low"], d["individual_risk"]["low"]]' "$S" risk "$WORK/round.gpkg" --at "$place" --json)"
finish
