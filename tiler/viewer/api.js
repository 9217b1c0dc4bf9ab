// api.js - asks the server; every failure becomes one Error with a sentence for the user.
import { t } from './words.js';

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (cause) {
    if (cause.name === 'AbortError') throw cause;
    throw new Error(t('offline'));
  }
  let body = null;
  try {
    body = await response.json();
  } catch {
    /* an error page without JSON: the status says enough */
  }
  if (!response.ok) throw new Error(body?.error?.message ?? `${t('failed')} (${response.status})`);
  return body;
}

const query = (values) => new URLSearchParams(Object.entries(values).filter(([, v]) => v !== undefined && v !== null && v !== '')).toString();

export const status = () => ask('v1/status');
export const units = () => ask('v1/units');
export const unit = (code) => ask(`v1/units/${encodeURIComponent(code)}`);
export const legend = (map) => ask(`v1/legend/${map}`);
export const enterprises = (values) => ask(`v1/enterprises?${query(values)}`);
export const enterprise = (id) => ask(`v1/enterprises/${encodeURIComponent(id)}`);
export const risk = (id) => ask(`v1/risk?${query({ enterprise: id })}`);
export const conflicts = (values, signal) => ask(`v1/conflicts?${query(values)}`, { signal });
export const at = (values) => ask(`v1/at?${query(values)}`);
export const incident = (values) => ask(`v1/incident?${query(values)}`);
export const facilityTypes = () => ask('v1/facility_types');
const post = (body) => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
export const check = (body) => ask('v1/check', post(body));

// Where proofs lie; that of a check is asked for by the question itself and comes as a file.
export const proofOfPlant = (id) => `v1/enterprises/${encodeURIComponent(id)}?explain=1`;
export const proofOfConflict = (id) => `v1/conflicts?${query({ id, explain: 1 })}`;
export async function proofOfCheck(body) {
  const response = await fetch('v1/check?explain=1', post(body)).catch(() => { throw new Error(t('offline')); });
  if (!response.ok) throw new Error((await response.json().catch(() => null))?.error?.message ?? `${t('failed')} (${response.status})`);
  return response.blob();
}
