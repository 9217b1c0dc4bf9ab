// fn.js - the F-N curve of a plant, log-log, with the lines that bound its regions.
import { h, svg } from './dom.js';
import { t } from './words.js';

const WIDTH = 340, HEIGHT = 236, LEFT = 44, RIGHT = 10, TOP = 10, BOTTOM = 34;

const power = (n) => { const e = Math.round(Math.log10(n)); return e === 0 ? '1' : `10${[...String(e)].map((c) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[c] ?? '⁻').join('')}`; };

// Whole decades that hold the curve and the lines.
function frame(societal, lines) {
  const deaths = [...societal.curve.map(([n]) => n), ...lines.flatMap((line) => line.points.map(([n]) => n)), 1000];
  const often = [...societal.curve.map(([, f]) => f), ...lines.flatMap((line) => line.points.map(([, f]) => f))].filter((f) => f > 0);
  const right = Math.ceil(Math.log10(Math.max(...deaths)));
  const low = Math.floor(Math.log10(Math.min(...often))), high = Math.ceil(Math.log10(Math.max(...often)));
  const x = (n) => LEFT + (Math.log10(n) / right) * (WIDTH - LEFT - RIGHT);
  const y = (f) => TOP + ((high - Math.log10(f)) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  return { right, low, high, x, y, end: 10 ** right, floor: 10 ** low };
}

function grid({ right, low, high, x, y }) {
  const parts = [];
  for (let e = 0; e <= right; e++) parts.push(svg('line', { x1: x(10 ** e), x2: x(10 ** e), y1: TOP, y2: HEIGHT - BOTTOM }), svg('text', { x: x(10 ** e), y: HEIGHT - BOTTOM + 13, 'text-anchor': 'middle' }, power(10 ** e)));
  for (let e = low; e <= high; e++) parts.push(svg('line', { x1: LEFT, x2: WIDTH - RIGHT, y1: y(10 ** e), y2: y(10 ** e) }), svg('text', { x: LEFT - 5, y: y(10 ** e) + 4, 'text-anchor': 'end' }, power(10 ** e)));
  return svg('g', { class: 'fn-grid' }, parts);
}

// F(N) holds up to each number of deaths and falls behind it.
function steps(curve, { x, y, floor }) {
  const points = [[1, curve[0][1]]];
  curve.forEach(([n, f], i) => points.push([n, f], [n, curve[i + 1]?.[1] ?? floor]));
  return points.map(([n, f]) => `${x(n).toFixed(1)},${y(Math.max(f, floor)).toFixed(1)}`).join(' ');
}

const label = (line, { x, y }) => {
  const [[n, f], [m, g]] = line.points;
  const share = 0.76, at = n * (m / n) ** share, over = f * (g / f) ** share;
  return svg('text', { class: `fn-name ${line.region}`, x: x(at), y: y(over) - 5 }, t(`fn-${line.region}`));
};

// The picture, or null for a plant without scenarios.
export function fnCurve(societal) {
  const lines = societal.lines.filter((line) => line.points.length === 2 && line.points.every(([, f]) => f > 0));
  if (!societal.curve.length || !lines.length) return null;
  const box = frame(societal, lines);
  const ends = (line) => line.points.map(([n, f]) => `${box.x(n).toFixed(1)},${box.y(f).toFixed(1)}`).join(' ');
  const worse = societal.could_be === societal.region ? '' : ` · ${t('could')} ${t(`fn-${societal.could_be}`)}`;
  return h('figure', { class: 'fn' },
    svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': `F-N: ${t(`fn-${societal.region}`)}` },
      grid(box),
      lines.map((line) => svg('polyline', { class: `fn-line ${line.region}`, points: ends(line) })),
      lines.map((line) => label(line, box)),
      svg('polyline', { class: 'fn-curve', points: steps(societal.curve, box) }),
      societal.curve.map(([n, f]) => svg('circle', { class: 'fn-point', cx: box.x(n), cy: box.y(f), r: 2.6 }, svg('title', {}, `F(${n}) = ${f.toExponential(2)}`))),
      svg('text', { class: 'fn-axis', x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 5, 'text-anchor': 'middle' }, t('fn-deaths')),
      svg('text', { class: 'fn-axis', x: 11, y: (TOP + HEIGHT - BOTTOM) / 2, 'text-anchor': 'middle', transform: `rotate(-90 11 ${(TOP + HEIGHT - BOTTOM) / 2})` }, t('fn-often'))),
    h('figcaption', {}, h('span', { class: `verdict-mark ${societal.region}` }, t(`fn-${societal.region}`)), worse, societal.factor === null ? '' : ` · ${t('fn-factor')} ${societal.factor.toPrecision(3)}`, ` · PLL ${societal.pll.toExponential(2)}`));
}
