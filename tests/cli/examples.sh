#!/bin/sh
# examples.sh - every example of every --help, run as it stands: on a copy of the sample, with files of the names
# that the examples use. Those that do not end or need a privilege are left out.
. tests/cli/lib.sh

[ -f build/ningxia.gpkg ] || { echo "SKIP: no build/ningxia.gpkg; make sample makes it"; exit 0; }
command -v ogr2ogr >/dev/null || { echo "SKIP: no ogr2ogr"; exit 0; }
SISETU_SHARE=$PWD
export SISETU_SHARE
mkdir -p "$WORK/bin" "$WORK/x/build"
ln -s "$S" "$WORK/bin/sisetu"
PATH=$WORK/bin:$PATH
cp build/ningxia.gpkg "$WORK/x/build/"
cp -r data/rules "$WORK/x/my-rules"
"$S" help | sed -n '/^Commands:/,/^$/p' | sed -n 's/^  \([a-z]*\( [a-z]*\)\{0,1\}\)  .*/\1/p' | while read -r command; do
    # shellcheck disable=SC2086
    "$S" $command --help | sed -n '/^Examples:/,$p' | sed '1d; s/^  //; s/^    *//' | sed -e :a -e '/\\$/N; s/\\\n *//; ta'
done | grep -v '^sisetu serve\|^cp -r /usr' >"$WORK/examples"
cd "$WORK/x" || exit 1

# The files that the examples name.
full=build/ningxia.gpkg
sisetu export $full enterprises -o plants.geojson >/dev/null
sisetu export $full zones -o zones.geojson >/dev/null
sisetu export $full population -o persons.tif >/dev/null
sisetu export $full admin -o admin.geojson >/dev/null
ogr2ogr -lco ENCODING=GBK -sql 'SELECT code AS adcode, name, parent FROM "admin" WHERE level = 3' county.shp admin.geojson
ogr2ogr -sql "SELECT code AS id, name, population AS POP2020 FROM \"admin\" WHERE level = 3" townships.gpkg admin.geojson
ogr2ogr -t_srs EPSG:4545 -nln blocks plan.gpkg admin.geojson -where 'level = 3'
sisetu export $full protected -o school.geojson >/dev/null
ogr2ogr -f CSV school.csv school.geojson -lco GEOMETRY=AS_WKT -limit 3
sisetu export $full facilities -o facilities.geojson >/dev/null
ogr2ogr -limit 2 tank.geojson facilities.geojson
printf 'code,pop\n640104,1000\n' >census.csv
printf '{"type":"Point","coordinates":[106.25,38.48]}' >site.geojson
printf '{"type":"Polygon","coordinates":[[[106.2,38.4],[106.25,38.4],[106.25,38.45],[106.2,38.45],[106.2,38.4]]]}' >plume.geojson
cp plume.geojson house.geojson
cp site.geojson plant.geojson
sisetu token add $full control-room >/dev/null

while read -r line; do
    case $line in
    'sisetu put '* | 'sisetu delete '* | 'sisetu token add '*) cp -f build/ningxia.gpkg r.gpkg ;;
    *' r.gpkg '*)
        rm -f r.gpkg
        sisetu init r.gpkg >/dev/null
        case $line in *'--join'*) sisetu import r.gpkg admin county.shp --crs EPSG:4490 --encoding GBK --field code=adcode --constant level=3 >/dev/null ;; esac
        ;;
    'sisetu init region.gpkg') rm -f region.gpkg ;;
    'sisetu export region.gpkg enterprises '*) rm -f plants.geojson && cp -f build/ningxia.gpkg region.gpkg ;;
    *'region.gpkg'*) cp -f build/ningxia.gpkg region.gpkg ;;
    esac
    is "$line" sh -c "$line"
done <"$WORK/examples"
finish
