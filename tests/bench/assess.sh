#!/bin/sh
# assess.sh - assessment of the comparison workload: zones as classes 1 to 3 by the risk of their plant, and the limits of
# its pairs (1,000, 500, 300, 100 m by declared grade) as rules in place of the law's. Loading, assessing (from the loaded
# store to a world that could be published; findings are a part of it) and writing apart, on one core and on all, least of
# three runs each; largest resident memory. The peers' figure is for the overlay of zones with dense cells by GEOS alone.
#
# SCALE=10 takes ten times the plants, zones and targets (27 million findings), and does not write them.
: "${BUILD:=build/release}" "${SISETU_BENCH:=}" "${DIR:=/tmp/sisetu-bench}" "${ROUNDS:=3}" "${SCALE:=1}"
[ -f "$SISETU_BENCH/gen.py" ] || { echo "SKIP: SISETU_BENCH is not set: no assessment of the comparison workload"; exit 0; }
mkdir -p "$DIR"
store=$(sh tests/bench/workload.sh "$DIR" 2>"$DIR/assess.log") || { cat "$DIR/assess.log"; exit 1; }
work=$(mktemp -d "$DIR/assess.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
python3 tests/bench/rules.py data/rules "$work/rules"

least() # least NAME: of the timing lines
{
    tr ' ' '\n' <"$work/timing" | sed -n "s/^$1=//p" | sort -g | head -1
}

dry= and=
[ "$SCALE" = 1 ] || dry=--dry-run and=" at $SCALE times"
for threads in 1 "$(nproc)"; do
    : >"$work/timing"
    for round in $(seq "$ROUNDS"); do
        ln -sf "$store" "$work/store.gpkg"
        [ "$dry" ] || { rm "$work/store.gpkg"; cp "$store" "$work/store.gpkg"; }
        /usr/bin/env python3 - "$BUILD/sisetu" assess "$work/store.gpkg" --rules "$work/rules" --timing --threads "$threads" $dry \
            >"$work/out" 2>&1 <<'P' || { cat "$work/out"; exit 1; }
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print("rss_mb=%d" % (resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024))
sys.exit(status)
P
        grep -E '^timing|^rss_mb' "$work/out" >>"$work/timing"
        rm -f "$work/store.gpkg"
    done
    echo "assess: workload$and, $threads threads: load $(least load_s) s, assess $(least assess_s) s (findings $(least findings_s) s," \
        "grades $(least grades_s) s), write $(least write_s) s, $(least rss_mb) MB"
done
grep -E "conflicts:" "$work/out" | sed 's/^ */assess: /'
