// png.test.js - Chromium decodes every form of our PNGs to the same picture: palettes, all colours with and without
// alpha; as served none is off by more than may be. Prints "ok - what" or "not ok - what".
const { store, check, assert, serve, browse, finish } = require('./lib');
const fs = require('node:fs');

// As in tiler/draw/image.h and quantise.h: of 255, and of all pixels.
const MEAN = 2, VISIBLE = 8, SHARE_OVER = 0.001;

// [style, address]: empty, names and units, dense places, next to nothing, and as deep as it goes.
const TILES = [
  ['four-colour', 'risk/3/0/0'], ['four-colour', 'risk/8/203/98'], ['print', 'risk/8/203/98'], ['accessible', 'county/11/1628/785'],
  ['dark', 'county/14/13045/6271'], ['print', 'county/10/814/392'], ['four-colour', 'dangers/9/407/196'], ['four-colour', 'county/18/208720/100336'],
];

// In the page: the forms of some pictures and how many colours the first has, and how far each is from the first, in
// premultiplied channels.
async function compare([visible, ...addresses]) {
  const decode = async (address) => {
    const bytes = await (await fetch(address)).arrayBuffer();
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }), { premultiplyAlpha: 'none', colorSpaceConversion: 'none' });
    const gl = new OffscreenCanvas(1, 1).getContext('webgl2'); // a 2D canvas would round translucent colours
    const pixels = new Uint8Array(4 * bitmap.width * bitmap.height), texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    gl.readPixels(0, 0, bitmap.width, bitmap.height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    for (let i = 0; i < pixels.length; i += 4) for (let k = 0; k < 3; k++) pixels[i + k] = Math.round((pixels[i + k] * pixels[i + 3]) / 255);
    const [depth, type] = new Uint8Array(bytes, 24, 2); // in IHDR
    return { form: `${type}:${depth}`, pixels };
  };
  const all = await Promise.all(addresses.map(decode));
  const errors = all.map(({ pixels }) => {
    let sum = 0, over = 0, largest = 0;
    for (let i = 0; i < pixels.length; i += 4) {
      let most = 0;
      for (let k = i; k < i + 4; k++) {
        const d = Math.abs(pixels[k] - all[0].pixels[k]);
        sum += d;
        most = Math.max(most, d);
      }
      over += most > visible;
      largest = Math.max(largest, most);
    }
    return { mean: sum / pixels.length, share: (4 * over) / pixels.length, largest };
  });
  return { forms: all.map(({ form }) => form), colours: new Set(new Uint32Array(all[0].pixels.buffer)).size, errors };
}

finish(async () => {
  if (!fs.existsSync(store)) return console.log(`SKIP: no ${store}; make sample makes it`);
  const { server, url } = await serve();
  const browser = await browse();
  const page = await browser.newPage();
  await page.goto(`${url}/healthz`);
  const seen = new Set();
  const tile = (path, query) => `${url}/tiles/${path}.png?${query}`;
  for (const [style, path] of TILES) {
    await check(`${path} in ${style}`, async () => {
      const query = `style=${style}`;
      const { forms, colours, errors } = await page.evaluate(compare, [VISIBLE, tile(path, `${query}&png=32`), tile(path, query), tile(path, `${query}&png=8`)]);
      const [, served, palette] = errors;
      assert(/^[26]:8$/.test(forms[0]), `png=32 is ${forms[0]}`);
      assert(/^3:/.test(forms[2]), `png=8 is ${forms[2]}`);
      assert(served.mean <= MEAN && served.share <= SHARE_OVER, `as served it is off: ${JSON.stringify(served)}`);
      if (colours <= 256) assert(served.largest === 0 && palette.largest === 0, 'few colours are not exact');
      for (const form of forms) seen.add(form);
    });
  }
  await check('palettes of 1 and 8 bits, RGB and RGBA were among them', async () => {
    for (const form of ['3:1', '3:8', '2:8', '6:8']) assert(seen.has(form), `none is ${form}: ${[...seen].join(' ')}`);
  });
  await check('another picture is told', async () => {
    const { errors } = await page.evaluate(compare, [VISIBLE, tile('risk/8/203/98', 'style=print'), tile('risk/8/203/98', 'style=dark')]);
    assert(errors[1].mean > MEAN && errors[1].share > SHARE_OVER, `not told: ${JSON.stringify(errors[1])}`);
  });
  await browser.close();
  server.kill();
});
