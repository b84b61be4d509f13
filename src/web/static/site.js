/* What all pages have: times of the reader's zone, what becomes of a release while one looks, and its keys. */
'use strict';
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
if (!release) return;

/* ---- Live ---- */

const {id, name, number} = release.dataset;
const address = '/events?' + new URLSearchParams({id, name, number});

function show(state) {
  let all = 0;
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
  if (state.release !== release.dataset.status) location.reload();
}

async function poll() {
  try {
    const answer = await fetch(address, {headers: {Accept: 'application/json'}});
    if (answer.ok) show(await answer.json());
  } catch { /* the server is away: later */ }
  setTimeout(poll, 5000);
}

if (/receiving|processing|reviewing/.test(release.dataset.status)) {
  const events = new EventSource(address);
  events.onmessage = event => show(JSON.parse(event.data));
  events.onerror = () => { if (events.readyState === EventSource.CLOSED) poll(); };
  addEventListener('pagehide', () => events.close());
}

/* ---- Keys ---- */

const links = () => [...document.querySelectorAll('.group > a, .lines a')];
let armed = false;
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input')) return;
  try { if (JSON.parse(localStorage.getItem('dpxdt-review'))?.keys === false) return; } catch { /* private window */ }
  const at = links().indexOf(document.activeElement);
  const was = armed;
  armed = event.key === 'g';
  if (event.key === 'j') links()[at + 1]?.focus();
  else if (event.key === 'k') links()[at < 0 ? 0 : at - 1]?.focus();
  else if (event.key === 'o') (document.activeElement.closest('.group > a, .lines a') || document.getElementById('start'))?.click();
  else if (event.key === 'y' && document.querySelector('.ask')) document.querySelector('.ask [name=good]').click();
  else if (event.key === 'y' && was) document.getElementById('good')?.click();
  else return;
  event.preventDefault();
});
})();
