/* The stage: two pictures of a page and what they differ in, in one view of many. The gallery and the review site share it; both have
   the elements that it fills, by their ids. A test, or run, is {name, status, images: {ref, run, diff, whole}, width, height,
   reference_width, reference_height, regions, n_regions, bands, ...}, as reports and findings have them. All that it names reaches
   the page as text nodes, never as HTML. */
'use strict';
const Stage = (() => {
const $ = id => document.getElementById(id);
const KINDS = {ref: 'Before', diff: 'Diff', run: 'After'};
const VIEWS = { /* key, the pictures it needs, what is written above them */
  aligned: ['l', ['ref', 'run']],
  side: ['a', ['ref', 'run']],
  swipe: ['w', ['ref', 'run'], 'Before | After'],
  onion: ['s', ['ref', 'run'], 'Before and after'],
  blink: [' ', ['ref', 'run']],
  overlay: ['d', ['run', 'diff'], 'After, with what changed'],
  before: ['1', ['ref'], 'Before'],
  diff: ['2', ['diff'], 'Diff'],
  after: ['3', ['run'], 'After'],
  none: ['', []],
};
const SCALES = [.1, .25, .5, .75, 1, 1.5, 2, 3, 4, 6, 8];
const MIXED = ['swipe', 'onion'];
/* Where rows are: in the run, in the reference, and where equal ones face each other; and what of a band tells it. */
const LAYOUTS = {run: ['run_y', 'run_height'], ref: ['reference_y', 'reference_height'], aligned: ['top', 'rows']};
const BANDS = ['inserted', 'removed', 'moved'];
const BLINK_MS = 700;
const still = matchMedia('(prefers-reduced-motion: reduce)');
const narrow = matchMedia('(max-width: 799px)');

const state = {test: null, view: narrow.matches ? 'swipe' : 'aligned', zoom: 'fit', area: -1, mix: 50};

/* What the page does when something else is shown, and says where there is nothing. */
const hooks = {shown() {}, lost: 'This picture cannot be had.', none: 'There is no picture.'};

/* ---- Small tools ---- */

function el(tag, properties, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(properties))
    key in node ? node[key] = value : node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', '#i-' + name);
  svg.append(use);
  return svg;
}

const capital = word => word[0].toUpperCase() + word.slice(1);
const number = n => n.toLocaleString('en');
const count = (n, word) => `${number(n)} ${word}${n === 1 ? '' : 's'}`;
const size = (w, h) => `${w}\u00d7${h}`;

/* What a person can be led to: rows that came, went or moved, and then what changed in the others. Of those that came
   and went, both pictures get room, so that all others face each other. */
function prepare(r) {
  const ends = {};
  for (const band of r.bands) {
    band.top = ends[band.x] || 0;
    band.rows = Math.max(band.run_height, band.reference_height);
    ends[band.x] = band.top + band.rows;
  }
  r.rows = Math.max(0, ...Object.values(ends));
  const told = r.bands.filter(band => band.what).sort((a, b) => b.rows * b.width - a.rows * a.width);
  r.found = [...told, ...r.regions];
}

const has = (r, view) => VIEWS[view][1].every(kind => r.images[kind]) && (view !== 'aligned' || r.bands.length > 0);

/* The wanted view, or the nearest to it that this test has pictures for. */
function viewOf(r) {
  return [state.view, state.view === 'aligned' ? 'side' : 'after', 'after', 'before', 'diff', 'none'].find(view => has(r, view));
}

/* ---- What was found ---- */

const colorOf = one => one.rows ? one.kind : 'changed';

/* What happened, with a swatch before each color. */
function words(what) {
  return what.split(/(#[0-9a-f]{6,8})/).flatMap((part, i) => {
    if (i % 2 === 0) return part;
    const swatch = el('span', {className: 'swatch'});
    swatch.style.background = part;
    return [swatch, part];
  });
}

function tell(one) {
  if (one.rows) return [one.what];
  const passes = one.score <= one.tolerance ? ', tolerated' : one.tolerance ? `, score ${one.score.toPrecision(3)} of ${one.tolerance}` : '';
  return [`${size(one.width, one.height)} at (${one.x}, ${one.y}): `, ...words(one.what), `, ${number(one.changed_pixels)} px${passes}`];
}

/* A button for each of the first findings, which leads to it. */
function found(r, most, more = n => `${number(n)} more`) {
  const items = r.found.slice(0, most).map((one, i) => el('button', {className: 'area', 'data-found': i, onclick: () => goToArea(i)},
    el('span', {className: `key ${colorOf(one)}`}), el('span', {}, ...tell(one))));
  const left = r.found.length - r.regions.length + r.n_regions - items.length;
  if (left > 0) items.push(more(left));
  return items.map(item => el('li', {}, item));
}

/* ---- The stage ---- */

function broken(event) {
  const canvas = event.target.closest('.canvas');
  event.target.remove();
  if (!canvas.querySelector('img'))
    canvas.replaceWith(el('p', {className: 'note'}, hooks.lost));
}

function picture(r, kind, src, alt) {
  return el('img', {className: kind, alt, draggable: false, onerror: broken, onload: layout, src});
}

/* Puts a node at a place of a whole of this size. */
function put(node, place, w, h) {
  for (const [side, part, whole] of [['left', place.x, w], ['top', place.y, h], ['width', place.width, w], ['height', place.height, h]])
    node.style[side] = `${part / whole * 100}%`;
  return node;
}

/* Where row y of the run is in a layout. */
function rowIn(r, layout, x, y) {
  const band = r.bands.find(one => one.x <= x && x < one.x + one.width && one.run_y <= y && y < one.run_y + one.run_height);
  return band ? y - band.run_y + band[LAYOUTS[layout][0]] : y;
}

function placeIn(r, layout, one) {
  const [y, height] = LAYOUTS[layout];
  if (one.rows) return {...one, y: one[y], height: one[height]};
  const top = rowIn(r, layout, one.x, one.y);
  return {...one, y: top, height: Math.max(1, rowIn(r, layout, one.x, one.y + one.height - 1) + 1 - top)};
}

/* The rows of a picture, band by band, each where those that it faces are in the other one; holes where nothing is. */
function slices(r, kind) {
  const whole = kind === 'ref' && r.images.whole;
  const [w, h] = whole ? [r.reference_width, r.reference_height] : [r.width, r.height];
  const [y, height] = LAYOUTS[kind];
  const slice = band => el('div', {className: 'slice'}, put(picture(r, kind, whole || r.images[kind], ''),
    {x: -band.x, y: -band[y], width: w, height: h}, band.width, band.rows));
  const hole = band => el('div', {className: `hole ${band.kind}`});
  return r.bands.map(band => put(band[height] || band.jitter ? slice(band) : hole(band), {...band, y: band.top, height: band.rows}, r.width, r.rows));
}

/* What is seen of pictures: slices of one, or all on top of each other, of which the view lets some be seen. */
function layersOf(r, kinds, layoutName) {
  const named = kind => `${KINDS[kind]}: ${r.name}`;
  if (layoutName === 'aligned')
    return el('div', {className: 'layers', role: 'img', 'aria-label': named(kinds[0])}, ...slices(r, kinds[0]));
  return el('div', {className: 'layers'}, ...kinds.map(kind => picture(r, kind, r.images[kind], named(kind))));
}

/* Rows that came, went or moved are marked always, but in the marked picture, where they are painted; the others where
   they are looked at. */
function framesOf(r, kinds, layoutName) {
  const bands = kinds[0] === 'diff' ? [] : r.found.filter(one => one.rows);
  const h = layoutName === 'aligned' ? r.rows : r.height;
  const frame = (className, one) => put(el('div', {className: `${className} ${colorOf(one)}`}), placeIn(r, layoutName, one), r.width, h);
  return [...bands.map(one => frame('band', one)), ...r.found.map(one => frame('box', one))];
}

/* Aligned pictures have rows that are not theirs: their own size is told. */
function ownSize(r, kinds, layoutName) {
  if (layoutName !== 'aligned') return '';
  return kinds[0] === 'ref' ? size(r.reference_width, r.reference_height) : size(r.width, r.height);
}

function pane(r, kinds, layoutName) {
  const label = kinds.length > 1 ? '' : KINDS[kinds[0]];
  const canvas = el('div', {className: 'canvas'}, layersOf(r, kinds, layoutName), ...framesOf(r, kinds, layoutName),
    el('div', {className: 'handle'}, el('div', {})));
  const scroll = el('div', {className: 'scroll', tabIndex: 0, role: 'group', 'aria-label': label || 'Picture', onscroll: () => follow(scroll)}, canvas);
  canvas.onpointerdown = event => drag(event, canvas);
  return el('figure', {className: 'pane'}, el('figcaption', {}, el('span', {className: 'label'}, label),
    el('span', {className: 'size', 'data-size': ownSize(r, kinds, layoutName)})), scroll);
}

function makeStage(r, view) {
  const kinds = Object.keys(KINDS).filter(kind => r.images[kind]);
  const apart = kinds.filter(kind => kind !== 'diff' || $('stage').clientWidth >= 900);
  const layoutName = layoutOf(r);
  const made = [r.order, layoutName, view === 'side' && apart].join();
  if (state.made === made) return;
  state.made = made;
  $('stage').replaceChildren(...(!kinds.length
    ? [el('div', {className: 'pane'}, el('div', {className: `note ${r.status}`}, icon(r.status), el('p', {}, hooks.none)))]
    : view === 'aligned' ? VIEWS.aligned[1].map(kind => pane(r, [kind], 'aligned'))
    : view === 'side' ? apart.map(kind => pane(r, [kind], kind === 'ref' ? 'ref' : 'run')) : [pane(r, kinds, layoutName)]));
}

/* Where rows are in the pane that leads. */
function layoutOf(r) {
  return {aligned: 'aligned', before: 'ref'}[viewOf(r)] || 'run';
}

/* Makes the page show the state's view of the state's test. */
let blinking = 0;
function show(kept) {
  const r = state.test;
  const view = viewOf(r);
  const place = kept && scrollers()[0]?.scrollTop && middle(); /* the top of one stays the top */
  makeStage(r, view);
  $('stage').dataset.view = view;
  clearInterval(blinking);
  delete $('stage').dataset.blink;
  if (VIEWS[view][2]) $('stage').querySelector('.label').textContent = VIEWS[view][2];
  if (view === 'blink') blink();
  if (view === 'blink' && !still.matches) blinking = setInterval(blink, BLINK_MS);
  for (const button of $('views').querySelectorAll('button')) {
    button.setAttribute('aria-pressed', button.dataset.view === view);
    button.disabled = !has(r, button.dataset.view);
  }
  $('mix-label').hidden = !MIXED.includes(view);
  $('mix-name').textContent = view === 'swipe' ? 'Divider' : 'After';
  setMix(state.mix);
  layout();
  if (state.area >= 0) goToArea(state.area);
  else if (place) lookAt(...place);
  hooks.shown();
}

function blink() {
  const kind = $('stage').dataset.blink === 'ref' ? 'run' : 'ref';
  $('stage').dataset.blink = kind;
  $('stage').querySelector('.label').textContent = KINDS[kind];
}

function setView(view) {
  if (!state.test || !has(state.test, view)) return;
  state.view = view;
  show(true);
}

/* ---- Size and place ---- */

const scrollers = () => [...$('stage').querySelectorAll('.scroll')];

/* The picture's size; of one that was never measured, what the browser finds. */
function pictureSize() {
  const image = $('stage').querySelector('img');
  if (layoutOf(state.test) === 'aligned') return [state.test.width, state.test.rows];
  return [state.test.width || image?.naturalWidth || 1, state.test.height || image?.naturalHeight || 1];
}

function room(scroll) {
  const style = getComputedStyle(scroll);
  return [scroll.clientWidth - 2 * parseFloat(style.paddingLeft), scroll.clientHeight - 2 * parseFloat(style.paddingTop)];
}

/* Fitting is by width, since pages are long: a picture of 8,000 rows fitted by height would be a stripe. */
function scale() {
  const scroll = scrollers()[0];
  return state.zoom !== 'fit' || !scroll ? state.zoom : Math.min(1, Math.max(40, room(scroll)[0]) / pictureSize()[0]);
}

/* Gives the canvases their size, and says it. */
function layout() {
  if (!state.test || !scrollers().length) return;
  const [w, h] = pictureSize();
  const s = scale();
  for (const canvas of $('stage').querySelectorAll('.canvas'))
    Object.assign(canvas.style, {width: `${w * s}px`, height: `${h * s}px`});
  for (const label of $('stage').querySelectorAll('.size')) label.textContent = label.dataset.size || size(w, h);
  $('stage').classList.toggle('pixelated', s > 1);
  $('zoom-toggle').textContent = state.zoom === 'fit' ? `Fit (${Math.round(s * 100)} %)` : `${Math.round(s * 100)} %`;
  const n = state.test.found.length;
  $('area-text').textContent = state.area < 0 ? count(n, 'change') : `${state.area + 1} of ${n}`;
  for (const button of document.querySelectorAll('[data-found]')) button.setAttribute('aria-current', +button.dataset.found === state.area);
  $('stage').querySelectorAll('.box').forEach((box, i) => box.classList.toggle('current', i % n === state.area));
}

function lookAt(x, y) {
  const s = scale();
  for (const scroll of scrollers()) {
    const canvas = scroll.firstElementChild;
    scroll.scrollTo(canvas.offsetLeft + x * s - scroll.clientWidth / 2, canvas.offsetTop + y * s - scroll.clientHeight / 2);
  }
}

/* The point of the picture in the middle of its pane. */
function middle() {
  const scroll = scrollers()[0];
  if (!scroll) return null;
  const canvas = scroll.firstElementChild;
  const s = scale();
  return [(scroll.scrollLeft + scroll.clientWidth / 2 - canvas.offsetLeft) / s, (scroll.scrollTop + scroll.clientHeight / 2 - canvas.offsetTop) / s];
}

/* All panes show the same place, and the divider stays where it can be seen. */
function follow(scroll) {
  for (const other of scrollers())
    if (other !== scroll) other.scrollTo(scroll.scrollLeft, scroll.scrollTop);
  const canvas = scroll.firstElementChild;
  if ($('stage').dataset.view !== 'swipe' || canvas.offsetWidth <= scroll.clientWidth) return;
  const left = (scroll.scrollLeft - canvas.offsetLeft + 24) / canvas.offsetWidth * 100;
  const right = left + (scroll.clientWidth - 48) / canvas.offsetWidth * 100;
  if (state.mix < left || state.mix > right) setMix(Math.min(right, Math.max(left, state.mix)));
}

function setZoom(zoom) {
  if (!scrollers().length) return;
  const centre = middle();
  state.zoom = zoom;
  layout();
  lookAt(...centre);
}

function zoomBy(by) {
  const s = scale();
  const next = by > 0 ? SCALES.find(one => one > s * 1.01) : SCALES.findLast(one => one < s * .99);
  if (next) setZoom(next);
}

function goToArea(index) {
  const r = state.test;
  const scroll = scrollers()[0];
  if (!r.found[index] || !scroll) return;
  const box = placeIn(r, layoutOf(r), r.found[index]);
  const [w, h] = room(scroll);
  const margin = 48; /* what is around a change tells where it is */
  const most = box.rows ? 1 : 4;
  state.zoom = 'fit';
  const fit = scale();
  state.zoom = Math.max(fit, Math.min(most, w / (box.width + 2 * margin), h / (box.height + 2 * margin)));
  state.area = index;
  layout();
  setMix((box.x + box.width / 2) / pictureSize()[0] * 100);
  lookAt(box.x + box.width / 2, box.y + box.height / 2);
}

function stepArea(by) {
  const n = state.test ? state.test.found.length : 0;
  if (!n) return;
  goToArea(state.area < 0 ? (by > 0 ? 0 : n - 1) : (state.area + by + n) % n);
  $('live').textContent = `Change ${state.area + 1} of ${n}`;
}

function setMix(mix) {
  state.mix = Math.min(100, Math.max(0, mix));
  $('mix').value = state.mix;
  $('stage').style.setProperty('--mix', `${state.mix}%`);
}

function drag(event, canvas) {
  if ($('stage').dataset.view !== 'swipe' || event.button) return;
  const go = e => {
    const edge = canvas.getBoundingClientRect();
    setMix((e.clientX - edge.left) / edge.width * 100);
  };
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  canvas.onpointermove = go;
  canvas.onpointerup = canvas.onpointercancel = () => { canvas.onpointermove = null; };
  go(event);
}

/* ---- A test comes ---- */

/* Another test: all of it is seen, and the divider is in the middle. show() follows. */
function set(r) {
  Object.assign(state, {test: r, zoom: 'fit', area: -1, mix: 50});
  $('legend').replaceChildren(...BANDS.filter(kind => r.found.some(one => one.rows && one.kind === kind)).map(kind =>
    el('li', {}, el('span', {className: `key ${kind}`}), kind)));
  $('areas').hidden = !r.found.length;
  $('views').hidden = $('zoom').hidden = !Object.values(r.images).some(Boolean);
}

/* Back to the whole picture. */
function leaveArea() {
  if (state.area < 0 && state.zoom === 'fit') return;
  state.area = -1;
  setZoom('fit');
}

/* ---- Keys ---- */

const toggleZoom = () => setZoom(state.zoom === 'fit' ? 1 : 'fit');

function toggleBlink() {
  if ($('stage').dataset.view !== 'blink') state.before = state.view, setView('blink');
  else if (still.matches) blink();
  else setView(state.before || 'side');
}

const actions = {
  f: () => setView(state.test && viewOf(state.test) === 'after' ? 'before' : 'after'),
  '[': () => stepArea(-1), ']': () => stepArea(1), '+': () => zoomBy(1), '=': () => zoomBy(1), '-': () => zoomBy(-1),
};
for (const view in VIEWS) if (VIEWS[view][0]) actions[VIEWS[view][0]] = () => setView(view);
actions[' '] = toggleBlink;

/* Whether an arrow key moved the divider. */
function nudge(event) {
  if (!MIXED.includes($('stage').dataset.view) || event.target === $('mix')) return false;
  setMix(state.mix + (event.key === 'ArrowLeft' ? -1 : 1) * (event.shiftKey ? 10 : 2));
  return true;
}

const clicks = {
  'area-previous': () => stepArea(-1), 'area-next': () => stepArea(1),
  'zoom-out': () => zoomBy(-1), 'zoom-in': () => zoomBy(1), 'zoom-toggle': toggleZoom,
};

function start() {
  for (const id in clicks) $(id).onclick = clicks[id];
  for (const button of $('views').querySelectorAll('button')) button.onclick = () => setView(button.dataset.view);
  $('mix').oninput = () => setMix(+$('mix').value);
  /* A click with the mouse leaves the focus, so that Space blinks and does not press the button again. */
  document.querySelector('.tools').onmousedown = event => { if (event.target.closest('button')) event.preventDefault(); };
  new ResizeObserver(() => { if (state.test) show(true); }).observe($('stage'));
}

return {$, VIEWS, narrow, state, hooks, el, icon, capital, number, count, size, prepare, viewOf, words, found, set, show, leaveArea, toggleZoom,
  actions, nudge, start};
})();
