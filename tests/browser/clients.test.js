// clients.test.js - the styles and vector tiles of a server in the clients they are made for: MapLibre
// GL, and OpenLayers with ol-mapbox-style, in headless Chromium with no other network. What MapLibre
// GL draws is compared with our own pictures of the same view. Prints "ok - what" or "not ok - what".
const fs = require('node:fs');
const path = require('node:path');
const { store, output, check, assert, serve, browse, slowDown, finish } = require('./lib');

const WIDTH = 1024, HEIGHT = 768;
// Where each map is looked at: the corner of four 256-px tiles, at their zoom.
const views = [
  { map: 'region', z: 7, x: 102, y: 49 },
  { map: 'city', z: 8, x: 203, y: 97 },
  { map: 'county', z: 11, x: 1628, y: 785 },
  { map: 'county', z: 13, x: 6512, y: 3142 },
  { map: 'risk', z: 10, x: 814, y: 392 },
  { map: 'dangers', z: 9, x: 407, y: 196 },
  { map: 'pipelines', z: 11, x: 1628, y: 785 },
  { map: 'county', z: 13, x: 6512, y: 3142, style: 'accessible' },
  { map: 'city', z: 8, x: 203, y: 97, style: 'dark' },
  { map: 'city', z: 9, x: 407, y: 197, style: 'dark', unit: '640100' },
  { map: 'pipelines', z: 11, x: 1628, y: 785, style: 'print', most: 4 }, // its names run along lines
];
// Mean of the channels' differences, of 255. Measured: README.md.
const MOST_MEAN = 2.6;
// Pages and libraries that the browser gets from us, not from the server.
const library = (...names) => path.join('tests/browser/node_modules', ...names);
const files = {
  'maplibre.js': path.join('tiler/viewer/node_modules/maplibre-gl/dist/maplibre-gl.js'),
  'maplibre.css': path.join('tiler/viewer/node_modules/maplibre-gl/dist/maplibre-gl.css'),
  'ol.js': library('ol/dist/ol.js'),
  'olms.js': library('ol-mapbox-style/dist/olms.js'),
};
const page_of = (head) => `<!doctype html><html><head><meta charset="utf-8"><link rel="icon" href="data:,">${head}
<style>html, body { margin: 0; background: #fff } #map { width: ${WIDTH}px; height: ${HEIGHT}px }</style></head><body><div id="map"></div></body></html>`;
const pages = {
  'maplibre.html': page_of('<link rel="stylesheet" href="maplibre.css"><script src="maplibre.js"></script>'),
  'openlayers.html': page_of(`<script src="ol.js"></script>
<script>ol.ImageState ??= { IDLE: 0, LOADING: 1, LOADED: 2, ERROR: 3, EMPTY: 4 }; // missing from OpenLayers' full build, and needed for icons</script>
<script src="olms.js"></script>`),
};

async function openPage(browser, url, name) {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: HEIGHT }, deviceScaleFactor: 1 });
  const seen = { errors: [], outside: [], statuses: new Map() };
  await page.route(`${url}/test/**`, (route) => {
    const file = new URL(route.request().url()).pathname.split('/').pop();
    if (pages[file]) route.fulfill({ contentType: 'text/html', body: pages[file] });
    else if (files[file]) route.fulfill({ path: files[file] });
    else route.abort();
  });
  page.on('console', (message) => message.type() === 'error' && seen.errors.push(`${message.text()} ${message.location().url}`));
  page.on('pageerror', (problem) => seen.errors.push(String(problem)));
  page.on('request', (request) => /^(data|blob):/.test(request.url()) || request.url().startsWith(`${url}/`) || seen.outside.push(request.url()));
  page.on('response', (response) => seen.statuses.set(response.url(), response.status()));
  await slowDown(page);
  await page.goto(`${url}/test/${name}`);
  return { page, seen };
}

const lon_of = (z, x) => (x / 2 ** z) * 360 - 180;
const lat_of = (z, y) => (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / 2 ** z))) * 180) / Math.PI;

// In the page: MapLibre's picture of a view, ours of the same, and how far they are apart.
async function compareView({ url, view, center, width, height }) {
  const load = () => new Promise((resolve, reject) => {
    window.shown?.remove();
    window.shown = new maplibregl.Map({
      container: 'map', style: `${url}/styles/${view.style ?? 'four-colour'}.json?map=${view.map}${view.unit ? `&unit=${view.unit}` : ''}`, center, zoom: view.z - 1, fadeDuration: 0, interactive: false,
      attributionControl: false, localIdeographFontFamily: false, canvasContextAttributes: { preserveDrawingBuffer: true, antialias: true },
    });
    window.shown.on('error', (event) => reject(new Error(String(event.error?.message ?? event))));
    window.shown.once('idle', resolve);
  });
  await load();
  const canvas = (paint) => {
    const made = document.createElement('canvas');
    made.width = width;
    made.height = height;
    const context = made.getContext('2d', { willReadFrequently: true });
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, width, height);
    paint(context);
    return { made, pixels: context.getImageData(0, 0, width, height).data };
  };
  const theirs = canvas((context) => context.drawImage(window.shown.getCanvas(), 0, 0, width, height));
  const tiles = [];
  for (let x = -Math.ceil(width / 512); x < Math.ceil(width / 512); x++)
    for (let y = -Math.ceil(height / 512); y < Math.ceil(height / 512); y++)
      tiles.push(fetch(`${url}/tiles/${view.map}/${view.z}/${view.x + x}/${view.y + y}.png?png=32&style=${view.style ?? 'four-colour'}${view.unit ? `&unit=${view.unit}` : ''}`).then((r) => r.blob()).then(createImageBitmap).then((image) => ({ image, x, y })));
  const images = await Promise.all(tiles);
  const ours = canvas((context) => images.forEach(({ image, x, y }) => context.drawImage(image, width / 2 + x * 256, height / 2 + y * 256)));
  let sum = 0, far = 0, drawn = 0;
  const difference = canvas((context) => {
    const data = context.getImageData(0, 0, width, height);
    for (let i = 0; i < ours.pixels.length; i += 4) {
      let most = 0;
      for (let k = 0; k < 3; k++) {
        const d = Math.abs(ours.pixels[i + k] - theirs.pixels[i + k]);
        sum += d;
        most = Math.max(most, d);
        data.data[i + k] = 255 - d;
      }
      far += most > 32;
      drawn += ours.pixels[i] + ours.pixels[i + 1] + ours.pixels[i + 2] < 750;
    }
    context.putImageData(data, 0, 0);
  });
  const n = width * height;
  const png = (one) => one.made.toDataURL('image/png').split(',')[1];
  return { mean: sum / n / 3, far: far / n, drawn: drawn / n, features: window.shown.queryRenderedFeatures().length, ours: png(ours), theirs: png(theirs), difference: png(difference) };
}

// In the page: OpenLayers' picture of a view; the share of it that is drawn.
async function drawView({ url, view, center }) {
  window.shown?.setTarget(null);
  window.shown = new ol.Map({ target: 'map', controls: [], view: new ol.View({ center: ol.proj.fromLonLat(center), zoom: view.z }) });
  await olms.apply(window.shown, `${url}/styles/${view.style ?? 'four-colour'}.json?map=${view.map}${view.unit ? `&unit=${view.unit}` : ''}`);
  window.shown.getView().setCenter(ol.proj.fromLonLat(center));
  window.shown.getView().setZoom(view.z);
  await new Promise((resolve) => { window.shown.once('rendercomplete', resolve); window.shown.render(); });
  const layer = window.shown.getLayers().getArray().find((one) => one.getSource?.() instanceof ol.source.VectorTile);
  const features = layer ? layer.getFeaturesInExtent(window.shown.getView().calculateExtent()).length : 0;
  const canvas = [...document.querySelectorAll('#map canvas')].sort((a, b) => b.width - a.width)[0];
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let drawn = 0;
  for (let i = 3; i < data.length; i += 4) drawn += data[i] > 20;
  return { features, drawn: drawn / (data.length / 4) };
}

function judge(seen, url) {
  assert(seen.errors.length === 0, seen.errors.slice(0, 4).join('\n'));
  assert(seen.outside.length === 0, `asked elsewhere: ${seen.outside.slice(0, 4)}`);
  const bad = [...seen.statuses].filter(([address, status]) => ![200, 204, 304].includes(status));
  assert(bad.length === 0, bad.slice(0, 4).join('\n'));
  assert([...seen.statuses.keys()].some((address) => /\.mvt/.test(address) && address.startsWith(url)), 'no vector tile was asked for');
}

async function main() {
  if (!fs.existsSync(store)) {
    console.log(`SKIP: no ${store}; make sample makes it`);
    return;
  }
  fs.mkdirSync(output, { recursive: true });
  const { server, url } = await serve();
  const browser = await browse('--force-color-profile=srgb');
  try {
    const maplibre = await openPage(browser, url, 'maplibre.html');
    let sum = 0;
    for (const view of views) {
      const name = `${view.map}-${view.z}${view.style ? `-${view.style}` : ''}`;
      await check(`MapLibre GL draws ${view.map} at zoom ${view.z} as we do${view.style ? `, ${view.style}` : ''}${view.unit ? `, unit ${view.unit}` : ''}`, async () => {
        const center = [lon_of(view.z, view.x), lat_of(view.z, view.y)];
        const result = await maplibre.page.evaluate(compareView, { url, view, center, width: WIDTH, height: HEIGHT });
        for (const kind of ['ours', 'theirs', 'difference']) fs.writeFileSync(path.join(output, `maplibre-${name}-${kind}.png`), Buffer.from(result[kind], 'base64'));
        console.log(`  ${name}: mean ${result.mean.toFixed(3)} of 255, ${(result.far * 100).toFixed(2)} % of pixels by more than 32, ${result.features} features`);
        sum += result.mean;
        assert(result.features > 5 && result.drawn > 0.02, `${result.features} features, ${result.drawn} drawn`);
        assert(result.mean <= (view.most ?? MOST_MEAN), `${result.mean} of 255 on the mean`);
      });
    }
    console.log(`  mean over all views: ${(sum / views.length).toFixed(3)} of 255`);
    await check('MapLibre GL needs nothing but the server, and has nothing to complain of', () => {
      judge(maplibre.seen, url);
      assert([...maplibre.seen.statuses.keys()].some((address) => /\/fonts\/.*\.pbf/.test(address)), 'no letters were asked for');
    });
    const openlayers = await openPage(browser, url, 'openlayers.html');
    for (const view of views) {
      await check(`OpenLayers draws ${view.map} at zoom ${view.z}${view.style ? `, ${view.style}` : ''}${view.unit ? `, unit ${view.unit}` : ''}`, async () => {
        const center = [lon_of(view.z, view.x), lat_of(view.z, view.y)];
        const result = await openlayers.page.evaluate(drawView, { url, view, center });
        await openlayers.page.screenshot({ path: path.join(output, `openlayers-${view.map}-${view.z}.png`) });
        assert(result.features > 5 && result.drawn > 0.02, JSON.stringify(result));
      });
    }
    await check('OpenLayers needs nothing but the server, and has nothing to complain of', () => judge(openlayers.seen, url));
  } finally {
    await browser.close();
    server.removeAllListeners('exit');
    server.kill();
  }
}

finish(main);
