/* The gallery of `dpxdt report`, in a real browser: node gallery.mjs PATH-OF-DPXDT. Prints TAP.
   Needs /usr/bin/chromium (or $CHROMIUM) and the packages of package.json. */
import { execFileSync, spawnSync } from 'node:child_process';
import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import zlib from 'node:zlib';

const require = createRequire(import.meta.url);
const dpxdt = path.resolve(process.argv[2] || 'build/src/cmd/dpxdt');
const chromiumPath = process.env.CHROMIUM || '/usr/bin/chromium';
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'dpxdt-gallery-'));

function load(name) {
  try {
    return require(name);
  } catch {
    console.log(`1..0 # SKIP ${name} is not installed: run "npm ci" in tests/web`);
    process.exit(0);
  }
}
const { chromium } = load('playwright-core');
const axe = load('axe-core');
if (!fs.existsSync(chromiumPath)) {
  console.log(`1..0 # SKIP there is no ${chromiumPath}`);
  process.exit(0);
}

/* ---- Suites to look at ---- */

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(zlib.crc32 ? zlib.crc32(body) : crc(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/* Node 20 has no zlib.crc32. */
function crc(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (0xedb88320 & -(sum & 1));
  }
  return ~sum >>> 0;
}

/* A picture of one colour, with bands that make scrolling visible. */
function picture(name, width, height, color) {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 6, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const rows = Buffer.alloc(height * (1 + width * 4));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      rows.set(y % 100 < 10 ? [40, 40, 40, 255] : color, y * (1 + width * 4) + 1 + x * 4);
  const file = path.join(scratch, name);
  fs.writeFileSync(file, Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header),
    chunk('IDAT', zlib.deflateSync(rows, { level: 1 })), chunk('IEND', Buffer.alloc(0))]));
  return file;
}

const small = ['ref', 'run', 'diff'].map((kind, i) => picture(`small-${kind}.png`, 400, 300, [[250, 250, 250, 255], [230, 240, 255, 0], [255, 200, 200, 255]][i]));
const tall = ['ref', 'run', 'diff'].map((kind, i) => picture(`tall-${kind}.png`, 1280, 8000, [[250, 250, 250, 255], [230, 240, 255, 255], [255, 200, 200, 255]][i]));
const grown = picture('grown.png', 400, 320, [230, 240, 255, 255]);
const logFile = path.join(scratch, 'log.txt');
fs.writeFileSync(logFile, '<script>window.evil = 1</script> the log\n');

const evil = '</script><img src=x onerror="window.evil = 1">';

function result(name, status, more = {}) {
  return { name, status, file: 'tests/site.yaml', line: 7, url: 'http://localhost:8000/', distortion: 0, changed_pixels: 0,
    width: 400, height: 300, reference_width: 400, reference_height: 300, regions: [], reference_path: small[0],
    run_path: small[1], log_path: logFile, attempts: 1, duration_ms: 400, ...more };
}

function different(name, distortion, more = {}) {
  return result(name, 'different', { distortion, changed_pixels: 1234, ref_path: small[0], diff_path: small[2],
    regions: [{ x: 40, y: 60, width: 30, height: 20, changed_pixels: 600, score: 1 }, { x: 300, y: 200, width: 50, height: 50, changed_pixels: 634, score: 1 }], ...more });
}

/* A banner above, a block that went, and one that is elsewhere now: 400x300 -> 400x320. */
const band = (kind, reference_y, reference_height, run_y, run_height, x = 0, width = 400) =>
  ({ kind, x, width, reference_y, reference_height, run_y, run_height });
const bands = [band('inserted', 0, 0, 0, 40), band('changed', 0, 100, 40, 100), band('removed', 100, 20, 140, 0),
  band('moved', 250, 30, 140, 30), band('equal', 120, 130, 170, 130), band('equal', 280, 20, 300, 20)];
const shifted = { width: 400, height: 320, reference_width: 400, reference_height: 300, run_path: grown, whole_ref_path: small[0],
  ref_path: grown, bands, fingerprint: 'fedcba9876543210', changed_pixels: 600, n_regions: 1,
  regions: [{ x: 40, y: 100, width: 30, height: 20, changed_pixels: 600, score: 0.1, tolerance: 0.1, kind: 'recolored', look: 'text', from: '#777777ff', to: '#8888887f' }] };

const mixed = [
  result('fine', 'passed'),
  different('slightly', 0.001),
  result('new', 'missing'),
  different('much', 0.5),
  different('tall', 0.2, { width: 1280, height: 8000, reference_width: 1280, reference_height: 8000, ref_path: tall[0],
    run_path: tall[1], diff_path: tall[2], regions: [{ x: 600, y: 7000, width: 100, height: 40, changed_pixels: 1234, score: 1 }] }),
  result('down', 'failed', { message: 'the page answered 503\n' + evil, run_path: null, width: 0, height: 0 }),
  result(evil, 'passed', { description: evil, url: 'javascript:window.evil=1', message: evil }),
  different('a long name '.repeat(20), 0.0005),
];

/* Writes a suite with this last run, whose files lie in scratch, lets dpxdt make its gallery, and returns the page's
   address. */
function gallery(name, results, update = false) {
  const dir = path.join(scratch, name);
  const run = path.join(dir, '.dpxdt/last');
  fs.mkdirSync(run, { recursive: true });
  for (const file of fs.readdirSync(scratch).filter(it => /\.(png|txt)$/.test(it))) fs.linkSync(path.join(scratch, file), path.join(run, file));
  for (const one of results)
    for (const key of ['ref_path', 'whole_ref_path', 'run_path', 'diff_path', 'log_path']) one[key] &&= path.join(run, path.basename(one[key]));
  fs.writeFileSync(path.join(dir, '.dpxdt/last/results.json'), JSON.stringify({ format: 'dpxdt-results-1', dir: 'tests', update,
    started_ms: 1754300000000, duration_ms: 24300, browser: 'HeadlessChrome/130.0.6723.91, chromium-headless-shell, flags 5f3a9c01', results }));
  const printed = execFileSync(dpxdt, ['report', dir, '--no-open'], { encoding: 'utf8' });
  return pathToFileURL(path.resolve(printed.trim())).href;
}

const pages = {
  mixed: gallery('mixed', mixed),
  passed: gallery('passed', [result('a', 'passed'), result('b', 'passed')]),
  empty: gallery('empty', []),
  updated: gallery('updated', [result('a', 'updated'), result('b', 'unchanged')], true),
  shifted: gallery('shifted', [different('first', 0.4, shifted), different('between', 0.3), different('second', 0.2, shifted), different('third', 0.1, shifted),
    different('rows alone', 0.05, { ...shifted, changed_pixels: 0, regions: [], n_regions: 0, fingerprint: '1'.repeat(16) })]),
  many: gallery('many', Array.from({ length: 1000 }, (_, i) => i % 40 ? result(`page ${i}`, 'passed') : different(`page ${i}`, i / 1e4))),
};

/* ---- The harness ---- */

/* Root gets no sandbox from Chromium, and nobody does where the machine forbids what it is made of, as a chroot does. */
const launch = (sandbox) => chromium.launch({ executablePath: chromiumPath, chromiumSandbox: sandbox, args: sandbox ? [] : ['--no-sandbox'] });
const browser = process.getuid() === 0 ? await launch(false) : await launch(true).catch(() => launch(false));
const tests = [];
const test = (name, run) => tests.push([name, run]);

/* Opens a page in a context of its own. What its console complains of, and what it asks the network for, fails the test. */
async function withPage(address, options, run) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on('console', message => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  page.on('pageerror', error => complaints.push(String(error)));
  page.on('request', request => /^(file|data):/.test(request.url()) || complaints.push(`asked for ${request.url()}`));
  page.on('dialog', dialog => { complaints.push('a dialog opened'); dialog.dismiss(); });
  if (options.clock) { /* which stands, but for runFor() */
    await page.clock.install({ time: 0 });
    await page.clock.pauseAt(1000);
  }
  await page.goto(address);
  await run(page);
  await context.close();
  deepStrictEqual(complaints, []);
}

const wide = (address, run, options = {}) => withPage(address, options, run);
const phone = (address, run, options = {}) => withPage(address, { viewport: { width: 390, height: 844 }, ...options }, run);
const at = (address, name, view) => `${address}#${new URLSearchParams({ t: name, ...(view && { v: view }) })}`;
const view = page => page.evaluate(() => document.getElementById('stage').dataset.view);
const current = page => page.textContent('nav a[aria-current] .row-name');
const names = page => page.$$eval('nav li:not([hidden]) .row-name', rows => rows.map(row => row.textContent));
const mix = page => page.$eval('#mix', range => +range.value);

async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
}

async function accessible(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  deepStrictEqual(violations.map(v => `${v.id}: ${v.nodes.map(node => node.target).join(' ')}`), []);
}

/* ---- The tests ---- */

test('failures come first, then differences by their size, then the rest', () => wide(pages.mixed, async page => {
  deepStrictEqual((await names(page)).map(name => name.slice(0, 8)), ['down', 'much', 'tall', 'slightly', 'a long n', 'new', 'fine', evil.slice(0, 8)]);
  strictEqual(await current(page), 'down');
}));

test('J and K go through the list, and the address follows', () => wide(pages.mixed, async page => {
  await press(page, 'j', 'j');
  strictEqual(await current(page), 'tall');
  strictEqual(await page.textContent('#position'), '3 of 8');
  await press(page, 'k');
  strictEqual(await current(page), 'much');
  ok(page.url().includes('#t=much&'), page.url());
  strictEqual(await page.textContent('#live'), '2 of 8 much, different, 1,234 px in 2 areas');
}));

test('an address opens the same test in the same view', () => wide(at(pages.mixed, 'slightly', 'swipe'), async page => {
  strictEqual(await current(page), 'slightly');
  strictEqual(await view(page), 'swipe');
  await page.evaluate(hash => { location.hash = hash; }, '#t=much&v=diff');
  await page.waitForFunction(() => document.getElementById('stage').dataset.view === 'diff');
  strictEqual(await current(page), 'much');
}));

test('each key shows its view, and its button is pressed', () => wide(at(pages.mixed, 'much'), async page => {
  const keys = { 1: 'before', 2: 'diff', 3: 'after', f: 'before', w: 'swipe', s: 'onion', d: 'overlay', a: 'side', ' ': 'blink', l: 'blink' };
  for (const [key, wanted] of [...Object.entries(keys), ['f', 'after'], ['F', 'before']]) {
    await press(page, key);
    strictEqual(await view(page), wanted, `key ${key}`);
    deepStrictEqual(await page.$$eval('#views [aria-pressed=true]', pressed => pressed.map(one => one.dataset.view)), [wanted]);
  }
}));

test('a view shows its pictures and no other', () => wide(at(pages.mixed, 'much'), async page => {
  const wanted = { before: ['ref'], diff: ['diff'], after: ['run'], swipe: ['ref', 'run'], onion: ['ref', 'run'], overlay: ['diff', 'run'], side: ['ref', 'diff', 'run'] };
  for (const [name, kinds] of Object.entries(wanted)) {
    await page.click(`#views [data-view=${name}]`);
    const visible = await page.$$eval('#stage img', images => images.filter(one => getComputedStyle(one).visibility === 'visible').map(one => one.className));
    deepStrictEqual(visible.sort(), [...kinds].sort(), name);
  }
}));

test('a test without a reference offers only the picture that there is', () => wide(at(pages.mixed, 'new'), async page => {
  strictEqual(await view(page), 'after');
  strictEqual(await page.$$eval('#views button:enabled', buttons => buttons.length), 1);
  await press(page, 'w');
  strictEqual(await view(page), 'after');
}));

test('a test without any picture offers no views', () => wide(at(pages.mixed, 'down'), async page => {
  ok(!await page.isVisible('#views') && !await page.isVisible('#zoom'));
  await press(page, 'j');
  ok(await page.isVisible('#views') && await page.isVisible('#zoom'));
}));

test('log and config are one click away', () => wide(at(pages.mixed, 'much'), async page => {
  deepStrictEqual(await page.$$eval('#texts button', buttons => buttons.map(one => one.textContent)), ['Log']);
  ok(!await page.isVisible('#facts'));
  await page.click('#texts button');
  ok(await page.isVisible('#log pre'));
  strictEqual(await page.evaluate(() => document.activeElement.tagName), 'PRE');
}));

test('the header has room for the browser, and says how the list is ordered', () => wide(pages.mixed, async page => {
  ok((await page.textContent('#about')).endsWith('HeadlessChrome/130.0.6723.91'));
  ok(await page.$eval('#about', about => about.scrollWidth <= about.clientWidth), 'it is cut');
  ok(await page.isVisible('text=Failures first, then by how much changed'));
}));

test('blinking goes by itself, but by the key alone where motion is not wanted', async () => {
  const shown = page => page.evaluate(() => document.getElementById('stage').dataset.blink);
  await wide(at(pages.mixed, 'much', 'blink'), async page => {
    strictEqual(await shown(page), 'ref');
    await page.clock.runFor(750);
    strictEqual(await shown(page), 'run');
  }, { reducedMotion: 'no-preference', clock: true });
  await wide(at(pages.mixed, 'much', 'blink'), async page => {
    await page.clock.runFor(5000);
    strictEqual(await shown(page), 'ref');
    await press(page, ' ');
    strictEqual(await shown(page), 'run');
  }, { clock: true });
});

test('the divider moves by arrow keys, by dragging and by its slider', () => wide(at(pages.mixed, 'much', 'swipe'), async page => {
  strictEqual(await mix(page), 50);
  await press(page, 'ArrowRight', 'Shift+ArrowRight');
  strictEqual(await mix(page), 62);
  const box = await page.locator('.canvas').boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 4, box.y + 40);
  await page.mouse.up();
  strictEqual(await mix(page), 25);
  await page.focus('#mix');
  await press(page, 'ArrowRight');
  strictEqual(await mix(page), 26);
}));

test('the handle of a tall picture stays in sight', () => wide(at(pages.mixed, 'tall', 'swipe'), async page => {
  const stage = await page.locator('.scroll').boundingBox();
  for (const top of [0, 2500, 1e6]) {
    await page.$eval('.scroll', (scroll, y) => scroll.scrollTo(0, y), top);
    const knob = await page.locator('.handle div').boundingBox();
    ok(knob.y > stage.y && knob.y + knob.height < stage.y + stage.height, `at ${top}: ${JSON.stringify(knob)}`);
  }
}));

test('[ and ] zoom to one changed area after another', () => wide(at(pages.mixed, 'much'), async page => {
  for (const [key, text] of [[']', '1 of 2'], [']', '2 of 2'], [']', '1 of 2'], ['[', '2 of 2']]) {
    await press(page, key);
    strictEqual(await page.textContent('#area-text'), text);
    const inside = await page.$$eval('.box.current', boxes => boxes.map(box => {
      const inner = box.getBoundingClientRect(), outer = box.closest('.scroll').getBoundingClientRect();
      return inner.top >= outer.top && inner.bottom <= outer.bottom && inner.left >= outer.left && inner.right <= outer.right;
    }));
    deepStrictEqual(inside, [true, true, true]);
  }
  strictEqual(await page.$eval('.canvas img', image => getComputedStyle(image).imageRendering), 'pixelated');
  await press(page, 'Escape');
  strictEqual(await page.textContent('#area-text'), '2 changes');
}));

test('an area of a tall picture is scrolled to, in every pane', () => wide(at(pages.mixed, 'tall'), async page => {
  await press(page, ']');
  const tops = await page.$$eval('.scroll', scrolls => scrolls.map(scroll => Math.round(scroll.scrollTop)));
  strictEqual(tops.length, 3);
  ok(tops[0] > 5000 && tops.every(top => top === tops[0]), String(tops));
  /* The panes are told of the first scroll with the next frame, and would follow it back if they had moved before. */
  await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.$$eval('.scroll', scrolls => scrolls[1].scrollTo(0, 300));
  await page.waitForFunction(() => [...document.querySelectorAll('.scroll')].every(scroll => scroll.scrollTop === 300));
}));

test('findings are told in words, and a click leads to them', () => wide(at(pages.shifted, 'first', 'after'), async page => {
  const texts = () => page.$$eval('#found li', items => items.map(item => item.textContent));
  deepStrictEqual(await texts(), ['40 rows inserted at y=0', '30 rows moved from y=250 to y=140', '20 rows removed, which were at y=100', '1 more']);
  deepStrictEqual(await page.$$eval('#legend li', items => items.map(item => item.textContent)), ['inserted', 'removed', 'moved']);
  await page.click('text=30 rows moved');
  strictEqual(await page.textContent('#area-text'), '2 of 4');
  ok(await page.isVisible('.box.current.moved'));
  strictEqual(await page.$eval('#found [aria-current=true]', button => button.textContent), '30 rows moved from y=250 to y=140');
  await page.click('#found >> text=1 more');
  ok(!await page.isVisible('#found'), 'they stand twice');
  strictEqual(await page.textContent('#facts li:last-child'), '30\u00d720 at (40, 100): text recolored from #777777 to #8888887f, 600 px, tolerated');
  deepStrictEqual(await page.$$eval('#facts .swatch', all => all.map(one => getComputedStyle(one).backgroundColor)), ['rgb(119, 119, 119)', 'rgba(136, 136, 136, 0.498)']);
}));

test('rows alone are a difference, too', () => wide(at(pages.shifted, 'rows alone'), async page => {
  ok((await page.textContent('#score')).includes('40 rows inserted at y=0'));
  strictEqual(await page.textContent('#area-text'), '3 changes');
}));

test('aligned, equal rows face each other, and holes what is not there', () => wide(at(pages.shifted, 'first'), async page => {
  strictEqual(await view(page), 'aligned');
  const shapes = await page.$$eval('.pane', panes => panes.map(pane => {
    const canvas = pane.querySelector('.canvas').getBoundingClientRect();
    return [...pane.querySelectorAll('.slice, .hole')].map(one => {
      const at = one.getBoundingClientRect(), scale = canvas.width / 400;
      const image = one.querySelector('img')?.getBoundingClientRect();
      return [one.className, ...[at.top - canvas.top, at.height, ...(image ? [at.top - image.top, image.height] : [])].map(n => Math.round(n / scale))].join(' ');
    });
  }));
  deepStrictEqual(shapes, [
    ['hole inserted 0 40', 'slice 40 100 0 300', 'slice 140 20 100 300', 'slice 160 30 250 300', 'slice 190 130 120 300', 'slice 320 20 280 300'],
    ['slice 0 40 0 320', 'slice 40 100 40 320', 'hole removed 140 20', 'slice 160 30 140 320', 'slice 190 130 170 320', 'slice 320 20 300 320']]);
  deepStrictEqual(await page.$$eval('.size', labels => labels.map(one => one.textContent)), ['400×300', '400×320']);
  await page.click('#facts-button');
  await page.click('#facts >> text=recolored');
  const boxes = await page.$$eval('.canvas', all => all.map(canvas => {
    const box = canvas.querySelector('.box.current').getBoundingClientRect(), whole = canvas.getBoundingClientRect();
    return Math.round((box.top + 7 - whole.top) / whole.height * 340); /* 7: its border and what is between */
  }));
  deepStrictEqual(boxes, [100, 100]);
}));

test('a change is marked where it was in the reference', () => wide(at(pages.shifted, 'first', 'before'), async page => {
  const tops = () => page.$$eval('.box', boxes => boxes.map(box => box.style.top.replace(/(\.\d).*%/, '$1%')));
  deepStrictEqual(await tops(), ['0%', '78.1%', '31.2%', '18.7%']);
  await press(page, '3');
  deepStrictEqual(await tops(), ['0%', '43.7%', '43.7%', '31.2%']);
}));

test('a test without bands is not aligned', () => wide(at(pages.shifted, 'between', 'aligned'), async page => {
  strictEqual(await view(page), 'side');
  ok(await page.isDisabled('[data-view=aligned]'));
  deepStrictEqual(await page.$$('#legend li'), []);
}));

test('tests with the same change stand together, and name the first', () => wide(at(pages.shifted, 'first'), async page => {
  deepStrictEqual(await names(page), ['first', 'second', 'third', 'between', 'rows alone']);
  strictEqual(await page.textContent('nav a[title=second] .row-score'), 'different: same change as first');
  strictEqual(await page.textContent('#twins'), 'Same change in second, third');
  await page.click('#twins >> text=third');
  await page.waitForFunction(() => document.getElementById('name').textContent === 'third');
  strictEqual(await page.textContent('#twins'), 'Same change as first, second');
  await press(page, 'i');
  ok(/dpxdt approve \S+ first second third/.test(await page.textContent('#facts')));
}));

test('Z shows actual pixels, + and - zoom', () => wide(at(pages.mixed, 'tall', 'after'), async page => {
  const width = () => page.$eval('.canvas', canvas => Math.round(canvas.getBoundingClientRect().width));
  const fitted = await width();
  ok(fitted < 1280);
  await press(page, 'z');
  strictEqual(await width(), 1280);
  await press(page, '+');
  strictEqual(await width(), 1920);
  await press(page, '-', 'z');
  strictEqual(await width(), fitted);
}));

test('chips and the filter narrow the list', () => wide(pages.mixed, async page => {
  await page.click('.chip.different');
  deepStrictEqual((await names(page)).map(name => name.slice(0, 8)), ['much', 'tall', 'slightly', 'a long n']);
  await press(page, '/');
  await page.keyboard.type('sli');
  deepStrictEqual(await names(page), ['slightly']);
  await page.keyboard.type('zzz');
  deepStrictEqual(await names(page), []);
  ok(await page.isVisible('#nothing'));
  await page.click('#show-all');
  strictEqual((await names(page)).length, 8);
}));

test('keys typed into the filter are text, and Escape leaves it', () => wide(at(pages.mixed, 'much'), async page => {
  await press(page, '/', 'j');
  strictEqual(await page.inputValue('#query'), 'j');
  strictEqual(await current(page), 'much');
  await press(page, 'Escape', 'Escape', 'j');
  strictEqual(await current(page), 'tall');
}));

test('everything can be reached by Tab and the arrow keys', () => wide(at(pages.mixed, 'much'), async page => {
  const seen = new Set();
  for (let i = 0; i < 60; i++) {
    await press(page, 'Tab');
    seen.add(await page.evaluate(() => {
      const one = document.activeElement;
      const seenOutline = one === document.body || getComputedStyle(one).outlineStyle !== 'none';
      return `${one.id || one.dataset.view || one.className || one.tagName} ${seenOutline}`;
    }));
  }
  for (const name of ['skip', 'query', 'help-button', 'next', 'facts-button', 'swipe', 'area-next', 'zoom-in', 'scroll', 'A'])
    ok(seen.has(`${name} true`), `${name} in ${[...seen].join(', ')}`);
  await page.focus('nav a[aria-current]');
  await press(page, 'ArrowDown');
  strictEqual(await page.evaluate(() => document.activeElement.title), 'tall');
}));

test('single-key shortcuts can be switched off, and stay off', () => wide(at(pages.mixed, 'much'), async page => {
  await press(page, '?');
  ok(await page.isVisible('#help'));
  await page.uncheck('#keys-on');
  await press(page, 'Escape');
  ok(!await page.isVisible('#help'));
  await press(page, 'j');
  strictEqual(await current(page), 'much');
  await page.reload();
  await press(page, 'j');
  strictEqual(await current(page), 'much');
}));

test('what tests name, say and log is text', () => wide(at(pages.mixed, evil), async page => {
  strictEqual(await page.textContent('#name'), evil);
  strictEqual(await page.textContent('#message'), evil);
  await press(page, 'i');
  strictEqual(await page.$$eval('#facts a', links => links.length), 0);
  ok((await page.textContent('#facts pre')).startsWith('<script>'));
  strictEqual(await page.evaluate(() => window.evil), undefined);
  strictEqual(await page.$$eval('script:not([type])', scripts => scripts.length), 1);
}));

test('the details tell what a person needs to decide', () => wide(at(pages.mixed, 'much'), async page => {
  await press(page, 'i');
  const facts = await page.textContent('#facts');
  for (const part of ['http://localhost:8000/', '/site.yaml:7', '400×300', '0.5', '1,234 pixels', '30×20 at (40, 60)', '0.4 s'])
    ok(facts.includes(part), part);
  ok(/dpxdt approve \S+ much/.test(facts), facts);
}));

test('all passed is said big, and the list can be browsed', () => wide(pages.passed, async page => {
  strictEqual(await page.textContent('#hero h2'), 'All 2 tests passed');
  await press(page, 'j');
  ok(!await page.isVisible('#hero'));
  strictEqual(await current(page), 'a');
}));

test('no tests, and an update, have words of their own', async () => {
  await wide(pages.empty, async page => strictEqual(await page.textContent('#hero h2'), 'No tests here yet'));
  await wide(pages.updated, async page => strictEqual(await page.textContent('#hero h2'), '1 reference updated'));
});

test('a picture that was taken away is said to be', () => {
  const copy = path.join(scratch, 'copy');
  fs.cpSync(path.join(scratch, 'passed/.dpxdt/last/gallery'), copy, { recursive: true });
  fs.rmSync(path.join(copy, 'images/1-a-run.png'));
  const check = async page => ok((await page.textContent('.note')).includes('not in the folder'));
  return withPage(at(pathToFileURL(path.join(copy, 'index.html')).href, 'a'), {}, check).catch(error => {
    if (!/ERR_FILE_NOT_FOUND/.test(error.message)) throw error; /* the browser's own complaint */
  });
});

test('on a phone there is one column: the list, then a test, and back', () => phone(pages.mixed, async page => {
  const overflows = () => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  ok(await page.isVisible('nav') && !await page.isVisible('#test'));
  ok(!await overflows());
  ok(await page.$eval('#chips', chips => chips.scrollWidth <= chips.clientWidth), 'the chips have a scrollbar');
  await page.click('nav a >> text=much');
  await page.waitForSelector('#test', { state: 'visible' });
  ok(!await page.isVisible('nav') && await page.isVisible('#facts'));
  strictEqual(await view(page), 'swipe');
  ok(!await overflows());
  await page.click('#back');
  await page.waitForSelector('nav', { state: 'visible' });
}));

test('on a phone bands and findings have room', () => phone(at(pages.shifted, 'first', 'aligned'), async page => {
  ok(!await page.evaluate(() => document.documentElement.scrollWidth > innerWidth));
  ok(await page.isVisible('#legend') && await page.isVisible('#facts >> text=40 rows inserted'));
}));

test('axe finds nothing', async () => {
  for (const colorScheme of ['light', 'dark']) {
    await wide(pages.mixed, accessible, { colorScheme });
    await wide(at(pages.mixed, 'much', 'onion'), async page => { await press(page, 'i', ']'); await accessible(page); }, { colorScheme });
    await wide(pages.passed, accessible, { colorScheme });
    await wide(pages.updated, accessible, { colorScheme });
    await wide(pages.mixed, async page => { await press(page, '?'); await accessible(page); }, { colorScheme });
    await wide(at(pages.shifted, 'first'), async page => { await press(page, ']'); await accessible(page); }, { colorScheme });
    await phone(at(pages.shifted, 'second', 'aligned'), accessible, { colorScheme });
    await phone(pages.mixed, accessible, { colorScheme });
    await phone(at(pages.mixed, 'much'), accessible, { colorScheme });
  }
  await wide(pages.empty, accessible);
});

test('1,000 results stay fast', () => wide(pages.many, async page => {
  const times = await page.evaluate(async () => {
    const start = performance.now();
    for (let i = 0; i < 20; i++) document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }));
    const step = (performance.now() - start) / 20;
    const { domInteractive, domContentLoadedEventEnd } = performance.getEntriesByType('navigation')[0];
    return { step, load: domContentLoadedEventEnd, domInteractive };
  });
  console.log(`# loaded in ${Math.round(times.load)} ms, a step takes ${times.step.toFixed(1)} ms`);
  ok(times.load < 3000 && times.step < 100, JSON.stringify(times));
  const loaded = await page.$$eval('nav img', images => images.filter(image => image.complete && image.naturalWidth).length);
  ok(loaded < 200, `${loaded} thumbnails were loaded`);
}));

test('style and script are small', () => {
  const html = fs.readFileSync(new URL(pages.mixed), 'utf8');
  const bytes = /<style>([^]*?)<\/style>/.exec(html)[1].length + /<script>([^]*?)<\/script>/.exec(html.replace(evil, ''))[1].length;
  ok(bytes < 48 * 1024, `${bytes} bytes`);
});

test('`dpxdt report` says when there was no test yet', () => {
  const dir = path.join(scratch, 'never');
  fs.mkdirSync(dir);
  const done = spawnSync(dpxdt, ['report', dir, '--no-open'], { encoding: 'utf8' });
  strictEqual(done.status, 2);
  ok(/no test has run in .*never yet .*run `dpxdt test/.test(done.stderr), done.stderr);
});

test('`dpxdt report -o` writes elsewhere, and not over a stranger\'s files', () => {
  const out = path.join(scratch, 'elsewhere');
  strictEqual(execFileSync(dpxdt, ['report', path.join(scratch, 'passed'), '-o', out, '--no-open'], { encoding: 'utf8' }), `${out}/index.html\n`);
  ok(fs.existsSync(path.join(out, 'images/1-a-run.png')));
  strictEqual(spawnSync(dpxdt, ['report', path.join(scratch, 'passed'), '-o', scratch, '--no-open']).status, 2);
});

console.log(`1..${tests.length}`);
for (const [i, [name, run]] of tests.entries()) {
  try {
    await run();
    console.log(`ok ${i + 1} - ${name}`);
  } catch (error) {
    console.log(String(error.stack).replace(/^/gm, '# '));
    console.log(`not ok ${i + 1} - ${name}`);
  }
}
await browser.close();
fs.rmSync(scratch, { recursive: true });
