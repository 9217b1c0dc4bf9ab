// vector.test.js - vector tiles as browsers read them: @mapbox/vector-tile and pbf, in Node. Prints
// "ok - what" or "not ok - what".
const fs = require('node:fs');
const { store, check, assert, serve, finish } = require('./lib');

function area(ring) {
  let sum = 0;
  for (let i = 0; i + 1 < ring.length; i++) sum += ring[i].x * ring[i + 1].y - ring[i + 1].x * ring[i].y;
  return sum / 2;
}

async function main() {
  if (!fs.existsSync(store)) {
    console.log(`SKIP: no ${store}; make sample makes it`);
    return;
  }
  const { VectorTile } = await import('@mapbox/vector-tile');
  const { PbfReader, default: Pbf } = await import('pbf');
  const Reader = PbfReader || Pbf;
  const { server, url } = await serve();
  try {
    const about = await (await fetch(`${url}/tiles/county.json`)).json();
    const [west, south, east, north] = about.bounds;
    const tiles = [];
    for (const z of [4, 6, 8, 10]) {
      const n = 2 ** z;
      const across = (lon) => Math.floor(((lon + 180) / 360) * n);
      const down = (lat) => Math.floor(((1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2) * n);
      for (let x = across(west); x <= across(east); x += 2)
        for (let y = down(north); y <= down(south); y += 2) {
          const answer = await fetch(about.tiles[0].replace('{z}', z).replace('{x}', x).replace('{y}', y));
          if (answer.status === 204) continue;
          const tile = new VectorTile(new Reader(new Uint8Array(await answer.arrayBuffer())));
          tiles.push({ name: `${z}/${x}/${y}`, z, tile });
        }
    }
    const features = (visit) => {
      let n = 0;
      for (const { name, z, tile } of tiles)
        for (const id of Object.keys(tile.layers))
          for (let i = 0; i < tile.layers[id].length; i++, n++) visit(tile.layers[id].feature(i), id, name, z);
      return n;
    };
    await check('tiles have the layers, zooms and attributes that TileJSON tells', () => {
      const known = new Map(about.vector_layers.map((layer) => [layer.id, layer]));
      const n = features((feature, id, name, z) => {
        const layer = known.get(id);
        assert(layer && z >= layer.minzoom && z <= layer.maxzoom, `${name}: ${id}`);
        for (const key of Object.keys(feature.properties)) assert(layer.fields[key] !== undefined, `${name}: ${id}.${key}`);
      });
      assert(tiles.length > 10 && n > 500, `${tiles.length} tiles, ${n} features`);
    });
    await check('outer rings turn clockwise and come first, every ring is closed and has an area', () => {
      features((feature, id, name) => {
        const rings = feature.loadGeometry();
        assert(feature.extent === 4096 && rings.length > 0, name);
        if (feature.type !== 3) return;
        assert(area(rings[0]) > 0, `${name}: ${id} ${feature.properties.id}`);
        for (const ring of rings) {
          const last = ring[ring.length - 1];
          assert(area(ring) !== 0 && ring[0].x === last.x && ring[0].y === last.y, `${name}: ${id}`);
        }
      });
    });
    await check('a feature has one id in every tile, a whole number that JavaScript can hold', () => {
      const ids = new Map();
      features((feature, id, name) => {
        if (id === 'boundaries') return;
        const key = `${id}/${feature.properties.id}`;
        assert(Number.isSafeInteger(feature.id), `${name}: ${key}: ${feature.id}`);
        assert(!ids.has(key) || ids.get(key) === feature.id, key);
        ids.set(key, feature.id);
      });
      assert(new Set(ids.values()).size > 100, `${ids.size} features`);
    });
    await check('names are read as they were written', () => {
      let found = false;
      features((feature, id) => {
        found = found || (id === 'units' && feature.properties.name === '宁夏回族自治区' && feature.properties.level === 1);
      });
      assert(found, 'the region is not among the units');
    });
  } finally {
    server.removeAllListeners('exit');
    server.kill();
  }
}

finish(main);
