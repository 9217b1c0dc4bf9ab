#!/bin/sh
# run.sh [unit|cli|fuzz|browser ...] - runs the tests of a build and counts them.
#
#   tests/unit/     cmocka programs, in $BUILD/tests
#   tests/fuzz/     each parser's corpus, replayed
#   tests/cli/      shell scripts that print "ok - what" or "not ok - what" a check
#   tests/browser/  the same from Node, in headless Chromium
#
# A program that dies, or prints no result at all, is a failure. "SKIP: why" is shown and
# counted. The last line is "N passed, N failed" or "N passed, N failed, N skipped".
: "${BUILD:=build/release}" "${T:=}"
export BUILD
kinds=${*:-unit fuzz cli browser}
out=$BUILD/test-output
mkdir -p "$out"
passed=0 failed=0 skipped=0
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}"
export LSAN_OPTIONS="suppressions=$PWD/tests/lsan.supp:print_suppressions=0"
export UBSAN_OPTIONS="print_stacktrace=1"
export TSAN_OPTIONS="${TSAN_OPTIONS:-suppressions=$PWD/tests/tsan.supp}"

# run NAME COMMAND...: runs it, shows what failed or was skipped, adds to the counts.
run()
{
    name=$1
    shift
    case $name in *"$T"*) ;; *) return ;; esac
    log=$out/$(echo "$name" | tr '/ ' '--').log
    start=$(date +%s)
    timeout 600 "$@" >"$log" 2>&1
    status=$?
    good=$(grep -cE '^(\[       OK \]|ok )' "$log")
    bad=$(grep -E '^(\[  FAILED  \] [a-z_0-9A-Z]+$|not ok )' "$log" | sort -u | grep -c .)
    skip=$(grep -cE '^SKIP: ' "$log")
    [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
    [ "$good" -eq 0 ] && [ "$bad" -eq 0 ] && [ "$skip" -eq 0 ] && bad=1
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
    printf '%-44s %4d ok %3d failed  %3d s\n' "$name" "$good" "$bad" $(($(date +%s) - start))
    grep -E '^SKIP: ' "$log"
    if [ "$bad" -gt 0 ]; then
        echo "---- $log (exit status $status)"
        grep -vE '^\[ RUN|^\[       OK|^ok ' "$log" | tail -n 60
        echo "----"
    fi
}

for kind in $kinds; do
    case $kind in
    unit) for program in "$BUILD"/tests/test_*; do
        [ -x "$program" ] && [ ! -d "$program" ] && run "unit/${program##*/}" "$program"
    done ;;
    fuzz) for source in tests/fuzz/fuzz_*.c; do
        target=${source##*/} target=${target%.c}
        [ -x "$BUILD/fuzz/$target" ] && run "fuzz/$target" sh tests/fuzz/replay.sh "$target"
    done ;;
    cli) for script in tests/cli/*.sh; do
        [ -f "$script" ] && [ "${script##*/}" != lib.sh ] && run "cli/${script##*/}" sh "$script"
    done ;;
    browser) for script in tests/browser/*.test.js; do
        [ -f "$script" ] && run "browser/${script##*/}" node "$script"
    done ;;
    esac
done
if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
