// styles.test.js - our styles and expressions against MapLibre's own: the files in styles/ are valid,
// expressions give the same values, and what we take MapLibre takes. Prints "ok - what" or
// "not ok - what". SEED=n draws other expressions.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { build, check, assert, finish } = require('./lib');

// Our answers to a list of questions (tests/browser/evaluate.c).
function ours(questions) {
  const input = questions.map((question) => JSON.stringify(question)).join('\n');
  const run = spawnSync(`${build}/browser/evaluate`, { input: `${input}\n`, maxBuffer: 1 << 28 });
  assert(run.status === 0, `evaluate ended with ${run.status}: ${run.stderr}`);
  const lines = run.stdout.toString().trim().split('\n');
  assert(lines.length === questions.length, `${lines.length} answers to ${questions.length} questions`);
  return lines.map((line) => JSON.parse(line));
}

// ---- random expressions ----

let state = Number(process.env.SEED || 20260601);
function below(n) {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
}
const pick = (list) => list[below(list.length)];

const NAMES = ['grade', 'persons', 'name', 'open', 'colour', 'absent', 'ratio', 'empty'];
const feature = () => {
  const all = {
    grade: below(6),
    persons: below(2000000) / pick([1, 7, 1000]),
    name: pick(['银川市', 'Yinchuan', 'a', '2', '']),
    open: below(2) === 0,
    colour: pick(['#ff0000', '#0f08', 'hsl(120, 50%, 50%)', 'rgba(1,2,3,0.5)', 'orange', 'nothing']),
    ratio: (below(2001) - 1000) / 333,
    empty: '',
  };
  const properties = {};
  for (const key of Object.keys(all)) if (below(8)) properties[key] = all[key];
  return properties;
};

const number = () => pick([0, 1, 2, 3, 5, -1, 0.5, 10, 1234.5678, 1e-7, 1e21, 0.1, 255]);
const text = () => pick(['a', '2', '', '银', '重大', 'true', 'Yinchuan', 'name']);
const colour = () => pick(['#ff0000', '#0000ff80', 'white', 'rgb(10, 20, 30)', 'transparent']);
function stops(n) {
  const list = [];
  let at = below(7) - 3;
  for (let i = 0; i < n; i++) list.push((at += 1 + below(40) / 10));
  return list;
}

// Now and then of another type than was asked for, so that refusals are compared as well.
function make(type, depth) {
  if (below(25) === 0) type = pick(['number', 'string', 'boolean', 'color', 'value']);
  const leaf = depth <= 0 || below(4) === 0;
  const sub = (other) => make(other, depth - 1);
  if (leaf) {
    if (below(3) === 0) return ['get', pick(NAMES)];
    if (type === 'number') return pick([number(), ['zoom'], number()]);
    if (type === 'boolean') return pick([true, false, ['has', pick(NAMES)]]);
    if (type === 'color') return colour();
    if (type === 'string') return text();
    return pick([number(), text(), below(2) === 0, ['literal', number()], null]);
  }
  switch (below(type === 'boolean' ? 12 : 9)) {
    case 0: {
      const list = ['case'];
      for (let i = 0; i <= below(3); i++) list.push(sub('boolean'), sub(type));
      return [...list, sub(type)];
    }
    case 1: {
      const list = ['match', sub(pick(['number', 'string', 'value']))];
      const numbers = below(2) === 0;
      for (let i = 0; i <= below(3); i++) {
        const label = () => (numbers ? below(9) : text());
        list.push(below(3) ? label() : [label(), label()], sub(type));
      }
      return [...list, sub(type)];
    }
    case 2: {
      const list = ['step', sub('number'), sub(type)];
      for (const stop of stops(1 + below(4))) list.push(stop, sub(type));
      return list;
    }
    case 3: {
      const kind = type === 'color' ? 'color' : 'number';
      if (type !== kind && below(4)) return sub(type);
      const list = ['interpolate', pick([['linear'], ['exponential', pick([1, 1.5, 2, 0.5])]]), sub('number')];
      for (const stop of stops(1 + below(4))) list.push(stop, sub(kind));
      return list;
    }
    case 4: {
      const list = ['coalesce'];
      for (let i = 0; i <= below(3); i++) list.push(sub(below(2) ? type : 'value'));
      return list;
    }
    case 5:
      if (type !== 'string') return sub(type);
      return ['concat', ...Array.from({ length: 1 + below(3) }, () => sub('value'))];
    case 6:
      if (type === 'color') return below(2) ? ['rgb', sub('number'), sub('number'), number()] : ['rgba', 1, 2, sub('number'), sub('number')];
      return type === 'string' ? ['to-string', sub('value')] : sub(type);
    case 7:
      if (type !== 'string') return sub(type);
      return ['number-format', sub('number'), {
        locale: pick(['en', 'zh-CN', 'zh-Hans-CN-u-nu-hanidec', 'en-GB']),
        ...(below(2) ? { 'min-fraction-digits': below(4) } : {}),
        ...(below(2) ? { 'max-fraction-digits': 3 + below(4) } : {}),
      }];
    case 8:
      return ['get', pick(NAMES)];
    case 9: {
      const kind = pick(['number', 'string', 'value']);
      return [pick(['==', '!=', '<', '<=', '>', '>=']), ['get', pick(NAMES)], sub(kind)];
    }
    case 10:
      return below(3) ? [pick(['all', 'any']), ...Array.from({ length: below(4) }, () => sub('boolean'))] : ['!', sub('boolean')];
    default: {
      const list = below(2) ? ['literal', Array.from({ length: below(4) }, () => pick([number(), text(), true, null]))] : ['get', pick(NAMES)];
      return ['in', sub('value'), list];
    }
  }
}

function same(a, b) {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((part, i) => same(part, b[i]));
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a));
  return a === b;
}

async function main() {
  const spec = await import('@maplibre/maplibre-gl-style-spec');
  const { createExpression, featureFilter, validateStyleMin, latest } = spec;
  console.warn = () => {}; // of evaluations that fail, as they should
  const files = fs.readdirSync('styles').filter((name) => name.endsWith('.json'));

  await check(`${files.length} styles are valid and bear the names of their files`, () => {
    assert(files.includes('four-colour.json'), files.join(' '));
    for (const name of files) {
      const style = JSON.parse(fs.readFileSync(`styles/${name}`, 'utf8'));
      const errors = validateStyleMin(style);
      assert(errors.length === 0, `${name}: ${errors.map((error) => error.message).join('; ')}`);
      assert(`${style.name}.json` === name, `${name} is called ${style.name}`);
    }
  });

  await check('20,000 random expressions give what those of MapLibre give', () => {
    const types = ['number', 'string', 'boolean', 'color', 'formatted'];
    const questions = Array.from({ length: 20000 }, () => {
      const want = pick(types);
      return { want, zoom: below(80) / 4, properties: feature(), expression: make(want === 'formatted' ? 'string' : want, 1 + below(4)) };
    });
    const answers = ours(questions);
    // What the subset refuses and MapLibre takes; all else has to agree.
    const subset = /compares two constants|nested more than|is not a colour/;
    const counts = { value: 0, error: 0, refused: 0, subset: 0 };
    questions.forEach((question, i) => {
      const answer = answers[i];
      const tell = (theirs) => `${JSON.stringify(question)}\n  ours ${JSON.stringify(answer)}, theirs ${JSON.stringify(theirs)}`;
      // A constant is no expression to them: the literal operator makes it one.
      const expression = Array.isArray(question.expression) ? question.expression : ['literal', question.expression];
      const made = createExpression(expression, 'oracle', question.want === 'string' ? { type: 'enum', values: {} } : { type: question.want });
      if (made.result === 'error') {
        assert(answer.refused !== undefined, tell(made.value.map((error) => error.message)));
        counts.refused++;
        return;
      }
      if (answer.refused !== undefined) {
        assert(subset.test(answer.refused), tell('taken'));
        counts.subset++;
        return;
      }
      let theirs;
      try {
        theirs = made.value.evaluateWithoutErrorHandling({ zoom: question.zoom }, { type: 1, properties: question.properties });
        if (theirs && question.want === 'color') theirs = [...theirs.rgb.slice(0, 3).map((part) => part * 255), theirs.a];
        if (theirs && question.want === 'formatted') theirs = theirs.toString();
        if (Number.isNaN(theirs)) theirs = null;
        theirs = { value: theirs };
      } catch (problem) {
        theirs = { error: true, why: problem.message };
      }
      counts[theirs.error ? 'error' : 'value']++;
      assert(Boolean(theirs.error) === Boolean(answer.error) && (theirs.error || same(theirs.value, answer.value)), tell(theirs));
    });
    assert(counts.value > 5000 && counts.error > 1000 && counts.refused > 1000, JSON.stringify(counts));
    console.log(`  ${JSON.stringify(counts)}`);
  });

  await check('2,000 random filters say what those of MapLibre say', () => {
    const questions = Array.from({ length: 2000 }, () => ({ want: 'boolean', zoom: 5, properties: feature(), expression: make('boolean', 1 + below(3)) }));
    const answers = ours(questions);
    let n = 0;
    questions.forEach((question, i) => {
      const answer = answers[i];
      if (answer.refused !== undefined || !Array.isArray(question.expression)) return;
      const said = featureFilter(question.expression, 'oracle').filter({ zoom: question.zoom }, { type: 1, properties: question.properties });
      assert(said === (answer.value === true), `${JSON.stringify(question)}\n  ours ${JSON.stringify(answer)}, theirs ${said}`);
      n++;
    });
    assert(n > 500, `only ${n} were compared`);
  });

  // A style of one layer with one property.
  const styleOf = (type, section, name, value) => ({
    version: 8,
    glyphs: '/fonts/{fontstack}/{range}.pbf',
    sprite: '/styles/x/sprite',
    sources: { sisetu: { type: 'vector', url: '/tiles/risk.json' } },
    layers: [{ id: 'a', type, ...(type === 'background' ? {} : { source: 'sisetu', 'source-layer': 'units' }), [section]: { [name]: value } }],
  });

  await check('what a property of ours takes MapLibre takes, for every property and kind of value', () => {
    const values = [0, 1, 0.5, -3, 1000, '', 'a', 'red', '#12345', true, null, [], [1, 2], [0, 1.5], ['Noto Sans CJK SC Regular'],
      'round', 'line', 'left', 'map', 'star', 'hatch-red', ['get', 'grade'], ['get', 'name'], ['zoom'], ['to-string', ['zoom']],
      ['interpolate', ['linear'], ['zoom'], 5, 0.1, 10, 0.9], ['step', ['zoom'], 0.1, 10, 0.9], ['step', ['zoom'], 'a', 10, 'b'],
      ['step', ['zoom'], true, 10, false], ['interpolate', ['linear'], ['get', 'grade'], 5, 0.1, 10, 0.9], ['==', ['get', 'grade'], 1],
      ['case', ['get', 'open'], ['step', ['zoom'], 0.1, 10, 0.9], 0.5], ['match', ['get', 'grade'], 1, 'red', 'blue'],
      ['match', ['get', 'grade'], 1, 'round', 'butt'], ['step', ['zoom'], 'round', 10, 'butt'], ['rgba', 1, 2, 3, 0.5],
      ['number-format', ['get', 'persons'], { locale: 'zh-CN' }], ['coalesce', ['get', 'a'], 0.5], ['literal', [1, 2]]];
    const questions = [];
    for (const type of ['background', 'fill', 'line', 'circle', 'symbol'])
      for (const section of ['paint', 'layout'])
        for (const name of Object.keys(latest[`${section}_${type}`]))
          for (const value of values) questions.push({ style: styleOf(type, section, name, value) });
    const answers = ours(questions);
    let taken = 0;
    const known = new Set();
    answers.forEach((answer, i) => {
      if (answer.taken !== true) return;
      const errors = validateStyleMin(questions[i].style);
      assert(errors.length === 0, `${JSON.stringify(questions[i].style.layers[0])}: ${errors.map((error) => error.message).join('; ')}`);
      const layer = questions[i].style.layers[0];
      for (const name of Object.keys({ ...layer.paint, ...layer.layout })) known.add(name);
      taken++;
    });
    console.log(`  ${taken} of ${answers.length} taken, ${known.size} properties`);
    assert(known.size >= 50, `only ${known.size} properties are known: ${[...known].join(' ')}`);
  });
}

finish(main);
