#!/bin/sh
# proof.sh - proofs from the command line and over HTTP, on the sample region.
. tests/cli/lib.sh

STORE=build/ningxia.gpkg
[ -f "$STORE" ] || { echo "SKIP: no $STORE; make sample makes it"; exit 0; }

value() # value 'python expression on d' FILE
{
    python3 -c "import json,sys; d=json.load(open(sys.argv[1])); print($1)" "$2"
}
plant=$(sqlite3 "$STORE" "SELECT subject_id FROM grades WHERE subject = 'enterprise' AND grade = 1 ORDER BY 1 LIMIT 1")

# One conflict of each kind and verdict.
sqlite3 "$STORE" "SELECT min(id) FROM conflicts GROUP BY kind, verdict" >"$WORK/ids"
while read -r id; do
    is "conflict $id is explained" "$S" explain "$STORE" conflict "$id" -o "$WORK/one.json"
    says '^holds: conflict' "and its proof holds without the store" "$S" verify "$WORK/one.json"
    same "and names its rule, clause and confidence" True \
        "$(value '"formula" in d["claim"] and ("rule_id" in d["claim"])' "$WORK/one.json")"
done <"$WORK/ids"

is "a red plant is explained" "$S" explain "$STORE" enterprise "$plant" -o "$WORK/plant.json"
says '^holds: enterprise' "and its proof holds" "$S" verify "$WORK/plant.json"
says 'still says the same' "and the store still says it" "$S" verify "$WORK/plant.json" --store "$STORE"
says 'checked: the store of generation' "and what was compared" "$S" verify "$WORK/plant.json" --store "$STORE"
says 'only stated: that a store held this' "without the store it says what is only stated" "$S" verify "$WORK/plant.json"
fails 2 'goes with --store' "rules without a store are refused" "$S" verify "$WORK/plant.json" --rules data/rules
# A source row altered, with the hash made right: nothing inside speaks against it, the store does.
python3 - "$WORK/plant.json" >"$WORK/forged.json" <<'PY'
import hashlib, re, sys
text = open(sys.argv[1], encoding="utf-8").read()
text = re.sub(r'"source_row": (\d+)', lambda m: '"source_row": %d' % (int(m[1]) + 1), text, count=1)
head = text[: text.index('\n "sha256"')].rstrip(",")
compact = "".join(re.findall(r'"(?:[^"\\]|\\.)*"|[^"\s]+', head))
print(head + ',\n "sha256": "%s"\n}' % hashlib.sha256(compact.encode()).hexdigest())
PY
says '^holds' "a forged source row follows from nothing inside" "$S" verify "$WORK/forged.json"
fails 1 'source_row: stated' "and does not hold before the store" "$S" verify "$WORK/forged.json" --store "$STORE"
says '"same":true' "as JSON too" "$S" verify "$WORK/plant.json" --store "$STORE" --json
is "its level is explained" "$S" explain "$STORE" hazard "$plant" -o "$WORK/hazard.json"
"$S" explain "$STORE" hazard "$plant" | "$S" verify - >"$WORK/piped"
same "through a pipe too" "holds: hazard $plant" "$(sed -n 1p "$WORK/piped")"

# The hash as geo/proof/proof.h tells it, by a reader of another language.
same "another program finds the same hash" True "$(python3 - "$WORK/plant.json" <<'PY'
import hashlib, json, re, sys
text = open(sys.argv[1], encoding="utf-8").read()
compact = "".join(re.findall(r'"(?:[^"\\]|\\.)*"|[^"\s]+', text))
head, tail = compact[: -len(',"sha256":""}') - 64], compact[-64 - 2 : -2]
print(hashlib.sha256(head.encode()).hexdigest() == tail == json.loads(text)["sha256"])
PY
)"
same "and of a shape: its well-known binary" True "$(python3 - "$WORK/plant.json" <<'PY'
import hashlib, json, struct, sys
d = json.load(open(sys.argv[1], encoding="utf-8"))
def wkb(g):
    rings = g["coordinates"]
    return struct.pack("<BII", 1, 3, len(rings)) + b"".join(
        struct.pack("<I", len(r)) + b"".join(struct.pack("<dd", *p) for p in r) for r in rings)
zones = [z for z in d["premises"]["records"]["zones"] if z["geometry"]["type"] == "Polygon"]
print(len(zones) > 0 and all(hashlib.sha256(wkb(z["geometry"])).hexdigest() == z["geometry_sha256"] for z in zones))
PY
)"

# A digit of a mail, and a proof of another claim.
sed 's/"grade": 1/"grade": 4/' "$WORK/plant.json" >"$WORK/altered.json"
"$S" verify "$WORK/altered.json" >"$WORK/said" 2>"$WORK/err"
same "an altered grade does not hold" 1 $?
same "and it is told what differs" 1 "$(grep -c 'claim.grade: stated 4, recomputed 1' "$WORK/said")"
same "and that the document was altered" 1 "$(grep -c 'was altered' "$WORK/said")"
same "in one line on stderr" 1 "$(wc -l <"$WORK/err")"
{ printf '\357\273\277' && cat "$WORK/plant.json"; } >"$WORK/edited.json"
says '^holds: enterprise' "a proof that an editor put a byte order mark before still holds" "$S" verify "$WORK/edited.json"
printf '{"hello":1}' >"$WORK/no.json"
head -c 3000 "$WORK/plant.json" >"$WORK/cut.json"
fails 3 'no proof' "what is no proof is refused" "$S" verify "$WORK/no.json"
fails 3 'line [0-9]+' "a proof cut short is refused with the place" "$S" verify "$WORK/cut.json"
fails 4 'none.json' "a file that is not there" "$S" verify "$WORK/none.json"
fails 4 'nobody' "an unknown plant" "$S" explain "$STORE" enterprise nobody
fails 2 'did you mean conflict' "an unknown kind" "$S" explain "$STORE" conflcit x

# The store moves on.
cp "$STORE" "$WORK/later.gpkg"
row=$(value 'd["premises"]["records"]["inventory"][0]["id"]' "$WORK/hazard.json")
sqlite3 "$STORE" "SELECT q_t FROM inventory WHERE id = '$row'" >"$WORK/q"
cat >"$WORK/change.csv" <<CSV
id,q_t
$row,$(awk '{print $1 * 2}' "$WORK/q")
CSV
is "an amount changes" "$S" import "$WORK/later.gpkg" inventory "$WORK/change.csv" --crs EPSG:4490 --join id
says "inventory/$row.q_t was" "verify tells which record changed since" "$S" verify "$WORK/hazard.json" --store "$WORK/later.gpkg"

# A site, a shape, a report.
printf '{"type":"Point","coordinates":[106.25,38.48]}' >"$WORK/site.geojson"
"$S" check "$STORE" "$WORK/site.geojson" --type GASOLINE_STATION_TANK --with grade=2 --explain >"$WORK/site.json"
says '^holds: site' "the proof of a site holds" "$S" verify "$WORK/site.json"
printf '{"type":"Polygon","coordinates":[[[106.2,38.4],[106.25,38.4],[106.25,38.45],[106.2,38.45],[106.2,38.4]]]}' >"$WORK/shape.geojson"
is "persons in a shape are proved" "$S" explain "$STORE" exposure "$WORK/shape.geojson" -o "$WORK/shape.json"
says '^holds: exposure' "and the proof holds" "$S" verify "$WORK/shape.json"
printf '{"type":"Polygon","coordinates":[[[106.2,38.4],[106.3,38.5],[106.3,38.4],[106.2,38.5],[106.2,38.4]]]}' >"$WORK/tie.geojson"
fails 3 'no valid polygon: Self-intersection at 106.25, 38.45' "persons in a shape that crosses itself are not proved" \
    "$S" explain "$STORE" exposure "$WORK/tie.geojson" -o "$WORK/tie.json"
# The same shape with its four numbers in another order, and the hash made right.
python3 - "$WORK/shape.json" >"$WORK/tie.json" <<'PY'
import hashlib, json, sys
d = json.load(open(sys.argv[1]))
ring = d["question"]["geometry"]["coordinates"][0]
ring[1], ring[2] = ring[2], ring[1]
del d["sha256"]
text = json.dumps(d, ensure_ascii=False, separators=(",", ":"))
print(text[:-1] + ',"sha256":"' + hashlib.sha256(text[:-1].encode()).hexdigest() + '"}')
PY
fails 3 'no valid polygon' "and a proof of them is none" "$S" verify "$WORK/tie.json"
fails 2 '--method is of a unit or of a pipeline' "a method where there is none is refused" "$S" explain "$STORE" enterprise "$plant" --method share
is "a report brings a proof a plant" "$S" report "$STORE" relocation -o "$WORK/report" --explain "$WORK/proofs"
same "as many as it lists" "$(python3 -c "
import csv, sys
print(sum(len(list(csv.reader(open(f, encoding='utf-8-sig')))) - 1 for f in sys.argv[1:]))" \
    "$WORK/report/relocation.csv" "$WORK/report/relocation-undecided.csv")" \
    "$(find "$WORK/proofs" -name '*.json' | wc -l)"
for file in "$WORK"/proofs/*.json; do
    "$S" verify "$file" >/dev/null 2>&1 || not_ok "$(basename "$file") holds"
done

# Pipelines and units.
pipe=$(sqlite3 "$STORE" "SELECT min(pipeline_id) FROM segments WHERE kind = 'hca'")
is "a pipeline by stretch is explained" "$S" explain "$STORE" pipeline "$pipe" -o "$WORK/pipe.json"
says '^holds: pipeline' "and its proof holds without the store" "$S" verify "$WORK/pipe.json"
segment=$(sqlite3 "$STORE" "SELECT min(id) FROM segments WHERE kind = 'hca'")
"$S" explain "$STORE" segment "$segment" -o "$WORK/segment.json"
says '^holds: segment' "and one high-consequence segment" "$S" verify "$WORK/segment.json" --store "$STORE"
for method in worst index; do
    "$S" explain "$STORE" unit 640200 --method $method -o "$WORK/unit.json"
    says '^holds: unit' "a unit by $method" "$S" verify "$WORK/unit.json"
done
"$S" explain "$STORE" unit 640200 -o "$WORK/unit.json"
fails 4 'without the store' "a unit by share needs the store" "$S" verify "$WORK/unit.json"
says '^holds: unit' "and holds with it" "$S" verify "$WORK/unit.json" --store "$STORE"

# Over HTTP: the same bytes.
serve_store "$STORE"
trap 'kill $PID 2>/dev/null; rm -rf "$WORK"' EXIT
curl -s "$URL/v1/enterprises/$plant?explain=1" >"$WORK/http.json"
is "?explain=1 gives the proof of the command line" cmp "$WORK/http.json" "$WORK/plant.json"
id=$(sed -n 1p "$WORK/ids")
curl -s -G "$URL/v1/conflicts" --data-urlencode "id=$id" -d explain=1 >"$WORK/http.json"
says '^holds: conflict' "a conflict by its id, percent-encoded" "$S" verify "$WORK/http.json"
curl -s -X POST "$URL/v1/check?explain=1" -d '{"type":"GASOLINE_STATION_TANK","geometry":{"type":"Point","coordinates":[106.25,38.48]},"with":{"grade":2}}' >"$WORK/http.json"
says '^holds: site' "a check" "$S" verify "$WORK/http.json"
curl -s "$URL/v1/pipelines/$pipe?explain=1" >"$WORK/http.json"
is "a pipeline" cmp "$WORK/http.json" "$WORK/pipe.json"
curl -s "$URL/v1/units/640200?explain=1" >"$WORK/http.json"
is "a unit" "$S" verify "$WORK/http.json" --store "$STORE"
same "an unknown conflict is 404" 404 "$(curl -s -o /dev/null -w '%{http_code}' "$URL/v1/conflicts?id=x&explain=1")"
same "explain=2 is 400" 400 "$(curl -s -o /dev/null -w '%{http_code}' "$URL/v1/enterprises/$plant?explain=2")"
same "id without explain is 400" 400 "$(curl -s -o /dev/null -w '%{http_code}' "$URL/v1/conflicts?id=x")"
finish
