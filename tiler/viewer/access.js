// access.js - requests with the token of a server that answers nobody without one. It is asked for
// once, tried before it is taken, kept for this tab, and sent as a header: never in an address.
import { $ } from './dom.js';
import { t } from './words.js';

const KEY = 'sisetu-token';
let token = sessionStorage.getItem(KEY);
let asking = null; // while the dialog is open: settles once a token was taken
const hear = [];

export const hasToken = () => token !== null;

// Calls back whenever a token was taken: what was refused before can be asked again.
export function onToken(callback) {
  hear.push(callback);
}

const withToken = (options, text) => (text === null ? options : { ...options, headers: { ...options.headers, Authorization: `Bearer ${text}` } });

export const tokenHeaders = () => (token === null ? {} : { Authorization: `Bearer ${token}` });

// As fetch; an answer of 401 opens the dialog, and the request is made again with what it gives.
export async function request(path, options = {}) {
  for (;;) {
    if (asking) await asking;
    const sent = token;
    const response = await fetch(path, withToken(options, sent));
    if (response.status !== 401) return response;
    await response.arrayBuffer().catch(() => null); // read to its end, so that the connection is free again
    if (sent === token) asking ??= askForToken(sent === null ? 'tokenNeeded' : 'tokenUnknown');
  }
}

// Nothing if the server takes the text, else the word that says why not.
async function refusal(text) {
  if (!/^[!-~]+$/.test(text)) return 'tokenUnknown'; // no header can hold it
  try {
    const response = await fetch('v1/status', withToken({}, text));
    await response.arrayBuffer();
    return response.status === 401 ? 'tokenUnknown' : null;
  } catch {
    return 'offline';
  }
}

function say(word) {
  $('token-said').dataset.t = word;
  $('token-said').textContent = t(word);
  $('token-said').classList.toggle('warn', word !== 'tokenNeeded');
}

function askForToken(why) {
  const dialog = $('access');
  say(why);
  return new Promise((resolve) => {
    const reopen = () => dialog.showModal(); // Escape closes a dialog, and there is nothing behind it
    const submit = async (event) => {
      event.preventDefault();
      $('token-send').disabled = true;
      const text = $('token').value.trim();
      const no = await refusal(text);
      $('token-send').disabled = false;
      if (no) {
        say(no);
        $('token').select();
        return;
      }
      token = text;
      sessionStorage.setItem(KEY, text);
      $('token').value = '';
      asking = null;
      dialog.removeEventListener('close', reopen);
      dialog.removeEventListener('submit', submit);
      dialog.close();
      resolve();
      for (const callback of hear) callback();
    };
    dialog.addEventListener('submit', submit);
    dialog.addEventListener('close', reopen);
    dialog.showModal();
  });
}
