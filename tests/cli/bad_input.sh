#!/bin/sh
# bad_input.sh - stores, sites and targets that are broken or in the way: every command says so
# in one line, with its exit status, and nothing is lost. What import makes of broken files is
# import_bad_input.sh's.
. tests/cli/lib.sh

SAMPLE=$ROOT/build/ningxia.gpkg
[ -f "$SAMPLE" ] || { echo "SKIP: no build/ningxia.gpkg; make sample makes it"; exit 0; }
cd "$WORK" || exit 1
cp "$SAMPLE" s.gpkg
point='{"type":"Point","coordinates":[106.25,38.48]}'
echo "$point" >point.geojson
echo "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"id\":\"a\",\"use\":\"school\"},\"geometry\":$point}]}" >good.geojson

# Every command that reads a store, with a store that is none.
each() # each STORE STATUS PATTERN WHAT
{
    before=$(sha256sum 2>&1 <"$1")
    while read -r command arguments; do
        # shellcheck disable=SC2086
        fails "$2" "$3" "$4: $command" "$S" "$command" "$1" $arguments
    done <<END
import protected good.geojson --crs EPSG:4490 --replace
export zones -o x.csv
assess
serve --listen 127.0.0.1:0
tile risk 7 101 49 -o x.png
at 106.2 38.4
check point.geojson --type WORKSHOP_JIA
incident 106.2 38.4 --radius 1000
risk
report relocation -o out
upgrade
END
    same "$4: it is left as it was" "$before" "$(sha256sum 2>&1 <"$1")"
}
head -c 2000000 s.gpkg >cut.gpkg
each cut.gpkg 3 'cut.gpkg: damaged' 'a truncated store'
: >empty.gpkg
each empty.gpkg 3 'empty.gpkg: an empty file, not a store' 'an empty store'
echo '%PDF-1.7' >paper.gpkg
each paper.gpkg 3 'paper.gpkg: not a GeoPackage' 'a PDF as a store'
cp s.gpkg newer.gpkg
sqlite3 newer.gpkg "UPDATE sisetu_meta SET value = 9 WHERE key = 'schema_version'"
each newer.gpkg 10 'newer.gpkg: its schema is version 9, this program knows up to 3' 'a store of a newer schema'
cp s.gpkg rules.gpkg
sqlite3 rules.gpkg "UPDATE sisetu_rules SET text = replace(text, 'code,', 'kode,'); UPDATE sisetu_meta SET value = 'older' WHERE key = 'rules_hash'"
fails 3 'run .sisetu assess. on it again: [a-z_]*.csv:1: ' 'rules of another version are told' \
    "$S" at rules.gpkg 106.2 38.4
is 'and an assessment mends them' "$S" assess rules.gpkg
is 'so that the store answers again' "$S" at rules.gpkg 106.2 38.4
same 'none of them wrote anything' '' "$(find . -name 'x.*' -o -name out)"

# Sites
before=$(sha256sum <s.gpkg)
site() # site STATUS PATTERN WHAT FILE OPTION...
{
    status=$1 pattern=$2 what=$3
    shift 3
    fails "$status" "$pattern" "$what" "$S" check s.gpkg "$@"
}
ring() { printf '{"type":"Polygon","coordinates":[[%s]]}' "$1"; }
site 3 'empty.gpkg: .*not valid JSON' 'an empty site' empty.gpkg --type WORKSHOP_JIA
site 3 'paper.gpkg: .*not valid JSON' 'a PDF as a site' paper.gpkg --type WORKSHOP_JIA
site 4 'none.geojson' 'a site that is not there' none.geojson --type WORKSHOP_JIA
ring '[106,38],[107,38]' >two.geojson
site 3 'ring 1 has 2 positions' 'a site with two corners' two.geojson --type WORKSHOP_JIA
ring '[106.2,38.4],[106.3,38.5],[106.3,38.4],[106.2,38.5],[106.2,38.4]' >tie.geojson
site 3 'no valid polygon: Self-intersection at 106.25, 38.45' 'a bow-tie as a site' tie.geojson --type WORKSHOP_JIA
ring '[106.2,38.4],[106.2,38.4],[106.2,38.4],[106.2,38.4]' >dot.geojson
site 3 'no valid polygon' 'a site without an area' dot.geojson --type WORKSHOP_JIA
ring '[106.2,38.4],[106.3,38.4],[106.3,38.5],[106.2,38.4]],[[107,38],[107.1,38],[107.1,38.1],[107,38]' >hole.geojson
site 3 'no valid polygon: Hole lies outside shell' 'a site with a hole outside' hole.geojson --type WORKSHOP_JIA
circle() # circle CORNERS
{
    ring "$(awk -v n="$1" 'BEGIN {for (i = 0; i <= n; i++) printf "%s[%.7f,%.7f]", i ? "," : "", 106.2 + 0.004 * cos(6.283185307 * (i % n) / n), 38.4 + 0.003 * sin(6.283185307 * (i % n) / n)}')"
}
circle 9999 >fine.geojson
is 'a site of 10,000 corners is judged' "$S" check s.gpkg fine.geojson --type WORKSHOP_JIA
circle 10000 >many.geojson
site 9 'has 10001 corners; a site may have 10000' 'one of more is refused' many.geojson --type WORKSHOP_JIA
ring '[106.2,38.4],[1e300,38.4],[106.3,38.5],[106.2,38.4]' >far.geojson
site 3 '1e.300' 'a site that leaves the world' far.geojson --type WORKSHOP_JIA
ring '[106.2,38.4],[NaN,38.4],[106.3,38.5],[106.2,38.4]' >nan.geojson
site 3 'not valid JSON' 'a site with NaN' nan.geojson --type WORKSHOP_JIA
echo '{"type":"Point","coordinates":[38.48,106.25]}' >swapped.geojson
site 3 'are they swapped' 'a swapped site' swapped.geojson --type WORKSHOP_JIA
site 3 'kind "prodution" is not a code; did you mean production' 'a misspelt code is not judged clear' point.geojson --type WORKSHOP_JIA --with kind=prodution
site 3 'unknown industry "chemicl"; did you mean chemical' 'a misspelt industry neither' point.geojson --type WORKSHOP_JIA --with industry=chemicl
site 3 'grade is 7, outside 1 to 6' 'a grade that there is not' point.geojson --type GASOLINE_STATION_TANK --with grade=7
is 'the last grade that there is' "$S" check s.gpkg point.geojson --type GASOLINE_STATION_TANK --with grade=6

# Targets
fails 5 'is the store itself' 'a tile is not drawn over its store' "$S" tile s.gpkg risk 7 101 49 -o ./s.gpkg
fails 8 'No space left' 'nor a file put in the place of a device' "$S" tile s.gpkg risk 7 101 49 -o /dev/full
is '/dev/full is a device still' test -c /dev/full
fails 5 'not a directory' 'a report is not written over its store' "$S" report s.gpkg relocation -o s.gpkg
fails 2 'names the file that is the store' 'rejects are not written over the store' \
    "$S" import s.gpkg protected good.geojson --crs EPSG:4490 --replace --rejects s.gpkg
same 'the store is as it was' "$before" "$(sha256sum <s.gpkg)"

# Populations
grid() { printf 'ncols 2\nnrows 2\nxllcorner 106\nyllcorner 38\ncellsize 0.01\nNODATA_value -9999\n%s\n%s\n' "$1" "$2"; }
"$S" init p.gpkg >/dev/null
grid '1 -5' '3 -9999' >negative.asc
says '-5 persons in a cell' 'a negative population is refused by its cell' \
    "$S" import p.gpkg population negative.asc --crs EPSG:4490
fails 3 '-5 persons' 'and the whole of it with --strict' \
    "$S" import p.gpkg population negative.asc --crs EPSG:4490 --replace --strict
grid '-9999 -9999' '-9999 -9999' >void.asc
fails 3 'no cell has data' 'a raster of no data only' "$S" import p.gpkg population void.asc --crs EPSG:4490 --replace
grid '1 2' '3 -9999' >metres.asc
fails 3 'looks like degrees, but EPSG:32648.*is that CRS right' 'a raster in degrees taken for metres' \
    "$S" import p.gpkg population metres.asc --crs EPSG:32648 --replace
says '6.0 persons, 1 cells without data' 'no data is not nobody' "$S" import p.gpkg population metres.asc --crs EPSG:4490 --replace

# Names with spaces and of Chinese characters, from the first command to the last
mkdir '四 色'
is 'init takes any name' "$S" init '四 色/店 1.gpkg'
cp good.geojson '四 色/学 校.geojson'
is 'import too' "$S" import '四 色/店 1.gpkg' protected '四 色/学 校.geojson' --crs EPSG:4490 --rejects '四 色/拒 绝.csv'
is 'assess too' "$S" assess '四 色/店 1.gpkg'
is 'export too' "$S" export '四 色/店 1.gpkg' protected -o '四 色/出.geojson'
is 'report too' "$S" report '四 色/店 1.gpkg' relocation -o '四 色/报 告'
is 'tile too' "$S" tile '四 色/店 1.gpkg' risk 7 101 49 -o '四 色/图.png'
same 'all is where it belongs' 7 "$(find '四 色' -type f ! -path '*报*' | wc -l | awk '{print $1 + 2}')"

# Two that write at once: both are whole, one after the other
"$S" assess s.gpkg --as-of 2020-01-01 >a.out 2>&1 &
first=$!
"$S" import s.gpkg protected good.geojson --crs EPSG:4490 --append >b.out 2>&1
second=$?
wait $first
same 'an import beside an assessment: both succeed' '0 0' "$? $second"
same 'the store is sound' ok "$(sqlite3 s.gpkg 'PRAGMA integrity_check')"
same 'what was imported is there' 1 "$(sqlite3 s.gpkg "SELECT count(*) FROM protected WHERE id = 'a'")"

# An assessment killed at any moment leaves the last one
dates='2020-01-01'
broken=0
for percent in 5 20 35 50 65 80 95 120; do
    "$S" assess s.gpkg --as-of "20$((21 + percent % 5))-01-01" >/dev/null 2>&1 &
    child=$!
    sleep "$(awk "BEGIN { print $percent / 100 }")"
    kill -9 $child 2>/dev/null
    wait $child 2>/dev/null
    "$S" export s.gpkg grades -o grades.csv --replace >/dev/null 2>&1 || broken=$((broken + 1))
    [ "$(sqlite3 s.gpkg 'SELECT count(DISTINCT generation) FROM runs' 2>/dev/null)" ] || broken=$((broken + 1))
done
same 'an assessment that is killed leaves a store that is whole' "0 ok" "$broken $(sqlite3 s.gpkg 'PRAGMA integrity_check')"
is 'and that can be assessed again' "$S" assess s.gpkg

# A full disk
if unshare -m true 2>/dev/null; then
    mkdir disk
    cat >full.sh <<END
mount -t tmpfs -o size=6m none disk || exit 99
cp "$SAMPLE" disk/s.gpkg
sha256sum disk/s.gpkg >sum
head -c 20m /dev/zero >disk/filler 2>/dev/null
run() { name=\$1; shift; "\$@" >/dev/null 2>\$name.err; echo \$? >\$name.status; }
run assess "$S" assess disk/s.gpkg --as-of 2019-01-01
run export "$S" export disk/s.gpkg zones -o disk/z.geojson
run tile "$S" tile disk/s.gpkg risk 7 101 49 -o disk/t.png
run report "$S" report disk/s.gpkg relocation -o disk/r
run init "$S" init disk/n.gpkg
sha256sum -c --quiet sum && touch intact
ls disk >left
END
    unshare -m sh full.sh >/dev/null 2>&1
    for command in assess export tile report init; do
        same "$command on a full disk: its exit status, and one line" "8 1" \
            "$(cat $command.status) $(grep -ciE 'no space left' $command.err)"
    done
    is 'the store on the full disk is as it was' test -f intact
    same 'and nothing lies beside it' 'filler s.gpkg' "$(grep -v '^r$' left | tr '\n' ' ' | sed 's/ $//')"
else
    echo 'SKIP: no permission to mount a small disk'
fi

# A directory that may only be read
if unshare -m true 2>/dev/null; then
    mkdir closed
    cp "$SAMPLE" closed/s.gpkg
    cat >readonly.sh <<END
mount --bind closed closed && mount -o remount,ro,bind closed || exit 99
run() { name=ro.\$1; shift; "\$@" >/dev/null 2>\$name.err; echo \$? >\$name.status; }
run assess "$S" assess closed/s.gpkg --as-of 2019-01-01
run import "$S" import closed/s.gpkg protected good.geojson --crs EPSG:4490 --replace
run export "$S" export closed/s.gpkg zones -o closed/z.geojson
run tile "$S" tile closed/s.gpkg risk 7 101 49 -o closed/t.png
run report "$S" report closed/s.gpkg relocation -o closed/r
run init "$S" init closed/n.gpkg
"$S" at closed/s.gpkg 106.2 38.4 >/dev/null 2>&1 && "$S" export closed/s.gpkg zones -o read.csv >/dev/null 2>&1 && touch readable
END
    unshare -m sh readonly.sh >/dev/null 2>&1
    for command in assess import export tile report init; do
        same "$command in a read-only directory: its exit status, and one line that names it" "12 1 1" \
            "$(cat ro.$command.status) $(grep -c closed/ ro.$command.err) $(wc -l <ro.$command.err)"
    done
    is 'a read-only store is read all the same' test -f readable
else
    echo 'SKIP: no permission to mount read-only'
fi
finish
