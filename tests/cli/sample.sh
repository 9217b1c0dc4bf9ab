#!/bin/sh
# sample.sh - what `make sample` does: generate, import, assess; and what the result holds.
. tests/cli/lib.sh

STORE=$WORK/ningxia.gpkg
load()
{
    sh data/sample/load.sh "$S" "${1:-$PWD/$BUILD/sisetu-sample}" "$STORE"
}
ask() # ask 'SQL': one value
{
    sqlite3 -readonly "$STORE" "$1"
}
some() # some "what" 'SQL that counts'
{
    n=$(ask "$2")
    if [ "${n:-0}" -gt 0 ]; then ok "$1"; else not_ok "$1" "none: $2"; fi
}

is "the sample is made, imported and assessed" load
same "nothing else is left beside the store" "ningxia.gpkg sample" "$(cd "$WORK" && echo *)"

same "28 units" 28 "$(ask 'SELECT count(*) FROM admin')"
same "the census has joined all counties" "22 7202654" \
    "$(ask "SELECT count(population) || ' ' || sum(population) FROM admin WHERE level = 3")"
same "every synthetic plant says so" 0 \
    "$(ask "SELECT count(*) FROM enterprises WHERE name NOT LIKE '示例%'")"
same "nothing was lost on the way in" \
    "$(grep -c '"type":"Feature"' "$WORK/sample/protected.geojson")" \
    "$(ask 'SELECT count(*) FROM protected')"

for grade in 0 1 2 3 4; do
    some "plants of grade $grade" \
        "SELECT count(*) FROM grades WHERE subject = 'enterprise' AND grade = $grade"
    some "counties of grade $grade by shares" \
        "SELECT count(*) FROM grades WHERE subject = 'county' AND method = 'share' AND grade = $grade"
done
same "less than a fifth of the counties is red" 1 \
    "$(ask "SELECT count(*) < 5 FROM grades WHERE subject = 'county' AND method = 'share' AND grade = 1")"
same "the county without any plant is grey" 0 \
    "$(ask "SELECT grade FROM grades WHERE subject_id = '640424' AND method = 'share'")"
same "the residents of every county are its census figure" 22 "$(ask "SELECT count(*) FROM grades
    JOIN admin ON admin.code = grades.subject_id WHERE grades.subject = 'county' AND
    method = 'share' AND abs(grades.persons - admin.population) <= 1")"

for kind in distance density area risk; do
    some "$kind conflicts" \
        "SELECT count(*) FROM conflicts WHERE kind = '$kind' AND verdict = 'conflict'"
done
for rule in F09a F11b F07 D01-4-FACTORY S02-STN_PROT3 P01 P11a H01 C-PETRO_AB_TANKS-RES Z01a Z06a Z06c Z06d; do
    some "a conflict under $rule" \
        "SELECT count(*) FROM conflicts WHERE rule_id = '$rule' AND verdict = 'conflict'"
done
some "undecided: positions too rough" \
    "SELECT count(*) FROM conflicts WHERE verdict = 'undecided' AND decides LIKE 'positions good to%'"
some "undecided: sizes missing" \
    "SELECT count(*) FROM conflicts WHERE verdict = 'undecided' AND rule_id LIKE 'F03-%' AND decides NOT LIKE 'positions%'"
some "undecided: a plant known by a point" \
    "SELECT count(*) FROM conflicts WHERE verdict = 'undecided' AND rule_id = 'H01'"
some "undecided: a rule that nobody has checked" \
    "SELECT count(*) FROM conflicts WHERE verdict = 'undecided' AND confidence = 'unverified'"
some "undecided: a flow path missing" \
    "SELECT count(*) FROM conflicts WHERE verdict = 'undecided' AND rule_id = 'X07'"
some "undecided: a zone of unknown class" \
    "SELECT count(*) FROM conflicts WHERE verdict = 'undecided' AND rule_id = 'zone_classes'"
some "plants that may be worse than they are graded" \
    "SELECT count(*) FROM grades WHERE subject = 'enterprise' AND could_be <> grade"

before=$(ask "SELECT value FROM sisetu_meta WHERE key = 'generation'")
is "it can be assessed again" "$S" assess "$STORE"
same "a second assessment writes nothing" "$before" \
    "$(ask "SELECT value FROM sisetu_meta WHERE key = 'generation'")"

sum=$(cksum <"$STORE")
if load /bin/false 2>/dev/null; then not_ok "a generator that fails is told"; else ok "a generator that fails is told"; fi
same "and leaves the store as it was" "$sum" "$(cksum <"$STORE")"
same "and nothing beside it" "ningxia.gpkg sample" "$(cd "$WORK" && echo *)"
# On one thread and on many: the same rows, from nothing.
for threads in 1 4; do
    cp "$STORE" "$WORK/threads$threads.gpkg"
    sqlite3 "$WORK/threads$threads.gpkg" 'DELETE FROM conflicts; DELETE FROM grades; DELETE FROM segments'
    is "assessed anew on $threads thread(s)" "$S" assess "$WORK/threads$threads.gpkg" --threads "$threads" --as-of 2026-11-01
    for layer in conflicts grades segments; do
        sqlite3 "$WORK/threads$threads.gpkg" "SELECT * FROM $layer ORDER BY fid" >"$WORK/$layer.$threads"
    done
done
for layer in conflicts grades segments; do
    some "there are $layer" "SELECT count(*) FROM $layer"
    if cmp -s "$WORK/$layer.1" "$WORK/$layer.4"; then ok "$layer written by many threads are those of one, byte by byte"; else
        not_ok "$layer written by many threads are those of one, byte by byte" "$(diff "$WORK/$layer.1" "$WORK/$layer.4" | head -4)"
    fi
    same "and are as many as in the store before" "$(ask "SELECT count(*) FROM $layer")" "$(wc -l <"$WORK/$layer.1")"
done
fails 2 'radius 0 is outside' "an incident of no radius is refused" "$S" incident "$STORE" 106.2 38.4 --radius 0
fails 2 'radius -1 is outside' "and of a negative one" "$S" incident "$STORE" 106.2 38.4 --radius=-1
finish
