/* How long a reviewer waits for the next picture: node site_keys.mjs PATH-OF-DPXDT. For bench_site; prints JSON.
 *
 * Releases of 100 runs of 1280x1024 that differ, in 12 groups. The time is that from the key's event (its timeStamp) to the first
 * animation frame in which all pictures on the stage of another run are in the document and decoded. It is taken in the page. */
import { Server, end, pathOf, picture, withPage } from '../web/serving.mjs';

const GROUPS = 12, RUNS = 100, BULK = 4, LOOK_MS = 300;
const names = Array.from({ length: RUNS }, (_, i) => `/page/${String(i).padStart(3, '0')}.html`);
const colorOf = (group, version) => [(group * 97 + version * 13) % 256, (group * 57 + version * 40) % 256, (group * 31 + 90) % 256];
const pictures = version => Object.fromEntries(names.map((name, i) =>
  [name, picture({ width: 1280, height: 1024, seed: i, box: { color: colorOf(i % GROUPS, version), width: 100 + 10 * (i % GROUPS) } })]));

function measure() {
  window.waits = [];
  const nameOf = () => document.getElementById('name')?.textContent;
  const pictured = () => [...document.querySelectorAll('#stage .canvas img')];
  document.addEventListener('keydown', event => {
    const old = nameOf();
    const look = async () => {
      if (nameOf() === old || !pictured().length) return;
      observer.disconnect();
      await Promise.all(pictured().map(image => image.decode()));
      requestAnimationFrame(() => window.waits.push(performance.now() - event.timeStamp));
    };
    const observer = new MutationObserver(look);
    observer.observe(document, { childList: true, subtree: true });
  }, true);
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
function summary(waits) {
  const sorted = [...waits].sort((a, b) => a - b);
  return { ms: quantile(sorted, .5), p95_ms: quantile(sorted, .95), n: sorted.length };
}

const server = await Server.start('keys', ['--ignore-auth']);
server.command('build', 'create', '--name', 'Shop');
await server.worker('--capture-threads', 0);
const before = pictures(0), releases = [];
for (let version = 1; version <= 1 + BULK; version++) releases.push(await server.release(1, `cut ${version}`, pictures(version), before));

async function start(page, path) {
  await page.addInitScript(measure);
  await page.goto(`${server.url}/login?next=${encodeURIComponent(path)}`);
}

/* Presses a key, n times, and looks at each picture for a while. -> waits */
async function press(page, key, n, look_ms) {
  const before = await page.evaluate(() => window.waits.length);
  for (let i = 1; i <= n; i++) {
    await page.waitForTimeout(look_ms);
    await page.keyboard.press(key);
    await page.waitForFunction(wanted => window.waits.length >= wanted, before + i);
  }
  return (await page.evaluate(() => window.waits)).slice(before);
}

const results = {};
for (const [what, key, look_ms] of [['J, to the next picture', 'j', LOOK_MS], ['J, without looking', 'j', 0], ['Y, to the next picture', 'y', LOOK_MS]])
  await withPage({}, async page => {
    await start(page, pathOf('release', releases[0]));
    await page.keyboard.press('o');
    await page.waitForSelector('#stage .canvas img');
    results[what] = summary(await press(page, key, RUNS - 1, look_ms));
  });

/* From the release's page to a good release, as a person does it. */
const waits = [];
for (const release of releases.slice(1))
  await withPage({}, async page => {
    const requests = [];
    let keys = 0;
    page.on('request', request => requests.push(request));
    await start(page, pathOf('release', release));
    const press_one = key => { keys++; return page.keyboard.press(key); };
    await press_one('o');
    await page.waitForSelector('#stage .canvas img');
    keys += GROUPS;
    waits.push(...await press(page, 'Shift+Y', GROUPS - 1, LOOK_MS));
    await page.keyboard.press('Shift+Y');
    await page.waitForFunction(() => document.getElementById('main').dataset.status === 'diff_approved');
    await press_one('g');
    await press_one('y');
    await page.waitForSelector('.title .state.passed');
    const kinds = requests.map(request => (/\/api\/download/.test(request.url()) ? 'pictures' : request.method() === 'POST' ? 'decisions' : 'others'));
    results['100 differences in 12 groups'] = { keys, requests: kinds.length };
    for (const kind of ['pictures', 'decisions']) results[`100 differences in 12 groups: ${kind}`] = { requests: kinds.filter(one => one === kind).length };
  });
results['Shift+Y, to the next picture'] = summary(waits);
await end();
console.log(JSON.stringify(results));
