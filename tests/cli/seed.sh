#!/bin/sh
# seed.sh - a map as one archive: opened by others, gone on with after a kill or a full disk.
. tests/cli/lib.sh

STORE=$ROOT/build/ningxia.gpkg
cd "$WORK" || exit 1
seed() { "$S" seed "$STORE" "$@"; }
stored() { sqlite3 "$1" "SELECT count(*) FROM tiles"; }

# ---- what comes out ----

says '^map risk: 1436 tiles to draw at most; about [0-9.]+ MB, [0-9:]+ on [0-9]+ thread' "a dry run tells the plan" seed --map risk --zoom 0-12 --dry-run
same "and writes nothing" '' "$(ls)"
is "PMTiles" seed --map risk --zoom 0-11 -o risk.pmtiles
is "the same on one thread" seed --map risk --zoom 0-11 -o one.pmtiles --threads 1
is "has the same bytes" cmp risk.pmtiles one.pmtiles
says '^risk.mbtiles: [0-9]+ tiles, [0-9]+ of them different, [0-9.]+ [kM]B, in' "MBTiles, and what it has" seed --map risk --zoom 0-11 -o risk.mbtiles
is "a directory" seed --map risk --zoom 0-11 -o tiles
same "as many files as MBTiles has tiles" "$(stored risk.mbtiles)" "$(find tiles -name '*.png' | wc -l)"
same "nothing else is left" "one.pmtiles risk.mbtiles risk.pmtiles tiles" "$(find . -maxdepth 1 -mindepth 1 ! -name '.*' -printf '%f\n' | sort | tr '\n' ' ' | sed 's/ $//')"

says 'Driver: MBTiles/MBTiles' "GDAL opens the MBTiles" gdalinfo risk.mbtiles
says 'Band 4 .*ColorInterp=Alpha' "as a picture with transparency" gdalinfo risk.mbtiles
says 'ZOOM_LEVEL=11|maxzoom=11' "at its zooms" gdalinfo risk.mbtiles
is "and draws from it" gdal_translate -q -of PNG -outsize 400 0 risk.mbtiles gdal.png
same "its database is whole" ok "$(sqlite3 risk.mbtiles 'PRAGMA integrity_check')"
for tile in 5/25/12 7/101/49 10/813/397; do
    z=${tile%%/*} x=${tile#*/} y=${tile##*/}
    x=${x%/*}
    "$S" tile "$STORE" risk "$z" "$x" "$y" -o one.png
    is "tile $tile of the directory is that of \`tile\`" cmp one.png "tiles/$tile.png"
    sqlite3 risk.mbtiles "SELECT writefile('got.png', tile_data) FROM tiles WHERE zoom_level = $z AND tile_column = $x AND tile_row = (1 << $z) - 1 - $y" >/dev/null
    is "and of the MBTiles" cmp one.png got.png
done

is "vector tiles" seed --map risk --zoom 4-10 --format mvt -o vector.mbtiles
is "as PMTiles" seed --map risk --zoom 4-10 --format mvt -o vector.pmtiles
is "and on one thread" seed --map risk --zoom 4-10 --format mvt -o vector1.pmtiles --threads 1
is "the same bytes" cmp vector.pmtiles vector1.pmtiles
says '^[0-9]+: units' "GDAL finds their layers" ogrinfo -ro -so vector.mbtiles
same "gzipped, and none empty" "1f8b 0" "$(sqlite3 vector.mbtiles "SELECT lower(hex(substr(tile_data, 1, 2))), (SELECT count(*) FROM tiles WHERE length(tile_data) < 20) FROM tiles LIMIT 1" | tr '|' ' ')"
rm vector*
is "a unit alone" seed --map county --zoom 8-11 --unit 640181 -o unit.mbtiles
is "a box alone" seed --map county --zoom 8-11 --bbox 106.1,38.2,106.5,38.6 -o box.mbtiles
is "each is a part of all" test "$(stored unit.mbtiles)" -gt 3 -a "$(stored unit.mbtiles)" -lt 200 -a "$(stored box.mbtiles)" -gt 3 -a "$(stored box.mbtiles)" -lt 60
same "its bounds are those asked for" "106.1000000,38.2000000,106.5000000,38.6000000" "$(sqlite3 box.mbtiles "SELECT value FROM metadata WHERE name = 'bounds'")"
is "pictures of 512 pixels" seed --map risk --zoom 7 --scale 2 -o tiles2
says 'PNG image data, 512 x 512' "are that large" file tiles2/7/101/49.png

# ---- what is refused ----

fails 5 'risk.pmtiles: exists; remove it, or say --replace' "a finished file is not written over" seed --map risk --zoom 0-3 -o risk.pmtiles
fails 5 'tiles: has something in it' "nor a directory with something in it" seed --map risk --zoom 0-3 -o tiles --replace
is "unless asked" seed --map risk --zoom 0-3 -o one.pmtiles --replace
fails 5 'the store itself' "nor the store" seed --map risk --zoom 0-3 -o "$STORE"
fails 2 'FILE.pmtiles, FILE.mbtiles or a directory' "another ending" seed --map risk --zoom 0-3 -o tiles.zip
fails 4 'none/x.pmtiles.part' "a directory that is not there" seed --map risk --zoom 0-3 -o none/x.pmtiles
fails 2 'map MAP is missing; maps are region' "no map" seed --zoom 0-3 -o x.pmtiles
fails 2 'no map "atlas"' "an unknown map" seed --map atlas --zoom 0-3 -o x.pmtiles
fails 2 'zoom A-B is missing' "no zoom" seed --map risk -o x.pmtiles
for zoom in 3-0 -1 0-21 a 1-2-3 ''; do
    fails 2 'should be A-B or A, from 0 to 20' "zoom \"$zoom\"" seed --map risk "--zoom=$zoom" -o x.pmtiles
done
fails 2 'not both' "a box and a unit" seed --map risk --zoom 3 --unit 640100 --bbox 1,2,3,4 -o x.pmtiles
fails 2 'west must not exceed east' "a box that is turned" seed --map risk --zoom 3 --bbox 3,4,1,2 -o x.pmtiles
fails 4 'no administrative unit has the code "1"' "an unknown unit" seed --map risk --zoom 3 --unit 1 -o x.pmtiles
fails 4 'shows nothing there at zoom 9' "where nothing is" seed --map risk --zoom 9 --bbox 1,2,3,4 -o x.pmtiles
fails 9 'more than 50000000 tiles' "more tiles than anybody wants" seed --map risk --zoom 20 --dry-run
fails 2 'is for png' "vector tiles of twice the size" seed --map risk --zoom 3 --format mvt --scale 2 -o x.pmtiles
fails 2 'should be png or mvt' "another format" seed --map risk --zoom 3 --format tiff -o x.pmtiles
fails 2 'o is missing' "no output" seed --map risk --zoom 3
same "of all that nothing is left" '' "$(find . -name 'x.*' -o -name '*.part*')"

# ---- kills, and two at once ----

for size in 20000 100000 300000; do
    "$S" seed "$STORE" --map risk --zoom 0-11 -o again.pmtiles --threads 1 >/dev/null 2>&1 &
    child=$!
    while kill -0 $child 2>/dev/null && [ "$(stat -c %s again.pmtiles.part 2>/dev/null || echo 0)" -lt $size ]; do
        sleep 0.01
    done
    kill -9 $child 2>/dev/null
    wait $child 2>/dev/null
    is "killed at $size bytes it leaves its spool alone" test -s again.pmtiles.part -a ! -e again.pmtiles
done
fails 5 'it has "zoom=0-11", this has "zoom=0-10"' "what a kill left is not mixed with something else" seed --map risk --zoom 0-10 -o again.pmtiles
fails 5 'it has "map=risk", this has "map=city"' "nor with another map" seed --map city --zoom 0-11 -o again.pmtiles
says ', [1-9][0-9]+ are there already; about .* more' "the same command goes on" seed --map risk --zoom 0-11 -o again.pmtiles
is "and gives the same bytes as in one go" cmp risk.pmtiles again.pmtiles

"$S" seed "$STORE" --map county --zoom 0-13 -o two.pmtiles >/dev/null 2>&1 &
child=$!
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ -s two.pmtiles.part ] && break
    sleep 0.2
done
fails 6 'two.pmtiles: is being written by another process' "a second one at once is refused" seed --map county --zoom 0-13 -o two.pmtiles
kill -9 $child 2>/dev/null
wait $child 2>/dev/null

# ---- a full disk, and one that may only be read ----

if unshare -m true 2>/dev/null; then
    mkdir disk
    cat >full.sh <<END
mount -t tmpfs -o size=1m none disk || exit 99
for form in pmtiles mbtiles; do
    "$S" seed "$STORE" --map risk --zoom 0-11 -o disk/r.\$form >/dev/null 2>\$form.err
    echo \$? >\$form.status
    [ -e disk/r.\$form ] && touch half
    mount -o remount,size=20m none disk
    "$S" seed "$STORE" --map risk --zoom 0-11 -o disk/r.\$form >\$form.out 2>&1 && cmp disk/r.\$form risk.\$form && touch \$form.good
    rm -f disk/*
    mount -o remount,size=1m none disk
done
END
    unshare -m sh full.sh >full.log 2>&1
    for form in pmtiles mbtiles; do
        same "a full disk has its own exit status, and one line" "8 1" "$(cat $form.status) $(grep -c 'No space left.*stays in disk/r.*goes on with it' $form.err)"
        is "with space the same command goes on" grep -q 'are there already' $form.out
        is "to the same bytes" test -f $form.good
    done
    is "and nothing half-made lay under the name" test ! -e half
    mkdir closed
    cat >readonly.sh <<END
mount --bind closed closed && mount -o remount,ro,bind closed || exit 99
"$S" seed "$STORE" --map risk --zoom 0-3 -o closed/r.pmtiles >/dev/null 2>ro.err
echo \$? >ro.status
END
    unshare -m sh readonly.sh >/dev/null 2>&1
    same "a directory that may only be read is named" "12 1" "$(cat ro.status) $(grep -c 'closed/r.pmtiles.part' ro.err)"
else
    echo 'SKIP: no permission to mount a small disk'
fi
finish
