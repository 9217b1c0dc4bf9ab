# lib.sh - for the scripts of this folder: where the program is, a place to work, and checks.
#
#   is "what" COMMAND...            ok if the command succeeds
#   fails STATUS PATTERN "what" COMMAND...  ok if it exits with STATUS, says PATTERN in one
#                                   line on stderr, and nothing else there
#   same "what" EXPECTED ACTUAL     ok if both texts are equal
#   says PATTERN "what" COMMAND...  ok if it succeeds and its output matches
#   serve_store STORE [options]     a server of it, whose end is the caller's to see to
: "${BUILD:=build/release}"
S=$PWD/$BUILD/sisetu
ROOT=$PWD
WORK=$(mktemp -d "${TMPDIR:-/tmp}/sisetu-test.XXXXXX")
trap 'chmod -R u+w "$WORK" 2>/dev/null; rm -rf "$WORK"' EXIT
trap 'exit 1' INT TERM
bad=0

ok()
{
    echo "ok - $1"
}

not_ok()
{
    bad=$((bad + 1))
    echo "not ok - $1"
    shift
    [ $# -gt 0 ] && printf '%s\n' "$@" | head -c 2000 | sed 's/^/    /'
    return 0
}

is()
{
    what=$1
    shift
    if "$@" >"$WORK/.out" 2>"$WORK/.err"; then ok "$what"; else not_ok "$what" "exit status $?" "$(cat "$WORK/.out" "$WORK/.err")"; fi
}

fails()
{
    expected=$1 pattern=$2 what=$3
    shift 3
    "$@" >"$WORK/.out" 2>"$WORK/.err"
    status=$?
    if [ "$status" -ne "$expected" ]; then
        not_ok "$what" "exit status $status, expected $expected" "$(cat "$WORK/.out" "$WORK/.err")"
    elif ! grep -qE -- "$pattern" "$WORK/.err"; then
        not_ok "$what" "stderr does not say $pattern" "$(cat "$WORK/.err")"
    elif [ "$(wc -l <"$WORK/.err")" -ne 1 ]; then
        not_ok "$what" "stderr is not one line" "$(cat "$WORK/.err")"
    else
        ok "$what"
    fi
}

same()
{
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "expected: $2" "is:       $3"; fi
}

says()
{
    pattern=$1 what=$2
    shift 2
    if ! "$@" >"$WORK/.out" 2>"$WORK/.err"; then
        not_ok "$what" "exit status $?" "$(cat "$WORK/.out" "$WORK/.err")"
    elif grep -qE -- "$pattern" "$WORK/.out"; then
        ok "$what"
    else
        not_ok "$what" "output does not say $pattern" "$(cat "$WORK/.out")"
    fi
}

serve_store() # serve_store STORE [options]: starts a server on a free port; sets URL and PID; its events in $WORK/log
{
    store=$1
    shift
    : >"$WORK/url"
    "$S" serve "$store" --listen 127.0.0.1:0 "$@" >"$WORK/url" 2>>"$WORK/log" &
    PID=$!
    i=0
    while [ ! -s "$WORK/url" ] && [ $i -lt 400 ]; do
        sleep 0.05
        i=$((i + 1))
    done
    URL=$(sed 's|/$||' "$WORK/url")
}

finish()
{
    [ "$bad" -eq 0 ]
    exit $?
}
