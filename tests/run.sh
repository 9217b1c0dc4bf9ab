#!/bin/sh
# run.sh [unit|fuzz|cli|browser ...] - runs the tests of a build and counts them.
#
#   tests/unit/     cmocka programs, in $BUILD/tests
#   tests/fuzz/     each parser's corpus, replayed
#   tests/cli/      shell scripts that print "ok - what" or "not ok - what" a check
#   tests/browser/  the same from Node, in headless Chromium
#
# T=pattern picks by name. JOBS programs run at once, as many as there are cores unless told; those
# that took longest last time come first. A program that dies, prints no result at all, or has no
# end within LIMIT_S seconds is a failure. "SKIP: why" is shown and counted. What is shown of a
# program comes in one piece when it has ended. The last line is "N passed, N failed" or "N passed,
# N failed, N skipped".
: "${BUILD:=build/release}" "${T:=}" "${JOBS:=$(nproc)}" "${LIMIT_S:=600}" "${MODE:=release}"
export BUILD
kinds=${*:-browser cli unit fuzz} # where no time is known the long ones stand first
out=$BUILD/test-output
times=${BUILD%/*}/test-times # "seconds name", of all builds: what is long in one is long in the others
mkdir -p "$out"
passed=0 failed=0 skipped=0
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}"
export LSAN_OPTIONS="suppressions=$PWD/tests/lsan.supp:print_suppressions=0"
export UBSAN_OPTIONS="print_stacktrace=1"
export TSAN_OPTIONS="${TSAN_OPTIONS:-suppressions=$PWD/tests/tsan.supp}"

# Those that nothing else may run beside, and why; they come last.
is_alone()
{
    case $1 in
    cli/flood.sh) ;; # ten thousand connections take every core, and others' answers with them
    *) return 1 ;;
    esac
}

# A program whose pthread_create is its own (tests/unit/one_thread.h) or in none of its parts.
starts_no_thread()
{
    case $1 in
    unit/*) ! nm -D --undefined-only "$BUILD/tests/${1#*/}" | grep -qw pthread_create ;;
    *) false ;;
    esac
}

# The names of all tests of a kind, one a line.
list()
{
    case $1 in
    unit) for program in "$BUILD"/tests/test_*; do
        [ -x "$program" ] && [ ! -d "$program" ] && echo "unit/${program##*/}"
    done ;;
    fuzz) for source in tests/fuzz/fuzz_*.c; do
        target=${source##*/} target=${target%.c}
        [ -x "$BUILD/fuzz/$target" ] && echo "fuzz/$target"
    done ;;
    cli) for script in tests/cli/*.sh; do
        [ -f "$script" ] && [ "${script##*/}" != lib.sh ] && echo "cli/${script##*/}"
    done ;;
    browser) for script in tests/browser/*.test.js; do
        [ -f "$script" ] && echo "browser/${script##*/}"
    done ;;
    esac
}

# Of the names on standard input those that are to run, the longest first.
pick()
{
    while read -r name; do
        case $name in *"$T"*) ;; *) continue ;; esac
        # A race needs two threads. Who asks for a program by name gets it all the same.
        if [ "$MODE" = tsan ] && [ -z "$T" ] && starts_no_thread "$name"; then
            echo "$name" >>"$own/no-thread"
        else
            echo "$name"
        fi
    done | awk -v times="$times" '
        BEGIN { while ((getline <times) > 0) seconds[$2] = $1 }
        { print seconds[$1] + 0, NR, $1 }' | sort -k1,1nr -k2,2n | cut -d ' ' -f 3
}

log_of() { echo "$out/$(echo "$1" | tr '/ ' '--').log"; }

# start NAME: runs it in the background; at its end a line "NAME STATUS SECONDS" is in the pipe.
start()
{
    name=$1
    case $name in
    unit/*) set -- "$BUILD/tests/${name#*/}" ;;
    fuzz/*) set -- sh tests/fuzz/replay.sh "${name#*/}" ;;
    cli/*) set -- sh "tests/$name" ;;
    browser/*) set -- node "tests/$name" ;;
    esac
    log=$(log_of "$name")
    (
        began=$(date +%s)
        timeout -k 10 "$LIMIT_S" "$@" >"$log" 2>&1 </dev/null 3>&- &
        program=$!
        trap 'kill "$program"; wait "$program"' TERM
        wait "$program"
        status=$?
        kill -s KILL -- "-$program" 2>/dev/null # what it started and left: timeout made them one group
        echo "$name $status $(($(date +%s) - began))" >&3
    ) 2>>"$log.err" &
    pids="$pids $!" running=$((running + 1))
}

# Waits for one to end, shows what failed or was skipped, adds to the counts.
take()
{
    read -r name status seconds <&3
    running=$((running - 1))
    log=$(log_of "$name")
    cat "$log.err" >>"$log"
    rm -f "$log.err"
    good=$(grep -cE '^(\[       OK \]|ok )' "$log")
    bad=$(grep -E '^(\[  FAILED  \] [a-z_0-9A-Z]+$|not ok )' "$log" | sort -u | grep -c .)
    skip=$(grep -cE '^SKIP: ' "$log")
    [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
    [ "$good" -eq 0 ] && [ "$bad" -eq 0 ] && [ "$skip" -eq 0 ] && bad=1
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
    echo "$seconds $name" >>"$own/took"
    printf '%-44s %4d ok %3d failed  %3d s\n' "$name" "$good" "$bad" "$seconds"
    grep -E '^SKIP: ' "$log"
    if [ "$bad" -gt 0 ]; then
        echo "---- $log (exit status $status)"
        grep -vE '^\[ RUN|^\[       OK|^ok ' "$log" | tail -n 60
        echo "----"
    fi
}

# run AT_ONCE NAME...
run()
{
    at_once=$1
    shift
    running=0
    for test; do
        [ "$running" -ge "$at_once" ] && take
        start "$test"
    done
    while [ "$running" -gt 0 ]; do
        take
    done
}

# What ends a run ends its programs too, and waits for them: they tidy up behind themselves.
stop()
{
    trap '' INT TERM HUP
    kill $pids 2>/dev/null
    wait
    exit 130
}

own=$(mktemp -d "$out/run.XXXXXX") || exit 1 # another run of the same build may be under way
trap 'rm -rf "$own"' EXIT
together='' alone='' pids=''
for kind in $kinds; do
    list "$kind"
done | pick >"$own/names"
while read -r name; do
    if is_alone "$name"; then alone="$alone $name"; else together="$together $name"; fi
done <"$own/names"
mkfifo "$own/ended"
exec 3<>"$own/ended"
trap stop INT TERM HUP
[ -f "$own/no-thread" ] && echo "$(wc -l <"$own/no-thread") programs start no thread: ThreadSanitizer has nothing to find in them"
run "$JOBS" $together
run 1 $alone
cat "$own/took" "$times" 2>/dev/null | sort -k2,2 -u >"$own/times" && mv "$own/times" "$times"
if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
