#!/bin/sh
# runner.sh - tests/run.sh itself, on programs made up: what it counts, what it shows, what it ends.
. tests/cli/lib.sh

FAKE=$WORK/build/fake
mkdir -p "$FAKE/tests"

program() # program NAME: a test, its text on standard input
{
    { echo '#!/bin/sh'; cat; } >"$FAKE/tests/test_$1"
    chmod +x "$FAKE/tests/test_$1"
}
suite() # suite [NAME=value ...]: runs them; what it says in $WORK/said, its exit status in $status
{
    env BUILD="$FAKE" MODE=release T= JOBS=2 LIMIT_S=60 "$@" sh tests/run.sh unit >"$WORK/said" 2>&1
    status=$?
}
line() { sed -n "s|^unit/test_$1  *\([0-9]*\) ok  *\([0-9]*\) failed.*|\1 \2|p" "$WORK/said"; }
order() { sed -n 's|^unit/test_\([a-z]*\) .*|\1|p' "$WORK/said" | tr '\n' ' '; }
left() # whether a process of that id is there, more than one that nobody has waited for
{
    case $(ps -o stat= -p "$1") in '' | Z*) false ;; *) true ;; esac
}
gone() # gone PID: whether it ends; what is killed may take its time on a busy machine
{
    i=0
    while left "$1" && [ $i -lt 400 ]; do
        sleep 0.05
        i=$((i + 1))
    done
    ! left "$1"
}

program good <<'E1'
echo 'ok - a'
echo '[       OK ] test_b'
echo 'SKIP: no disk here'
E1
suite
same "what is good is counted, what was skipped is shown" "2 passed, 0 failed, 1 skipped 0 2 0 1" \
    "$(tail -n 1 "$WORK/said") $status $(line good) $(grep -c '^SKIP: no disk here$' "$WORK/said")"
same "a pattern that none has is a failure" "0 passed, 0 failed 1" "$(suite T=none; tail -n 1 "$WORK/said") $(suite T=none; echo "$status")"

program bad <<'E1'
echo 'ok - a'
echo 'not ok - b'
echo 'because of c'
exit 1
E1
program dies <<'E1'
echo 'ok - a'
kill -SEGV $$
E1
program mute <<'E1'
exit 0
E1
program hangs <<E1
echo 'ok - a'
sleep 300 &
echo \$! >"$WORK/hangs"
wait
E1
suite LIMIT_S=2
same "a check that fails is one failure" "1 1" "$(line bad)"
same "with what was said about it" 1 "$(grep -c '^because of c$' "$WORK/said")"
same "so is a program that dies" "1 1" "$(line dies)"
same "one that says nothing" "0 1" "$(line mute)"
same "and one that has no end" "1 1" "$(line hangs)"
is "which is ended, and its children" gone "$(cat "$WORK/hangs")"
same "the sum has them all" "5 passed, 4 failed, 1 skipped 1" "$(tail -n 1 "$WORK/said") $status"

# Each waits for the other, and only ends well if both run at once; both talk all the time.
rm "$FAKE"/tests/*
for pair in 'left right' 'right left'; do
    program "${pair% *}" <<E1
touch "$WORK/${pair% *}"
i=0
while [ ! -e "$WORK/${pair#* }" ] && [ \$i -lt \${WAITS:-1200} ]; do sleep 0.05; echo "${pair% *} waits"; i=\$((i + 1)); done
[ -e "$WORK/${pair#* }" ] && echo "ok - ${pair% *} saw ${pair#* }"
for i in 1 2 3 4 5; do sleep 0.02; echo "${pair% *} talks"; done
echo "not ok - so that it is shown"
E1
done
suite
same "two run at once" "1 1 1 1" "$(line left) $(line right)"
same "and what they said stands apart" "left right" \
    "$(sed -n 's/^\([a-z]*\) talks$/\1/p' "$WORK/said" | uniq | sort | tr '\n' ' ' | sed 's/ $//')"
rm "$WORK/left" "$WORK/right"
suite JOBS=1 WAITS=2
same "with JOBS=1 one after the other" "0 1 1 1" "$(line left) $(line right)"

rm "$FAKE"/tests/* "$WORK/build/test-times"
for name in first second third; do echo "echo ok - it" | program $name; done
printf '9 unit/test_third\n4 unit/test_second\n77 unit/test_other\n' >"$WORK/build/test-times"
suite JOBS=1
same "the longest of last time come first" "third second first " "$(order)"
# A program of no length has one second where the clock ticks in it, on a busy machine two.
same "and the times are kept, those of others too" "short short short 77" \
    "$(for name in first second third other; do
        awk -v name="unit/test_$name" '$2 == name { print $1 < 4 ? "short" : $1 }' "$WORK/build/test-times"
    done | tr '\n' ' ' | sed 's/ $//')"

# Told to end, it ends what it runs.
rm "$FAKE"/tests/*
for name in one two; do
    program $name <<E1
trap 'touch "$WORK/$name.tidied"; exit 1' TERM
sh -c 'trap "" TERM; exec sleep 300' &
echo \$! >"$WORK/$name.pid"
wait
E1
done
for signal in INT TERM; do
    rm -f "$WORK"/*.pid "$WORK"/*.tidied
    env --default-signal=INT BUILD="$FAKE" MODE=release T= JOBS=2 sh tests/run.sh unit >"$WORK/said" 2>&1 &
    suite=$!
    i=0
    while { [ ! -s "$WORK/one.pid" ] || [ ! -s "$WORK/two.pid" ]; } && [ $i -lt 400 ]; do
        sleep 0.05
        i=$((i + 1))
    done
    kill -$signal $suite
    wait $suite
    same "SIG$signal ends a run" 130 $?
    is "and the programs, when they have tidied up" test -e "$WORK/one.tidied" -a -e "$WORK/two.tidied"
    is "with their children" eval 'gone "$(cat "$WORK/one.pid")" && gone "$(cat "$WORK/two.pid")"'
done

# What ThreadSanitizer need not see.
rm "$FAKE"/tests/*
printf '#include "tests/unit/one_thread.h"\nint main(int n, char **a) { (void)a; puts("ok - it"); return n > 1 && pthread_create(0, 0, 0, 0); }\n' >"$WORK/one.c"
printf '#include <pthread.h>\n#include <stdio.h>\nint main(int n, char **a) { (void)a; puts("ok - it"); return n > 1 && pthread_create(0, 0, 0, 0); }\n' >"$WORK/two.c"
for name in one two; do ${CC:-cc} -I. -w -o "$FAKE/tests/test_$name" "$WORK/$name.c" -lpthread || not_ok "$name.c compiles"; done
suite MODE=tsan
same "under ThreadSanitizer what starts no thread is left out" "two 1" "$(order)$(grep -c '^1 programs start no thread' "$WORK/said")"
suite MODE=tsan T=one
same "unless it is asked for by name" "one " "$(order)"
same "it is held to that" "a thread is started: one_thread.h is not for this program" "$({ "$FAKE/tests/test_one" more; } 2>&1 | grep thread)"
finish
