#!/bin/sh
# labels.sh - how long it takes to place the names of the comparison workload's 20,000 plants, and of its pipelines along
# them: over the whole world at a zoom, from nothing and after one plant got another name. What the first tile of a zoom waits.
: "${BUILD:=build/release}" "${SISETU_BENCH:=}" "${DIR:=/tmp/sisetu-bench}" "${ROUNDS:=3}"
. tests/bench/lines.sh
[ -f "$SISETU_BENCH/gen.py" ] || { echo "SKIP: SISETU_BENCH is not set: no labels"; exit 0; }
store=$(workload_store) || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for look in names lines; do
    /usr/bin/python3 tests/bench/tiles_style.py "$DIR/data" --$look >"$work/$look.json"
    taskset -c 0 "$BUILD/bench/labels" "$store" "$work/$look.json" risk "$ROUNDS" >"$work/$look" || exit 1
done
took() # took LOOK ZOOM FIELD: ms
{
    awk -v zoom="z$2" -v field="$3" '$1 == zoom {print $field}' "$work/$1"
}
for z in 8 14; do
    figure "labels: 20,000 names at z$z, from nothing" "$(took names $z 6)" ms
    figure "labels: 20,000 names at z$z, one renamed" "$(took names $z 14)" ms
    figure "labels: along 1,500 pipelines at z$z, from nothing" "$(took lines $z 6)" ms
done
