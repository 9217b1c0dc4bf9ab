#!/bin/sh
# real_data.sh - the main job on real layers of Ningxia: import, assess, ask.
. tests/cli/lib.sh

DATA=${SISETU_REAL_DATA:-}/ningxia
if [ ! -d "$DATA" ]; then
    echo "SKIP: SISETU_REAL_DATA does not name the folder with the real layers"
    exit 0
fi
STORE=$WORK/real.gpkg
json() # json 'python expression over d' <file
{
    python3 -c 'import json,sys; d=json.load(sys.stdin); print('"$1"')'
}
import()
{
    layer=$1 file=$2
    shift 2
    "$S" import "$STORE" "$layer" "$DATA/$file" "$@"
}

is "a store is made" "$S" init "$STORE"
is "the region's boundary" import admin ningxia_province_tianditu.geojson --crs EPSG:4490 \
    --field code=province_adcode --field name=province_name --constant level=1 --accuracy 100
is "five cities" import admin ningxia_city_tianditu.geojson --crs EPSG:4490 --append \
    --field code=city_adcode --field name=city_name --constant level=2 --accuracy 100
is "22 counties" import admin ningxia_district_tianditu.geojson --crs EPSG:4490 --append \
    --field code=district_adcode --field name=district_name --constant level=3 --accuracy 100
fails 5 'append|replace' "a layer that is not empty needs --append or --replace" \
    import admin ningxia_city_tianditu.geojson --crs EPSG:4490 --field code=city_adcode --constant level=2
is "the census joins by code" import admin ningxia_county_census2020.csv --crs EPSG:4490 \
    --join code --field code=adcode --field population=pop_2020_census
is "WorldPop as population" import population worldpop2020_5arcmin.tif --crs EPSG:4326

for status in operating construction; do
    is "coal plants, $status" import enterprises gem_coal_plant_units.geojson --crs EPSG:4326 --append \
        --where "status = '$status'" --field name=plant_zh --constant industry=power_coal \
        --constant kind=power --constant status=$status --accuracy 500
done
is "coal mines; two ids stand twice and are refused by name" import enterprises gem_coal_mines.geojson \
    --crs EPSG:4326 --append --where "status = 'operating'" --field name=project \
    --constant industry=coal_mine --constant kind=mine --constant status=operating --accuracy 1000 \
    --rejects "$WORK/mines.csv"
is "gas plants" import enterprises gem_oilgas_plants.geojson --crs EPSG:4326 --append --where "status = 'operating'" \
    --field name=plant_zh --constant industry=power_gas --constant kind=power --constant status=operating --accuracy 500
is "steel plants" import enterprises gem_steel_plants.geojson --crs EPSG:4326 --append --where "status = 'operating'" \
    --field name=plant_zh --constant industry=steel --constant kind=metallurgy --constant status=operating --accuracy 500
is "power plants, some rounded to a kilometre" import enterprises wri_power_plants.geojson --crs EPSG:4326 --append \
    --constant industry=power_hydro --constant kind=power --constant status=operating --where "fuel = 'Hydro'" --accuracy 1500
is "gas lines, kilometres off" import pipelines gem_pipelines_ningxia_margin.geojson --crs EPSG:4326 --append \
    --where "kind = 'gas'" --constant medium=natural_gas --constant pipe_class=transmission --constant status=operating --accuracy 5000
is "oil lines, kilometres off" import pipelines gem_pipelines_ningxia_margin.geojson --crs EPSG:4326 --append \
    --where "kind = 'liquid'" --constant medium=crude_oil --constant pipe_class=transmission --constant status=operating --accuracy 5000
is "rivers as infrastructure" import infrastructure ne_10m_rivers.geojson --crs EPSG:4326 --append \
    --constant kind=river --accuracy 2000
is "stations as infrastructure" import infrastructure osm_railway_stations.geojson --crs EPSG:4326 --append \
    --constant kind=station --accuracy 30
is "runways as infrastructure" import infrastructure osm_aeroways.geojson --crs EPSG:4326 --append \
    --where "aeroway = 'runway'" --constant kind=runway --accuracy 30
is "urban areas as dense areas" import areas ne_50m_urban_areas.geojson --crs EPSG:4326 \
    --constant kind=dense_urban --accuracy 2000
is "settlements as targets" import protected settlements_geonames.geojson --crs EPSG:4326 \
    --constant use=village --constant persons=100 --accuracy 1000

"$S" assess "$STORE" --as-of 2026-06-01 --json >"$WORK/assess.json" 2>"$WORK/assess.err" &&
    ok "the region is assessed" || not_ok "the region is assessed" "$(cat "$WORK/assess.err")"
before=$(sha256sum <"$STORE")
is "a second assessment finds nothing to write" "$S" assess "$STORE" --as-of 2026-06-01
same "and leaves the store as it was, byte for byte" "$before" "$(sha256sum <"$STORE")"

region=$("$S" unit "$STORE" 640000 --json | json 'round(d["exposure"]["persons"])')
[ "$region" -ge 7390298 ] && [ "$region" -le 7390300 ] &&
    ok "7,390,299 persons by exact shares, within 1: $region" || not_ok "7,390,299 persons by exact shares" "is $region"
counties=0 graded=0 sum=0
for code in $(sed -n 's/^\([0-9]\{6\}\),.*/\1/p' "$DATA/ningxia_county_census2020.csv"); do
    "$S" unit "$STORE" "$code" --json >"$WORK/unit.json" || continue
    counties=$((counties + 1))
    sum="$sum+$(json 'd["exposure"]["persons"]' <"$WORK/unit.json")"
    [ "$(json 'd["grade"]["grade"] in (0,1,2,3,4)' <"$WORK/unit.json")" = True ] && graded=$((graded + 1))
done
same "22 counties answer" 22 "$counties"
same "each with a grade or an honest 0" 22 "$graded"
same "their persons add up to the region's" 0 "$(python3 -c "print(round($sum) - $region if abs(($sum) - $region) > 1 else 0)")"
for code in 640100 640200 640300 640400 640500; do
    same "city $code has a grade or an honest 0" True "$("$S" unit "$STORE" $code --json | json 'd["grade"]["grade"] in (0,1,2,3,4)')"
done
"$S" conflicts "$STORE" --json --limit 10000 >"$WORK/conflicts.json" 2>"$WORK/conflicts.err" || not_ok "conflicts are listed" "$(cat "$WORK/conflicts.err")"
lines=$(json 'len([f for f in d["features"] if f["properties"]["source"].startswith("pipelines/")])' <"$WORK/conflicts.json")
settled=$(json 'len([f for f in d["features"] if f["properties"]["source"].startswith("pipelines/") and f["properties"]["verdict"] != "undecided"])' <"$WORK/conflicts.json")
[ "${lines:-0}" -gt 0 ] && ok "pipelines have findings: $lines" || not_ok "pipelines have findings" "none"
same "lines good to kilometres decide nothing" 0 "$settled"
# Real pipelines come without pressure, without diameter, and drawn to kilometres: nothing is decided.
"$S" pipelines "$STORE" --json >"$WORK/pipelines.json" 2>"$WORK/pipelines.err" || not_ok "pipelines are cut" "$(cat "$WORK/pipelines.err")"
segments=$(python3 -c "
import json
rows = [s for line in open('$WORK/pipelines.json') for s in json.loads(line)['segments']]
places = [s for s in rows if s['kind'] in ('hca', 'pir', 'occupation')]
print(len(rows) > 0, len(places) > 0, all(s['verdict'] == 'undecided' and s['decides'] for s in places),
      any('diameter_mm' in (s['decides'] or '') for s in places))")
same "real pipelines have segments, undecided ones, each with what would decide" "True True True True" "$segments"
says 'too coarse' "the warning about cells too coarse for 500 m reaches the answers" "$S" at "$STORE" 106.2309 38.4872 --json

# GCJ-02: undone by name, refused when claimed to be something else.
TWIN=$WORK/twin.gpkg
is "a second store" "$S" init "$TWIN"
is "counties in GCJ-02, by name" "$S" import "$TWIN" admin "$DATA/ningxia_counties_echarts_npm_gcj02.geojson" \
    --crs gcj02 --field code=adcode --field name=name --constant level=3
fails 3 'GCJ-02|gcj02' "the same as EPSG:4326 over loaded boundaries is refused as shifted" \
    "$S" import "$STORE" admin "$DATA/ningxia_counties_echarts_npm_gcj02.geojson" --crs EPSG:4326 \
    --replace --field code=adcode --field name=name --constant level=3
"$S" export "$TWIN" admin -o "$WORK/twin.geojson" && "$S" export "$STORE" admin -o "$WORK/own.geojson"
ogr2ogr -f GPKG "$WORK/both.gpkg" "$WORK/own.geojson" -nln own -nlt PROMOTE_TO_MULTI -where "level = 3" 2>/dev/null
ogr2ogr -f GPKG -update "$WORK/both.gpkg" "$WORK/twin.geojson" -nln twin -nlt PROMOTE_TO_MULTI 2>/dev/null
ogr2ogr -f CSV "$WORK/iou.csv" "$WORK/both.gpkg" -dialect sqlite -sql "SELECT a.code AS code, a.name AS name,
    ST_Area(ST_Intersection(a.geom, b.geom)) / ST_Area(ST_Union(a.geom, b.geom)) AS iou
    FROM own a JOIN twin b ON a.code = b.code" 2>"$WORK/iou.err"
same "22 counties stand in both stores" 22 "$(tail -n +2 "$WORK/iou.csv" | wc -l)"
low=$(awk -F, 'NR > 1 {gsub(/"/, ""); if ($3 < 0.92 && $2 !~ /利通|红寺堡/) print $2, $3}' "$WORK/iou.csv")
same "every county but 利通 and 红寺堡 overlaps its twin by 0.92 or more" "" "$low"

# The tiles of the real region.
is "a tile of the region" "$S" tile "$STORE" region 6 50 24 -o "$WORK/region.png"
is "a tile of the counties" "$S" tile "$STORE" county 10 814 394 -o "$WORK/county.png"
for picture in region county; do
    says 'PNG image data, 256 x 256' "$picture.png is a picture" file "$WORK/$picture.png"
    cp "$WORK/$picture.png" "$BUILD/test-output/real-$picture.png" 2>/dev/null
done
finish
