// look.js - what a style brings to the page beside its tiles: the ground that it is drawn on, the
// patterns of its legend, and how it tells grades apart.
import { request } from './access.js';
import { h } from './dom.js';

const SCALE = 2; // of the sprite
const PATTERN_OPACITY = 0.6; // as in the legend that the server draws
const DARK_BELOW = 0.35; // share of white

const json = async (path) => {
  const response = await request(path);
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
};

// Any colour that CSS knows, as [r, g, b, a] of 255; nothing if it is none.
function readColour(text) {
  if (typeof text !== 'string' || !CSS.supports('color', text)) return null;
  const context = new OffscreenCanvas(1, 1).getContext('2d');
  context.fillStyle = text;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data];
}

// { ground: colour of the style's background, or nothing; dark: whether that is a dark one }
export async function groundOf(style) {
  const { layers } = await json(`styles/${encodeURIComponent(style)}.json`);
  const ground = layers.find((layer) => layer.type === 'background')?.paint?.['background-color'];
  const colour = readColour(ground);
  if (!colour || colour[3] < 255) return { ground: null, dark: false };
  const [r, g, b] = colour;
  return { ground, dark: (0.299 * r + 0.587 * g + 0.114 * b) / 255 < DARK_BELOW };
}

// Patterns by name as addresses of small images, from the sprite of the style.
const patterns = new Map();

async function loadPatterns(style, names) {
  const missing = names.filter((name) => !patterns.has(name));
  if (!missing.length) return;
  const sprite = `styles/${encodeURIComponent(style)}/sprite@${SCALE}x`;
  const [places, response] = await Promise.all([json(`${sprite}.json`), request(`${sprite}.png`)]);
  if (!response.ok) throw new Error(`${response.status}`);
  const sheet = await createImageBitmap(await response.blob());
  for (const name of missing) {
    const { x, y, width, height } = places[name];
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width, height });
    const context = canvas.getContext('2d');
    context.globalAlpha = PATTERN_OPACITY;
    context.drawImage(sheet, x, y, width, height, 0, 0, width, height);
    patterns.set(name, { url: canvas.toDataURL(), size: `${width / SCALE}px ${height / SCALE}px` });
  }
}

// For each entry of a legend the small field before its words.
export async function swatches(style, entries) {
  await loadPatterns(style, entries.flatMap((entry) => entry.pattern ?? []));
  return entries.map((entry) => {
    const field = h('span', { class: `swatch${entry.hatched ? ' hatched' : ''}` });
    field.style.setProperty('--colour', entry.colour);
    const pattern = patterns.get(entry.pattern);
    if (pattern) Object.assign(field.style, { backgroundImage: `url(${pattern.url})`, backgroundSize: pattern.size });
    return field;
  });
}

// How the style shows grades: their colours, and whether it tells them apart by shape, too.
export function gradesOf(entries) {
  const grades = entries.filter((entry) => /^[0-4]$/.test(entry.key));
  return {
    colours: Object.fromEntries(grades.map((entry) => [entry.key, entry.colour])),
    shapes: grades.some((entry) => entry.pattern),
  };
}
