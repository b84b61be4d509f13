/* Runs in every document and worker before the page's own scripts, in the page's own world, as (function (config)
 * {...})({...}): it takes the clock, chance and animation frames away from the page, as config says. Everything that it
 * needs later is kept in variables here, because the page may replace the globals. page.js does all else. */
(function (config) {
  'use strict';
  const scope = globalThis;
  const define = Object.defineProperty;
  /* A window may outlive its first, empty document: then this was here before. */
  const mark = Symbol.for('dpxdt');
  if (Object.prototype.hasOwnProperty.call(scope, mark)) return;
  define(scope, mark, {value: true});
  const RealDate = Date;
  /* A worker is not complete yet when this runs: its functions come later. */
  const realSetTimeout = scope.setTimeout && scope.setTimeout.bind(scope);
  const realSetInterval = scope.setInterval && scope.setInterval.bind(scope);
  const realClearTimeout = scope.clearTimeout && scope.clearTimeout.bind(scope);
  const realNow = scope.performance && scope.performance.now.bind(scope.performance);
  const soon = scope.queueMicrotask && scope.queueMicrotask.bind(scope);
  const call = Reflect.apply;
  /* A timer of our own, which the page cannot clear: it does not know its name. */
  let later = realSetTimeout;

  /* --- the clock: stands still. A script that waits for it in a loop would never end, so after many questions in a
   * row each further one moves it by a millisecond: a number of questions, not of seconds, hence the same each time. */
  function freezeClock() {
    const START = config.now;
    const PATIENCE = 5000;
    let questions = 0;
    const past = () => (++questions > PATIENCE ? questions - PATIENCE : 0);
    const now = () => START + past();
    function FixedDate(...parts) {
      if (!new.target) return new RealDate(now()).toString();
      return Reflect.construct(RealDate, parts.length ? parts : [now()], new.target);
    }
    FixedDate.prototype = RealDate.prototype;
    define(FixedDate, 'name', {value: 'Date'});
    define(FixedDate, 'length', {value: 7});
    FixedDate.now = now;
    FixedDate.parse = RealDate.parse;
    FixedDate.UTC = RealDate.UTC;
    define(RealDate.prototype, 'constructor', {value: FixedDate, writable: true, configurable: true});
    define(scope, 'Date', {value: FixedDate, writable: true, configurable: true});
    if (scope.Performance) {
      define(Performance.prototype, 'now', {value: () => 1000 + past(), writable: true, configurable: true});
      define(Performance.prototype, 'timeOrigin', {get: () => START - 1000, configurable: true});
    }
    /* What was measured: when it happened, how long it took. */
    for (const kind of [scope.PerformanceEntry, scope.PerformanceResourceTiming, scope.PerformanceNavigationTiming]) {
      for (const name of kind ? Object.getOwnPropertyNames(kind.prototype) : [])
        if (/(Start|End|Time|duration|Complete|Interactive)$/.test(name))
          define(kind.prototype, name, {get: () => 0, configurable: true});
    }
    if (scope.PerformanceTiming)
      for (const name of Object.getOwnPropertyNames(PerformanceTiming.prototype))
        if (name !== 'toJSON' && name !== 'constructor')
          define(PerformanceTiming.prototype, name, {get: () => START, configurable: true});
    if (scope.File) define(File.prototype, 'lastModified', {get: () => START, configurable: true});
    if (scope.Document)
      define(Document.prototype, 'lastModified', {get: () => '01/01/2020 12:00:00', configurable: true});
    if (scope.Temporal) {
      const instant = () => Temporal.Instant.fromEpochMilliseconds(now());
      const zoned = (zone = 'UTC') => instant().toZonedDateTimeISO(zone);
      Object.assign(Temporal.Now, {
        instant, zonedDateTimeISO: zoned, plainDateTimeISO: (zone) => zoned(zone).toPlainDateTime(),
        plainDateISO: (zone) => zoned(zone).toPlainDate(), plainTimeISO: (zone) => zoned(zone).toPlainTime(),
      });
    }
    if (scope.Event) define(Event.prototype, 'timeStamp', {get: () => 1000, configurable: true});
    if (scope.Intl && Intl.DateTimeFormat) {
      const format = Intl.DateTimeFormat.prototype;
      const real = Object.getOwnPropertyDescriptor(format, 'format').get;
      define(format, 'format', {
        get() {
          const one = real.call(this);
          return (date) => one(date === undefined ? now() : date);
        },
        configurable: true,
      });
      const parts = format.formatToParts;
      format.formatToParts = function formatToParts(date) {
        return call(parts, this, [date === undefined ? now() : date]);
      };
    }
  }

  /* --- chance: mulberry32, a small generator with a fixed seed. */
  function fixChance() {
    let state = 0x9e3779b9;
    const next = () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return (t ^ (t >>> 14)) >>> 0;
    };
    Math.random = () => next() / 4294967296;
    if (!scope.Crypto) return;
    define(Crypto.prototype, 'getRandomValues', {
      value(array) {
        const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
        for (let i = 0; i < bytes.length; i++) bytes[i] = next();
        return array;
      },
      writable: true, configurable: true,
    });
    define(Crypto.prototype, 'randomUUID', {
      value() {
        const hex = Array.from({length: 32}, () => (next() & 15).toString(16));
        hex[12] = '4';
        hex[16] = (8 + (next() & 3)).toString(16);
        return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
      },
      writable: true, configurable: true,
    });
  }

  /* --- timers: keep to their own times. The page's clock jumps by ten milliseconds when something was fetched, and what
   * is due then may be late or not, as the browser's threads have it. So a timer is set from the time at which the one
   * that sets it was due, and not from when it came; and one that repeats misses no beat. */
  function keepTimers() {
    const CLAMPED_FROM = 5, CLAMP_MS = 4; /* as HTML says of timers that are set by timers */
    const timers = new Map(); /* those that the page knows of */
    let running = null;

    const delay = (ms, depth) => Math.max(ms, depth >= CLAMPED_FROM ? CLAMP_MS : 0);
    const arm = (timer) => realSetTimeout(fire, Math.max(0, Math.round(timer.due - realNow())), timer);

    function fire(timer) {
      const {due} = timer;
      if (timer.repeats) {
        timer.due += delay(timer.ms, ++timer.depth);
        timer.native = arm(timer);
      } else {
        timers.delete(timer.native); /* which is its name, as it was armed once */
      }
      running = {due, depth: timer.depth};
      try {
        call(timer.callback, scope, timer.parts);
      } finally {
        soon(() => { running = null; }); /* behind what the callback has left to do */
      }
    }

    function start(repeats, callback, ms, parts) {
      const depth = running ? running.depth + 1 : 0;
      const wait = Math.max(0, ms | 0);
      const timer = {callback, parts, repeats, ms: wait, depth,
        due: (running ? running.due : realNow()) + delay(wait, depth)};
      timer.native = arm(timer);
      return timer;
    }

    /* Code as a text is compiled by the browser, as the page's policy allows. */
    function set(repeats, callback, ms, parts) {
      const timer = typeof callback === 'function' ? start(repeats, callback, ms, parts)
        : {native: (repeats ? realSetInterval : realSetTimeout)(callback, ms)};
      const id = timer.native;
      timers.set(id, timer);
      return id;
    }

    function clear(id) {
      const timer = timers.get(Number(id));
      if (timer) realClearTimeout(timer.native);
      timers.delete(Number(id));
    }

    later = (callback, ms) => start(false, callback, ms, []);
    scope.setTimeout = function setTimeout(callback, ms = 0, ...parts) { return set(false, callback, ms, parts); };
    scope.setInterval = function setInterval(callback, ms = 0, ...parts) { return set(true, callback, ms, parts); };
    scope.clearTimeout = function clearTimeout(id) { clear(id); };
    scope.clearInterval = function clearInterval(id) { clear(id); };
  }

  /* --- animation frames: sixty ticks of 16 ms of the page's own time, then no more, so that what a script draws
   * frame by frame stands where it stood the last time. */
  function limitFrames() {
    const TICKS = 60;
    let ticks = 0, waiting = new Map(), last = 0, isArmed = false;
    const tick = () => {
      const due = waiting;
      waiting = new Map();
      isArmed = false;
      ticks++;
      for (const [, callback] of due) {
        try {
          callback(1000 + ticks * 16);
        } catch (error) {
          scope.reportError ? scope.reportError(error) : console.error(error);
        }
      }
    };
    scope.requestAnimationFrame = (callback) => {
      if (!isArmed && ticks < TICKS) later(tick, 16);
      isArmed = true;
      waiting.set(++last, callback);
      return last;
    };
    scope.cancelAnimationFrame = (id) => {
      waiting.delete(id);
    };
    scope.requestIdleCallback = (callback) =>
      scope.setTimeout(() => callback({didTimeout: false, timeRemaining: () => 10}), 1);
    scope.cancelIdleCallback = scope.clearTimeout;
  }

  /* Fonts are asked for, and transitions begin, when there is a layout. Not to leave the moment to the painter, who works
   * in real time, there is one every tenth of a second of the page's own time. */
  function layOutRegularly() {
    const layOut = () => document.documentElement && document.documentElement.offsetHeight;
    for (const event of ['DOMContentLoaded', 'load']) addEventListener(event, layOut);
    const again = () => {
      layOut();
      later(again, 100);
    };
    later(again, 100);
  }

  /* --- closed shadow roots: are open in truth, so that page.js can look into them, and look closed to the page. (One
   * that is closed and declared in HTML is out of reach.) */
  function openShadowRoots() {
    const closed = new WeakSet();
    const attach = Element.prototype.attachShadow;
    const root = Object.getOwnPropertyDescriptor(Element.prototype, 'shadowRoot').get;
    const mode = Object.getOwnPropertyDescriptor(ShadowRoot.prototype, 'mode').get;
    Element.prototype.attachShadow = function attachShadow(options) {
      const isClosed = options && options.mode === 'closed';
      const made = attach.call(this, isClosed ? {...options, mode: 'open'} : options);
      if (isClosed) closed.add(made);
      return made;
    };
    define(Element.prototype, 'shadowRoot', {
      get() {
        const found = root.call(this);
        return closed.has(found) ? null : found;
      },
      configurable: true, enumerable: true,
    });
    define(ShadowRoot.prototype, 'mode', {
      get() {
        return closed.has(this) ? 'closed' : mode.call(this);
      },
      configurable: true, enumerable: true,
    });
  }

  if (config.timers && scope.document) keepTimers();
  if (config.clock) freezeClock();
  if (config.random) fixChance();
  if (config.frames && scope.requestAnimationFrame) limitFrames();
  if (!scope.document) return; /* a worker needs no more */
  openShadowRoots();
  if (config.fonts || config.animations) layOutRegularly();
})
