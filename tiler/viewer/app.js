// app.js - the page: what is shown, what was asked, and the permalink that holds both.
import { onToken } from './access.js';
import * as api from './api.js';
import * as show from './answers.js';
import { $, fill, h } from './dom.js';
import { gradesOf, groundOf, swatches } from './look.js';
import { RiskMap } from './map.js';
import { count, getLanguage, setLanguage, styleName, t } from './words.js';

const MAPS = ['risk', 'region', 'city', 'county', 'dangers'];
const TOOLS = ['at', 'check', 'incident'];
const LAYERS = ['tiles', 'enterprises', 'conflicts', 'pipelines', 'dangers', 'basemap'];
const OVERLAYS = ['pipelines', 'dangers']; // layers that are maps with a legend of their own
const FORMATS = ['png', 'mvt'];
const FORMAT_KEY = 'sisetu-format'; // the choice of tiles, remembered in this browser
const STATUS_EVERY_MS = 3000;

const state = { format: FORMATS.includes(localStorage.getItem(FORMAT_KEY)) ? localStorage.getItem(FORMAT_KEY) : 'png', map: 'risk', style: '', tool: 'at', unit: '', layers: new Set(['tiles', 'enterprises']), type: '', radius: 1000, accuracy: 1, with: {}, pick: null, plant: null };
let status = null;
let types = null;
let units = [];
let asked = 0; // number of the last question: a late answer to an earlier one is dropped

// Without WebGL, say: pictures, and it is told.
const map = new RiskMap($('map'), (problem) => {
  chooseFormat('png');
  notice(`${t('noVector')} ${problem?.message ?? ''}`);
});

// ---- the permalink ----

function readLink() {
  const link = new URLSearchParams(location.hash.slice(1));
  setLanguage(link.get('lang') ?? (navigator.language.startsWith('zh') ? 'zh' : 'en'));
  if (MAPS.includes(link.get('map'))) state.map = link.get('map');
  if (TOOLS.includes(link.get('tool'))) state.tool = link.get('tool');
  if (FORMATS.includes(link.get('tiles'))) state.format = link.get('tiles');
  if (link.has('unit')) state.unit = link.get('unit');
  if (link.has('style')) state.style = link.get('style');
  if (link.has('layers')) state.layers = new Set(link.get('layers').split(',').filter((name) => LAYERS.includes(name)));
  if (link.has('type')) state.type = link.get('type');
  if (Number(link.get('radius')) > 0) state.radius = Number(link.get('radius'));
  if (link.has('plant')) state.plant = link.get('plant');
  const pick = (link.get('at') ?? '').split(',').map(Number);
  if (pick.length === 2 && pick.every(Number.isFinite)) state.pick = pick;
  return link.has('z') ? { z: link.get('z'), lon: link.get('lon'), lat: link.get('lat') } : null;
}

function writeLink() {
  const link = new URLSearchParams({ map: state.map, ...map.state(), lang: getLanguage(), layers: [...state.layers].join(',') });
  if (state.tool !== 'at') link.set('tool', state.tool);
  if (state.format !== 'png') link.set('tiles', state.format);
  if (state.unit) link.set('unit', state.unit);
  if (state.style) link.set('style', state.style);
  if (state.tool === 'check' && state.type) link.set('type', state.type);
  if (state.tool === 'incident') link.set('radius', state.radius);
  if (state.pick) link.set('at', state.pick.map((v) => v.toFixed(6)).join(','));
  else if (state.plant) link.set('plant', state.plant);
  history.replaceState(null, '', `#${link}`);
}

// ---- small parts of the page ----

function notice(text) {
  $('notice').textContent = text ?? '';
  $('notice').hidden = !text;
}

function openSide(tab) {
  document.querySelector('main').classList.add('side-open');
  for (const name of ['list', 'answer']) {
    $(name).hidden = name !== tab;
    $(`tab-${name}`).setAttribute('aria-selected', String(name === tab));
  }
}

function closeSide() {
  document.querySelector('main').classList.remove('side-open');
  map.mark(null);
}

function segments(id, prefix, names, chosen, choose) {
  fill($(id), names.map((name) => h('button', { type: 'button', role: 'radio', 'aria-checked': String(name === chosen), 'data-name': name, onclick: () => choose(name) }, t(`${prefix}-${name}`))));
}

// The map whose picture is on screen: `risk` is another one at each span of zooms.
function shownMap() {
  if (state.map !== 'risk') return state.map;
  const { z } = map.state();
  return z <= 7 ? 'region' : z <= 9 ? 'city' : 'county';
}

let legendShown = '';
async function renderLegend() {
  const names = [...new Set([shownMap(), ...OVERLAYS.filter((name) => state.layers.has(name))])];
  const style = state.style || status?.styles[0];
  if (!style) return;
  const key = `${names}|${getLanguage()}|${style}|${versionOf(status)}`;
  if (key === legendShown) return;
  legendShown = key;
  try {
    const entries = (await Promise.all(names.map((name) => api.legend(name, style)))).flatMap((legend) => legend.entries);
    const fields = await swatches(style, entries);
    if (key !== legendShown) return;
    fill($('entries'), entries.map((entry, i) => h('li', {}, fields[i], h('span', {}, entry[getLanguage()]), h('span', { class: 'n' }, entry.count === undefined ? '' : count(entry.count)))));
  } catch (failure) {
    legendShown = '';
    notice(failure.message);
  }
}

// The page in colours that fit the style's ground, and what lies on the tiles told as the style does.
let lookShown = '';
async function renderLook() {
  const style = state.style || status?.styles[0];
  const key = `${style}|${versionOf(status)}`;
  if (!style || key === lookShown) return;
  lookShown = key;
  try {
    const [{ ground, dark }, { entries }] = await Promise.all([groundOf(style), api.legend('county', style)]);
    if (key !== lookShown) return;
    document.documentElement.classList.toggle('dark', dark);
    document.documentElement.style.setProperty('--ground', ground ?? '#ffffff');
    map.setLook({ ...gradesOf(entries), dark });
  } catch (failure) {
    lookShown = '';
    notice(failure.message);
  }
}

function renderStyles() {
  const names = status?.styles ?? [];
  fill($('style'), names.map((name, i) => h('option', { value: i ? name : '', selected: name === (state.style || names[0]) }, styleName(name))));
}

function renderLayers() {
  const present = LAYERS.filter((name) => map.layer(name));
  fill($('layers'), present.map((name) => h('li', {}, h('label', {}, h('input', { type: 'checkbox', name, checked: state.layers.has(name), onchange: (event) => toggleLayer(name, event.target.checked) }), t(`layer-${name}`)))));
}

function toggleLayer(name, on) {
  if (on) state.layers.add(name);
  else state.layers.delete(name);
  map.setShown(name, on);
  if (name === 'conflicts' && on) loadConflicts();
  if (OVERLAYS.includes(name)) renderLegend();
  writeLink();
}

function renderWords() {
  document.title = `${t('title')} sisetu`;
  for (const element of document.querySelectorAll('[data-t]')) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll('[data-t-label]')) element.setAttribute('aria-label', t(element.dataset.tLabel));
  $('language').textContent = t('other');
  segments('maps', 'map', MAPS, state.map, chooseMap);
  segments('tools', 'tool', TOOLS, state.tool, chooseTool);
  segments('formats', 'format', FORMATS, state.format, chooseFormat);
  fill($('unit'), h('option', { value: '' }, t('wholeRegion')), units.filter((unit) => unit.level === 2 || unit.level === 3).map((unit) => h('option', { value: unit.code, selected: unit.code === state.unit }, `${unit.level === 3 ? '　' : ''}${unit.name}`)));
  renderLayers();
  renderStyles();
  renderOptions();
  renderLegend();
  map.relabel();
}

// ---- choosing ----

function chooseMap(name) {
  state.map = name;
  map.setTiles(state);
  segments('maps', 'map', MAPS, state.map, chooseMap);
  renderLegend();
  writeLink();
}

function chooseFormat(name) {
  state.format = name;
  localStorage.setItem(FORMAT_KEY, name);
  segments('formats', 'format', FORMATS, state.format, chooseFormat);
  map.setFormat(name);
  writeLink();
}

function chooseStyle(name) {
  state.style = name;
  map.setTiles(state);
  renderLegend();
  renderLook();
  writeLink();
}

function chooseTool(name) {
  state.tool = name;
  segments('tools', 'tool', TOOLS, state.tool, chooseTool);
  renderOptions();
  if (state.pick) askAt(state.pick);
  writeLink();
}

async function chooseUnit(code) {
  state.unit = code;
  map.setTiles(state);
  loadList();
  writeLink();
  const unit = units.find((one) => one.code === code);
  map.fit(unit ? unit.bbox : status.bounds);
  if (!code) return;
  await answer(() => api.unit(code), (body) => show.unitAnswer(body, { onPlant: pickPlant }));
}

async function renderOptions() {
  const form = $('options');
  form.hidden = state.tool === 'at';
  if (state.tool === 'incident') {
    fill(form, h('p', {}, t('incidentHelp')), h('label', {}, t('radiusM'), h('input', { id: 'radius', type: 'number', min: 1, max: 100000, value: state.radius, onchange: (event) => { state.radius = Number(event.target.value); askAgain(); } })));
  } else if (state.tool === 'check') {
    try {
      types ??= (await api.facilityTypes()).facility_types;
    } catch (failure) {
      notice(failure.message);
      return;
    }
    if (state.tool !== 'check') return;
    if (!types.some((type) => type.code === state.type)) state.type = types[0]?.code ?? '';
    const chosen = types.find((type) => type.code === state.type);
    fill(form, h('p', {}, t('facilityHelp')),
      h('label', {}, t('facility'), h('select', { id: 'type', onchange: (event) => { state.type = event.target.value; state.with = {}; renderOptions(); askAgain(); } }, types.map((type) => h('option', { value: type.code, selected: type.code === state.type }, type[getLanguage()] || type.code)))),
      (chosen?.qualifiers ?? []).map((name) => h('label', {}, t(name), h('input', { name, type: 'number', step: 'any', min: 0, value: state.with[name] ?? '', onchange: (event) => { if (event.target.value === '') delete state.with[name]; else state.with[name] = Number(event.target.value); askAgain(); } }))),
      h('label', {}, t('accuracy'), h('input', { id: 'accuracy', type: 'number', min: 0.1, step: 0.1, value: state.accuracy, onchange: (event) => { state.accuracy = Number(event.target.value); askAgain(); } })));
  }
}

// ---- questions ----

async function answer(question, render) {
  const mine = ++asked;
  openSide('answer');
  fill($('answer'), h('p', { class: 'quiet' }, t('loading')));
  try {
    const body = await question();
    if (mine !== asked) return;
    fill($('answer'), render(body));
    $('answer').scrollTop = 0;
    notice(null);
  } catch (failure) {
    if (mine === asked) fill($('answer'), h('p', { class: 'warn' }, failure.message));
  }
}

function askAgain() {
  if (state.pick) askAt(state.pick);
  writeLink();
}

// A click asks about what a finger covers at this zoom, 300 m at least and 20 km at most.
const clickRadius = () => Math.round(Math.min(20000, Math.max(300, map.metresAPixel() * 16)));

function askAt(lonlat) {
  const [lon, lat] = lonlat.map((value) => Number(value.toFixed(7)));
  state.pick = [lon, lat];
  state.plant = null;
  writeLink();
  const onShow = (closest) => map.mark([lon, lat], null, [closest]);
  if (state.tool === 'at') {
    const radius = clickRadius();
    map.mark([lon, lat], radius);
    answer(() => api.at({ lon, lat, radius_m: radius }), (body) => show.atAnswer(body, { onPlant: pickPlant, onShow, onProof }));
  } else if (state.tool === 'incident') {
    map.mark([lon, lat], state.radius);
    answer(() => api.incident({ lon, lat, radius_m: state.radius }), (body) => show.incidentAnswer(body, { onPlace: (item) => map.fly([item.lon, item.lat], 13) }));
  } else {
    map.mark([lon, lat]);
    let question = null;
    answer(async () => {
      await renderOptions();
      question = { type: state.type, geometry: { type: 'Point', coordinates: [lon, lat] }, with: { ...state.with }, accuracy_m: state.accuracy };
      const body = await api.check(question);
      map.mark([lon, lat], body.population_radius_m, body.findings.filter((item) => item.verdict !== 'clear').map((item) => item.closest));
      return body;
    }, (body) => show.siteAnswer(body, { onShow, onProof: () => saveProof(question.type, () => api.proofOfCheck(question)) }));
  }
}

async function saveProof(name, question) {
  try {
    const link = h('a', { href: URL.createObjectURL(await question()), download: `proof-${name.replace(/[^\p{L}\p{N}.-]+/gu, '_')}.json` });
    link.click();
    URL.revokeObjectURL(link.href);
  } catch (failure) {
    notice(failure.message);
  }
}

const onProof = (what, id) => saveProof(id, () => (what === 'plant' ? api.proofOfPlant(id) : api.proofOfConflict(id)));

function showPlant(id) {
  state.plant = id;
  state.pick = null;
  writeLink();
  const ask = async () => {
    const body = await api.enterprise(id);
    return { body, risk: body.scenarios > 0 ? await api.risk(id) : null };
  };
  answer(ask, ({ body, risk }) => {
    const place = [body.lon, body.lat];
    map.mark(place, null, body.conflicts.map((item) => item.closest));
    return show.plantAnswer(body, risk, { onShow: (closest) => { map.mark(place, null, [closest]); map.fly(closest[0], 15); }, onProof, onBack: () => openSide('list') });
  });
}

function pickPlant(item) {
  map.fly([item.lon, item.lat], 14);
  showPlant(item.id);
}

// ---- what follows the data ----

async function loadList(after) {
  try {
    const page = await api.enterprises({ grade: '1,2', unit: state.unit, limit: 200, after });
    const items = show.plantList(page.enterprises, pickPlant);
    const more = page.next ? h('button', { type: 'button', class: 'plain', onclick: (event) => { event.target.remove(); loadList(page.next); } }, t('more')) : null;
    if (after) $('list').append(...items, ...(more ? [more] : []));
    else {
      fill($('list'), items.length ? items : h('p', { class: 'quiet' }, t('noList')), more);
      map.setPlants(page.enterprises);
    }
  } catch (failure) {
    notice(failure.message);
  }
}

let conflictsRequest = null;
async function loadConflicts() {
  if (!state.layers.has('conflicts') || map.state().z < 9) {
    map.setConflicts({ type: 'FeatureCollection', features: [] });
    return;
  }
  conflictsRequest?.abort();
  conflictsRequest = new AbortController();
  try {
    map.setConflicts(await api.conflicts({ bbox: map.bounds().map((v) => v.toFixed(6)).join(','), limit: 2000 }, conflictsRequest.signal));
  } catch (failure) {
    if (failure.name !== 'AbortError') notice(failure.message);
  }
}

async function loadUnits() {
  units = (await api.units()).units;
}

// Another one whenever what is shown may have changed: facts or styles.
const versionOf = (some) => JSON.stringify([some?.generation, some?.styles, some?.tile_versions]);

// The first of the server's styles is drawn where none is chosen, or one that there is not.
function takeStyles() {
  map.setDefaultStyle(status?.styles[0]);
  if (!state.style || !status || status.styles.includes(state.style)) return;
  notice(`${t('noStyle')} ${state.style}`);
  state.style = '';
  map.setTiles(state);
  writeLink();
}

// One after another: while a token is asked for, the next waits.
async function watch() {
  await readStatus();
  setTimeout(watch, STATUS_EVERY_MS);
}

async function readStatus() {
  try {
    const next = await api.status();
    const changed = versionOf(next) !== versionOf(status);
    status = next;
    notice(null);
    if (!changed) return;
    await loadUnits();
    takeStyles();
    map.refreshTiles();
    renderWords();
    renderLook();
    loadList();
    loadConflicts();
  } catch (failure) {
    notice(failure.message);
  }
}

async function start() {
  const view = readLink();
  renderWords();
  openSide('list');
  if (window.innerWidth <= 760) closeSide();
  map.setFormat(state.format);
  map.setTiles(state); // the first tiles come while we ask for the rest
  if (view) map.setState(view);
  try {
    [status] = await Promise.all([api.status(), loadUnits()]);
  } catch (failure) {
    notice(failure.message);
  }
  takeStyles();
  map.setBasemap(status?.basemap);
  if (status?.basemap) state.layers.add('basemap');
  if (!view && status?.bounds) map.fit(status.bounds);
  for (const name of LAYERS) map.setShown(name, state.layers.has(name));
  renderWords();
  renderLook();
  loadList();
  map.onMove(() => { writeLink(); renderLegend(); loadConflicts(); });
  map.onClick((lonlat, plant) => (plant && state.tool === 'at' ? showPlant(plant) : askAt(lonlat)));
  map.onPointer((lonlat) => { $('coordinates').textContent = lonlat ? `${lonlat[0].toFixed(5)}°E ${lonlat[1].toFixed(5)}°N` : ''; });
  if (state.plant) showPlant(state.plant);
  else if (state.pick) askAt(state.pick);
  setTimeout(watch, STATUS_EVERY_MS);
  document.body.dataset.ready = 'yes';
}

$('language').addEventListener('click', () => { setLanguage(getLanguage() === 'zh' ? 'en' : 'zh'); legendShown = ''; renderWords(); loadList(); askAgain(); if (state.plant) showPlant(state.plant); writeLink(); });
$('unit').addEventListener('change', (event) => chooseUnit(event.target.value));
$('style').addEventListener('change', (event) => chooseStyle(event.target.value));
$('tab-list').addEventListener('click', () => openSide('list'));
$('tab-answer').addEventListener('click', () => openSide('answer'));
$('close').addEventListener('click', closeSide);
$('open').addEventListener('click', () => openSide('list'));
$('options').addEventListener('submit', (event) => event.preventDefault());
onToken(() => map.refreshTiles());
function foldLegend(folded) {
  $('legend').classList.toggle('folded', folded);
  $('fold').textContent = folded ? '+' : '–';
  $('fold').setAttribute('aria-expanded', String(!folded));
}
$('fold').addEventListener('click', () => foldLegend(!$('legend').classList.contains('folded')));
if (matchMedia('(max-width: 760px)').matches) foldLegend(true); // it would cover half of the map

start();
