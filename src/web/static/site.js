/* What all pages have: keys, times of the reader's zone; and what becomes of a release while one looks. */
'use strict';

/* ---- Keys ---- */

const Keys = (() => {
const settings = {keys: true, facts: innerWidth >= 1400};
try { Object.assign(settings, JSON.parse(localStorage.getItem('dpxdt-review'))); } catch { /* private window */ }
const help = document.getElementById('help'), areOn = document.getElementById('keys-on');

function save() {
  try { localStorage.setItem('dpxdt-review', JSON.stringify(settings)); } catch { /* private window */ }
}

/* Each key does what actions say, "gy" being G and then Y. First always() may take it, where single keys are off, too. */
let armed = 0; /* until when G waits for Y */
function listen(actions, always) {
  actions['?'] = () => help.showModal();
  areOn.checked = settings.keys;
  areOn.onchange = () => { settings.keys = areOn.checked; save(); };
  document.addEventListener('keydown', event => {
    const lower = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const key = lower === 'y' && event.shiftKey ? 'Y' : lower; /* whatever Caps Lock says */
    if (event.ctrlKey || event.metaKey || event.altKey || help.open || event.target.matches('input:not([type=range])') || key === 'Shift') return;
    if (event.repeat && /[gnyz]/i.test(key)) return; /* a key that is held decides once */
    const action = actions[armed > event.timeStamp && lower === 'y' ? 'gy' : key];
    armed = 0;
    if (!always?.(event)) {
      if (!settings.keys || !action || (key === ' ' && event.target.matches('button, a, summary, input'))) return;
      if (key === 'g') armed = event.timeStamp + 3000;
      action();
    }
    event.preventDefault();
  });
}

/* Buttons that do what a key does. */
function show(actions, which = '[data-key]') {
  for (const one of document.querySelectorAll(which)) {
    one.hidden = false;
    one.onclick = event => { event.preventDefault(); actions[one.dataset.key](); };
  }
}

return {settings, save, listen, show};
})();

(() => {
function localize() {
  for (const time of document.querySelectorAll('time:not([title])')) {
    const date = new Date(time.dateTime);
    time.title = time.textContent;
    time.textContent = date.toLocaleString([], {dateStyle: 'medium', timeStyle: 'short'});
  }
}
localize();
document.addEventListener('page', localize);

const release = document.getElementById('release');
if (!release) {
  /* Files of a run: what has a key is a link, or sends a form. */
  const actions = {g() {}, gy() {}};
  for (const one of document.querySelectorAll('[data-key]:not([hidden])')) actions[one.dataset.key] = () => one.click();
  if (!document.getElementById('help')) return;
  Keys.listen(actions);
  Keys.show(actions, '[data-key="?"]');
  return;
}

/* ---- Live ---- */

const {id, name, number} = release.dataset;
const which = '?' + new URLSearchParams({id, name, number}), address = '/events' + which;

function show(state) {
  let all = 0;
  release.dataset.different = state.different;
  for (const chip of document.querySelectorAll('[data-count]')) {
    const n = state[chip.dataset.count];
    chip.querySelector('b').textContent = n;
    chip.classList.toggle('zero', !n);
    all += n;
  }
  const bar = document.querySelector('progress');
  if (bar) {
    Object.assign(bar, {max: all, value: all - state.pending});
    bar.nextElementSibling.textContent = `waiting: ${state.pending} of ${all}`;
  }
  if (!release.hidden && state.release !== release.dataset.status) location.replace('/release' + which); /* reload() might send a form again */
}

let events, timer;
async function poll() {
  events.close();
  try {
    const answer = await fetch(address, {headers: {Accept: 'application/json'}});
    if (answer.ok) show(await answer.json());
  } catch { /* the server is away: later */ }
  if (!document.hidden) timer = setTimeout(poll, 5000);
}

/* Only while somebody looks: a browser has six connections for all of its tabs. Where nothing comes, as a proxy holds it back, it is
   asked for. */
function listen() {
  events?.close();
  clearTimeout(timer);
  if (document.hidden) return;
  events = new EventSource(address);
  timer = setTimeout(poll, 5000);
  events.onmessage = event => { clearTimeout(timer); show(JSON.parse(event.data)); };
  events.onerror = () => { if (events.readyState === EventSource.CLOSED) poll(); };
}

if (/receiving|processing|reviewing/.test(release.dataset.status)) {
  listen();
  document.addEventListener('visibilitychange', listen);
  addEventListener('pagehide', () => events.close());
}

/* ---- Its keys ---- */

if (release.hidden) return; /* review.js has the keys */
const links = () => [...document.querySelectorAll('.group > a, .lines a')];
const move = by => {
  const at = links().indexOf(document.activeElement);
  links()[at < 0 ? 0 : at + by]?.focus();
};
const yes = document.querySelector('.ask .primary');
const ACTIONS = {
  j: () => move(1), k: () => move(-1), g() {}, gy: () => (yes || document.getElementById('good'))?.click(), y: () => yes?.click(),
  o: () => (document.activeElement.closest('.group > a, .lines a') || document.getElementById('start'))?.click(),
};
Keys.listen(ACTIONS);
Keys.show(ACTIONS);
})();
