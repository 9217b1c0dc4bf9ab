// viewer.test.js - uses the page as its users do, in headless Chromium, at desktop and phone
// size, in both languages. Prints "ok - what" or "not ok - what"; screenshots stay beside the
// other test output.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { build, store, output, check, assert, serve, browse, slow, slowDown, finish } = require('./lib');

const sizes = [
  { name: 'desktop', width: 1280, height: 800 },
  { name: 'phone', width: 390, height: 844, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
];

async function waitFor(question, ms, what) {
  const end = Date.now() + ms * slow;
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// What was downloaded is a proof, and it holds.
async function verify(download) {
  const file = path.join(output, 'proof.json');
  await download.saveAs(file);
  const { stdout } = spawnSync(path.join(build, 'sisetu'), ['verify', file], { encoding: 'utf8' });
  assert(stdout.startsWith('holds: '), `${download.suggestedFilename()}: ${stdout}`);
}

const fetched = async (page, link) => (await Promise.all([page.waitForEvent('download'), link.click()]))[0];

// A page that records what must not happen: errors on the console, requests to elsewhere.
async function newPage(browser, base, size, hash) {
  const context = await browser.newContext({ viewport: { width: size.width, height: size.height }, isMobile: size.isMobile, hasTouch: size.hasTouch, deviceScaleFactor: size.deviceScaleFactor, locale: 'zh-CN' });
  context.setDefaultTimeout(60000 * slow);
  const page = await context.newPage();
  await slowDown(page);
  const seen = { errors: [], outside: [], tiles: [], urls: [], open: new Set() };
  page.on('console', (message) => message.type() === 'error' && seen.errors.push(message.text()));
  page.on('pageerror', (problem) => seen.errors.push(String(problem)));
  page.on('request', (request) => /^(data|blob):/.test(request.url()) || request.url().startsWith(base) || seen.outside.push(request.url()));
  page.on('request', (request) => { seen.urls.push(request.url()); seen.open.add(request); });
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => seen.open.delete(request));
  page.on('response', (response) => response.url().includes('/tiles/') && seen.tiles.push({ url: response.url(), status: response.status() }));
  await page.goto(`${base}/${hash}`);
  return { context, page, seen };
}

const ready = (page) => page.waitForSelector('body[data-ready=yes]', { timeout: 60000 * slow });
// Until the page asks nothing any more and all of the map is on the screen. (Playwright's own 'networkidle'
// is once reached for ever.)
const settled = (page, seen) => waitFor(async () => seen.open.size === 0 && page.$('#map[data-drawn=yes]'), 60000, `the map, and answers to ${[...seen.open].map((request) => request.url())}`);
const says = (page, where, ...words) => waitFor(async () => { const text = await page.innerText(where); return words.every((word) => word.test(text)) && text; }, 30000, `${words} in ${where}`);

async function openPage(...what) {
  const opened = await newPage(...what);
  await ready(opened.page);
  return opened;
}

const shot = (page, name) => page.screenshot({ path: path.join(output, `${name}.png`) });
const tilesOf = (seen, map) => seen.tiles.filter((tile) => tile.url.includes(`/tiles/${map}/`) && tile.status === 200);

// Shares of the map's pixels by hue, read from a screenshot decoded in the page itself.
async function colours(page) {
  const clip = (await page.screenshot({ type: 'png' })).toString('base64');
  return page.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const { data: px } = context.getImageData(0, 0, image.width, image.height);
    const n = { red: 0, orange: 0, yellow: 0, blue: 0 };
    for (let i = 0; i < px.length; i += 4) {
      const [r, g, b] = [px[i], px[i + 1], px[i + 2]];
      if (Math.max(r, g, b) - Math.min(r, g, b) < 40) continue;
      if (b > r + 30 && b > g) n.blue++;
      else if (r > 200 && g > 200 && b < 210) n.yellow++;
      else if (r > 200 && g > b + 25) n.orange++;
      else if (r > 200 && Math.abs(g - b) <= 25) n.red++;
    }
    return n;
  }, clip);
}

// Mean difference of all channels of two screenshots, of 255, beside the panels. Over blocks of 8 px, the
// repeat of a pattern: pictures lie on whole pixels, what a browser draws need not, and hatches part by that.
const difference = (page, a, b) => page.evaluate(async (pictures) => {
  const [one, other] = await Promise.all(pictures.map(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const [width, height] = [640, 736];
    const context = new OffscreenCanvas(width, height).getContext('2d');
    context.drawImage(image, 240, 60, width, height, 0, 0, width, height);
    const pixels = context.getImageData(0, 0, width, height).data;
    const blocks = new Float64Array((width / 8) * (height / 8) * 3);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let k = 0; k < 3; k++) blocks[((y >> 3) * (width / 8) + (x >> 3)) * 3 + k] += pixels[(y * width + x) * 4 + k] / 64;
    return blocks;
  }));
  return one.reduce((sum, value, i) => sum + Math.abs(value - other[i]), 0) / one.length;
}, [a.toString('base64'), b.toString('base64')]);
// Measured: 0.7 to 0.9.
const MOST_DIFFERENCE = 2.5;

async function desktop(browser, base, size) {
  let page, seen, context;
  await check('the first tile comes, and its time is told', async () => {
    const start = Date.now();
    ({ page, seen, context } = await openPage(browser, base, size, ''));
    await waitFor(() => tilesOf(seen, 'risk').length > 0, 30000, 'a first tile');
    console.log(`  first tile after ${Date.now() - start} ms`);
  });
  await check('the region shows in the four colours', async () => {
    await settled(page, seen);
    await shot(page, 'viewer-desktop-start');
    const n = await colours(page);
    assert(n.red + n.orange + n.yellow + n.blue > 5000, `the picture has hardly any colour: ${JSON.stringify(n)}`);
  });
  await check('levels switch: region, city, county, dangers, automatic', async () => {
    for (const name of ['region', 'city', 'county', 'dangers', 'risk']) {
      const before = tilesOf(seen, name).length;
      await page.click(`#maps [data-name=${name}]`);
      if (name !== 'risk') await waitFor(() => tilesOf(seen, name).length > before, 30000, `tiles of ${name}`);
      await settled(page, seen);
      assert((await page.getAttribute(`#maps [data-name=${name}]`, 'aria-checked')) === 'true', `${name} is not marked`);
      assert(page.url().includes(`map=${name}`), 'the permalink does not follow');
      await shot(page, `viewer-desktop-${name}`);
    }
  });
  await check('the legend names the four colours and counts', async () => {
    const text = await page.innerText('#entries');
    const rows = await page.$$eval('#entries li', (items) => items.length);
    assert(rows >= 5, `${rows} entries: ${text}`);
    assert(/\d/.test(text), 'no counts');
  });
  await check('the list holds red and orange plants and flies to one', async () => {
    await page.click('#tab-list');
    await page.waitForSelector('#list .item');
    const badges = await page.$$eval('#list .item .badge', (items) => items.map((item) => item.className));
    assert(badges.every((name) => /g[12]/.test(name)), `not red or orange: ${badges}`);
    const before = new URLSearchParams(new URL(page.url()).hash.slice(1));
    await page.click('#list .item');
    await page.waitForSelector('#answer h2');
    await settled(page, seen);
    const after = new URLSearchParams(new URL(page.url()).hash.slice(1));
    assert(Number(after.get('z')) >= 13 && after.get('lon') !== before.get('lon'), 'the map did not move');
    await shot(page, 'viewer-desktop-plant');
  });
  await check('a plant shows its grade with reasons and clauses', async () => {
    const text = await page.innerText('#answer');
    assert(/红|橙/.test(text), text.slice(0, 200));
    assert((await page.$$('#answer .reasons li')).length > 0, 'no reasons');
    assert((await page.$$('#answer .cite')).length > 0, 'no clause');
  });
  await check('a plant and each of its conflicts offer a proof that holds', async () => {
    await verify(await fetched(page, page.locator('#answer .proof').first()));
    const conflict = page.locator('#answer details').filter({ has: page.locator('.proof') }).first();
    await conflict.locator('summary').click();
    await verify(await fetched(page, conflict.locator('.proof')));
    await shot(page, 'viewer-desktop-proof');
  });
  await check('a click on the map says why', async () => {
    await page.click('#maps [data-name=risk]');
    const asked = page.waitForResponse((response) => response.url().includes('/v1/at?'));
    await page.mouse.click(420, 300);
    await asked;
    await says(page, '#answer', /自治区/, /所在行政区/);
    await settled(page, seen);
    await shot(page, 'viewer-desktop-click');
  });
  await check('the siting tool judges a clicked point and offers the proof', async () => {
    await page.click('#tools [data-name=check]');
    await page.waitForSelector('#type option', { state: 'attached' });
    await page.selectOption('#type', 'GASOLINE_STATION_TANK');
    const before = page.url();
    await page.mouse.click(500, 500);
    await waitFor(() => page.url() !== before, 30000, 'the question about this point');
    await page.waitForSelector('#answer .verdict');
    assert((await page.$$('#answer details')).length > 0, 'no findings');
    await verify(await fetched(page, page.locator('#answer .proof').first()));
    await shot(page, 'viewer-desktop-siting');
  });
  await check('the incident tool counts who is inside and who can help', async () => {
    await page.click('#tools [data-name=incident]');
    await page.fill('#radius', '2000');
    await page.dispatchEvent('#radius', 'change');
    await page.mouse.click(480, 560);
    await says(page, '#answer', /受影响人数/, /\d/, /救援队伍/, /医院/);
    await settled(page, seen);
    await shot(page, 'viewer-desktop-incident');
  });
  await check('a unit dims the rest and tells its grade', async () => {
    await page.click('#tools [data-name=at]');
    const before = seen.tiles.length;
    await page.selectOption('#unit', '640100');
    await says(page, '#answer h2', /银川/);
    await waitFor(() => seen.tiles.slice(before).some((tile) => tile.url.includes('unit=640100') && tile.status === 200), 30000, 'dimmed tiles');
    await settled(page, seen);
    await shot(page, 'viewer-desktop-unit');
  });
  await check('layers switch on and off', async () => {
    for (const name of ['conflicts', 'dangers', 'enterprises']) {
      const was = await page.isChecked(`#layers input[name=${name}]`);
      await page.click(`#layers input[name=${name}]`);
      assert((await page.isChecked(`#layers input[name=${name}]`)) !== was, `${name} did not change`);
    }
    await says(page, '#entries', /重大隐患/);
    await settled(page, seen);
    assert(tilesOf(seen, 'risk').some((tile) => tile.url.includes('overlay=names')), 'the names of the map do not lie on what is laid on it');
  });
  await check('a style of the server is chosen: tiles, legend and page follow, as pictures and as vector tiles', async () => {
    const { styles } = await (await fetch(`${base}/v1/status`)).json();
    const offered = await page.$$eval('#style option', (options) => options.map((option) => [option.value, option.textContent]));
    assert(offered.map(([value]) => value).join() === ['', ...styles.slice(1)].join(), `${offered} of ${styles}`);
    assert(offered.some(([, text]) => text === '无障碍'), offered.join(' '));
    for (const style of styles.slice(1)) {
      const before = seen.tiles.length;
      await page.selectOption('#style', style);
      await settled(page, seen);
      assert(page.url().includes(`style=${style}`), page.url());
      const asked = seen.tiles.slice(before).filter((tile) => /\.png/.test(tile.url));
      assert(asked.length > 0 && asked.every((tile) => tile.url.includes(`style=${style}`) && tile.url.includes('unit=640100') && tile.status === 200), JSON.stringify(asked.slice(0, 3)));
      assert(asked.every((tile) => tile.url.includes('/dangers/') === tile.url.includes('overlay=1')), 'a ground is drawn on a ground');
      const legend = (await (await fetch(`${base}/v1/legend/city?style=${style}`)).json()).entries;
      await says(page, '#entries', new RegExp(legend[0].zh.slice(0, 6)));
      const fields = await page.$$eval('#entries .swatch', (all) => all.map((one) => [one.style.getPropertyValue('--colour'), one.style.backgroundImage.slice(0, 20)]));
      assert(legend.every((entry, i) => fields[i][0] === entry.colour && /data:image/.test(fields[i][1]) === Boolean(entry.pattern)), JSON.stringify(fields));
      assert((await page.evaluate(() => document.documentElement.classList.contains('dark'))) === (style === 'dark'), `the page in ${style}`);
      const pictures = await shot(page, `viewer-desktop-style-${style}`);
      await page.click('#formats [data-name=mvt]');
      await settled(page, seen);
      const mean = await difference(page, pictures, await shot(page, `viewer-desktop-style-${style}-vector`));
      console.log(`  ${style}: pictures and vector tiles differ by ${mean.toFixed(2)} of 255`);
      assert(mean < MOST_DIFFERENCE, `${style}: ${mean}`);
      await page.click('#formats [data-name=png]');
    }
    await page.selectOption('#style', '');
    await settled(page, seen);
    assert(!page.url().includes('style='), page.url());
  });
  await check('the map is drawn from vector tiles when one chooses them, and looks the same', async () => {
    const before = await colours(page);
    await page.click('#formats [data-name=mvt]');
    await settled(page, seen);
    assert(seen.tiles.some((tile) => /\.mvt/.test(tile.url) && tile.status === 200), 'no vector tile was asked for');
    const after = await colours(page);
    for (const colour of Object.keys(before)) assert(Math.abs(after[colour] - before[colour]) <= 0.1 * before[colour] + 1500, `${JSON.stringify(before)} became ${JSON.stringify(after)}`);
    await shot(page, 'viewer-desktop-vector');
  });
  await check('the map counts as drawn once its last vector tile is there, and one that failed comes again', async () => {
    let held = 0;
    let refused = 0;
    let letGo;
    const gate = new Promise((resolve) => { letGo = resolve; });
    const hold = async (route) => {
      if (refused < 2) {
        refused++;
        await route.fulfill({ status: 503, headers: { 'Retry-After': '1' } });
      } else {
        held++;
        await gate;
        await route.continue().catch(() => null); // no longer wanted
      }
    };
    await page.route(/county.*\.mvt/, hold);
    await page.click('#maps [data-name=county]');
    await waitFor(() => held > 0 && refused === 2, 30000, 'vector tiles to be asked for');
    await page.waitForFunction(() => new Promise((resolve) => { let frames = 0; const next = () => (++frames > 30 ? resolve(true) : requestAnimationFrame(next)); next(); }));
    assert((await page.getAttribute('#map', 'data-drawn')) === 'no', 'drawn without its tiles');
    letGo();
    await settled(page, seen);
    await page.unroute(/county.*\.mvt/, hold);
    const n = await colours(page);
    await page.click('#formats [data-name=png]');
    await settled(page, seen);
    const pictures = await colours(page);
    for (const colour of Object.keys(n)) assert(Math.abs(pictures[colour] - n[colour]) <= 0.1 * n[colour] + 1500, `${JSON.stringify(pictures)} and ${JSON.stringify(n)}`);
    seen.errors = seen.errors.filter((error) => !/status of 503/.test(error));
    seen.tiles = seen.tiles.filter((tile) => tile.status !== 503);
    await page.click('#formats [data-name=mvt]');
    await page.click('#maps [data-name=risk]');
    await settled(page, seen);
  });
  await check('a click on vector tiles asks the same, and the map moves under the marks', async () => {
    const asked = page.waitForResponse((response) => response.url().includes('/v1/at?'));
    await page.mouse.click(420, 300);
    await asked;
    await says(page, '#answer', /自治区/);
    await settled(page, seen);
    await page.mouse.move(450, 350);
    await page.mouse.down();
    await page.mouse.move(550, 420, { steps: 4 });
    await page.mouse.up();
    await settled(page, seen);
    await shot(page, 'viewer-desktop-vector-moved');
  });
  await check('the choice of tiles is remembered, and in the permalink', async () => {
    assert(page.url().includes('tiles=mvt'), page.url());
    const again = await context.newPage();
    await again.goto(`${base}/#lang=zh`);
    await ready(again);
    assert((await again.getAttribute('#formats [data-name=mvt]', 'aria-checked')) === 'true', 'forgotten');
    await again.close();
    await page.click('#formats [data-name=png]');
    await waitFor(() => !page.url().includes('tiles='), 30000, 'the permalink');
    await waitFor(async () => !(await page.$('.vector')), 30000, 'the vector tiles to go');
    await settled(page, seen);
  });
  await check('pipelines by stretch come with their legend', async () => {
    await page.click('#layers input[name=pipelines]');
    await waitFor(() => tilesOf(seen, 'pipelines').some((tile) => tile.status === 200), 30000, 'tiles of pipelines');
    await waitFor(async () => /三级地区/.test(await page.innerText('#entries')) && /高后果区/.test(await page.innerText('#entries')), 30000, 'the legend');
    await settled(page, seen);
    await shot(page, 'viewer-desktop-pipelines');
    await page.click('#layers input[name=pipelines]');
    await waitFor(async () => !/三级地区/.test(await page.innerText('#entries')), 30000, 'the legend without pipelines');
  });
  await check('the page speaks English too', async () => {
    await page.click('#language');
    assert((await page.innerText('#tab-list')) === 'Red and orange', 'not English');
    assert(page.url().includes('lang=en'), 'the permalink does not hold the language');
    await settled(page, seen);
    await shot(page, 'viewer-desktop-english');
  });
  await check('the permalink brings back the same view', async () => {
    const hash = new URL(page.url()).hash;
    const again = await openPage(browser, base, size, hash);
    await settled(again.page, again.seen);
    const view = (url) => ['map', 'z', 'lang', 'unit'].map((key) => new URLSearchParams(new URL(url).hash.slice(1)).get(key)).join();
    assert(view(again.page.url()) === view(page.url()), `${again.page.url()} is not ${page.url()}`);
    await again.context.close();
  });
  await check('scale bar and coordinates are there', async () => {
    await page.mouse.move(400, 400);
    assert(/\d+ k?m/.test(await page.innerText('.ol-scale-line')), 'no scale');
    assert(/°E/.test(await page.innerText('#coordinates')), 'no coordinates');
  });
  await check('no tile failed', async () => {
    const bad = seen.tiles.filter((tile) => ![200, 204, 304].includes(tile.status));
    assert(bad.length === 0 && seen.tiles.length > 20, JSON.stringify(bad.slice(0, 3)));
  });
  await check('no console error and no outside request at desktop size', async () => {
    assert(seen.errors.length === 0, seen.errors.join('; '));
    assert(seen.outside.length === 0, seen.outside.join(' '));
  });
  await context.close();
}

async function phone(browser, base, size) {
  const { page, seen, context } = await openPage(browser, base, size, '');
  await check('on a phone the map fills the screen', async () => {
    await settled(page, seen);
    await shot(page, 'viewer-phone-region');
    assert(!(await page.isVisible('#entries')), 'the legend is folded at first');
    await page.tap('#fold');
    assert(await page.isVisible('#entries'), 'a tap unfolds the legend');
    await page.tap('#fold');
    assert(tilesOf(seen, 'risk').some((tile) => tile.url.includes('@2x')), 'no sharp tiles on a sharp screen');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert(wide <= size.width, `the page is ${wide} px wide`);
  });
  await check('on a phone levels switch', async () => {
    await page.tap('#maps [data-name=county]');
    await waitFor(() => tilesOf(seen, 'county').length > 0, 30000, 'county tiles');
  });
  await check('on a phone a tap shows the reasons in a sheet', async () => {
    await page.touchscreen.tap(195, 420);
    await page.waitForSelector('#answer section');
    await settled(page, seen);
    const box = await (await page.$('#side')).boundingBox();
    assert(box.y > 300 && box.y + box.height <= size.height + 1, `the sheet lies at ${box.y}`);
    await shot(page, 'viewer-phone-click');
  });
  await check('on a phone the map is drawn from vector tiles, too', async () => {
    await page.tap('#close');
    await page.tap('#fold');
    await page.tap('#formats [data-name=mvt]');
    await page.selectOption('#style', 'dark');
    await settled(page, seen);
    await shot(page, 'viewer-phone-style-dark');
    await page.selectOption('#style', '');
    await page.tap('#fold');
    await settled(page, seen);
    await shot(page, 'viewer-phone-vector');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert(wide <= size.width, `the page is ${wide} px wide`);
    const n = await colours(page);
    assert(n.red + n.orange + n.yellow + n.blue > 300, `hardly any colour: ${JSON.stringify(n)}`);
    await page.tap('#fold');
    await page.tap('#formats [data-name=png]');
    await page.tap('#fold');
    await page.tap('#open');
  });
  await check('on a phone the list flies to a plant', async () => {
    await page.tap('#tab-list');
    await page.waitForSelector('#list .item');
    await page.tap('#list .item');
    await page.waitForSelector('#answer h2');
    await settled(page, seen);
    assert(Number(new URLSearchParams(new URL(page.url()).hash.slice(1)).get('z')) >= 13, 'the map did not fly');
    await shot(page, 'viewer-phone-plant');
  });
  await check('no console error and no outside request at phone size', async () => {
    assert(seen.errors.length === 0, seen.errors.join('; '));
    assert(seen.outside.length === 0, seen.outside.join(' '));
  });
  await context.close();
}

// A basemap is a setting: the browser loads it from where the operator said, and the page lets it.
async function basemap(browser, size) {
  const asked = [];
  const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
  const other = http.createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(200, { 'Content-Type': 'image/png', 'Access-Control-Allow-Origin': '*' });
    response.end(pixel);
  });
  await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { server, url: base } = await serve(store, '--basemap', `xyz:http://127.0.0.1:${other.address().port}/{z}/{x}/{y}.png`);
  await check('a basemap that the operator sets is loaded and can be switched off', async () => {
    const { context, page, seen } = await openPage(browser, base, size, '');
    await waitFor(() => asked.length > 0, 30000, 'a request to the basemap');
    assert(/^\/\d+\/\d+\/\d+\.png$/.test(asked[0]), asked[0]);
    assert(seen.errors.length === 0, seen.errors.join('; '));
    await page.click('#layers input[name=basemap]');
    await context.close();
  });
  server.kill('SIGTERM');
  other.close();
}

// A style of the operator's own is the first, and offered under its own name; one that there is not is told.
async function ownStyle(browser, size) {
  const file = path.join(output, 'own.json');
  const style = JSON.parse(fs.readFileSync('styles/dark.json', 'utf8'));
  fs.writeFileSync(file, JSON.stringify({ ...style, name: '指挥大厅' }));
  const { server, url: base } = await serve(store, '--style', file);
  await check('a style of one\'s own is drawn first and offered by its name', async () => {
    const { context, page, seen } = await openPage(browser, base, size, '#map=city&tiles=mvt');
    await settled(page, seen);
    assert((await page.$eval('#style', (select) => select.selectedOptions[0].textContent)) === '指挥大厅', 'not the first');
    assert(await page.evaluate(() => document.documentElement.classList.contains('dark')), 'a light page round a dark map');
    await page.selectOption('#style', 'four-colour');
    await settled(page, seen);
    assert(!(await page.evaluate(() => document.documentElement.classList.contains('dark'))), 'a dark page round a light map');
    assert(seen.errors.length === 0, seen.errors.join('; '));
    await context.close();
  });
  await check('a style that the server has not is told, and its own choice is drawn', async () => {
    const { context, page, seen } = await openPage(browser, base, size, '#map=city&style=nosuch');
    await says(page, '#notice', /nosuch/);
    await settled(page, seen);
    assert(tilesOf(seen, 'city').length > 0 && !page.url().includes('style='), page.url());
    await context.close();
  });
  server.kill('SIGTERM');
}

// A server that answers nobody without a token: the page asks for one, and works with it.
async function tokens(browser, size) {
  const file = path.join(output, 'tokens.gpkg');
  fs.copyFileSync(store, file);
  const token = (...words) => spawnSync(path.join(build, 'sisetu'), ['token', ...words], { encoding: 'utf8' });
  const make = (name) => /sst_[0-9a-f]{64}/.exec(token('add', file, name, '--scope', 'read').stdout)[0];
  const text = make('viewer');
  const { server, url: base } = await serve(file, '--require-read-token');
  const { page, seen, context } = await newPage(browser, base, size, '#lang=zh');
  const enter = async (what) => {
    await page.fill('#token', what);
    await page.click('#token-send');
  };
  const open = () => page.$eval('#access', (dialog) => dialog.open);
  await check(`${size.name}: without a token the page asks for one, and shows nothing`, async () => {
    await page.waitForSelector('#access[open]');
    await settled(page, seen);
    assert(/令牌/.test(await page.innerText('#access')), await page.innerText('#access'));
    assert((await page.$$('#list .item')).length === 0 && tilesOf(seen, 'risk').length === 0, 'something is shown');
    await shot(page, `viewer-${size.name}-token`);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await waitFor(open, 30000, 'the dialog again');
  });
  await check(`${size.name}: a wrong token is told, and asked again`, async () => {
    for (const wrong of [`sst_${'0'.repeat(64)}`, '令牌', text.slice(0, -1)]) {
      await page.$eval('#token-said', (said) => { said.textContent = ''; });
      await enter(wrong);
      await waitFor(async () => /不认识此令牌/.test(await page.innerText('#token-said')), 30000, `a word about ${wrong}`);
      assert(await open(), 'the dialog went');
    }
    await shot(page, `viewer-${size.name}-token-wrong`);
    assert((await page.evaluate(() => sessionStorage.length)) === 0, 'a wrong token was kept');
  });
  await check(`${size.name}: with a token the map, the answers and the proofs work`, async () => {
    await enter(` ${text} `);
    await ready(page);
    assert(!(await open()), 'the dialog stays');
    await waitFor(() => tilesOf(seen, 'risk').length > 0, 30000, 'a tile');
    await settled(page, seen);
    const n = await colours(page);
    assert(n.red + n.orange + n.yellow + n.blue > 5000, `hardly any colour: ${JSON.stringify(n)}`);
    await shot(page, `viewer-${size.name}-token-map`);
    if (size.isMobile) await page.tap('#open');
    await page.click('#list .item');
    await page.waitForSelector('#answer h2');
    await verify(await fetched(page, page.locator('#answer .proof').first()));
  });
  await check(`${size.name}: the token lasts as long as the tab, and stands in no address`, async () => {
    await page.reload();
    await ready(page);
    assert(!(await open()), 'asked again after a reload');
    await waitFor(async () => (await page.$$('#list .item')).length > 0, 30000, 'the list');
    assert(!seen.urls.concat(page.url()).some((url) => url.includes('sst_')), 'a token in an address');
    assert((await page.evaluate(() => localStorage.length + document.cookie.length)) === 0, 'kept elsewhere');
    const refused = /status of 401/; // the browser's own word on each first request
    assert(seen.errors.every((error) => refused.test(error)), seen.errors.join('; '));
    assert(seen.outside.length === 0, seen.outside.join(' '));
  });
  await check(`${size.name}: a token that was removed is asked for anew, and the page goes on`, async () => {
    const next = make('next');
    assert(token('remove', file, 'viewer').status === 0, 'not removed');
    await waitFor(open, 30000, 'the dialog');
    assert(/撤销/.test(await page.innerText('#token-said')), await page.innerText('#token-said'));
    await enter(next);
    await waitFor(async () => !(await open()), 30000, 'the page');
    const before = seen.tiles.length;
    await page.click('#maps [data-name=dangers]');
    await waitFor(() => seen.tiles.slice(before).some((tile) => tile.status === 200), 30000, 'tiles with the new token');
  });
  await context.close();
  server.kill('SIGTERM');
}

async function main() {
  fs.mkdirSync(output, { recursive: true });
  if (!fs.existsSync(store)) {
    console.log(`not ok - ${store} is missing: run make sample`);
    process.exit(1);
  }
  const { server, url: base } = await serve();
  const browser = await browse();
  try {
    await desktop(browser, base, sizes[0]);
    await phone(browser, base, sizes[1]);
    await basemap(browser, sizes[0]);
    await ownStyle(browser, sizes[0]);
    for (const size of sizes) await tokens(browser, size);
  } finally {
    await browser.close();
    server.kill('SIGTERM');
  }
  await check('the server stops on SIGTERM', () => waitFor(() => server.exitCode === 0, 30000, 'a clean exit'));
}

finish(main);
