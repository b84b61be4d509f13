/* Our yiq and our antialiasing against those of pixelmatch: node pixelmatch.mjs PATH-OF-METRIC_TOOL PATH-OF-DPXDT [SEED].
   Prints TAP. Needs the packages of package.json. All counts must be equal: of random pictures, those of src/diff/metric.h
   and antialias.h and those that `dpxdt diff` prints; of tests/data/diff, the latter. */
import { execFileSync, spawnSync } from 'node:child_process';
import { deepStrictEqual, ok } from 'node:assert';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const [tool, dpxdt] = process.argv.slice(2, 4).map(program => path.resolve(program));
const seed = Number(process.argv[4] ?? Date.now() % 1e6);
const data = fileURLToPath(new URL('../data/diff', import.meta.url));

async function load(name) {
  try {
    return await import(name);
  } catch {
    console.log(`1..0 # SKIP ${name} is not installed: run "npm ci" in tests/web`);
    process.exit(0);
  }
}
const { default: pixelmatch } = await load('pixelmatch');
const { PNG } = await load('pngjs');
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'dpxdt-pixelmatch-'));
const thresholds = [0.05, 0.1, 0.2];

/* ---- Pictures ---- */

/* Mulberry32: the same seed, the same pictures. */
let state = seed;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const below = n => Math.floor(random() * n);
const color = () => [below(256), below(256), below(256), 255];
const mix = (a, b, part) => a.map((value, i) => Math.round(value + (b[i] - value) * part));

/* pixel(x, y) -> [red, green, blue, alpha] */
function picture({ width, height }, pixel) {
  const data = Buffer.alloc(width * height * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) data.set(pixel(x, y), (y * width + x) * 4);
  return { width, height, data };
}

const size = () => [{ width: 1, height: 1 }, { width: 1, height: 40 }, { width: 70, height: 1 }, { width: 2, height: 2 }]
  .at(below(8)) ?? { width: 1 + below(300), height: 1 + below(200) };

/* A tenth equal, most near to each other. */
function noise(alpha) {
  const both = size();
  const reference = picture(both, () => [below(256), below(256), below(256), alpha()]);
  const run = picture(both, (x, y) => {
    const pixel = [...reference.data.subarray((y * both.width + x) * 4).subarray(0, 4)];
    const reach = [0, 8, 32, 64, 255][below(5)];
    const near = pixel.map(value => Math.min(255, Math.max(0, value + below(2 * reach + 1) - reach)));
    return [near[0], near[1], near[2], random() < 0.5 ? pixel[3] : alpha()];
  });
  return [reference, run];
}

/* A slope of color, of which the run's is a little another one. */
function gradients(alphas) {
  const both = size();
  const colors = [color(), color()].map((one, i) => [one[0], one[1], one[2], alphas[i]]);
  const slope = (from, to) => picture(both, (x, y) => mix(from, to, (x + y) / (both.width + both.height)));
  return [slope(...colors), slope(mix(colors[0], color(), 0.1 + 0.2 * random()), colors[1])];
}

/* What text is made of: strokes with soft edges, which the run has somewhere else by a part of a pixel. */
function strokes(ground, inks) {
  const both = size();
  const lines = Array.from({ length: 1 + below(25) }, () => {
    const x = random() * both.width, y = random() * both.height, angle = random() * 7, length = 3 + random() * 40;
    return { x, y, dx: Math.cos(angle) * length, dy: Math.sin(angle) * length, thick: 0.5 + random() * 3, ink: inks[below(inks.length)] };
  });
  const cover = (line, x, y) => {
    const along = ((x - line.x) * line.dx + (y - line.y) * line.dy) / (line.dx ** 2 + line.dy ** 2);
    const t = Math.min(1, Math.max(0, along));
    return Math.min(1, Math.max(0, line.thick + 0.5 - Math.hypot(x - line.x - t * line.dx, y - line.y - t * line.dy)));
  };
  const drawn = (shift, among) => picture(both, (x, y) =>
    among.reduce((pixel, line) => mix(pixel, line.ink, cover(line, x - shift, y)), ground));
  return [drawn(0, lines), drawn([0, 0.3, 0.5, 1][below(4)], lines.slice(below(2)))];
}

const kinds = {
  'opaque noise': () => noise(() => 255),
  'noise with alpha': () => noise(() => [0, 255, below(256)][below(3)]),
  'opaque gradients': () => gradients([255, 255]),
  'gradients of alpha': () => gradients([below(256), below(256)]),
  'strokes like those of text': () => strokes(color(), [color(), color(), [0, 0, 0, 255]]),
  'strokes on a clear ground': () => strokes([0, 0, 0, 0], [color(), [0, 0, 0, 255], [255, 255, 255, 128]]),
};

/* ---- The tests ---- */

let files = 0;
function write(image, alpha) {
  const file = path.join(scratch, `${files++}.png`);
  fs.writeFileSync(file, PNG.sync.write(image, { colorType: alpha ? 6 : 2, deflateLevel: 1 }));
  return file;
}

const isOpaque = image => image.data.every((value, i) => i % 4 < 3 || value === 255);

/* Half of the opaque ones as RGB, which is another path. */
const written = pairs => pairs.map((pair, i) => pair.map(image => write(image, i % 2 || !pair.every(isOpaque))));

function countedByTool(files) {
  const printed = execFileSync(tool, ['yiq', thresholds.join(), ...files.flat()], { encoding: 'utf8' });
  return printed.trim().split('\n').map(line => line.split(' ').map(Number));
}

function asked(files, antialiasing) {
  const options = ['--json', '--no-align', '--metric', 'yiq', '--threshold', thresholds.join(), '--antialiasing', antialiasing];
  const result = spawnSync(dpxdt, ['diff', '--pairs', '-', ...options],
    { input: files.map(pair => pair.join('\t') + '\n').join(''), encoding: 'utf8', maxBuffer: 2 ** 30 });
  ok(result.status === 0 || result.status === 1, result.stderr);
  return result.stdout.trim().split('\n').map(line => JSON.parse(line).counts);
}

function countedByProgram(files) {
  const all = asked(files, 'count'), solid = asked(files, 'ignore');
  return all.map((counts, i) => [...counts, ...solid[i]]);
}

function theirs([reference, run]) {
  const count = includeAA => thresholds.map(threshold =>
    pixelmatch(reference.data, run.data, null, run.width, run.height, { threshold, includeAA }));
  return [...count(true), ...count(false)];
}

function checkRandom(name, make) {
  const pairs = Array.from({ length: 36 }, make);
  const expected = pairs.map(theirs);
  const files = written(pairs);
  deepStrictEqual(countedByTool(files), expected);
  deepStrictEqual(countedByProgram(files), expected);
  ok(expected.some(counts => counts[0] > 0), 'no pair differs');
  if (name.startsWith('strokes')) ok(expected.some(counts => counts[1] > counts[4]), 'nothing is antialiased');
}

function checkPages() {
  const names = fs.readdirSync(data).filter(name => name.endsWith('.png')).map(name => path.join(data, name));
  const files = names.flatMap((reference, i) => names.slice(i + 1).map(run => [reference, run]));
  const images = new Map(names.map(name => [name, PNG.sync.read(fs.readFileSync(name))]));
  ok(files.length >= 10);
  deepStrictEqual(countedByProgram(files), files.map(pair => theirs(pair.map(name => images.get(name)))));
}

const tests = Object.entries(kinds).map(([name, make]) => [name, () => checkRandom(name, make)]);
tests.push(['the pages of tests/data', checkPages]);

console.log(`1..${tests.length}\n# seed ${seed}`);
for (const [i, [name, check]] of tests.entries()) {
  try {
    check();
    console.log(`ok ${i + 1} - ${name} are counted as by pixelmatch`);
  } catch (error) {
    console.log(String(error.stack).replace(/^/gm, '# '));
    console.log(`not ok ${i + 1} - ${name} are counted as by pixelmatch`);
  }
}
fs.rmSync(scratch, { recursive: true });
