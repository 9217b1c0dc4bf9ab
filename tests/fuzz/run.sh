#!/bin/sh
# run.sh - fuzzes every target for SECS seconds; new findings stay in $BUILD/fuzz/.
status=0
for source in tests/fuzz/fuzz_*.c; do
    target=${source##*/} target=${target%.c}
    case $target in *"$T"*) ;; *) continue ;; esac
    found=$BUILD/fuzz/corpus-$target
    mkdir -p "$found"
    echo "== $target, $SECS s"
    "$BUILD/fuzz/$target" -max_total_time="$SECS" -max_len=65536 -print_final_stats=1 \
        -artifact_prefix="$BUILD/fuzz/$target-" "$found" "tests/fuzz/corpus/${target#fuzz_}" 2>&1 |
        grep -E 'ERROR|SUMMARY|number_of_executed|artifact' || true
    ls "$BUILD/fuzz/$target-"* >/dev/null 2>&1 && status=1
done
exit $status
