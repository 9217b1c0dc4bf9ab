# store.sh - sisetu init, upgrade, export and import as a user meets them: nothing is lost.
. tests/cli/lib.sh
cd "$WORK" || exit 1
store=$WORK/store.gpkg

# N zones round Yinchuan as GeoJSON on CGCS2000, named after $2
zones()
{
    awk -v n="$1" -v name="$2" 'BEGIN {
        printf "{\"type\":\"FeatureCollection\",\"features\":["
        for (i = 0; i < n; i++) {
            x = 106.2 + i % 100 / 1000; y = 38.4 + i / 100 / 1000
            printf "%s\n{\"type\":\"Feature\",\"properties\":{\"id\":\"Z-%05d\",\"name\":\"%s %d\",", i ? "," : "", i, name, i
            printf "\"kind\":\"thermal\",\"value\":%.17g,\"unit\":\"kw_m2\",\"class\":2,\"valid_from\":\"2026-05-01\"},", 5 + i / 3
            printf "\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[%.17g,%.17g],[%.17g,%.17g],[%.17g,%.17g],[%.17g,%.17g]]]}}", x, y, x + 1 / 1500, y, x + 1 / 1500, y + 1 / 1700, x, y
        }
        printf "\n]}\n" }'
}

# The zones of a store as lines that can be compared, shapes to the bit: without what an import
# notes itself
records()
{
    sqlite3 "$1" "SELECT id, name, kind, value, unit, class, valid_from, hex(geom) FROM zones ORDER BY id" | sha256sum
}

# The same with shapes to 15 digits: OGR writes 106.201 into GeoJSON for 106.20100000000001
rounded()
{
    ogr2ogr -f CSV /vsistdout/ "$1" -lco GEOMETRY=AS_WKT -sql \
        'SELECT id, name, kind, value, unit, class, valid_from, geom FROM zones ORDER BY id' | sha256sum
}

count()
{
    sqlite3 "$1" "SELECT COUNT(*) FROM $2"
}

says 'empty store with 18 layers' 'init makes a store' "$S" init "$store"
fails 5 'exists already' 'init overwrites nothing' "$S" init "$store"
fails 4 'no/such' 'init needs the directory' "$S" init no/such/store.gpkg
says 'is of schema 3' 'upgrade leaves a store of this version alone' "$S" upgrade "$store"

zones 300 '示例' >zones.geojson
is 'zones are imported' "$S" import "$store" zones zones.geojson --crs EPSG:4490
same 'every zone is there' 300 "$(count "$store" zones)"

# What is exported can be imported again, and is the same then
for format in geojson gpkg csv kml; do
    is "zones are exported to .$format" "$S" export "$store" zones -o "out.$format"
    "$S" init "back_$format.gpkg" >/dev/null
    crs=EPSG:4490
    [ $format = kml ] && crs=EPSG:4326
    is "zones come back from .$format" "$S" import "back_$format.gpkg" zones "out.$format" --crs $crs
    same "zones from .$format are the same" "$(rounded "$store")" "$(rounded "back_$format.gpkg")"
    [ $format = geojson ] && continue
    same "zones from .$format are the same to the bit" "$(records "$store")" "$(records "back_$format.gpkg")"
done
is 'zones are exported to .shp' "$S" export "$store" zones -o out.shp
same 'a Shapefile says that it is UTF-8' UTF-8 "$(cat out.cpg)"

fails 5 'exists already' 'export overwrites nothing' "$S" export "$store" zones -o out.geojson
is 'export overwrites when told to' "$S" export "$store" zones -o out.geojson --replace
fails 5 'store itself' 'export never overwrites the store' "$S" export "$store" zones -o "$store" --replace
fails 2 'pdf' 'export names the formats' "$S" export "$store" zones -o out.pdf
fails 4 'no population' 'export of population needs some' "$S" export "$store" population -o p.tif
same 'no working directory is left' '' "$(find . -name '*.??????' -type d)"

# What an assessment says that it wrote
cp "$store" assessed.gpkg
stored() { sqlite3 assessed.gpkg "SELECT value FROM sisetu_meta WHERE key IN ('as_of', 'generation') ORDER BY key" | tr '\n' ' '; }
before=$(stored)
says 'dry run: nothing was written' 'a dry run says that it wrote nothing' "$S" assess assessed.gpkg --as-of 2026-05-02 --dry-run
same 'and wrote nothing' "$before" "$(stored)"
says 'rows added [1-9]' 'an assessment writes rows' "$S" assess assessed.gpkg --as-of 2026-05-02
first=$(stored)
says 'nothing changed, nothing was written' 'the same again writes nothing' "$S" assess assessed.gpkg --as-of 2026-05-02
same 'and says so rightly' "$first" "$(stored)"
says 'no row changed; what they rest on .* was recorded' 'another date without another verdict is recorded' "$S" assess assessed.gpkg --as-of 2026-05-03
same 'and stands in the store' "$(echo "$first" | awk '{ print "2026-05-03 " $2 + 1 " " }')" "$(stored)"
says '"inserted":0,"deleted":0,"written":false' 'as JSON, too' "$S" assess assessed.gpkg --as-of 2026-05-03 --json

# What is no store
fails 4 'no such store' 'a missing store' "$S" export missing.gpkg zones -o x.csv
: >empty.gpkg
fails 3 'empty file' 'an empty store' "$S" export empty.gpkg zones -o x.csv
echo '%PDF-1.7 a letter that somebody named .gpkg, of five hundred bytes and more' >text.gpkg
head -c 2000 /dev/zero | tr '\0' ' ' >>text.gpkg
fails 3 'not a GeoPackage' 'a text as a store' "$S" export text.gpkg zones -o x.csv
fails 3 'a directory' 'a directory as a store' "$S" export . zones -o x.csv
head -c 70000 "$store" >cut.gpkg
fails 3 'damaged' 'a store cut short' "$S" export cut.gpkg zones -o x.csv
cp "$store" newer.gpkg
sqlite3 newer.gpkg "UPDATE sisetu_meta SET value = 9 WHERE key = 'schema_version'"
fails 10 'version 9' 'a store of a newer schema' "$S" export newer.gpkg zones -o x.csv
fails 10 'version 9' 'upgrade does not go back' "$S" upgrade newer.gpkg

# Two at once: one writes, the other waits and then says who is in the way
(sleep 2 | sqlite3 -cmd 'BEGIN IMMEDIATE' "$store" >/dev/null 2>&1) &
sleep 0.3
SISETU_STORE_WAIT_MS=200
export SISETU_STORE_WAIT_MS
fails 6 'another import or assessment is writing' 'a second writer says who is in the way' \
    "$S" import "$store" zones zones.geojson --crs EPSG:4490 --replace
unset SISETU_STORE_WAIT_MS
is 'a reader is not held up' "$S" export "$store" zones -o reader.csv
is 'a second writer waits for the first' "$S" import "$store" zones zones.geojson --crs EPSG:4490 --replace
wait
same 'the import is whole' 300 "$(count "$store" zones)"

# Killed at a random moment: the old 300 zones or the new 6000, never anything between
zones 6000 'new' >many.geojson
"$S" init killed.gpkg >/dev/null
"$S" import killed.gpkg zones zones.geojson --crs EPSG:4490 >/dev/null
between=0 old=0 new=0
began=$(date +%s%N)
"$S" import killed.gpkg zones many.geojson --crs EPSG:4490 --replace >/dev/null
took=$((($(date +%s%N) - began) / 1000))
"$S" import killed.gpkg zones zones.geojson --crs EPSG:4490 --replace >/dev/null
for percent in 2 10 20 30 40 50 60 70 75 80 84 88 92 96 100 130 200 400; do
    "$S" import killed.gpkg zones many.geojson --crs EPSG:4490 --replace >killed.out 2>&1 &
    child=$!
    sleep "$(awk "BEGIN { print $took * $percent / 1e8 }")"
    kill -9 $child 2>/dev/null
    wait $child 2>/dev/null
    "$S" export killed.gpkg zones -o after.csv --replace >/dev/null 2>&1 || between=$((between + 1))
    found=$(count killed.gpkg zones)
    case $found in
    300) old=$((old + 1)) ;;
    6000)
        new=$((new + 1))
        "$S" import killed.gpkg zones zones.geojson --crs EPSG:4490 --replace >/dev/null
        ;;
    *) between=$((between + 1)) ;;
    esac
done
same "a killed import leaves the old ($old times) or the new ($new times)" 0 "$between"
same 'the store is sound afterwards' ok "$(sqlite3 killed.gpkg 'PRAGMA integrity_check')"

# A disk of 2 MB
if unshare -m true 2>/dev/null; then
    mkdir disk
    cat >full.sh <<END
mount -t tmpfs -o size=2m none disk || exit 99
"$S" init disk/s.gpkg && "$S" import disk/s.gpkg zones zones.geojson --crs EPSG:4490 || exit 98
sha256sum disk/s.gpkg >before
"$S" import disk/s.gpkg zones many.geojson --crs EPSG:4490 --replace 2>full.err
echo \$? >status
sha256sum -c --quiet before && ls -A disk >left
END
    unshare -m sh full.sh >/dev/null 2>&1
    same 'an import onto a full disk has its own exit status' 8 "$(cat status)"
    same 'and says so in one line' 1 "$(grep -c 'no space left' full.err)"
    same 'and leaves the store as it was, and nothing else' s.gpkg "$(cat left)"
else
    echo 'SKIP: no permission to mount a small disk'
fi

# A directory and a file without permission
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    mkdir closed
    "$S" init closed/s.gpkg >/dev/null
    chmod 755 "$WORK"
    chmod 555 closed
    chmod 666 closed/s.gpkg
    fails 12 'closed/s.gpkg' 'a directory without permission' \
        setpriv --bounding-set=-dac_override,-dac_read_search "$S" import closed/s.gpkg zones zones.geojson --crs EPSG:4490
    chmod 755 closed
else
    echo 'SKIP: cannot become another user'
fi
finish
