/* The gallery: one list, one stage. All that tests named or logged reaches the page as text nodes, never as HTML.
   The address keeps the test (t) and the view (v). */
'use strict';
(() => {
const {$, VIEWS, narrow, state, hooks, el, icon, capital, number, count, size, prepare, viewOf, found, set, show} = Stage;
const data = JSON.parse($('data').textContent);
const RANKS = ['failed', 'different', 'missing', 'updated', 'unchanged', 'passed'];

state.status = 'all';
const settings = {keys: true, facts: innerWidth >= 1600};
try { Object.assign(settings, JSON.parse(localStorage.getItem('dpxdt-gallery'))); } catch { /* private window */ }

const distortion = r => +r.distortion.toPrecision(6);
const shell = text => /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

function duration(ms) {
  if (ms < 59500) return `${(ms / 1000).toFixed(1)} s`;
  const s = Math.round(ms / 1000);
  return `${Math.floor(s / 60)} min ${s % 60} s`;
}

function sizeChange(r) {
  const changed = r.reference_width && r.width && (r.reference_width !== r.width || r.reference_height !== r.height);
  return changed && `${size(r.reference_width, r.reference_height)} \u2192 ${size(r.width, r.height)}`;
}

/* What happened, in a few words. */
function score(r) {
  const rows = r.found.find(one => one.rows)?.what;
  const pixels = r.changed_pixels && `${number(r.changed_pixels)} px` + (r.n_regions ? ` in ${count(r.n_regions, 'area')}` : '');
  const change = [rows, pixels].filter(Boolean).join(', ');
  switch (r.status) {
  case 'different': return change || (sizeChange(r) ? `size ${sizeChange(r)}` : 'differs');
  case 'failed': return (r.message || 'failed').split('\n')[0];
  case 'missing': return 'no reference yet';
  case 'passed': return change ? `${change}, tolerated` : 'no difference';
  default: return r.status;
  }
}

/* ---- Results, worst first ---- */

/* The first of those with the same change; the others follow it. */
const firsts = new Map();
function join(r) {
  const key = r.status === 'different' && r.fingerprint || r;
  if (!firsts.has(key)) firsts.set(key, r);
  r.first = firsts.get(key);
  (r.first.twins ??= []).push(r);
}

[...data.results].sort((a, b) => RANKS.indexOf(a.status) - RANKS.indexOf(b.status) ||
  b.distortion - a.distortion || b.changed_pixels - a.changed_pixels).forEach(join);
const results = [...firsts.values()].flatMap(first => first.twins);
results.forEach((r, order) => {
  r.order = order;
  r.text = `${r.name} ${r.url} ${r.file}`.toLowerCase();
  prepare(r);
});
const byName = new Map(results.map(r => [r.name, r]));
const bad = data.counts.failed + data.counts.different + data.counts.missing;
const shown = () => results.filter(r => !r.row.parentNode.hidden);

/* ---- The list ---- */

function thumbnail(r) {
  const src = r.images.run || r.images.ref;
  return el('span', {className: 'thumb'}, src ? el('img', {loading: 'lazy', decoding: 'async', alt: '', src}) : icon(r.status));
}

function row(r) {
  r.row = el('a', {href: '#' + new URLSearchParams({t: r.name}), title: r.name, tabIndex: -1}, thumbnail(r),
    el('span', {className: 'row-name'}, r.name),
    el('span', {className: `row-score ${r.status}`}, icon(r.status), el('span', {className: 'hidden'}, r.status + ': '),
      el('span', {}, r.first === r ? score(r) : `same change as ${r.first.name}`)));
  return el('li', {}, r.row);
}

function makeList() {
  for (const status of RANKS) {
    const members = results.filter(r => r.status === status);
    if (members.length)
      $('groups').append(el('section', {}, el('h2', {}, capital(status),
        el('span', {}, number(members.length))), el('ul', {}, ...members.map(row))));
  }
}

function makeChips() {
  const never = data.update ? 'passed different missing' : 'updated unchanged';
  for (const status of ['all', ...RANKS.filter(s => !never.includes(s))]) {
    const n = status === 'all' ? results.length : data.counts[status];
    $('chips').append(el('button', {className: `chip ${status}`, disabled: !n, 'data-status': status,
      onclick: () => { state.status = status; filter(); }}, icon(status), capital(status), el('b', {}, number(n))));
  }
}

function filter() {
  const words = $('query').value.toLowerCase().split(/\s+/);
  for (const chip of $('chips').children)
    chip.setAttribute('aria-pressed', chip.dataset.status === state.status);
  for (const r of results)
    r.row.parentNode.hidden = !((state.status === 'all' || r.status === state.status) && words.every(w => r.text.includes(w)));
  for (const section of $('groups').children)
    section.hidden = !section.querySelector('li:not([hidden])');
  $('nothing').hidden = shown().length || !results.length;
  if (state.test) place();
  makeReachable();
}

function showAll() {
  state.status = 'all';
  $('query').value = '';
  filter();
}

/* One row at a time can be reached by Tab; the arrow keys go on from there. */
function makeReachable() {
  const list = shown();
  const one = list.includes(state.test) ? state.test : list[0];
  for (const r of results) r.row.tabIndex = r === one ? 0 : -1;
}

function step(by) {
  const at = state.test ? state.test.order : -1;
  return by > 0 ? shown().find(r => r.order > at) : shown().findLast(r => r.order < at);
}

function move(by) {
  const target = step(by);
  if (!target) return;
  const focused = $('list').contains(document.activeElement);
  select(target);
  if (focused) target.row.focus({preventScroll: true});
}

/* ---- The address ---- */

function writeAddress() {
  state.address = '#' + new URLSearchParams({t: state.test.name, v: state.view});
  if (location.hash !== state.address) location.replace(state.address);
}

function readAddress() {
  if (location.hash === state.address) return; /* we wrote it */
  const wanted = new URLSearchParams(location.hash.slice(1));
  const test = byName.get(wanted.get('t'));
  if (Object.hasOwn(VIEWS, wanted.get('v'))) state.view = wanted.get('v');
  if (test) select(test);
  else if (!narrow.matches && bad) select(results[0]);
  else {
    document.body.dataset.pane = 'list';
    state.test?.row.focus();
  }
}

/* ---- The test ---- */

function place() {
  const list = shown();
  const at = list.indexOf(state.test);
  $('position').textContent = at >= 0 ? `${number(at + 1)} of ${number(list.length)}` : '';
  $('previous').disabled = !step(-1);
  $('next').disabled = !step(1);
}

function select(r) {
  const same = state.test === r;
  document.body.dataset.pane = 'test';
  if (!same) {
    state.test?.row.removeAttribute('aria-current');
    r.row.setAttribute('aria-current', 'true');
    set(r);
    r.row.scrollIntoView({block: 'nearest'});
    makeReachable();
    place();
    describe(r);
    prefetch();
  }
  show(same);
}

function describe(r) {
  $('hero').hidden = true;
  $('test').hidden = false;
  $('name').textContent = r.name;
  $('name').title = r.name;
  $('score').replaceChildren(...[
    el('span', {className: `state ${r.status}`}, icon(r.status), capital(r.status)),
    /passed|different/.test(r.status) && score(r), r.distortion && `${distortion(r)} distortion`, r.changed_pixels && sizeChange(r)]
    .filter(Boolean).map(part => el('span', {}, part)));
  const missing = r.status === 'missing' ? 'There is no reference picture to compare with yet.' : '';
  const message = [r.message || missing, r.remarks].filter(Boolean).join('\n');
  $('message').textContent = message;
  $('message').className = r.status;
  $('message').hidden = !message;
  $('texts').replaceChildren(...texts(r).map(kind => el('button', {onclick: () => openText(kind)}, capital(kind))));
  $('found').replaceChildren(...found(r, 3, n => el('button', {onclick: openFacts}, `${number(n)} more`)));
  $('twins').replaceChildren(...twins(r));
  document.title = `${r.name} \u2013 dpxdt ${data.dir}`;
  describeFacts(r);
  $('live').textContent = `${$('position').textContent} ${r.name}, ${r.status}, ${score(r)}`;
}

/* The pictures before and behind are ready when J or K asks for them. */
function prefetch() {
  state.ahead = [step(1), step(-1)].flatMap(r => r ? Object.values(r.images) : []).map(src => {
    const image = el('img', {src});
    image.decode().catch(() => {});
    return image;
  });
}

/* ---- The details ---- */

function link(url) {
  try {
    if (/^https?:$/.test(new URL(url).protocol))
      return el('a', {href: url, target: '_blank', rel: 'noreferrer'}, url);
  } catch { /* not a URL: text */ }
  return url;
}

/* Other tests with the same change: who has judged one has judged all. */
function twins(r) {
  const most = 3;
  const others = r.first.twins.filter(other => other !== r);
  const links = others.slice(0, most).flatMap((other, i) => [i ? ', ' : '', el('a', {href: other.row.href}, other.name)]);
  const left = others.length - most;
  return others.length ? [r.first === r ? 'Same change in ' : 'Same change as ', ...links, left > 0 ? ` and ${number(left)} more` : ''] : [];
}

function accept(r) {
  const most = 20;
  if (data.update || !r.images.run || !/different|missing/.test(r.status)) return [];
  const command = names => el('code', {className: 'copy'}, ['dpxdt approve', data.dir, ...names].map((word, i) => i ? shell(word) : word).join(' '));
  const same = r.first.twins.length;
  return [el('h3', {}, 'Accept this picture as the reference'), command([r.name]),
    ...(same > 1 && same <= most ? [el('h3', {}, `Accept all ${same} with the same change`), command(r.first.twins.map(one => one.name))] : [])];
}

const texts = r => ['log', 'config'].filter(kind => r[kind]);

function openFacts() {
  settings.facts = true;
  showFacts();
}

function openText(kind) {
  openFacts();
  $(kind).open = true;
  $(kind).scrollIntoView();
  $(kind).querySelector('pre').focus();
}

function describeFacts(r) {
  const share = r.width && r.height ? ` (${+(r.changed_pixels / r.width / r.height * 100).toPrecision(2)} %)` : '';
  const facts = [
    ['Address', r.url && link(r.url)],
    ['Defined in', r.file && r.file + (r.line ? ':' + r.line : '')],
    ['Size', sizeChange(r) || r.width && size(r.width, r.height)],
    ['Distortion', r.distortion && distortion(r)],
    ['Changed', r.changed_pixels && `${count(r.changed_pixels, 'pixel')}${share}`],
    ['Browser', r.browser || data.browser],
    ['Reference by', r.reference_browser !== r.browser && r.reference_browser],
    ['Took', duration(r.duration_ms) + (r.attempts > 1 ? `, ${r.attempts} attempts` : '')],
  ].filter(fact => fact[1]);
  const details = texts(r).map(kind =>
    el('details', {id: kind, open: kind === 'log' && r.status === 'failed'}, el('summary', {}, capital(kind)), el('pre', {tabIndex: 0}, r[kind])));
  $('facts').replaceChildren(...(r.description ? [el('p', {}, r.description)] : []),
    el('dl', {}, ...facts.flatMap(([label, value]) => [el('dt', {}, label), el('dd', {}, value)])),
    ...(r.found.length ? [el('h3', {}, 'What changed'), el('ul', {}, ...found(r, 30))] : []), ...accept(r), ...details);
}

function showFacts() {
  $('facts').hidden = !state.test || !settings.facts && !narrow.matches;
  $('found').hidden = !$('facts').hidden; /* which has them all */
  $('facts-button').setAttribute('aria-expanded', settings.facts);
}

/* ---- Keys ---- */

const ACTIONS = {
  ...Stage.actions,
  j: () => move(1), k: () => move(-1), z: Stage.toggleZoom,
  i: () => { settings.facts = !settings.facts; save(); showFacts(); },
  '/': () => $('query').focus(), '?': () => $('help').showModal(),
};

function save() {
  try { localStorage.setItem('dpxdt-gallery', JSON.stringify(settings)); } catch { /* private window */ }
}

function escape() {
  if (document.activeElement === $('query')) {
    if (!$('query').value) $('query').blur();
    $('query').value = '';
    filter();
  } else {
    Stage.leaveArea();
  }
}

function onKey(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const typing = event.target.matches('input:not([type=checkbox], [type=range])');
  if (event.ctrlKey || event.metaKey || event.altKey || $('help').open) return;
  if (key === 'Escape') escape();
  else if (typing && key === 'Enter' && shown()[0]) select(shown()[0]);
  else if (typing) return;
  else if (/Arrow(Left|Right)/.test(key)) { if (!Stage.nudge(event)) return; }
  else if (/Arrow(Up|Down)/.test(key) && $('list').contains(event.target)) move(key === 'ArrowDown' ? 1 : -1);
  else if (!settings.keys || !ACTIONS[key] || (key === ' ' && event.target.matches('button, a, summary, input'))) return;
  else ACTIONS[key]();
  event.preventDefault();
}

/* ---- The page ---- */

function hero() {
  const n = results.length;
  const took = `It took ${duration(data.duration_ms)}.`;
  const [status, title, more] =
    !n ? ['missing', 'No tests here yet', `Nothing ran in ${data.dir}: it holds no tests, or a filter left none.`] :
    bad ? ['different', `${count(bad, 'test')} to look at`, 'Choose one from the list.'] :
    data.update ? ['passed', `${count(data.counts.updated, 'reference')} updated`, `${number(data.counts.unchanged)} stayed the same. ${took}`] :
    ['passed', n === 1 ? 'The test passed' : `All ${number(n)} tests passed`, `Nothing looks different. ${took}`];
  $('hero').className = status;
  $('hero').append(icon(status), el('h2', {}, title), el('p', {}, more));
}

function about() {
  const started = data.started_ms && new Date(data.started_ms).toLocaleString([], {dateStyle: 'medium', timeStyle: 'short'});
  $('suite').textContent = data.dir;
  $('order').hidden = !results.length;
  $('about').textContent = [data.update && 'Update', count(results.length, 'test'), duration(data.duration_ms), started, data.browser?.split(',')[0]]
    .filter(Boolean).join(' \u00b7 ');
  $('about').title = data.browser || '';
  document.title = `dpxdt ${data.dir}`;
}

const clicks = {
  skip: () => $('stage').focus(), 'show-all': showAll, previous: () => move(-1), next: () => move(1),
  'facts-button': ACTIONS.i, 'help-button': ACTIONS['?'],
};
for (const id in clicks) $(id).onclick = clicks[id];
$('query').oninput = filter;
$('keys-on').checked = settings.keys;
$('keys-on').onchange = () => { settings.keys = $('keys-on').checked; save(); };
document.addEventListener('keydown', onKey);
addEventListener('hashchange', readAddress);

hooks.lost = 'This picture is not in the folder images/ any more.';
hooks.none = 'There is no picture of this test.';
hooks.shown = () => { showFacts(); writeAddress(); };
Stage.start();
about();
makeChips();
makeList();
hero();
filter();
readAddress();
})();
