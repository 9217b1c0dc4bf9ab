#!/bin/sh
# replay.sh TARGET - runs a fuzz target once over its corpus, seeds and past findings alike.
target=$1
corpus=tests/fuzz/corpus/${target#fuzz_}
set -- "$corpus"/*
[ -f "$1" ] || { echo "not ok - $target has no corpus in $corpus"; exit 1; }
if "$BUILD/fuzz/$target" "$@" >/dev/null 2>"$BUILD/test-output/$target.err"; then
    echo "ok - $target survives its corpus of $# files"
else
    tail -n 40 "$BUILD/test-output/$target.err"
    echo "not ok - $target fails on its corpus"
    exit 1
fi
