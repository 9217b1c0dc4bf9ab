#!/bin/sh
# workload.sh - joins by distance on the comparison workload give the numbers of its answers.json,
# which three other programs agree on.
. tests/cli/lib.sh

: "${SISETU_BENCH:=}" "${DIR:=/tmp/sisetu-bench}"
[ -f "$SISETU_BENCH/answers.json" ] || { echo "SKIP: SISETU_BENCH does not name the folder of the comparison workload"; exit 0; }
STORE=$(sh tests/bench/workload.sh "$DIR" 2>"$WORK/log") || { not_ok "the workload is made" "$(tail -n 5 "$WORK/log")"; finish; }

is "pairs by declared grade are listed" sh -c "'$S' near '$STORE' enterprises protected --within 1:1000,2:500,3:300,4:100 --json >'$WORK/pairs'"
is "the nearest pipeline of each plant is listed" sh -c "'$S' near '$STORE' enterprises pipelines --nearest 1 --json >'$WORK/nearest'"
cat >"$WORK/compare.py" <<'PY'
import json, math, sqlite3, sys
store, answers, pairs, nearest = sys.argv[1:]
want = json.load(open(answers))
geodesic = want["pairs"]["geodesic"]
grades = dict(sqlite3.connect(f"file:{store}?mode=ro", uri=True).execute("SELECT id, declared_grade FROM enterprises"))
by_grade, checksum, distances, order = [0] * 5, 0, [], []
for line in open(pairs):
    pair = json.loads(line)
    by_grade[grades[pair["a"]]] += 1
    checksum += (int(pair["a"]) * 1000003 + int(pair["b"])) % 2147483647
    distances.append(pair["distance_m"])
    order.append((pair["a"], pair["b"]))
print("pairs by grade", by_grade[1:] == geodesic["by_risk"] and by_grade[0] == 0)
print("checksum", checksum == geodesic["checksum"])
print("sum to a centimetre", abs(math.fsum(distances) - geodesic["sum_dist_m"]) < 0.01)
print("ordered by ids", order == sorted(order))
# The planar answers are of another projection: scale 1 +- 4e-4.
planar = want["nearest_pipeline"]["planar_epsg4544"]
sample = want["nearest_pipeline"]["geography_sample_eid_mod_100"]
found = {int(p["a"]): p["distance_m"] for p in map(json.loads, open(nearest))}
every_100 = [d for eid, d in found.items() if eid % 100 == 0]
print("nearest of all, near the planar sum", len(found) == planar["count"] and abs(sum(found.values()) / planar["sum_m"] - 1) < 4e-4)
# PostGIS orders neighbours by distances on a sphere.
print("nearest of the sample, near PostGIS's on a sphere", len(every_100) == sample["count"] and abs(sum(every_100) / sample["sum_m"] - 1) < 2e-3
      and abs(max(every_100) / sample["max_m"] - 1) < 2e-3)
PY
python3 "$WORK/compare.py" "$STORE" "$SISETU_BENCH/answers.json" "$WORK/pairs" "$WORK/nearest" >"$WORK/compared" 2>&1 || not_ok "the answers can be compared" "$(cat "$WORK/compared")"
while read -r line; do same "workload: ${line% *}" "${line% *} True" "$line"; done <"$WORK/compared"
finish
