/* Runs in every document (and worker) before the page's own scripts, as (function (config) {...})({...}).
 *
 * It takes the clock, chance and animation frames away from the page, as config says, and leaves one hidden object,
 * __dpxdt, through which page.c, settle.c and steps.c ask for the rest. Everything that it needs later is kept in
 * variables here, because the page may replace the globals. */
(function (config) {
  'use strict';
  const scope = globalThis;
  if (Object.prototype.hasOwnProperty.call(scope, '__dpxdt')) return;
  const RealDate = Date;
  /* A worker is not complete yet when this runs: its functions come later. */
  const realSetTimeout = scope.setTimeout && scope.setTimeout.bind(scope);
  const realFrame = scope.requestAnimationFrame && scope.requestAnimationFrame.bind(scope);
  const define = Object.defineProperty;

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

  /* --- animation frames: sixty ticks of 16 ms of the page's own time, then no more, so that what a script draws
   * frame by frame stands where it stood the last time. */
  function limitFrames() {
    const TICKS = 60;
    let ticks = 0, waiting = new Map(), last = 0;
    const tick = () => {
      const due = waiting;
      waiting = new Map();
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
      if (waiting.size === 0 && ticks < TICKS) realSetTimeout(tick, 16);
      waiting.set(++last, callback);
      return last;
    };
    scope.cancelAnimationFrame = (id) => {
      waiting.delete(id);
    };
    scope.requestIdleCallback = (callback) =>
      realSetTimeout(() => callback({didTimeout: false, timeRemaining: () => 10}), 1);
    scope.cancelIdleCallback = (id) => clearTimeout(id);
  }

  /* Fonts are asked for, and transitions begin, when there is a layout. Not to leave the moment to the painter, who works
   * in real time, there is one every tenth of a second of the page's own time. */
  function layOutRegularly() {
    const layOut = () => document.documentElement && document.documentElement.offsetHeight;
    for (const event of ['DOMContentLoaded', 'load']) addEventListener(event, layOut);
    setInterval(layOut, 100);
  }

  if (config.clock) freezeClock();
  if (config.random) fixChance();
  if (config.frames && scope.requestAnimationFrame) limitFrames();
  if (!scope.document) return; /* a worker needs no more */
  if (config.fonts || config.animations) layOutRegularly();

  /* Closed shadow roots, which nobody can find later: element -> root. (One that is closed and declared in HTML is out
   * of reach.) */
  const closedRoots = new WeakMap();
  const realAttachShadow = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function attachShadow(options) {
    const root = realAttachShadow.call(this, options);
    if (root.mode === 'closed') closedRoots.set(this, root);
    return root;
  };

  /* This document and the shadow roots in it. Frames are not entered: each has a copy of this script, which is asked
   * for itself. */
  function* roots(root = document) {
    yield root;
    for (const element of root.querySelectorAll('*')) {
      const shadow = element.shadowRoot || closedRoots.get(element);
      if (shadow) yield* roots(shadow);
    }
  }

  /* Returns 1 if the animation was not at its end already. */
  function end(animation) {
    if (animation.playState === 'finished' || animation.playState === 'idle') return 0;
    try {
      const duration = animation.effect ? animation.effect.getComputedTiming().endTime : 0;
      if (duration === Infinity) animation.cancel();
      else animation.finish();
    } catch (error) { /* it cannot be finished: one that scrolling drives, say */
      animation.cancel();
    }
    return 1;
  }

  function rewind(svg) {
    if (svg.ownerSVGElement) return; /* the outermost has the clock */
    svg.pauseAnimations();
    svg.setCurrentTime(0);
  }

  /* Frames with autofocus race for the focus, and the one that wins is scrolled to. So none has it. */
  function takeFocusFromFrames() {
    const focused = document.activeElement;
    if (!focused || (scope === scope.top && !/^i?frame$/.test(focused.localName))) return;
    focused.blur();
    scrollTo({left: 0, top: 0, behavior: 'instant'});
  }

  const api = {
    /* Resolves when the page has been painted twice: then whoever watches what is in view has been told. */
    painted() {
      return new Promise((done) => realFrame(() => realFrame(() => done(true))));
    },

    /* Asks lazy images and frames to load. Returns how many there were. */
    wake() {
      let count = 0;
      for (const root of config.images ? roots() : [])
        for (const element of root.querySelectorAll('[loading=lazy]')) {
          element.loading = 'eager';
          count++;
        }
      return count;
    },

    /* How many images and fonts are still to come. */
    missing() {
      let count = 0;
      for (const root of roots()) {
        if (config.images) for (const image of root.querySelectorAll('img')) count += !image.complete;
        if (config.fonts && root.fonts) count += root.fonts.status === 'loading';
      }
      return count;
    },

    /* Brings animations to their end: finite ones are finished, infinite ones taken away. Returns how many. */
    finish() {
      let count = 0;
      if (config.caret) takeFocusFromFrames();
      /* One that waits for its pictures while the clock stands would hold up our picture for ever. */
      if (config.animations && document.activeViewTransition) document.activeViewTransition.skipTransition();
      for (const root of roots()) {
        if (config.animations) {
          for (const animation of root.getAnimations()) count += end(animation);
          for (const svg of root.querySelectorAll('svg')) rewind(svg);
          for (const media of root.querySelectorAll('video, audio')) {
            media.autoplay = false;
            media.pause();
            if (media.readyState > 0) media.currentTime = 0;
          }
        }
      }
      return count;
    },

    /* The boxes of what a selector finds, in the document's CSS pixels; of the first alone where first is true. */
    boxes(selector, first) {
      const found = first ? [document.querySelector(selector)] : document.querySelectorAll(selector);
      return Array.from(found).filter(Boolean).map((element) => {
        const box = element.getBoundingClientRect();
        return {x: box.left + scrollX, y: box.top + scrollY, width: box.width, height: box.height};
      }).filter((box) => box.width > 0 && box.height > 0);
    },

    exists(selector) {
      return document.querySelector(selector) !== null;
    },

    /* Paints over boxes of the document. Popovers, because these lie above all, dialogs too, and are placed by the
     * document even where the page moves its root element. */
    cover(boxes) {
      for (const box of boxes) {
        const cover = document.createElementNS('http://www.w3.org/1999/xhtml', 'div');
        const style = {position: 'absolute', left: box.x + 'px', top: box.y + 'px', width: box.width + 'px',
          height: box.height + 'px', right: 'auto', bottom: 'auto', background: '#808080', 'z-index': '2147483647',
          margin: '0', padding: '0', border: '0', display: 'block', opacity: '1', transform: 'none'};
        for (const [name, value] of Object.entries(style)) cover.style.setProperty(name, value, 'important');
        cover.popover = 'manual';
        document.documentElement.append(cover);
        cover.showPopover();
      }
    },

    /* Where to put the mouse for an element, in the viewport, after scrolling it there; null if there is none. */
    point(selector) {
      const element = document.querySelector(selector);
      if (!element) return null;
      element.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'});
      const box = element.getBoundingClientRect();
      return {x: box.left + box.width / 2, y: box.top + box.height / 2};
    },

    focus(selector) {
      const element = document.querySelector(selector);
      if (!element) return false;
      element.focus();
      return true;
    },

    /* Scrolls to an element or, where selector is null, to a place; false if there is no such element. */
    scroll(selector, x, y) {
      if (selector === null) {
        scrollTo({left: x, top: y, behavior: 'instant'});
        return true;
      }
      const element = document.querySelector(selector);
      if (element) element.scrollIntoView({block: 'start', behavior: 'instant'});
      return element !== null;
    },
  };

  /* Only the element that has the focus shows a caret, and only its own style beats every style sheet. */
  if (config.caret)
    addEventListener('focusin', (event) => {
      const focused = event.composedPath()[0];
      if (focused && focused.style) focused.style.setProperty('caret-color', 'transparent', 'important');
    }, true);

  define(scope, '__dpxdt', {value: Object.freeze(api)});
})
