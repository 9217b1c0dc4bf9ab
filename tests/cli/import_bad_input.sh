#!/bin/sh
# import_bad_input.sh - sisetu import as a user meets it with files that are broken or wrong:
# one line that says what and where, the right exit status, and the store as it was.
. tests/cli/lib.sh
cd "$WORK" || exit 1
R=s.gpkg
is 'a store is made' "$S" init $R
point() { printf '{"type":"Feature","properties":{%s},"geometry":{"type":"Point","coordinates":[%s]}}' "$1" "$2"; }
collection() { printf '{"type":"FeatureCollection","features":[%s]}' "$1"; }
collection "$(point '"id":"a","use":"school"' 106.2,38.4)" >good.geojson
is 'a good file goes in' "$S" import $R protected good.geojson --crs EPSG:4326
before=$(sha256sum <$R)
bad() # bad STATUS PATTERN WHAT LAYER FILE OPTION...
{
    status=$1 pattern=$2 what=$3
    shift 3
    fails "$status" "$pattern" "$what" "$S" import $R "$@"
}

printf '%%PDF-1.7\n1 0 obj\n' >paper.geojson
bad 3 'not GeoJSON.*%PDF' 'a PDF called .geojson' protected paper.geojson --crs EPSG:4326 --append
: >empty.geojson
bad 3 'empty \(0 bytes\)' 'an empty file' protected empty.geojson --crs EPSG:4326 --append
: >empty.tif
bad 3 'empty \(0 bytes\)' 'an empty raster' population empty.tif --crs EPSG:4326
bad 4 'missing' 'a file that is not there' protected missing.geojson --crs EPSG:4326 --append
head -c 20000 $R >cut.gpkg
bad 3 'cut.gpkg' 'a truncated GeoPackage' protected cut.gpkg --from protected --crs EPSG:4490 --append
head -c 60 good.geojson >cut.geojson
bad 3 'cut.geojson' 'a truncated GeoJSON' protected cut.geojson --crs EPSG:4326 --append
printf 'lon,lat,name\n106,38,"a\n106,38,b\n' >quote.csv
bad 3 'quote.csv:2: a quote is opened and never closed' 'a CSV with a broken quote' \
    protected quote.csv --crs EPSG:4490 --append
printf 'lon,lat,name\n106,38,\312\276\300\375\n' >gbk.csv
bad 3 'encoding GB18030' 'a name in GBK without --encoding' protected gbk.csv --crs EPSG:4490 --append
collection "$(point '' 1e300,38)" >far.geojson
bad 3 'no place on Earth' 'a coordinate of 1e300' protected far.geojson --crs EPSG:4326 --append
printf 'lon,lat\nnan,38\n' >nan.csv
bad 3 'not a number' 'a coordinate that is NaN' protected nan.csv --crs EPSG:4326 --append
printf 'kind,wkt\nother,"POLYGON((106 38,107 38,106 38))"\n' >two.csv
bad 3 'fewer than 3' 'a polygon with two corners' areas two.csv --crs EPSG:4490
printf 'lon,lat\n38.4,106.2\n38.5,106.3\n' >swapped.csv
bad 3 'latitude and longitude look swapped in 2 of 2' 'swapped coordinates' protected swapped.csv --crs EPSG:4490 --append
bad 2 '--crs is required.*WGS 84' 'no --crs, and what the file claims' protected good.geojson --append
bad 3 'ballpark' 'a CRS that PROJ knows only roughly' protected good.geojson --crs EPSG:4610 --append
bad 2 'EPSG:4490' 'a CRS that does not exist' protected good.geojson --crs WGS --append
bad 3 'is that CRS right' 'degrees named metres' protected good.geojson --crs EPSG:4545 --append
bad 5 'holds 1 record.*--replace or --append' 'a layer that is not empty' protected good.geojson --crs EPSG:4326
bad 3 'holds a record a already' 'an id that is there already' protected good.geojson --crs EPSG:4326 --append
bad 2 'did you mean' 'a field that does not exist' protected good.geojson --crs EPSG:4326 --append --field usee=use
fails 4 'absent.gpkg' 'a store that is not there' "$S" import absent.gpkg protected good.geojson --crs EPSG:4326
same 'none of them touched the store' "$before" "$(sha256sum <$R)"

collection "$(point '"id":"b","use":"scool"' 106.2,38.4),$(point '"id":"c","use":"school"' 106.2,38.4)" >mixed.geojson
bad 3 'row 1: use: .*did you mean school' '--strict stops at the first' protected mixed.geojson --crs EPSG:4326 --append --strict
same 'and leaves the store' "$before" "$(sha256sum <$R)"
printf 'id,name,use,lon,lat\n"L\n1","two\nlines",school,106.2,38.4\n"L\n",good,school,106.2,38.4\n' >lines.csv
says 'refused for control character in the id: 1' 'an id with a line break is refused' \
    "$S" import $R protected lines.csv --crs EPSG:4326 --append --rejects lines-rejected.csv
same 'and which, on one line' '  row 1  id  L 1  the id "L 1" of protected holds the control character U+000A; an id is one line of visible text' "$(grep 'row 1' .out)"
is 'without it the good record goes in' "$S" import $R protected mixed.geojson --crs EPSG:4326 --append --rejects rejects.csv
same 'and the bad one is listed' 'row,field,value,reason
1,use,scool,"""scool"" is not a code of use; did you mean school?"' "$(cat rejects.csv)"
printf 'kind,wkt\nother,"POLYGON((106 38,107 39,107 38,106 39,106 38))"\n' >tie.csv
says 'repaired: self-intersection at 106.5 38.5' 'a bow-tie is repaired and said so' \
    "$S" import $R areas tie.csv --crs EPSG:4490
finish
