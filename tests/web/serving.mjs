/* What the tests of the review site share: a real server and worker, pages to capture, a login service, a browser. All of it listens on
   loopback, on ports of its own, and ends with end(). */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
export const dpxdt = path.resolve(process.argv[2] || 'build/src/cmd/dpxdt');
const chromiumPath = process.env.CHROMIUM || '/usr/bin/chromium';
const here = path.dirname(fileURLToPath(import.meta.url));
export const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'dpxdt-site-'));

export function load(name) {
  try {
    return require(name);
  } catch {
    console.log(`1..0 # SKIP ${name} is not installed: run "npm ci" in tests/web`);
    process.exit(0);
  }
}
const { chromium } = load('playwright-core');
const { PNG } = load('pngjs');
if (!fs.existsSync(chromiumPath)) {
  console.log(`1..0 # SKIP there is no ${chromiumPath}`);
  process.exit(0);
}

const ends = [], children = [];
process.on('exit', () => { for (const child of children) child.kill('SIGKILL'); }); /* where it breaks off */

/* A program, when it has said a line with this pattern on this stream. -> the match */
export function start(command, args, { pattern, stream = 'stderr', env = {} }) {
  const child = spawn(command, args.map(String), { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  children.push(child);
  ends.push(() => new Promise(done => {
    if (child.exitCode !== null) return done();
    child.once('exit', done);
    child.kill();
  }));
  return new Promise((found, fail) => {
    child.once('exit', status => fail(new Error(`${command} ${args.join(' ')} ended with ${status}: ${said}`)));
    for (const name of ['stdout', 'stderr'])
      child[name].on('data', data => {
        said += data;
        const match = name === stream && pattern.exec(said);
        if (match) found(Object.assign(match, { child, said: () => said }));
      });
  });
}

export async function end() {
  for (const one of ends.reverse()) await one();
  fs.rmSync(scratch, { recursive: true, force: true });
}

export const freePort = () => new Promise(found => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => found(port));
  });
});

/* Pages to capture: {path: HTML}, which may be changed at any time. -> address */
export function serve(pages) {
  const server = http.createServer((request, response) => {
    const page = pages[request.url];
    response.writeHead(page === undefined ? 404 : 200, { 'Content-Type': 'text/html; charset=utf-8' });
    response.end(page);
  }).listen(0, '127.0.0.1');
  ends.push(() => new Promise(done => { server.closeAllConnections(); server.close(done); }));
  return new Promise(found => server.on('listening', () => found(`http://127.0.0.1:${server.address().port}`)));
}

/* ---- A server ---- */

export class Server {
  static async start(name, args = [], env = {}, port = null) {
    const server = new Server();
    server.data = path.join(scratch, name);
    server.port = port ?? await freePort();
    server.url = `http://127.0.0.1:${server.port}`;
    const started = await start(dpxdt, ['server', '--data', server.data, '--port', server.port, '--public-url', server.url,
      '--allow-private', ...args], { pattern: /event=started/, env });
    server.said = started.said;
    return server;
  }

  command(...args) {
    return execFileSync(dpxdt, [args[0], ...args.slice(1).map(String), '--data', this.data], { encoding: 'utf8' }).trim();
  }

  async worker(...args) {
    const [id, secret] = this.command('api-key', 'create', '--superuser').split(/\s+/);
    return start(dpxdt, ['worker', '--release-server-prefix', `${this.url}/api`, '--allow-private', ...args],
      { pattern: /event=started/, env: { DPXDT_CLIENT_ID: id, DPXDT_CLIENT_SECRET: secret } });
  }

  /* Asks the API, with this.headers if the server asks who it is. */
  async post(endpoint, fields) {
    const answer = await fetch(`${this.url}/api/${endpoint}`, { method: 'POST', body: new URLSearchParams(fields), headers: this.headers });
    const told = await answer.json();
    if (!answer.ok) throw new Error(`${endpoint}: ${told.error}`);
    return told;
  }

  async upload(build, name, content) {
    const form = new FormData();
    form.set('build_id', build);
    form.set('file', new Blob([content]), name);
    const answer = await fetch(`${this.url}/api/upload`, { method: 'POST', body: form, headers: this.headers });
    return (await answer.json()).sha1sum;
  }

  /* A release of these pictures, {run name: PNG}, each with the one of refs; waits until all are compared. more: what is reported
     besides, {run name: fields}. */
  async release(build, name, pictures, refs = {}, more = {}) {
    const { release_number } = await this.post('create_release', { build_id: build, release_name: name });
    const release = { build_id: build, release_name: name, release_number };
    for (const [run_name, picture] of Object.entries(pictures)) {
      const fields = { ...release, run_name, ...more[run_name] };
      if (picture) fields.image = await this.upload(build, 'a.png', picture);
      if (refs[run_name]) fields.ref_image = await this.upload(build, 'a.png', refs[run_name]);
      await this.post('report_run', fields);
    }
    await this.post('runs_done', release);
    await this.post('release_status', { ...release, wait: 60 });
    return release;
  }
}

export const pathOf = (page, release, more = {}) => `/${page}?` + new URLSearchParams({ id: release.build_id, name: release.release_name,
  number: release.release_number, ...more });

/* A picture with lines as of text, of which some are of this page alone, and a box of a color that several have. */
export function picture({ width = 640, height = 480, seed = 1, box = null }) {
  const png = new PNG({ width, height });
  png.data.fill(255);
  const fill = (x, y, w, h, color) => {
    for (let row = y; row < y + h; row++)
      for (let column = x; column < x + w; column++) png.data.set([...color, 255], (row * width + column) * 4);
  };
  for (let line = 0; line < 12; line++) fill(40, 160 + line * 24, 80 + (seed * 37 + line * 53) % 400, 9, [70, 74, 90]);
  fill(0, 0, width, 40, [30, 60, 120]);
  if (box) fill(60, 60, box.width ?? 200, 60, box.color);
  return PNG.sync.write(png, { deflateLevel: 1 });
}

/* ---- Logging in ---- */

export async function loginService(redirectUri, accounts) {
  const settings = { redirectUris: [redirectUri], accounts };
  const started = await start(process.execPath, [path.join(here, 'oidc_provider.mjs'), JSON.stringify(settings)],
    { pattern: /port (\d+)/, stream: 'stdout' });
  return { issuer: `http://127.0.0.1:${started[1]}`, env: { DPXDT_OIDC_ISSUER: `http://127.0.0.1:${started[1]}`,
    DPXDT_OIDC_CLIENT_ID: 'dpxdt', DPXDT_OIDC_CLIENT_SECRET: 'test-secret' } };
}

/* ---- The browser ---- */

let browser;

/* Calls work with a page of a context of its own; whatever goes wrong in the page fails it. */
export async function withPage(options, work) {
  browser ??= await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on('pageerror', error => wrong.push(error));
  page.on('console', message => {
    if (message.type() === 'error' && !options.complains) wrong.push(new Error(message.text()));
  });
  try {
    await work(page, context);
    if (wrong.length) throw wrong[0];
  } finally {
    await context.close();
  }
}
ends.push(() => browser?.close());

/* ---- TAP ---- */

const tests = [];
export const test = (name, run) => tests.push([name, run]);

/* Runs all, or those whose names have the third argument in them. */
export async function runTests() {
  const wanted = tests.filter(([name]) => name.includes(process.argv[3] ?? ''));
  console.log(`1..${wanted.length}`);
  for (const [i, [name, run]] of wanted.entries()) {
    try {
      await run();
      console.log(`ok ${i + 1} - ${name}`);
    } catch (error) {
      console.log(String(error.stack).replace(/^/gm, '# '));
      console.log(`not ok ${i + 1} - ${name}`);
    }
  }
  await end();
}
