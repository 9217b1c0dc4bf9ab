#!/bin/sh
# assess.sh - assessment of the comparison workload: zones as classes 1 to 3 by the risk of their plant, and the limits of
# its pairs (1,000, 500, 300, 100 m by declared grade) as rules in place of the law's. Loading, assessing (from the loaded
# store to a world that could be published; findings, grades and segments are its parts) and writing apart, on one core and
# on all; least of ROUNDS runs each, and the largest resident memory of the whole process.
#
# SCALE=10 takes ten times the plants, zones and targets (27 million findings), and does not write them.
: "${BUILD:=build/release}" "${SISETU_BENCH:=}" "${DIR:=/tmp/sisetu-bench}" "${SCALE:=1}" "${ROUNDS:=3}"
. tests/bench/lines.sh
[ -f "$SISETU_BENCH/gen.py" ] || { echo "SKIP: SISETU_BENCH is not set: no assessment of the comparison workload"; exit 0; }
export SCALE
store=$(workload_store) || exit 1
work=$(mktemp -d "$(dirname "$store")/assess.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
python3 tests/bench/rules.py data/rules "$work/rules"

seconds_of() # seconds_of NAME: the least of the timing lines
{
    tr ' ' '\n' <"$work/timing" | sed -n "s/^$1=//p" | sort -g | head -1
}
times=1 dry='' most_s=2.5 most_mb=''
[ "$SCALE" = 1 ] || times=$SCALE dry=--dry-run most_s=25 most_mb=3072
what="assess"
[ "$times" = 1 ] || what="assess, $times times the data"

for threads in 1 "$(nproc)"; do
    cores="0-$((threads - 1))"
    [ "$threads" = 1 ] && cores=0
    : >"$work/timing"
    for round in $(seq "$ROUNDS"); do
        rm -f "$work/store.gpkg"
        if [ "$dry" ]; then ln -s "$store" "$work/store.gpkg"; else cp "$store" "$work/store.gpkg"; fi
        python3 - taskset -c "$cores" "$BUILD/sisetu" assess "$work/store.gpkg" --rules "$work/rules" --timing --threads "$threads" $dry \
            >"$work/out" 2>&1 <<'P' || { cat "$work/out"; exit 1; }
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print("rss_mb=%d" % (resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024))
sys.exit(status)
P
        grep -E '^timing|^rss_mb' "$work/out" >>"$work/timing"
    done
    rm -f "$work/store.gpkg"
    figure "$what: on $threads thread(s)" "$(seconds_of assess_s)" "s" "$most_s"
    for part in findings grades segments; do
        figure "    of it $part" "$(seconds_of ${part}_s)" s
    done
    figure "    loading before it" "$(seconds_of load_s)" s
    [ "$dry" ] || figure "    writing after it" "$(seconds_of write_s)" s
    figure "    resident memory, most" "$(tr ' ' '\n' <"$work/timing" | sed -n 's/^rss_mb=//p' | sort -g | tail -1)" MB "$most_mb"
    [ "$threads" = "$(nproc)" ] && break
done
grep -E "conflicts:" "$work/out" | sed 's/^ */    /'
