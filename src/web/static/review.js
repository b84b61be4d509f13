/* The review screen: decisions that are sent while one goes on, pages that are there before they are asked for. All of it works without
   this script, a page at a time. */
'use strict';
(() => {
const {$, el, state, hooks, prepare, found, set, show} = Stage;
const AHEAD = 3;
const {settings} = Keys;

/* ---- Pages ---- */

/* address -> promise of a document, whose pictures are decoded. */
const pages = new Map();

async function load(address) {
  const answer = await fetch(address, {redirect: 'manual'});
  if (!answer.ok) throw new Error(answer.type === 'opaqueredirect' ? 'You are not logged in any more.' : `The server answered with ${answer.status}.`);
  return new DOMParser().parseFromString(await answer.text(), 'text/html');
}

function decode(page) {
  const {images} = JSON.parse(page.getElementById('stage').dataset.run);
  page.pictures = Object.values(images).filter(Boolean).map(src => {
    const image = el('img', {src});
    image.decode().catch(() => {});
    return image;
  });
  return page;
}

function get(address) {
  if (!pages.has(address)) {
    const page = load(address).then(decode);
    page.catch(() => pages.delete(address));
    pages.set(address, page);
  }
  return pages.get(address);
}

/* The pages behind this one that nothing was decided of, and the next group's. */
async function prefetch() {
  const wanted = new Set([location.pathname + location.search]);
  let page = document;
  try {
    for (let left = AHEAD; left > 0; left--) {
      const group = link(page, 'next-group');
      if (group) { wanted.add(group); get(group); }
      const next = link(page, 'next') || link(page, 'next-open');
      if (!next) break;
      wanted.add(next);
      page = await get(next);
    }
  } catch { /* it is asked for again when it is wanted */ }
  if (pages.size > 30) for (const address of pages.keys()) if (!wanted.has(address)) pages.delete(address);
}

const link = (page, id) => page.getElementById(id)?.getAttribute('href');

/* Shows a page in the place of this one. */
async function go(address, kept) {
  if (!address) return;
  try {
    const page = await get(address);
    for (const part of ['list', 'main', 'facts']) {
      const old = $(part), scrolled = old.scrollTop;
      old.replaceWith(document.importNode(page.getElementById(part), true));
      if (part === 'list') $(part).scrollTop = scrolled;
    }
    document.title = page.title;
    if (!kept) history.pushState(null, '', address);
    begin();
    $('live').textContent = $('name').textContent + ', ' + $('score').textContent;
  } catch (error) {
    toast(error.message, true);
  }
}

/* ---- What was decided ---- */

/* What can be undone, the last at the end, for as long as the tab is open, and of the same person. */
const KEPT = `dpxdt-undo ${document.querySelector('.me')?.textContent} ${link(document, 'up')}`;
const done = JSON.parse(sessionStorage.getItem(KEPT)) || [];
const keep = () => sessionStorage.setItem(KEPT, JSON.stringify(done));
const decided = new Map(); /* address of a page -> whether it is approved, as of what was sent */
let sending = Promise.resolve(), unsent = 0;

function toast(text, failed) {
  clearTimeout(toast.timer);
  Object.assign($('toast'), {textContent: text, className: failed ? 'failed' : '', hidden: false});
  if (text.includes('not logged in')) $('toast').append(' ', el('a', {href: '/login?next=' + encodeURIComponent(here())}, 'Log in'));
  toast.timer = setTimeout(() => { $('toast').hidden = true; }, failed ? 8000 : 2500);
}

/* How many are open, which pages that were fetched before do not know. */
function count(n) {
  const open = document.querySelector('[data-count] b');
  if (n !== undefined) $('release').dataset.different = n;
  if (open) open.textContent = $('release').dataset.different ?? open.textContent;
}

/* One behind the other, as they were made. failed() is called if it did not count, and idle() if it was so already. */
function send(fields, failed, idle) {
  unsent++;
  sending = sending.then(async () => {
    try {
      const answer = await fetch('/run', {method: 'POST', body: new URLSearchParams(fields), headers: {Accept: 'application/json'}});
      const told = await answer.json().catch(() => ({error: `the server answered with ${answer.status}`}));
      if (!answer.ok) throw new Error(told.error);
      if (!told.n) idle?.();
      count(told.different);
      if (!told.different && fields.verb !== 'undo' && fields.verb !== 'reject') toast('All is decided. G, then Y: the release is good.');
    } catch (error) {
      failed();
      toast(`Not sent: ${error.message}`, true);
    }
    unsent--;
  });
}

/* A key for a batch; crypto.randomUUID() is there only under https. */
const key = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');

const fieldsOf = form => Object.fromEntries(new FormData(form));
const here = () => location.pathname + location.search;
const isOpen = () => $('main').dataset.status === 'diff_found';

/* Members of this page's group, as addresses. */
const groupOf = () => [...document.querySelectorAll('#sheet li a')].map(a => a.getAttribute('href'));

function mark(addresses, approved) {
  for (const address of addresses) {
    decided.set(address, approved);
    const a = document.querySelector(`#list a[href="${CSS.escape(address)}"]`);
    a?.querySelector('use').setAttribute('href', approved ? '#i-approved' : '#i-different');
    a?.setAttribute('class', approved ? 'approved' : 'different');
    pages.delete(address);
  }
}

/* Behind this page, the next that is open still, as far as is known here. */
async function nextOpen(id) {
  let address = link(document, id) || link(document, 'next-open');
  for (const seen = new Set(); address && !seen.has(address); seen.add(address)) {
    if (!decided.get(address) && address !== here()) return address;
    const page = await get(address);
    address = link(page, 'next-group') || link(page, 'next-open');
  }
  return null;
}

async function decide(verb, addresses, next) {
  const form = $('decide');
  if (!form) return;
  const fields = {...fieldsOf(form), verb, batch: key()};
  const approved = verb !== 'reject';
  mark(addresses, approved);
  const entry = {fields, addresses, from: here()};
  done.push(entry);
  keep();
  if (verb === 'approve_group' && document.querySelector('#sheet p a')) pages.clear(); /* there are others of the group */
  const drop = () => { if (done.includes(entry)) done.splice(done.indexOf(entry), 1); keep(); };
  send(fields, () => { mark(addresses, !approved); drop(); }, drop);
  const address = await nextOpen(next);
  if (address) return go(address);
  await sending;
  pages.delete(here()); /* it may have been asked for before the decision was there */
  return go(here(), true);
}

const approve = () => isOpen() ? decide('approve', [here()], 'next-open') : step('next');
const approveGroup = () => isOpen() && (groupOf().length ? decide('approve_group', groupOf(), 'next-group') : approve());
const reject = () => $('main').dataset.status === 'diff_approved' ? decide('reject', [here()], 'next') : step('next');

async function undo() {
  const last = done.pop();
  if (!last) return toast('Nothing to undo.');
  const {fields, addresses, from} = last;
  const inverse = {approve: 'reject', reject: 'approve', approve_group: 'undo'}[fields.verb];
  const approved = inverse === 'approve';
  mark(addresses, approved);
  keep();
  send({...fields, own: 'yes', csrf: document.querySelector('[name=csrf]').value, verb: inverse}, () => { mark(addresses, !approved); done.push(last); keep(); });
  toast('Undone.');
  await sending;
  pages.clear();
  return go(from);
}

/* ---- Keys ---- */

const step = id => go(link(document, id));

/* Who presses faster than pages come is heard all the same: each key is of the page that the one before led to. */
let acting = Promise.resolve();
const inTurn = action => () => { acting = acting.then(action).catch(error => toast(error.message, true)); };

const ACTIONS = {
  ...Stage.actions,
  j: inTurn(() => step('next')), k: inTurn(() => step('previous')), y: inTurn(approve), Y: inTurn(approveGroup), n: inTurn(reject),
  z: inTurn(undo),
  u: () => { location.href = link(document, 'up'); },
  o: () => { const src = document.querySelector('#stage img')?.src; if (src) open(src, '_blank', 'noopener'); },
  v: () => { if ($('sheet')) { $('sheet').hidden = !$('sheet').hidden; $('test').hidden = !$('sheet').hidden; } },
  i: () => { settings.facts = !settings.facts; Keys.save(); showFacts(); },
  g: () => $('finish') && toast('G: and now Y, if the release is good.'), gy: finish, '0': Stage.toggleZoom,
  '/': () => { location.href = link(document, 'up') + '&show=different'; },
};

/* What was decided comes first. */
function finish() {
  acting.then(() => sending).then(() => $('finish')?.submit());
}

/* What is heard always. */
function onKey(event) {
  if (event.key === 'Escape') Stage.leaveArea();
  return event.key === 'Escape' || (/Arrow(Left|Right)/.test(event.key) && Stage.nudge(event));
}

/* ---- A page begins ---- */

function showFacts() {
  $('facts').hidden = !settings.facts && !Stage.narrow.matches;
  $('facts-button').setAttribute('aria-expanded', !$('facts').hidden);
}

function begin() {
  const run = JSON.parse($('stage').dataset.run);
  prepare(run);
  set(run);
  Keys.show(ACTIONS);
  count();
  if ($('sheet')) $('test').hidden = !$('sheet').hidden;
  if (run.found.length) $('found-all').replaceChildren(el('h3', {}, 'What changed'), el('ul', {}, ...found(run, 30)));
  $('stage').replaceChildren();
  delete state.made;
  Stage.start();
  showFacts();
  show();
  if (!Stage.narrow.matches) document.querySelector('#list [aria-current=true]')?.scrollIntoView({block: 'nearest'});
  document.dispatchEvent(new Event('page'));
  prefetch();
}

Keys.listen(ACTIONS, onKey);
document.addEventListener('click', event => {
  const a = event.target.closest('#list a, #sheet a, #next, #previous');
  if (!a || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  inTurn(() => go(a.getAttribute('href')))();
});
addEventListener('popstate', () => go(here(), true));
addEventListener('beforeunload', event => { if (unsent) event.preventDefault(); });
hooks.lost = 'This picture did not come.';
begin();
})();
