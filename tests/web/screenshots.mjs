/* Pictures of all pages of the review site, for docs/pages.md: node screenshots.mjs PATH-OF-DPXDT FOLDER [PART-OF-A-NAME]. Not a test.
   Captures two versions of a bakery's site in a real server, and looks at what came of it, wide, on a phone, and in the dark. Those of docs/ have
   fewer colors: for f in *.png; do convert $f -strip +dither -colors 128 -define png:compression-level=9 PNG8:$f; done */
import fs from 'node:fs';
import path from 'node:path';
import { Server, end, freePort, loginService, pathOf, serve, withPage } from './serving.mjs';

const folder = process.argv[3], wanted = process.argv[4] ?? '';
if (!folder) {
  console.error('usage: node screenshots.mjs PATH-OF-DPXDT FOLDER [PART-OF-A-NAME]');
  process.exit(2);
}
fs.mkdirSync(folder, { recursive: true });

/* ---- The bakery's site, in two versions ---- */

const css = `*{box-sizing:border-box}body{margin:0;background:#fbf8f3;color:#22303a;font:17px/1.55 "Liberation Sans",sans-serif}
header{display:flex;align-items:center;gap:28px;padding:18px 48px;background:#fff;border-bottom:1px solid #e6dfd3}
header b{font:bold 24px "Liberation Serif",serif;margin-right:auto}header span{color:#5d6b75}
main{max-width:1000px;margin:0 auto;padding:44px 24px 60px}h1{font:bold 42px/1.15 "Liberation Serif",serif;margin:0 0 14px}
p{max-width:38em;color:#45535d}.two{display:grid;grid-template-columns:1fr 380px;gap:52px;align-items:start}
.button{display:inline-block;padding:12px 26px;border-radius:999px;background:var(--button);color:#fff;font-weight:bold}
.price{font-size:26px;color:#22303a}.shelf{display:grid;grid-template-columns:repeat(3,1fr);gap:20px;margin-top:36px}
.shelf div{padding:20px;border:1px solid #e6dfd3;border-radius:12px;background:#fff}.shelf div b{display:block}
.notice{padding:14px;background:#14532d;color:#fff;text-align:center;font-weight:bold}
footer{padding:26px 48px;border-top:1px solid #e6dfd3;color:#5d6b75;font-size:15px}
label{display:block;margin:14px 0 4px;color:#22303a}.field{height:42px;width:380px;border:1px solid #c9bfae;border-radius:8px;background:#fff}`;

const loaf = color => `<svg viewBox="0 0 380 260" width="380"><rect width="380" height="260" rx="18" fill="#f0e6d6"/>
<ellipse cx="190" cy="150" rx="140" ry="70" fill="${color}"/><path d="M100 118l40 52M160 100l44 66M222 98l40 60" stroke="#f6e3bf" stroke-width="12" stroke-linecap="round"/></svg>`;
const text = ['Every loaf rests for a night and a morning, because flour and water need the time more than we do.',
  'We mill the rye on Mondays and bake from four in the morning; what is left at six goes to the night shelter on Canal Street.',
  'Ask at the counter for half a loaf, for yesterday’s bread at half its price, or for the recipe.'];

const page = (title, main, { button = '#b4532a', notice = '' } = {}) => `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>${title}</title><style>:root{--button:${button}}${css}</style>
${notice && `<div class="notice">${notice}</div>`}<header><b>Hearth &amp; Rye</b><span>Bread</span><span>Cakes</span><span>Journal</span>
<span>Visit us</span></header><main>${main}</main><footer>12 Canal Street · open from 7 to 18 · hello@hearth-and-rye.example</footer></html>`;
const words = paragraphs => paragraphs.map(one => `<p>${one}</p>`).join('');
const loaves = { 'country-sourdough': '#a8672f', 'seeded-rye': '#6d4526', 'spelt-and-honey': '#c28a45', 'olive-ciabatta': '#cfa15f',
  'oat-and-potato': '#b98a55', 'walnut-batard': '#7c4f2d' };
const titled = name => name.replaceAll('-', ' ').replace(/^./, first => first.toUpperCase());

/* What is new in the second version: the color of a button on the breads, a line above the journal, a price, a form that is shorter. */
function site(isNew) {
  const pages = {};
  const add = (name, title, main, look) => { pages[name] = page(title, main, look); };
  add('/', 'Hearth & Rye', `<div class="two"><div><h1>Bread that takes its time</h1>${words(text.slice(0, 2))}<p><span class="button">Order for tomorrow</span></p></div>
${loaf('#a8672f')}</div><div class="shelf"><div><b>Country sourdough</b>€ 5.80</div><div><b>Seeded rye</b>€ ${isNew ? '6.90' : '6.40'}</div>
<div><b>Spelt &amp; honey</b>€ 6.20</div></div>`);
  for (const [name, color] of Object.entries(loaves))
    add(`/bread/${name}`, titled(name), `<div class="two">${loaf(color)}<div><h1>${titled(name)}</h1><p class="price">€ 6.20</p>${words(text.slice(0, 1))}
<p><span class="button">Add to basket</span></p></div></div>${words(text)}`, { button: isNew ? '#2a6f5b' : '#b4532a' });
  for (const name of ['how-we-bake-sourdough-with-a-starter-from-1987', 'milling-day', 'a-year-of-rye', 'the-night-shift'])
    add(`/journal/${name}`, titled(name), `<h1>${titled(name)}</h1>${words([...text, ...text].slice(name.length % 3))}`,
      { notice: isNew ? 'Stollen can be ordered from today' : '' });
  add('/order', 'Order', `<h1>Order for tomorrow</h1><label>Name</label><div class="field"></div><label>Telephone</label><div class="field"></div>
${isNew ? '' : '<label>Address</label><div class="field"></div>'}<p><span class="button">Send the order</span></p>${words(text)}`);
  add('/visit', 'Visit us', `<h1>Visit us</h1>${words([`Monday to Friday from 7 to ${isNew ? '19' : '18'}, on Saturdays to 14.`, ...text])}`);
  for (const name of ['cakes', 'about-us', 'delivery', 'allergens', 'imprint', 'privacy'])
    add(`/${name}`, titled(name), `<h1>${titled(name)}</h1>${words(text)}`);
  if (isNew) for (const name of ['gift-cards', 'christmas-orders']) add(`/${name}`, titled(name), `<h1>${titled(name)}</h1>${words(text)}`);
  else add('/wholesale', 'Wholesale', `<h1>Wholesale</h1>${words(text)}`);
  return pages;
}

/* ---- The server ---- */

const accounts = {
  ada: { email: 'ada@hearth-and-rye.example', email_verified: true, name: 'Ada Lindqvist' },
  ben: { email: 'ben@hearth-and-rye.example', email_verified: true, name: 'Ben Okafor' },
  eve: { email: 'eve@hearth-and-rye.example', email_verified: true, name: 'Eve Martin' },
};
const port = await freePort(), superPort = await freePort();
const service = await loginService(`http://127.0.0.1:${port}/oauth2callback`, accounts);
const server = await Server.start('shop', [], service.env, port);
const everybody = await Server.start('shop', ['--ignore-auth'], {}, superPort); /* on the same database: its visitor is a superuser */
const lonely = await Server.start('lonely');
const live = site(false), address = await serve(live);

async function logIn(page, name) {
  await page.goto(`${server.url}/login`);
  await page.fill('[name=login]', name);
  await page.click('button:not([name=cancel])');
  await page.waitForURL(`${server.url}/`);
}

/* The cookies of each, so that one logs in once. */
const cookies = {};
for (const name of ['ada', 'ben', 'eve'])
  await withPage({ complains: true }, async (page, context) => { await logIn(page, name); cookies[name] = await context.cookies(); });

const as = (who, work, options = {}) => withPage({ complains: true, ...options }, async (page, context) => {
  if (cookies[who]) await context.addCookies(cookies[who]);
  await work(page, context);
});

/* ---- Pictures ---- */

const WIDE = {}, PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const still = page => page.evaluate(() => new Promise(done => setTimeout(done, 150))).then(() => page.waitForLoadState('networkidle', { timeout: 1500 }).catch(() => {}));

/* name.png, name-phone.png, and name-dark.png and name-phone-dark.png if dark. */
async function take(name, who, where, { prepare = async () => {}, dark = false, base = server.url, events = false } = {}) {
  if (!name.includes(wanted)) return;
  for (const [suffix, options, colorScheme] of [['', WIDE, 'light'], ['-phone', PHONE, 'light'],
    ...(dark ? [['-dark', WIDE, 'dark'], ['-phone-dark', PHONE, 'dark']] : [])])
    await as(who, async page => {
      if (base === everybody.url) await page.goto(`${base}/login?next=/`);
      await page.goto(base + where);
      if (!events) await still(page);
      await prepare(page, suffix.includes('phone'));
      await page.evaluate(() => new Promise(done => setTimeout(done, 200)));
      await page.screenshot({ path: path.join(folder, `${name}${suffix}.png`) });
    }, { ...options, colorScheme });
  console.log(name);
}

/* ---- Before there is anything ---- */

await take('home-empty', 'ben', '/');
await take('home-stranger-empty', null, '/', { base: lonely.url });
await take('no-login-service', null, '/login', { base: lonely.url });
await take('new', 'ada', '/new', { prepare: page => page.fill('#name', 'Hearth & Rye') });

const build = async (name, isPublic) => {
  let id;
  await as('ada', async page => {
    await page.goto(`${server.url}/new`);
    await page.fill('#name', name);
    if (isPublic) await page.check('[name=public]');
    await page.click('text=Make it');
    id = new URL(page.url()).searchParams.get('id');
  });
  return id;
};
const shop = await build('Hearth & Rye');
await take('build-empty', 'ada', `/build?id=${shop}`);
await build('Hearth & Rye, staging');
const recipes = await build('Recipes', true);
await build('Newsletter and all other mails that customers get, in eleven languages');

let key;
await take('keys', 'ada', `/api_keys?build_id=${shop}`, { prepare: async page => {
  await page.fill('#purpose', 'Nightly job on the CI');
  await page.click('text=Make a key');
} });
await as('ada', async page => {
  await page.goto(`${server.url}/api_keys?build_id=${shop}`);
  await page.fill('#purpose', 'Captures of the designers');
  await page.click('text=Make a key');
  key = /CLIENT_ID=(\S+)\s+export DPXDT_CLIENT_SECRET=(\S+)/.exec(await page.textContent('.done pre')).slice(1);
});
server.headers = { Authorization: `Basic ${Buffer.from(key.join(':')).toString('base64')}` };
let worker = await server.worker();

async function begin(name, names, url) {
  const { release_number } = await server.post('create_release', { build_id: shop, release_name: name, ...(url && { url }) });
  const release = { build_id: shop, release_name: name, release_number };
  for (const run_name of names)
    await server.post('request_run', { ...release, run_name, url: address + run_name, config: JSON.stringify({ viewportSize: { width: 1280, height: 900 } }) });
  return release;
}
async function captured(release) {
  await server.post('runs_done', release);
  for (let told; (told = await server.post('release_status', { ...release, wait: 60 })).status === 'processing';);
  return release;
}

const first = await captured(await begin('2026.47', Object.keys(live), 'https://hearth-and-rye.example/'));
await take('release-no-baseline', 'ada', pathOf('release', first));
await server.post('decide_release', { ...first, status: 'good' });
const same = await captured(await begin('2026.47', Object.keys(live)));
await take('release-nothing-different', 'ada', pathOf('release', same));
await server.post('decide_release', { ...same, status: 'good' });

/* The new version, with a page that went. */
for (const name of Object.keys(live)) delete live[name];
Object.assign(live, site(true));
const names = [...Object.keys(live), '/wholesale'];
const release = await captured(await begin('2026.48', names, 'https://staging.hearth-and-rye.example/'));

/* One is decided. */
await as('ada', async page => {
  await page.goto(server.url + pathOf('run', release, { test: '/visit' }));
  await page.keyboard.press('y');
  await still(page);
});
const empty = await begin('2026.48, mobile', []);
await server.post('runs_done', empty);

/* One whose worker went while it was at work. */
const waiting = await begin('2026.49', names.slice(0, 12));
for (let told; (told = await server.post('release_status', waiting)).counts?.pending ?? told.pending ?? 0;) await new Promise(done => setTimeout(done, 300));
await new Promise(done => { worker.child.once('exit', done); worker.child.kill(); });
for (const run_name of names.slice(12)) await server.post('request_run', { ...waiting, run_name, url: address + run_name });
await server.post('runs_done', waiting);

await as('ada', async page => {
  await page.goto(`${server.url}/admins?build_id=${shop}`);
  await page.fill('#email', accounts.eve.email);
  await page.click('form.inline button');
  const link = await page.textContent('.done pre');
  await as('eve', async other => { await other.goto(link); await other.click('text=Accept'); });
});

/* ---- All pages ---- */

const bread = '/bread/country-sourdough', journal = '/journal/how-we-bake-sourdough-with-a-starter-from-1987';
const view = (key, isWideOnly) => async (page, isPhone) => {
  await page.waitForSelector('#stage .canvas');
  if (key && !(isWideOnly && isPhone)) await page.keyboard.press(key);
  await still(page);
};

await take('home', 'ada', '/', { dark: true });
await take('home-stranger', null, '/');
await take('build', 'ada', `/build?id=${shop}`);
await take('build-public', null, `/build?id=${recipes}`);
await take('release', 'ada', pathOf('release', release), { dark: true });
await take('release-processing', 'ada', pathOf('release', waiting), { events: true });
await take('release-question', 'ada', pathOf('release', release), { prepare: async page => { await page.click('#good'); await page.waitForSelector('.ask'); } });
await take('release-no-pages', 'ada', pathOf('release', empty));
await take('runs', 'ada', pathOf('release', release, { show: 'different' }));
await take('run', 'ada', pathOf('run', release, { test: bread }), { prepare: view('[', true), dark: true });
await take('run-aligned', 'ada', pathOf('run', release, { test: journal }), { prepare: view('l') });
await take('run-swipe', 'ada', pathOf('run', release, { test: '/order' }), { prepare: view('w') });
await take('run-overlay', 'ada', pathOf('run', release, { test: '/' }), { prepare: view('d') });
await take('run-details', 'ada', pathOf('run', release, { test: '/visit' }), { prepare: view('i') });
await take('run-new', 'ada', pathOf('run', release, { test: '/gift-cards' }), { prepare: view() });
await take('run-failed', 'ada', pathOf('run', release, { test: '/wholesale' }));
await take('run-group', 'ada', pathOf('run', release, { test: bread }), { prepare: view('v') });
await take('run-help', 'ada', pathOf('run', release, { test: bread }), { prepare: view('?'), dark: true });
await take('image', 'ada', pathOf('image', release, { test: '/order', type: 'diff' }));
await take('log', 'ada', pathOf('log', release, { test: '/wholesale', type: 'after' }));
await take('config', 'ada', pathOf('config', release, { test: '/order', type: 'after' }));
await take('settings', 'ada', `/settings?build_id=${shop}`, { prepare: async page => {
  await page.fill('#webhook_url', 'https://chat.hearth-and-rye.example/hooks/dpxdt');
  await page.fill('#status_prefix', 'https://api.github.com/repos/hearth-and-rye/shop/statuses');
  await page.click('text=Save');
  await page.waitForSelector('.problem');
  await page.$eval('.problem', one => one.scrollIntoView({ block: 'center' }));
} });
await take('owners', 'ada', `/admins?build_id=${shop}`, { prepare: async page => {
  await page.fill('#email', accounts.ben.email);
  await page.click('form.inline button');
  await page.waitForSelector('.done');
  await page.click('[aria-label="Remove eve@hearth-and-rye.example"]');
} });
await take('activity', 'ada', `/activity?build_id=${shop}`);
await take('queues', null, '/api/work_queue', { base: everybody.url });
await take('queue', null, '/api/work_queue/capture', { base: everybody.url });
await take('whoami', 'ada', '/whoami');
await take('invitation', 'ben', '/invitation?token=TxM3uJ');
await take('error-404', 'ben', `/build?id=${shop}`);

await end();
