/* The review site in a real browser: node review.mjs PATH-OF-DPXDT [PART-OF-A-NAME]. Prints TAP. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import fs from 'node:fs';
import { Server, freePort, load, loginService, pathOf, picture, runTests, serve, start, dpxdt, test, withPage } from './serving.mjs';

const axe = load('axe-core');

/* ---- What is looked at ---- */

const server = await Server.start('open', ['--ignore-auth']);
server.command('build', 'create', '--name', 'Shop');
await server.worker('--capture-threads', 0);

const GROUPS = 12;
const colors = Array.from({ length: 2 * GROUPS }, (_, i) => [(i * 97) % 256, (i * 57 + 40) % 256, (i * 31 + 90) % 256]);
const names = Array.from({ length: 100 }, (_, i) => `/page/${String(i).padStart(3, '0')}.html`);
const boxOf = (i, version) => ({ color: colors[i % GROUPS + version * GROUPS], width: 100 + 10 * (i % GROUPS) });
const pictures = (version, seed) => Object.fromEntries(names.map((name, i) => [name, picture({ seed: seed + i, box: boxOf(i, version) })]));
const hundred = (name, seed = 0) => server.release(1, name, pictures(1, seed), pictures(0, seed));

const hostile = '"><svg onload="window.evil=1"><script>window.evil=1</script>\u202e';

/* A release with some of each. Its pictures are like those of no other: what was approved once is approved when it comes again. */
let releases = 0;
async function few(name) {
  const n = ++releases, one = seed => ({ seed: 100 * n + seed }), red = { color: [200, n, 30] }, blue = { color: [n, 30, 200] };
  return server.release(1, name, {
    '/changed': picture({ ...one(1), box: red }), '/changed/too': picture({ ...one(2), box: red }),
    '/other': picture({ ...one(3), box: { color: [0, 0, n], width: 300 } }), '/same': picture(one(1)), '/new': picture(one(4)), '/broken': null,
    [hostile]: picture({ ...one(5), box: { color: [9, 99, n], width: 77 } }),
  }, {
    '/changed': picture({ ...one(1), box: blue }), '/changed/too': picture({ ...one(2), box: blue }),
    '/other': picture(one(3)), '/same': picture(one(1)), [hostile]: picture(one(5)),
  }, { '/broken': { run_failed: 'yes' }, [hostile]: { url: 'javascript:window.evil=1', config: await server.upload(1, 'c.txt', Buffer.from('{"a": 1}')) } });
}

const inFlight = new WeakMap(); /* page -> requests */
function count(page) {
  const add = n => request => { if (!request.url().includes('/events')) inFlight.set(page, inFlight.get(page) + n); };
  inFlight.set(page, 0);
  page.on('request', add(1)).on('requestfinished', add(-1)).on('requestfailed', add(-1));
}

/* Logs in where nobody is. */
async function visit(page, path) {
  if (!inFlight.has(page)) count(page);
  const cookies = await page.context().cookies(server.url);
  const answer = await page.goto(server.url + (cookies.length ? path : `/login?next=${encodeURIComponent(path)}`));
  ok(answer.status() !== 429 && answer.status() < 500, `${path}: ${answer.status()}`);
}
const on = (path, work, options = {}) => withPage(options, async (page, context) => { await visit(page, path); await work(page, context); });
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const shown = page => page.waitForSelector('#stage .canvas');
const nameOf = page => page.textContent('#name');
const becomes = (page, name) => page.waitForFunction(wanted => document.getElementById('name').textContent === wanted, name);
const states = async release => Object.fromEntries((await server.post('list_runs', release)).runs.map(run => [run.run_name, run.status]));
const moment = page => page.evaluate(() => new Promise(done => setTimeout(done, 50)));
/* Until what was asked for has come, but for the events, which have no end. */
const settled = async page => {
  for (let quiet = 0; quiet < 2; quiet = inFlight.get(page) ? 0 : quiet + 1) await moment(page);
};

/* ---- A hundred differences ---- */

test('100 differences in 12 groups take 15 keystrokes at most', async () => {
  const release = await hundred('hundred');
  await on(pathOf('release', release), async page => {
    let keys = 0;
    const press = async key => { keys++; await page.keyboard.press(key); };
    await press('o');
    await shown(page);
    for (let group = 0; group < GROUPS; group++) {
      const name = await nameOf(page);
      await press('Shift+Y');
      await page.waitForFunction(old => document.getElementById('name').textContent !== old ||
        document.getElementById('main').dataset.status === 'diff_approved', name);
    }
    await press('g');
    await press('y');
    await page.waitForURL(/\/release\?/);
    strictEqual((await page.textContent('.title .state')).trim(), 'good');
    ok(keys <= 15, `${keys} keystrokes`);
    console.log(`# ${keys} keystrokes`);
  });
  deepStrictEqual([...new Set(Object.values(await states(release)))], ['diff_approved']);
});

test('who presses faster than pages come is heard all the same', async () => {
  const release = await hundred('fast', 500);
  await on(pathOf('release', release), async page => {
    await page.keyboard.press('o');
    await shown(page);
    for (let group = 0; group < GROUPS; group++) await page.keyboard.press('Shift+Y');
    await page.keyboard.press('g');
    await page.keyboard.press('y');
    await page.waitForURL(/\/release\?/);
    strictEqual((await page.textContent('.title .state')).trim(), 'good');
  });
  deepStrictEqual([...new Set(Object.values(await states(release)))], ['diff_approved']);
});

/* ---- Decisions ---- */

const first = '/other';

test('Y approves and goes on, Z takes it back, N takes back what was approved', async () => {
  const release = await few('keys');
  await on(pathOf('run', release, { test: '/changed' }), async page => {
    await shown(page);
    await page.keyboard.press('y');
    await becomes(page, '/changed/too');
    await settled(page);
    strictEqual((await states(release))['/changed'], 'diff_approved');
    await page.keyboard.press('z');
    await becomes(page, '/changed');
    await page.waitForFunction(() => document.getElementById('main').dataset.status === 'diff_found');
    strictEqual((await states(release))['/changed'], 'diff_found');
    await page.keyboard.press('Shift+Y');
    await page.waitForFunction(() => !document.getElementById('name').textContent.startsWith('/changed'));
    await settled(page);
    strictEqual((await states(release))['/changed/too'], 'diff_approved');
    await visit(page, pathOf('run', release, { test: '/changed' }));
    await shown(page);
    await page.keyboard.press('n');
    await settled(page);
    strictEqual((await states(release))['/changed'], 'diff_found');
    strictEqual((await states(release))['/changed/too'], 'diff_approved');
  });
});

test('a decision that cannot be sent comes back visibly', async () => {
  const release = await few('lost');
  await on(pathOf('run', release, { test: '/changed' }), async page => {
    await shown(page);
    await page.route('**/run', route => (route.request().method() === 'POST' ? route.abort() : route.continue()));
    await page.keyboard.press('y');
    await page.waitForSelector('#toast.failed', { state: 'visible' });
    ok((await page.textContent('#toast')).startsWith('Not sent:'));
    strictEqual((await states(release))['/changed'], 'diff_found');
    strictEqual(await page.$eval('#list a.different bdi', bdi => bdi.textContent), first);
  }, { complains: true });
});

test('what came while one looked is not approved with its group', async () => {
  const release = await few('late');
  await on(pathOf('run', release, { test: '/changed' }), async page => {
    await shown(page);
    const image = await server.upload(1, 'a.png', picture({ seed: 9, box: { color: [200, releases, 30] } }));
    const ref_image = await server.upload(1, 'a.png', picture({ seed: 9, box: { color: [releases, 30, 200] } }));
    await server.post('report_run', { ...release, run_name: '/changed/late', image, ref_image });
    for (let tries = 100; (await states(release))['/changed/late'] !== 'diff_found' && tries; tries--) await page.waitForTimeout(100);
    await page.keyboard.press('Shift+Y');
    await settled(page);
    const after = await states(release);
    deepStrictEqual([after['/changed'], after['/changed/too'], after['/changed/late']], ['diff_approved', 'diff_approved', 'diff_found']);
  });
});

test('a picture that another one took the place of is not approved', async () => {
  const release = await few('replaced');
  await on(pathOf('run', release, { test: '/other' }), async page => {
    await shown(page);
    const image = await server.upload(1, 'a.png', picture({ seed: 3, box: { color: [1, 2, 3], width: 250 } }));
    await server.post('report_run', { ...release, run_name: '/other', image });
    for (let tries = 100; (await states(release))['/other'] !== 'diff_found' && tries; tries--) await page.waitForTimeout(100);
    await page.keyboard.press('y');
    await page.waitForSelector('#toast.failed', { state: 'visible' });
    ok((await page.textContent('#toast')).includes('other pictures'));
    strictEqual((await states(release))['/other'], 'diff_found');
  }, { complains: true });
});

test('single keys can be switched off', async () => {
  const release = await few('off');
  await on(pathOf('run', release, { test: '/changed' }), async page => {
    await shown(page);
    await page.keyboard.press('?');
    await page.uncheck('#keys-on');
    await page.keyboard.press('Escape');
    await page.keyboard.press('y');
    await settled(page);
    strictEqual((await states(release))['/changed'], 'diff_found');
    await page.click('text=Approve');
    await becomes(page, '/changed/too');
  });
});

test('the group is seen small, and the views change by keys', async () => {
  const release = await few('views');
  await on(pathOf('run', release, { test: '/changed' }), async page => {
    await shown(page);
    await page.keyboard.press('v');
    strictEqual(await page.locator('#sheet li').count(), 2);
    ok(await page.isVisible('#sheet'));
    await page.keyboard.press('v');
    for (const [key, view] of [['1', 'before'], ['3', 'after'], ['2', 'diff'], ['w', 'swipe'], ['s', 'onion'], ['d', 'overlay'], [' ', 'blink']]) {
      await page.keyboard.press(key);
      strictEqual(await page.getAttribute('#stage', 'data-view'), view);
    }
    await page.keyboard.press(']');
    strictEqual(await page.textContent('#area-text'), '1 of 1');
    await page.keyboard.press('u');
    await page.waitForURL(/\/release\?/);
  });
});

for (const [how, options] of [['by the mouse', {}], ['by touch', phone]])
  test(`${how} one approves, undoes, and says that the release is good, which asks`, async () => {
    const release = await few(how);
    await on(pathOf('run', release, { test: '/changed' }), async page => {
      const press = async words => page.locator('.decisions button', { hasText: words })[options.hasTouch ? 'tap' : 'click']();
      await shown(page);
      deepStrictEqual(await page.$$eval('.decisions .button', list => list.map(one => one.textContent)),
        ['Approve Y', 'Approve all 2 Shift Y', 'Undo Z', 'Good G Y']);
      await press(/^Undo/);
      strictEqual(await page.textContent('#toast'), 'Nothing to undo.');
      await press(/^Approve Y/);
      await becomes(page, '/changed/too');
      await press(/^Undo/);
      await becomes(page, '/changed');
      strictEqual((await states(release))['/changed'], 'diff_found');
      await press(/^Approve all/);
      await page.waitForFunction(() => !document.getElementById('name').textContent.startsWith('/changed'));
      await press(/^Good/);
      await page.waitForSelector('.ask');
      strictEqual((await states(release))['/changed/too'], 'diff_approved');
      ok((await page.textContent('.ask')).includes('2 differences are not approved'));
      await page.click('.ask .primary');
      await page.waitForFunction(() => document.querySelector('.title .state')?.textContent.trim() === 'good');
      await visit(page, pathOf('run', release, { test: '/changed' }));
      await shown(page);
      deepStrictEqual(await page.$$eval('.decisions .button', list => list.map(one => one.textContent)), ['Take back N', 'Undo Z']);
    }, options);
  });

test('the keys of a release are shown by ? and by the mouse, and can be switched off there', async () => {
  const release = await few('help');
  await on(pathOf('release', release), async page => {
    const at = () => page.evaluate(() => document.activeElement.closest('.lines a, .group > a')?.textContent.trim().split(/\s+/).at(-1));
    await page.keyboard.press('j');
    strictEqual(await at(), '/broken');
    await page.keyboard.press('?');
    ok((await page.textContent('#help')).includes('The release is good'));
    ok(await page.isVisible('#help'));
    await page.keyboard.press('j');
    await page.keyboard.press('Escape');
    strictEqual(await at(), '/broken');
    await page.click('.title [data-key="?"]');
    await page.uncheck('#keys-on');
    await page.click('#help [aria-label=Close]');
    ok(!await page.isVisible('#help'));
    for (const key of ['o', '?', 'g', 'y']) await page.keyboard.press(key);
    await moment(page);
    ok(page.url().includes('/release?') && !await page.isVisible('#help') && !await page.isVisible('.ask'));
  });
});

/* ---- Live ---- */

async function growsWhile(prepare) {
  const { release_number } = await server.post('create_release', { build_id: 1, release_name: 'live' });
  const release = { build_id: 1, release_name: 'live', release_number };
  await withPage({ complains: true }, async page => {
    await prepare(page);
    await visit(page, pathOf('release', release));
    await server.post('report_run', { ...release, run_name: '/a', image: await server.upload(1, 'a.png', picture({})) });
    await page.waitForFunction(() => document.querySelector('[data-count=missing] b').textContent === '1', null, { timeout: 20000 });
    await server.post('runs_done', release);
    await page.waitForFunction(() => document.querySelector('.title .state').textContent.trim() === 'reviewing', null, { timeout: 20000 });
  });
}

test('counts and states move while one looks', () => growsWhile(() => {}));
test('also where events do not come', () => growsWhile(page => page.route('**/events*', route =>
  (route.request().resourceType() === 'eventsource' ? route.fulfill({ status: 502 }) : route.continue()))));

test('also where a proxy holds events back', () => growsWhile(page => page.route('**/events*', route =>
  (route.request().resourceType() === 'eventsource' ? new Promise(() => {}) : route.continue()))));

test('a question that nobody answers makes no release good, be it that the last page comes meanwhile', async () => {
  const { release_number } = await server.post('create_release', { build_id: 1, release_name: 'asked' });
  const release = { build_id: 1, release_name: 'asked', release_number };
  const report = async (name, shade) => {
    const image = await server.upload(1, 'a.png', picture({ seed: shade }));
    return server.post('report_run', { ...release, run_name: name, image, ref_image: image });
  };
  await report('/a', 1);
  await server.post('report_run', { ...release, run_name: '/late', config: await server.upload(1, 'c.txt', Buffer.from('{}')) });
  await server.post('runs_done', release);
  await on(pathOf('release', release), async page => {
    await page.click('#good');
    await page.waitForSelector('.ask');
    await report('/late', 2);
    await page.waitForFunction(() => !document.querySelector('.ask'));
    await moment(page);
    strictEqual((await server.post('release_status', release)).status, 'reviewing');
  });
});

test('whatever Caps Lock says, only Shift approves a group', async () => {
  const release = await few('caps');
  await on(pathOf('run', release, { test: '/changed' }), async page => {
    await shown(page);
    const press = (key, shiftKey) => page.evaluate(init => document.body.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, ...init })), { key, shiftKey });
    await page.evaluate(() => document.body.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, key: 'y', repeat: true })));
    await moment(page);
    strictEqual(await nameOf(page), '/changed');
    await press('Y', false);
    await becomes(page, '/changed/too');
    strictEqual((await states(release))['/changed/too'], 'diff_found');
    await press('y', true);
    await page.waitForFunction(() => !document.getElementById('name').textContent.startsWith('/changed'));
    await settled(page);
    strictEqual((await states(release))['/changed/too'], 'diff_approved');
  });
});

test('from a page that is new, G and Y ask, too, be Y with Shift', async () => {
  const release = await few('new');
  for (const [test, y] of [['/new', 'y'], ['/changed', 'Shift+Y']])
    await on(pathOf('run', release, { test }), async page => {
      await shown(page);
      await page.keyboard.press('g');
      await page.keyboard.press(y);
      await page.waitForSelector('.ask');
    });
  strictEqual((await states(release))['/changed/too'], 'diff_found');
});

test('what was decided can be undone after one was elsewhere, but not what somebody else had decided', async () => {
  const release = await few('elsewhere');
  await on(pathOf('run', release, { test: '/changed' }), async page => {
    await shown(page);
    await page.keyboard.press('y');
    await becomes(page, '/changed/too');
    await settled(page);
    await visit(page, pathOf('release', release));
    await visit(page, pathOf('run', release, { test: '/other' }));
    await shown(page);
    await server.post('decide_run', { ...release, run_name: '/other', decision: 'approve' });
    await page.keyboard.press('y');
    await settled(page);
    await page.keyboard.press('z');
    await becomes(page, '/changed');
    const now = await states(release);
    deepStrictEqual([now['/changed'], now['/other']], ['diff_found', 'diff_approved']);
  });
});

test('a decision that did not go comes back, and one that was not undone can be undone still', async () => {
  const release = await few('offline');
  await on(pathOf('run', release, { test: '/changed' }), async (page, context) => {
    await shown(page);
    await page.keyboard.press('y');
    await becomes(page, '/changed/too');
    await settled(page);
    await page.route('**/run', route => (route.request().method() === 'POST' ? route.abort() : route.continue()));
    await page.keyboard.press('z');
    await page.waitForFunction(() => document.getElementById('toast').textContent.startsWith('Not sent'));
    strictEqual((await states(release))['/changed'], 'diff_approved');
    await page.unroute('**/run');
    await page.keyboard.press('z');
    await page.waitForFunction(() => document.getElementById('toast').textContent === 'Undone.');
    await settled(page);
    strictEqual((await states(release))['/changed'], 'diff_found');
    await context.clearCookies();
    await page.keyboard.press('y');
    await page.waitForSelector('#toast a[href^="/login?next="]');
  }, { complains: true });
});

test('a group with more pages than are shown says so, and shows the others', async () => {
  const after = {}, before = {}, box = { color: [77, 7, 7] };
  for (let i = 100; i < 205; i++) {
    after[`/many/${i}`] = picture({ seed: 5000 + i, box });
    before[`/many/${i}`] = picture({ seed: 5000 + i, box: { color: [7, 77, 7] } });
  }
  const release = await server.release(1, 'many', after, before);
  await on(pathOf('run', release, { test: '/many/204' }), async page => {
    await shown(page);
    ok((await page.textContent('#list [aria-current=true]')).includes('/many/204'));
    await page.keyboard.press('v');
    ok((await page.textContent('#sheet p')).replace(/\s+/g, ' ').includes('on 105 pages , of which these are 1'));
    await page.click('#sheet >> text=The first ones');
    await page.waitForFunction(() => document.querySelectorAll('#sheet li').length === 100);
    await page.click('#sheet >> text=The next ones');
    await page.waitForFunction(() => document.querySelectorAll('#sheet li').length === 5);
    ok(await page.isVisible('#sheet') && !await page.isVisible('#test'));
  });
});

test('pictures and logs have the keys of old', async () => {
  const release = await few('old');
  await on(pathOf('image', release, { test: '/changed', type: 'before' }), async page => {
    const type = () => new URL(page.url()).searchParams.get('type');
    for (const [key, becomes] of [['3', 'after'], ['2', 'diff'], ['1', 'before'], ['f', 'diff'], ['f', 'after']]) {
      await page.keyboard.press(key);
      await page.waitForURL(`**type=${becomes}`);
    }
    await page.keyboard.press('j');
    await page.waitForURL('**test=%2Fchanged%2Ftoo*');
    await page.keyboard.press('K');
    await page.waitForURL('**test=%2Fchanged&*');
    await page.keyboard.press('?');
    ok(await page.isVisible('#help'));
    await page.keyboard.press('Escape');
    await page.keyboard.press('Y');
    await page.waitForURL('**/run?*');
    strictEqual((await states(release))['/changed'], 'diff_approved');
    await page.goto(server.url + pathOf('image', release, { test: '/changed', type: 'after' }));
    await page.keyboard.press('u');
    await page.waitForURL('**/run?*test=%2Fchanged');
  });
});

/* ---- The whole life ---- */

async function live(page, context, javaScript) {
  const port = await freePort(), url = `http://127.0.0.1:${port}`;
  const service = await loginService(`${url}/oauth2callback`, { alice: { email: 'alice@example.org', email_verified: true, name: 'Alice' } });
  const site = await serve({ '/a': '<body style="background: white"><h1>Before</h1>', '/b': '<body style="background: white"><h1>After</h1>' });
  const own = await Server.start(`life-${port}`, [], service.env, port);
  await own.worker();
  await page.goto(`${url}/new`);
  await page.fill('[name=login]', 'alice');
  await page.click('button:not([name=cancel])');
  await page.waitForURL(`${url}/new`);
  await page.fill('#name', 'Alice’s shop');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/build\?id=\d+/);
  const build = new URL(page.url()).searchParams.get('id');
  await page.click('text=API keys');
  await page.fill('#purpose', 'CI');
  await page.click('text=Make a key');
  const [, id, secret] = /CLIENT_ID=(\S+)\s+export DPXDT_CLIENT_SECRET=(\S+)/.exec(await page.textContent('.done pre'));
  const ended = await start(dpxdt, ['pair-diff', '--upload-build-id', build, '--upload-release-name', 'one', '--wait', `${site}/a`, `${site}/b`],
    { pattern: /the release is (\w+)/, stream: 'stdout', env: { DPXDT_SERVER_PREFIX: `${url}/api`, DPXDT_CLIENT_ID: id, DPXDT_CLIENT_SECRET: secret } });
  strictEqual(ended[1], 'reviewing');
  await page.goto(`${url}/build?id=${build}`);
  await page.click('td a');
  await page.waitForURL(/\/release\?/); /* loaded: keys are heard from there on */
  if (javaScript) {
    await page.keyboard.press('o');
    await shown(page);
    await page.keyboard.press('y');
    await page.waitForFunction(() => document.getElementById('main').dataset.status === 'diff_approved');
    await page.keyboard.press('g');
    await page.keyboard.press('y');
    await page.waitForURL(/\/release\?/);
  } else {
    await page.click('#start');
    ok(await page.isVisible('img.plain') && !await page.isVisible('[data-key=z]') && !await page.isVisible('kbd'));
    await page.click('text=Approve');
    await page.waitForURL(/\/release\?/);
    await page.click('#good');
  }
  strictEqual((await page.textContent('.title .state')).trim(), 'good');
  await page.goto(`${url}/activity?build_id=${build}`);
  const rows = await page.$$eval('tbody tr', list => list.map(row => [...row.cells].slice(1).map(cell => cell.textContent.trim().replace(/\s+/g, ' '))));
  const told = rows.map(([who, what, from]) => `${who.replace(/ (\S{8})?\.{3}\)/, ')')}: ${what.split(' ').slice(0, 2).join(' ')} from ${from}`);
  deepStrictEqual(told, ['alice@example.org: decided that from 127.0.0.1', 'alice@example.org: approved one from 127.0.0.1',
    'CI (key): began the from 127.0.0.1', 'alice@example.org: made a from 127.0.0.1', 'alice@example.org: made the from 127.0.0.1']);
}

test('from login to a good release by keyboard', () => withPage({ complains: true }, (page, context) => live(page, context, true)));
test('the same without JavaScript', () => withPage({ javaScriptEnabled: false, complains: true }, (page, context) => live(page, context, false)));

/* ---- Strangers' text and files ---- */

test('what strangers name and upload runs nowhere, and leads nowhere', async () => {
  const release = await few('evil');
  const files = { 'a.svg': '<svg xmlns="http://www.w3.org/2000/svg" onload="window.evil=1"><script>window.evil=1</script></svg>',
    'a.html': '<script>window.evil=1</script><img src=http://192.0.2.1/x>', 'a.png': '<script>window.evil=1</script>',
    'b.gif': 'GIF89a/*<script>window.evil=1</script>*/=1;', 'c.png': '\x89PNG\r\n\x1a\n<script>window.evil=1</script>' };
  await on('/', async (page, context) => {
    const outside = [];
    page.on('request', request => { if (!request.url().startsWith(server.url) && !request.url().startsWith('data:')) outside.push(request.url()); });
    for (const path of ['/', '/build?id=1', pathOf('release', release), pathOf('run', release, { test: hostile }),
      pathOf('release', release, { show: 'different' }), pathOf('image', release, { test: hostile, type: 'after' }), '/activity?build_id=1']) {
      await visit(page, path);
      strictEqual(await page.evaluate(() => window.evil), undefined, path);
      strictEqual(await page.$$eval('a[href^="javascript"], [onload]', list => list.length), 0, path);
    }
    for (const [name, content] of Object.entries(files)) {
      const sha1 = await server.upload(1, name, Buffer.from(content, 'latin1'));
      const opened = await context.newPage();
      await opened.goto(`${server.url}/api/download?build_id=1&sha1sum=${sha1}`).catch(() => {}); /* what is a download opens nothing */
      strictEqual(await opened.evaluate(() => window.evil), undefined, name);
      await opened.close();
    }
    deepStrictEqual(outside, []);
  }, { complains: true });
});

/* ---- For all ---- */

const sites = async () => {
  const release = await few('pages'), asks = pathOf('release', await few('asks')), keys = pathOf('release', await few('keys of it'));
  await server.post('create_release', { build_id: 1, release_name: 'a very long name of a release '.repeat(8).trim() });
  const paths = ['/', '/new', '/whoami', '/invitation?token=x', '/build?id=1', '/build?id=99', '/settings?build_id=1', '/api_keys?build_id=1', '/admins?build_id=1',
    '/activity?build_id=1', '/api/work_queue', '/api/work_queue/run-pdiff', pathOf('release', release), pathOf('release', release, { show: 'different' }),
    pathOf('run', release, { test: '/changed' }), pathOf('run', release, { test: '/broken' }), pathOf('run', release, { test: '/new' }),
    pathOf('run', release, { test: hostile }), pathOf('image', release, { test: '/changed', type: 'diff' }), pathOf('log', release, { test: '/changed', type: 'diff' }), asks, keys,
    pathOf('config', release, { test: hostile, type: 'after' }), `/email/ready_for_review/1/pages/${release.release_number}`];
  return Object.assign(paths, { asks, keys });
};

test('axe finds nothing on any page, light and dark, wide and narrow', async () => {
  const paths = await sites();
  for (const options of [{}, phone])
    for (const colorScheme of ['light', 'dark'])
      await withPage({ ...options, colorScheme, complains: true }, async page => {
        for (const path of paths) {
          await visit(page, path);
          if (path.startsWith('/run')) await settled(page);
          if (path === paths.asks) await page.click('#good'); /* with what is open: asks whether it is meant */
          if (path === paths.keys) await page.click('[data-key="?"]');
          await page.evaluate(axe.source);
          const found = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
          ok(found.violations.length === 0, `${path} ${colorScheme} ${options.isMobile ? 'narrow' : 'wide'}: ` +
            found.violations.map(one => `${one.id} ${one.nodes.map(node => node.html.slice(0, 120) + node.failureSummary).join('; ')}`).join('\n'));
        }
      });
});

test('nothing is wider than a phone', async () => {
  const paths = await sites();
  await withPage({ ...phone, complains: true }, async page => {
    for (const path of paths) {
      await visit(page, path);
      if (path.startsWith('/run')) await settled(page);
      const [wide, most] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      ok(wide <= most, `${path}: ${wide} of ${most}`);
    }
  });
});

test('tabs and tables are whole on a phone, whatever they are about', async () => {
  const long = 'feature/a-name-without-any-blank-as-jobs-make-them-of-branches-that-are-called-like-this', release = await few(long);
  for (const queue of ['capture', 'a-queue-with-a-name-that-is-long'])
    await server.post(`work_queue/${queue}/add`, { task_id: long, payload: '{}' });
  await withPage({ ...phone, complains: true }, async page => {
    for (const path of ['/build?id=1', '/settings?build_id=1', '/api_keys?build_id=1', '/admins?build_id=1', '/activity?build_id=1', '/api/work_queue',
      '/api/work_queue/capture', pathOf('release', release)]) {
      await visit(page, path);
      const cut = await page.$$eval('.tabs, .tabs a, .scrolling, .scrolling td', all => all.filter(one => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline' ||
        one.getBoundingClientRect().right > innerWidth).map(one => one.outerHTML.slice(0, 200)));
      deepStrictEqual(cut, [], path);
      const rows = await page.$$eval('.tabs a', all => new Set(all.map(one => one.getBoundingClientRect().top)).size);
      ok(rows <= 1, `${path}: tabs in ${rows} rows`);
    }
  });
});

test('style and scripts are small', async () => {
  let bytes = 0;
  for (const name of ['stage.css', 'site.css', 'stage.js', 'review.js', 'site.js'])
    bytes += (await (await fetch(`${server.url}/static/${name}`)).arrayBuffer()).byteLength;
  ok(bytes < 40 * 1024, `${bytes} bytes`);
});

await runTests();
