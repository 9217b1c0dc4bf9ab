// wmts.test.js - the WMTS as OpenLayers reads it, in headless Chromium: from the capabilities alone,
// in EPSG:3857 and EPSG:4490, by path and by key-value pairs, and as a client written for Tianditu.
// Prints "ok - what" or "not ok - what"; screenshots stay beside the other test output.
const fs = require('node:fs');
const path = require('node:path');
const { store, output, check, assert, serve, browse, slowDown, finish } = require('./lib');

// What runs in the page. Draws the source on a map whose pixels are those of the tiles round the
// north-west corner of one, and gives how many pixels differ from the tiles that are served.
async function drawAndCompare({ url, kind, grid, zoom, tile, encoding }) {
  const geodetic = grid !== 'WebMercatorQuad';
  const degree = (Math.PI * 6378137) / 180;
  if (!ol.proj.get('EPSG:4490'))
    ol.proj.addProjection(new ol.proj.Projection({ code: 'EPSG:4490', extent: [-180, -90, 180, 90], axisOrientation: 'neu', units: 'degrees', metersPerUnit: degree, global: true }));
  const projection = geodetic ? 'EPSG:4490' : 'EPSG:3857';
  const half = geodetic ? 180 : Math.PI * 6378137;
  const resolution = (2 * half) / 256 / 2 ** (geodetic ? zoom + 1 : zoom);
  const corner = [tile[0] * 256 * resolution - half, (geodetic ? 90 : half) - tile[1] * 256 * resolution];
  let source;
  if (kind === 'capabilities') {
    const text = await (await fetch(`${url}/wmts/1.0.0/WMTSCapabilities.xml`)).text();
    const options = ol.source.WMTS.optionsFromCapabilities(new ol.format.WMTSCapabilities().read(text), { layer: 'county', matrixSet: grid, requestEncoding: encoding, crossOrigin: 'anonymous' });
    source = new ol.source.WMTS(options);
  } else {
    const levels = Array.from({ length: 18 }, (none, i) => i + 1);
    const tileGrid = new ol.tilegrid.WMTS({ origin: [-half, geodetic ? 90 : half], resolutions: levels.map((level) => (2 * half) / 256 / 2 ** level), matrixIds: levels.map(String) });
    const set = geodetic ? 'c' : 'w';
    source = new ol.source.WMTS({ url: `${url}/county_${set}/wmts?tk=0123456789abcdef`, layer: 'vec', matrixSet: set, format: 'tiles', style: 'default', projection, tileGrid, crossOrigin: 'anonymous' });
  }
  document.getElementById('map').replaceChildren();
  const map = new ol.Map({ target: 'map', controls: [], pixelRatio: 1, layers: [new ol.layer.Tile({ source })], view: new ol.View({ projection, center: corner, resolution, constrainResolution: false }) });
  await new Promise((resolve) => map.once('rendercomplete', resolve));
  const drawn = document.querySelector('#map canvas');
  const here = drawn.getContext('2d').getImageData(0, 0, 512, 512).data;
  const whole = new OffscreenCanvas(512, 512).getContext('2d', { willReadFrequently: true });
  for (const [x, y] of [[0, 0], [1, 0], [0, 1], [1, 1]]) {
    const blob = await (await fetch(`${url}/tiles/county/${grid}/${zoom}/${tile[0] - 1 + x}/${tile[1] - 1 + y}.png`)).blob();
    whole.drawImage(await createImageBitmap(blob), 256 * x, 256 * y);
  }
  const there = whole.getImageData(0, 0, 512, 512).data;
  let differ = 0;
  const colours = new Set();
  for (let i = 0; i < here.length; i += 4) {
    if (Math.max(...[0, 1, 2, 3].map((k) => Math.abs(here[i + k] - there[i + k]))) > 1) differ++;
    colours.add(here[i] * 65536 + here[i + 1] * 256 + here[i + 2]);
  }
  return { differ, colours: colours.size, size: [drawn.width, drawn.height] };
}

async function main() {
  if (!fs.existsSync(store)) {
    console.log(`SKIP: no ${store}; make sample makes it`);
    return;
  }
  const { server, url } = await serve();
  fs.mkdirSync(output, { recursive: true });
  const browser = await browse();
  try {
    const page = await browser.newPage({ viewport: { width: 512, height: 512 } });
    await slowDown(page);
    await page.setContent('<body style="margin:0"><div id="map" style="width:512px;height:512px"></div>');
    await page.addScriptTag({ path: 'tiler/viewer/ol.js' });
    // Round Yinchuan, where counties, plants and pipelines meet: 106.171875 E, 38.49609375 N.
    const places = { CGCS2000Quad: { zoom: 10, tile: [1628, 293] }, WebMercatorQuad: { zoom: 10, tile: [814, 394] } };
    for (const [grid, place] of Object.entries(places)) {
      for (const encoding of ['KVP', 'REST'])
        await check(`OpenLayers draws the tiles of ${grid} from the capabilities, ${encoding}`, async () => {
          const { differ, colours, size } = await page.evaluate(drawAndCompare, { url, kind: 'capabilities', grid, encoding, ...place });
          await page.screenshot({ path: path.join(output, `wmts-${grid}-${encoding}.png`) });
          assert(size[0] === 512 && size[1] === 512, `the map is ${size}`);
          assert(colours > 20, `${colours} colours`);
          assert(differ === 0, `${differ} pixels differ`);
        });
      await check(`a client written for Tianditu draws the tiles of ${grid}`, async () => {
        const { differ, colours } = await page.evaluate(drawAndCompare, { url, kind: 'tianditu', grid, ...place });
        await page.screenshot({ path: path.join(output, `wmts-${grid}-tianditu.png`) });
        assert(colours > 20, `${colours} colours`);
        assert(differ === 0, `${differ} pixels differ`);
      });
    }
    await check('the capabilities of the dialect are read too', async () => {
      const sets = await page.evaluate(async (base) => {
        const text = await (await fetch(`${base}/wmts?SERVICE=WMTS&REQUEST=GetCapabilities&dialect=tianditu`)).text();
        return new ol.format.WMTSCapabilities().read(text).Contents.TileMatrixSet.map((set) => [set.Identifier, set.SupportedCRS, set.TileMatrix.length, set.TileMatrix[0].ScaleDenominator]);
      }, url);
      assert(JSON.stringify(sets) === JSON.stringify([['w', 'urn:ogc:def:crs:EPSG::900913', 18, sets[0][3]], ['c', 'urn:ogc:def:crs:EPSG::4490', 18, sets[0][3]]]), JSON.stringify(sets));
      assert(Math.abs(sets[0][3] / 2.958293554545656e8 - 1) < 1e-12, sets[0][3]);
    });
  } finally {
    await browser.close();
    server.removeAllListeners('exit');
    server.kill();
  }
}

finish(main);
