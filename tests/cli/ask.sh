#!/bin/sh
# ask.sh - the three users' questions on the sample region, from the command line.
. tests/cli/lib.sh

STORE=build/ningxia.gpkg
[ -f "$STORE" ] || { echo "SKIP: no $STORE; make sample makes it"; exit 0; }

json() # json 'python expression on d' COMMAND...: prints the value
{
    expression=$1
    shift
    "$@" | python3 -c "import json,sys; d=json.load(sys.stdin); print($expression)"
}
plant=$(json 'd["features"][0]["properties"]["enterprise_id"]' "$S" conflicts "$STORE" --verdict conflict --json)

says '640100' "at names the units" "$S" at "$STORE" 106.2309 38.4872
same "at gives the region first" "640000" "$(json 'd["units"][0]["code"]' "$S" at "$STORE" 106.2309 38.4872 --json)"
same "residents of a circle of 1 km in Yinchuan are thousands" True \
    "$(json 'd["exposure"]["persons"] > 1000 and d["exposure"]["low"] <= d["exposure"]["persons"] <= d["exposure"]["high"]' "$S" at "$STORE" 106.2309 38.4872 --json)"
same "the region has its census" True \
    "$(json 'abs(d["exposure"]["persons"] - 7202654) < 30' "$S" unit "$STORE" 640000 --json)"
same "the region's counts are those of its plants" True \
    "$(json 'sum(d["counts"].values()) == len(d["enterprises"]) or sum(d["counts"].values()) > 50' "$S" unit "$STORE" 640000 --json)"
fails 4 '999999' "an unknown unit is not found" "$S" unit "$STORE" 999999
says "^$plant " "enterprise explains a plant" "$S" enterprise "$STORE" "$plant"
same "a plant in conflict lists it with rule and closest points" True \
    "$(json 'any(c["rule"]["id"] and (c["closest"] or c["kind"] == "density") for c in d["conflicts"])' "$S" enterprise "$STORE" "$plant" --json)"
same "each reason is told in both languages" True \
    "$(json 'all(r["text"] and r["zh"] for r in d["grade"]["reasons"])' "$S" enterprise "$STORE" "$plant" --json)"
fails 4 'nobody' "an unknown plant is not found" "$S" enterprise "$STORE" nobody

same "conflicts by grade are of that grade" "{1}" \
    "$(json 'set(f["properties"]["grade"] for f in d["features"])' "$S" conflicts "$STORE" --grade 1 --json)"
all=$(json 'd["numberReturned"]' "$S" conflicts "$STORE" --json)
sure=$(json 'd["numberReturned"]' "$S" conflicts "$STORE" --verdict conflict --json)
open=$(json 'd["numberReturned"]' "$S" conflicts "$STORE" --verdict undecided --json)
same "conflicts and undecided ones are all" "$all" $((sure + open))
next=$(json 'd["next"]' "$S" conflicts "$STORE" --limit 5 --json)
same "a page goes on where the one before ended" "$((all - 5))" \
    "$(json 'd["numberReturned"]' "$S" conflicts "$STORE" --after "$next" --json)"

# A site: the limits of a workshop are 25 m to a low civil building.
printf '{"type":"Point","coordinates":[106.25,38.48]}' >"$WORK/site.geojson"
printf '{"type":"Polygon","coordinates":[[[106,38],[106.1,38],[106,38.1]]]}' >"$WORK/open.geojson"
printf 'not json' >"$WORK/bad.geojson"
{ printf '\357\273\277' && cat "$WORK/site.geojson"; } >"$WORK/edited.geojson"
says '^GASOLINE_STATION_TANK: ' "also from a file with a byte order mark" "$S" check "$STORE" "$WORK/edited.geojson" --type GASOLINE_STATION_TANK --with grade=2
says '^GASOLINE_STATION_TANK: ' "check judges a site" "$S" check "$STORE" "$WORK/site.geojson" --type GASOLINE_STATION_TANK --with grade=2 --with kind=trading
same "check tells what it rests on" True \
    "$(json 'all(f["rule"]["clause"] is not None and f["reason"] and f["reason_zh"] for f in d["findings"]) and d["rules_tried"] >= 5' "$S" check "$STORE" "$WORK/site.geojson" --type GASOLINE_STATION_TANK --with grade=2 --json)"
same "the verdict is the worst of the findings" True \
    "$(json '{"conflict":0,"undecided":1,"clear":2}[d["verdict"]] <= min({"conflict":0,"undecided":1,"clear":2}[f["verdict"]] for f in d["findings"])' "$S" check "$STORE" "$WORK/site.geojson" --type LIQ_TANK_AB --json)"
same "in Chinese it speaks of the site in Chinese" True \
    "$(json 'all("The " not in f["reason_zh"] and "拟建场址" in f["reason_zh"] for f in d["findings"])' "$S" check "$STORE" "$WORK/site.geojson" --type GASOLINE_STATION_TANK --with grade=2 --json)"
fails 2 'type is missing' "check wants a type" "$S" check "$STORE" "$WORK/site.geojson"
fails 2 'did you mean LIQ_TANK_AB' "a misspelt type gets a suggestion" "$S" check "$STORE" "$WORK/site.geojson" --type LIQ_TNK_AB
fails 3 'did you mean total_m3' "a misspelt qualifier gets a suggestion" "$S" check "$STORE" "$WORK/site.geojson" --type LIQ_TANK_AB --with total_m=5
fails 3 'open.geojson: ring 1 has 3 positions|not closed' "an open ring is refused" "$S" check "$STORE" "$WORK/open.geojson" --type LIQ_TANK_AB
fails 3 'bad.geojson.*JSON' "a file that is no JSON is refused" "$S" check "$STORE" "$WORK/bad.geojson" --type LIQ_TANK_AB
fails 4 'none.geojson' "a file that is not there is not found" "$S" check "$STORE" "$WORK/none.geojson" --type LIQ_TANK_AB
fails 2 'EPSG:4490' "another CRS is refused with what would do" "$S" check "$STORE" "$WORK/site.geojson" --type LIQ_TANK_AB --crs EPSG:3857
is "a site on a consumer map is taken" "$S" check "$STORE" "$WORK/site.geojson" --type LIQ_TANK_AB --crs gcj02

says '^Residents within 2000' "incident counts residents" "$S" incident "$STORE" 106.25 38.48 --radius 2000
same "incident gives at most five of each kind, nearest first" True \
    "$(json 'all(len(g["items"]) <= 5 and g["items"] == sorted(g["items"], key=lambda i: i["distance_m"]) for g in d["resources"]) and len(d["resources"]) == 5' "$S" incident "$STORE" 106.25 38.48 --radius 2000 --json)"
same "targets inside are inside, and counted by class" True \
    "$(json 'all(t["distance_m"] <= 2000 for t in d["targets"]["items"]) and sum(d["targets"]["by_class"].values()) == d["targets"]["total"]' "$S" incident "$STORE" 106.25 38.48 --radius 2000 --json)"

says 'relocation.csv: [0-9]+ rows' "report writes the relocation list" "$S" report "$STORE" relocation -o "$WORK/out"
same "the list has its four files" "relocation-evidence.csv relocation-undecided.csv relocation.csv relocation.xlsx" \
    "$(cd "$WORK/out" && echo *)"
same "the list begins with a byte-order mark" "efbbbf" "$(head -c 3 "$WORK/out/relocation.csv" | od -An -tx1 | tr -d ' \n')"
same "every row of the list has a conflict in evidence" True "$(python3 - "$WORK/out" <<'END'
import csv, sys
read = lambda name: list(csv.DictReader(open(f"{sys.argv[1]}/{name}.csv", encoding="utf-8-sig", newline="")))
rows, evidence = read("relocation"), read("relocation-evidence")
proved = {e["企业编号 Enterprise"] for e in evidence if "conflict" in e["判定 Verdict"] and e["可信度 Confidence"].startswith("sure")}
print(bool(rows) and all(r["编号 ID"] in proved for r in rows) and all(r["理由 Reasons"] for r in rows))
END
)"
is "the workbook is a whole zip" unzip -tq "$WORK/out/relocation.xlsx"
same "the workbook has four sheets" 4 "$(unzip -l "$WORK/out/relocation.xlsx" | grep -c 'worksheets/sheet')"
fails 4 'site.geojson/out: Not a directory' "a report into a file's place fails" "$S" report "$STORE" relocation -o "$WORK/site.geojson/out"
is "two runs write the same bytes" sh -c "'$S' report '$STORE' relocation -o '$WORK/again' && diff -r '$WORK/out' '$WORK/again'"

is "a tile is drawn without a server" "$S" tile "$STORE" risk 7 101 49 -o "$WORK/a.png"
is "twice the size" "$S" tile "$STORE" risk 7 101 49 -o "$WORK/b.png" --scale 2
same "as PNG of 256 and 512 pixels" "256 512" "$(for f in a b; do od -An -tu1 -j16 -N4 "$WORK/$f.png" | awk '{printf "%d ", $3 * 256 + $4}'; done | sed 's/ $//')"
finish
