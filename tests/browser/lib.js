// lib.js - for the tests of this folder: where things are, checks that print "ok - what" or "not ok - what",
// a server, and the end.
const { spawn } = require('node:child_process');
const path = require('node:path');

const build = process.env.BUILD || 'build/release';
const store = 'build/ningxia.gpkg';
const output = path.join(build, 'test-output');
let failed = 0;

function notOk(what, problem, lines) {
  failed++;
  console.log(`not ok - ${what}\n  ${String(problem.stack || problem).split('\n').slice(0, lines).join('\n  ')}`);
}

// Fails too if the body has no end after so many seconds.
async function check(what, body, seconds = 60) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`no end after ${seconds} s`)), seconds * 1000); });
  try {
    await Promise.race([body(), late]);
    console.log(`ok - ${what}`);
  } catch (problem) {
    notOk(what, problem, 6);
  } finally {
    clearTimeout(timer);
  }
}

function assert(truth, message) {
  if (!truth) throw new Error(message);
}

// A server of the store on a free port: { server, url }, the address without a slash.
function serve() {
  const server = spawn(`${build}/sisetu`, ['serve', store, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'ignore'] });
  return new Promise((resolve, reject) => {
    server.on('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    server.stdout.once('data', (text) => resolve({ server, url: String(text).trim().replace(/\/$/, '') }));
  });
}

// Runs a test and ends the process by what its checks found.
function finish(main) {
  main().catch((problem) => notOk('the test runs', problem, 20)).finally(() => process.exit(failed ? 1 : 0));
}

module.exports = { build, store, output, check, assert, serve, finish };
