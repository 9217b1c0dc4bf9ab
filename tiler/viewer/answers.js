// answers.js - what the server answered, as elements: grades, reasons, conflicts, verdicts.
import { h } from './dom.js';
import { fnCurve } from './fn.js';
import { count, getLanguage, metres, persons, personsRange, sentence, t } from './words.js';

export function badge(grade) {
  const worse = grade.could_be && grade.could_be !== grade.grade && (grade.grade === 0 || grade.could_be < grade.grade);
  return h('span', {}, h('span', { class: `badge g${grade.grade}` }, t(`grade${grade.grade}`)), worse ? h('span', { class: 'could' }, `${t('could')} ${t(`grade${grade.could_be}`)}`) : null);
}

function citation(rule) {
  if (!rule || !(rule.standard || rule.id)) return null;
  const doubtful = rule.confidence === 'likely' ? ` · ${t('check')}` : '';
  return h('span', { class: 'cite' }, [rule.standard, rule.standard?.includes(rule.edition) ? null : rule.edition, rule.clause].filter(Boolean).join(' '), rule.id ? ` [${rule.id}]` : '', doubtful);
}

export function reasons(list) {
  if (!list?.length) return null;
  return h('ul', { class: 'reasons' }, list.map((reason) => h('li', { class: `r${reason.grade ?? 0}` }, sentence(reason), citation({ id: reason.rule, standard: reason.standard, clause: reason.clause, confidence: reason.confidence }))));
}

function facts(pairs) {
  return h('dl', { class: 'facts' }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== '').map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
}

function section(title, ...children) {
  const present = children.flat(3).filter(Boolean);
  return present.length ? h('section', {}, h('h3', {}, title), present) : null;
}

// A proof is kept as it came, to be verified by `sisetu verify`.
function proofLink(onclick) {
  return h('button', { type: 'button', class: 'link proof', title: t('proofHelp'), onclick }, `⤓ ${t('proof')}`);
}

// A conflict or a finding: the sentence, then numbers and the clause. One with an id has a proof of its own.
export function finding(item, { onShow, onProof }) {
  const low = item.low_m, high = item.high_m;
  const exact = low === null || low === undefined || (high !== null && Math.abs(high - low) < 0.005);
  return h('details', {},
    h('summary', {}, h('span', { class: `verdict-mark ${item.verdict}` }, t(item.verdict)), h('span', {}, item.target_name || item.target || item.rule?.id || ''), item.margin_m !== null && item.margin_m !== undefined ? h('span', { class: 'quiet' }, metres(item.margin_m)) : null),
    h('p', {}, sentence(item)),
    facts([
      [t('distance'), item.distance_m === null || item.distance_m === undefined ? null : metres(item.distance_m)],
      [t('interval'), exact ? null : `${metres(low)} – ${high === null ? '∞' : metres(high)}`],
      [t('required'), item.required_m ? metres(item.required_m) : null],
      [t('margin'), item.margin_m === null || item.margin_m === undefined ? null : metres(item.margin_m)],
      [t('error'), item.error_m ? `± ${metres(item.error_m)}` : null],
      [t('population'), item.persons ? `${persons(item.persons)} ${t('persons')}` : null],
      [t('decides'), item.decides],
    ]),
    citation(item.rule),
    item.closest && onShow ? h('button', { type: 'button', class: 'link', onclick: () => onShow(item.closest) }, '⌖') : null,
    item.id ? proofLink(() => onProof('conflict', item.id)) : null);
}

export function findings(list, on) {
  return list?.length ? list.map((item) => finding(item, on)) : null;
}

function plantItem(item, onPick) {
  return h('button', { type: 'button', class: 'item', onclick: () => onPick(item) }, badge(item.grade), h('span', { class: 'name' }, item.name || item.id), h('small', {}, item.distance_m === undefined ? (item.unit_name ?? '') : metres(item.distance_m)));
}

export function plantList(items, onPick) {
  return items.map((item) => plantItem(item, onPick));
}

function warnings(list) {
  return (list ?? []).map((text) => h('p', { class: 'warn' }, typeof text === 'string' ? text : sentence(text)));
}

export function atAnswer(answer, { onPlant, onShow, onProof }) {
  const unitRows = answer.units.map((unit) => h('details', { open: unit.level === 3 }, h('summary', {}, badge(unit.grade), unit.name), reasons(unit.grade.reasons) ?? h('p', { class: 'quiet' }, '–')));
  return [
    section(t('units'), unitRows),
    answer.cell ? section(t('cell'), h('details', { open: true }, h('summary', {}, badge(answer.cell.grade), answer.cell.id), reasons(answer.cell.grade.reasons))) : null,
    section(t('zones'), answer.zones.map((zone) => h('p', {}, `${zone.name ?? zone.id}`))),
    section(t('areas'), answer.areas.map((area) => h('p', {}, `${area.name ?? area.id}`))),
    section(`${t('near')} (${metres(answer.radius_m)})`, plantList(answer.enterprises, onPlant)),
    section(t('conflicts'), findings(answer.conflicts, { onShow, onProof })),
    section(t('population'), facts([[`${t('within')} ${metres(answer.radius_m)}`, persons(answer.exposure)], [t('density'), answer.density_km2 === null ? '–' : `${count(answer.density_km2)} / km²`]])),
    warnings(answer.warnings),
    answer.units.length ? null : h('p', { class: 'quiet' }, t('nothing')),
  ];
}

// risk: of a plant with scenarios, else null.
export function plantAnswer(answer, risk, { onShow, onProof, onBack }) {
  const hazard = answer.hazard?.level;
  return [
    onBack ? h('button', { type: 'button', class: 'link', onclick: onBack }, `← ${t('back')}`) : null,
    h('h2', {}, answer.name || answer.id),
    h('p', {}, badge(answer.grade), ' ', proofLink(() => onProof('plant', answer.id))),
    facts([[t('county'), answer.unit_name], [t('industry'), answer[`industry_${getLanguage()}`] ?? answer.industry], [t('kind'), answer.kind && t(answer.kind)], [t('status'), answer.status && t(answer.status)], [t('hazard'), hazard ? `${hazard} ${t('level')}` : t('none')], [`${t('within')} 500 m`, persons(answer.exposure_500_m)]]),
    section(t('why'), reasons(answer.grade.reasons)),
    section(t('societal'), risk && fnCurve(risk.societal)),
    section(`${t('conflicts')} (${answer.conflicts.length})`, findings(answer.conflicts, { onShow, onProof })),
  ];
}

export function unitAnswer(answer, { onPlant }) {
  const counts = answer.counts;
  return [
    h('h2', {}, answer.name),
    h('p', {}, badge(answer.grade)),
    facts([[t('population'), persons(answer.exposure)], [t('byCounts'), h('span', {}, ['red', 'orange', 'yellow', 'blue', 'grey'].map((name, i) => [h('span', { class: `badge g${[1, 2, 3, 4, 0][i]}` }, String(counts[name] ?? 0)), ' ']))], [t('conflicts'), `${answer.conflicts.conflict} · ${t('undecided')} ${answer.conflicts.undecided}`]]),
    section(t('method'), Object.entries(answer.methods ?? {}).filter(([, grade]) => grade).map(([name, grade]) => h('p', {}, badge(grade), ` ${t(`method-${name}`)}`))),
    section(t('why'), reasons(answer.reasons)),
    section(t('byCounts'), plantList(answer.enterprises ?? [], onPlant)),
  ];
}

export function siteAnswer(answer, { onShow, onProof }) {
  return [
    h('p', { class: `verdict ${answer.verdict}` }, t(answer.verdict)),
    h('p', {}, proofLink(onProof)),
    facts([[t('rulesTried'), String(answer.rules_tried)], [`${t('within')} ${metres(answer.population_radius_m)}`, persons(answer.exposure)]]),
    section(t('findings'), findings(answer.findings, { onShow })),
    section(t('notes'), (answer.notes ?? []).map((note) => h('p', { class: 'quiet' }, typeof note === 'string' ? note : sentence(note)))),
  ];
}

export function incidentAnswer(answer, { onPlace }) {
  const place = (item, extra) => h('button', { type: 'button', class: 'item', onclick: () => onPlace(item) }, h('small', {}, metres(item.distance_m)), h('span', { class: 'name' }, item.name || item.id), h('small', {}, extra ?? ''));
  const line = (item) => h('p', {}, `${item.name || item.id} `, h('span', { class: 'quiet' }, metres(item.distance_m)));
  return [
    h('h3', {}, t('inside')),
    h('p', { class: 'big' }, count(answer.exposure.persons), h('small', {}, ` ${personsRange(answer.exposure)}`)),
    answer.unit ? h('p', { class: 'quiet' }, answer.unit.name) : null,
    section(`${t('targets')} (${answer.targets.total})`, h('p', {}, Object.entries(answer.targets.by_class).filter(([, n]) => n > 0).map(([name, n]) => `${t(name)} ${n}`).join(' · ') || '–'), answer.targets.items.slice(0, 30).map((item) => place(item, t(item.target_class ?? 'unknown')))),
    section(`${t('plants')} (${answer.plants.length})`, answer.plants.map((item) => [place(item, ''), item.inventory?.length ? h('p', { class: 'quiet' }, `${t('inventory')}: ${item.inventory.map((part) => `${part.substance ?? part.category ?? ''} ${part.q_t} t`).join(', ')}`) : null])),
    section(`${t('pipelines')} (${answer.pipelines.length})`, answer.pipelines.map(line)),
    section(`${t('infrastructure')} (${answer.infrastructure.length})`, answer.infrastructure.map(line)),
    section(t('resources'), answer.resources.map((group) => [h('h4', {}, t(`kind-${group.kind}`)), group.items.map((item) => place(item, item.contact ?? ''))])),
    warnings(answer.warnings),
  ];
}
