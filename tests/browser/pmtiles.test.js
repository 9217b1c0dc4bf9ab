// pmtiles.test.js - a seeded archive as the format's own reader sees it: header, metadata, tiles.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { PMTiles } = require('pmtiles');
const { build, store, check, finish } = require('./lib');

const program = path.join(build, 'sisetu');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sisetu-pmtiles-'));

function same(is, expected, what) {
  if (JSON.stringify(is) !== JSON.stringify(expected)) throw new Error(`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(expected)}`);
}

function run(...words) {
  const { status, stderr, stdout } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`);
  return stdout;
}

function open(file) {
  const handle = fs.openSync(file);
  return new PMTiles({
    getKey: () => file,
    async getBytes(offset, length) {
      const bytes = Buffer.alloc(length);
      const n = fs.readSync(handle, bytes, 0, length, offset);
      return { data: new Uint8Array(bytes.subarray(0, n)).buffer };
    },
  });
}

async function main() {
  const file = path.join(folder, 'county.pmtiles');
  const tiles = path.join(folder, 'tiles');
  const area = ['seed', store, '--map', 'county', '--zoom', '5-11', '--bbox', '105.9,37.9,106.6,38.7', '-o'];
  let archive;
  await check('an archive of a box is made, and a directory', () => {
    run(...area, file);
    run(...area, tiles);
    archive = open(file);
  });
  await check('its header says what it is', async () => {
    const h = await archive.getHeader();
    same([h.specVersion, h.clustered, h.tileType, h.tileCompression, h.minZoom, h.maxZoom], [3, true, 2, 1, 5, 11], 'header');
    same([h.minLon, h.minLat, h.maxLon, h.maxLat], [105.9, 37.9, 106.6, 38.7], 'bounds');
    same([h.centerLon, h.centerLat], [106.25, 38.3], 'centre');
    same(h.rootDirectoryOffset + h.rootDirectoryLength < 16384, true, 'root within 16,384 bytes');
    same(h.tileDataOffset + h.tileDataLength, fs.statSync(file).size, 'size');
  });
  await check('its metadata is JSON with a name', async () => {
    const metadata = await archive.getMetadata();
    same([metadata.name, metadata.type, metadata.format], ['four-colour county', 'overlay', 'png'], 'metadata');
  });
  await check('every tile is that of the directory, and no other is there', async () => {
    let there = 0;
    for (let z = 5; z <= 11; z++) {
      const size = 2 ** z;
      const x0 = Math.floor((105.9 + 180) / 360 * size) - 1;
      const x1 = Math.floor((106.6 + 180) / 360 * size) + 1;
      const row = (lat) => Math.floor((1 - Math.asinh(Math.tan(lat * Math.PI / 180)) / Math.PI) / 2 * size);
      for (let x = x0; x <= x1; x++) {
        for (let y = row(38.7) - 1; y <= row(37.9) + 1; y++) {
          const stored = await archive.getZxy(z, x, y);
          const name = path.join(tiles, `${z}/${x}/${y}.png`);
          same(stored !== undefined, fs.existsSync(name), `tile ${z}/${x}/${y} is there`);
          if (!stored) continue;
          there++;
          same(Buffer.compare(Buffer.from(stored.data), fs.readFileSync(name)), 0, `tile ${z}/${x}/${y} compares`);
        }
      }
    }
    const header = await archive.getHeader();
    same(there, header.numAddressedTiles, 'number of tiles');
  });
  await check('what lies elsewhere is not there', async () => {
    same(await archive.getZxy(4, 12, 6), undefined, 'another zoom');
    same(await archive.getZxy(11, 0, 0), undefined, 'another place');
  });
  fs.rmSync(folder, { recursive: true });
}

finish(main);
