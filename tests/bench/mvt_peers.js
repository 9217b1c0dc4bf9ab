// mvt_peers.js FOLDER - compares FOLDER/ours-z-x-y.mvt with FOLDER/theirs (a line each: name and hex). Writes
// FOLDER/counts. Exit status 1: they differ.
const fs = require('node:fs');
const path = require('node:path');
const modules = path.join(process.cwd(), 'tests/browser/node_modules');

// How far apart the same place may be, in units. Points are rounded on both sides. Of lines we leave out what moves them
// by less than one and a half, and each side's corners move by up to 0.7 when they are rounded.
const UNITS = { enterprises: 1, pipelines: 3, zones: 3 };
const LOW = -64, HIGH = 4160;
const problems = [];

function distance(p, a, b) {
  const dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
  const t = length ? Math.max(0, Math.min(1, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length)) : 0;
  return Math.hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

// The greatest distance of a vertex of one shape, away from the buffer's edge, to the lines of another.
function reach(from, to) {
  let most = 0;
  for (const line of from) {
    for (const p of line) {
      if (p.x <= LOW + 4 || p.x >= HIGH - 4 || p.y <= LOW + 4 || p.y >= HIGH - 4) continue;
      let least = Infinity;
      for (const other of to) for (let i = 0; i < Math.max(1, other.length - 1); i++) least = Math.min(least, distance(p, other[i], other[Math.min(i + 1, other.length - 1)]));
      most = Math.max(most, least);
    }
  }
  return most;
}

// Features by id; parts of one record come together.
function features(layer) {
  const found = new Map();
  for (let i = 0; i < (layer?.length ?? 0); i++) {
    const feature = layer.feature(i);
    const id = String(feature.properties.id); // a text with us, a number with them
    if (found.has(id)) problems.push(`${id} stands twice`);
    found.set(id, { properties: feature.properties, lines: feature.loadGeometry() });
  }
  return found;
}

// Whether a shape is no more than what rounding leaves at the buffer's edge.
const marginal = ({ lines }) => {
  const all = lines.flat();
  const inside = (p) => p.x > LOW + 1 && p.x < HIGH - 1 && p.y > LOW + 1 && p.y < HIGH - 1;
  return !all.some(inside);
};

async function main() {
  const { VectorTile } = await import(path.join(modules, '@mapbox/vector-tile/index.js'));
  const { PbfReader, default: Pbf } = await import(path.join(modules, 'pbf/index.js'));
  const read = (bytes) => new VectorTile(new (PbfReader || Pbf)(bytes));
  const folder = process.argv[2];
  const counts = [];
  let compared = 0, marginals = 0, named = 0;
  const most = {};
  for (const line of fs.readFileSync(path.join(folder, 'theirs'), 'utf8').trim().split('\n')) {
    const [name, hex] = line.split(' ');
    const theirs = read(Buffer.from(hex ?? '', 'hex')), ours = read(fs.readFileSync(path.join(folder, `ours-${name}.mvt`)));
    for (const layer of ['zones', 'enterprises', 'pipelines']) {
      counts.push(`${name} ${layer} ${ours.layers[layer]?.length ?? 0}`);
      const a = features(ours.layers[layer]), b = features(theirs.layers[layer]);
      for (const [id, feature] of [...a, ...b]) {
        if (a.has(id) && b.has(id)) continue;
        if (marginal(feature)) marginals++;
        else problems.push(`${name} ${layer} ${id}: ${a.has(id) ? 'PostGIS has it not' : 'we have it not'}`);
      }
      for (const [id, mine] of a) {
        const yours = b.get(id);
        if (!yours) continue;
        compared++;
        if ('name' in yours.properties && mine.properties.name !== yours.properties.name) problems.push(`${name} ${id}: ${mine.properties.name}, not ${yours.properties.name}`);
        named += 'name' in yours.properties;
        const far = Math.max(reach(mine.lines, yours.lines), reach(yours.lines, mine.lines));
        if (far > UNITS[layer]) problems.push(`${name} ${layer} ${id}: ${far.toFixed(2)} units apart`);
        most[layer] = Math.max(most[layer] ?? 0, far);
      }
    }
  }
  fs.writeFileSync(path.join(folder, 'counts'), `${counts.join('\n')}\n`);
  console.log(`PostGIS: ${compared} features of ${counts.length / 3} tiles agree by id, ${named} by name; places to ${Object.entries(most).map(([layer, far]) => `${far.toFixed(2)} (${layer})`).join(', ')} of 4,096 units; ${marginals} lie on the buffer's edge only`);
  if (problems.length || compared < 500) {
    console.log(problems.slice(0, 10).join('\n'), `\n${problems.length} differ`);
    process.exit(1);
  }
}

main();
