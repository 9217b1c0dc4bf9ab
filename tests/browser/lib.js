// lib.js - for the tests of this folder: where things are, checks that print "ok - what" or "not ok - what",
// a server, a browser, and the end. SLOW=6 slows every page's processor so many times, and its tiles, so
// that what a slow machine would find is found on a fast one.
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { chromium } = require('playwright-core');

const build = process.env.BUILD || 'build/release';
const store = 'build/ningxia.gpkg';
const output = path.join(build, 'test-output');
const slow = Number(process.env.SLOW || 1);
const SLOW_TILE_MS = 300;
let failed = 0;

function notOk(what, problem, lines) {
  failed++;
  console.log(`not ok - ${what}\n  ${String(problem.stack || problem).split('\n').slice(0, lines).join('\n  ')}`);
}

// Fails too if the body has no end after so many seconds.
async function check(what, body, seconds = 120 * slow) {
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

// A server of the store on a free port: { server, url }, the address without a slash. What it says is said.
function serve(file = store, ...options) {
  const server = spawn(`${build}/sisetu`, ['serve', file, '--listen', '127.0.0.1:0', ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    server.on('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    server.stdout.once('data', (text) => resolve({ server, url: String(text).trim().replace(/\/$/, '') }));
  });
}

// A browser that asks nobody but us, and draws WebGL without a graphics card.
function browse(...more) {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((name) => fs.existsSync(name));
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', ...more] });
}

// As SLOW says; for each new page.
async function slowDown(page) {
  if (slow === 1) return;
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: slow });
  await page.route(/\/(tiles|fonts|styles)\//, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, SLOW_TILE_MS * Math.random()));
    await route.fallback().catch(() => null); // the page is gone
  });
}

// Runs a test and ends the process by what its checks found.
function finish(main) {
  main().catch((problem) => notOk('the test runs', problem, 20)).finally(() => process.exit(failed ? 1 : 0));
}

module.exports = { build, store, output, check, assert, serve, browse, slow, slowDown, finish };
