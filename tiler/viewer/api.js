// api.js - asks the server; every failure becomes one Error with a sentence for the user.
import { request } from './access.js';
import { t } from './words.js';

// What the server sent, whose status is a good one.
async function answerOf(path, options) {
  let response;
  try {
    response = await request(path, options);
  } catch (cause) {
    if (cause.name === 'AbortError') throw cause;
    throw new Error(t('offline'));
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => null); // an error page without JSON: the status says enough
  throw new Error(body?.error?.message ?? `${t('failed')} (${response.status})`);
}

const ask = async (path, options) => (await answerOf(path, options)).json();

const query = (values) => new URLSearchParams(Object.entries(values).filter(([, v]) => v !== undefined && v !== null && v !== '')).toString();

export const status = () => ask('v1/status');
export const units = () => ask('v1/units');
export const unit = (code) => ask(`v1/units/${encodeURIComponent(code)}`);
export const legend = (map, style) => ask(`v1/legend/${map}?${query({ style })}`);
export const enterprises = (values) => ask(`v1/enterprises?${query(values)}`);
export const enterprise = (id) => ask(`v1/enterprises/${encodeURIComponent(id)}`);
export const risk = (id) => ask(`v1/risk?${query({ enterprise: id })}`);
export const conflicts = (values, signal) => ask(`v1/conflicts?${query(values)}`, { signal });
export const at = (values) => ask(`v1/at?${query(values)}`);
export const incident = (values) => ask(`v1/incident?${query(values)}`);
export const facilityTypes = () => ask('v1/facility_types');
const post = (body) => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
export const check = (body) => ask('v1/check', post(body));

// Proofs, byte by byte as they came.
const bytes = async (path, options) => (await answerOf(path, options)).blob();
export const proofOfPlant = (id) => bytes(`v1/enterprises/${encodeURIComponent(id)}?explain=1`);
export const proofOfConflict = (id) => bytes(`v1/conflicts?${query({ id, explain: 1 })}`);
export const proofOfCheck = (body) => bytes('v1/check?explain=1', post(body));
