/* What page.c, settle.c and steps.c ask for in a document, as (function (config) {...})({...}). It runs in every
 * document, in a world of its own: it sees the same elements as the page's scripts, and nothing that those have changed
 * of the language and its objects; nor do they see it. Outside this file it is known as __dpxdt. */
(function (config) {
  'use strict';
  const scope = globalThis;
  if (scope.__dpxdt) return; /* a window may outlive its first, empty document */

  /* This document and the shadow roots in it. Frames are not entered: each has a copy of this script, which is asked
   * for itself. */
  function* roots(root = document) {
    yield root;
    for (const element of root.querySelectorAll('*'))
      if (element.shadowRoot) yield* roots(element.shadowRoot);
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

  /* What users name. Whatever is wrong with it is thrown as a text for them. */

  /* A selector as the browser has understood it, with every bracket and string closed. */
  function checked(selector) {
    const sheet = new CSSStyleSheet();
    try {
      sheet.insertRule(`${selector} {}`);
    } catch (error) { /* said below */ }
    const text = sheet.cssRules.length === 1 ? sheet.cssRules[0].selectorText : undefined;
    if (text === undefined) throw `"${selector}" is no CSS selector`;
    return text;
  }

  /* Of input and textarea. */
  const TYPED_INTO = /^(text|search|url|tel|email|password|number|textarea)$/;

  const hasArea = (box) => box.width > 0 && box.height > 0;

  const canBeSeen = (element) => element.checkVisibility({visibilityProperty: true}) &&
      Array.from(element.getClientRects()).some(hasArea);

  /* The first element that matches and can be seen or, for where to scroll, is there at all. */
  function seen(selector, test = canBeSeen) {
    const all = Array.from(document.querySelectorAll(checked(selector)));
    const element = all.find(test);
    if (all.length === 0) throw `nothing on the page matches the selector "${selector}"`;
    if (!element) throw `"${selector}" cannot be seen: it is hidden, or has no size`;
    return element;
  }

  /* The middle of what lies between 0 and the end. */
  const middle = (from, to, end) => (Math.max(from, 0) + Math.min(to, end)) / 2;

  /* What the mouse would touch. */
  function elementAt(x, y) {
    let hit = null;
    for (let next = document.elementFromPoint(x, y); next && next !== hit;) {
      hit = next;
      next = hit.shadowRoot && hit.shadowRoot.elementFromPoint(x, y);
    }
    return hit;
  }

  /* Whether inner is outer or a part of it, also in its shadow. */
  function isWithin(inner, outer) {
    for (let node = inner; node; node = node.parentNode || node.host)
      if (node === outer) return true;
    return false;
  }

  const describe = (element) => `<${element.localName}${element.id ? ' id=' + element.id : ''}` +
      `${element.localName === 'input' ? ' type=' + element.type : ''}` +
      `${element.classList.length ? ` class="${element.classList}"` : ''}>`;

  const api = {
    /* Resolves when the page has been painted twice: then whoever watches what is in view has been told. */
    painted() {
      return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))));
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

    /* The boxes of what a selector finds, in the document's CSS pixels; of what can be seen alone. */
    boxes(selector) {
      return Array.from(document.querySelectorAll(checked(selector)), (element) => {
        const box = element.getBoundingClientRect();
        return {x: box.left + scrollX, y: box.top + scrollY, width: box.width, height: box.height};
      }).filter((box) => box.width > 0 && box.height > 0);
    },

    exists(selector) {
      return document.querySelector(checked(selector)) !== null;
    },

    /* A rule of style that makes what a selector finds invisible, with all that is in it: opacity alone could still be
     * clicked, and a part that is said to be visible would be. */
    hiding(selector) {
      return `${checked(selector)} { visibility: hidden !important; opacity: 0 !important; }\n`;
    },

    /* Paints over boxes of the document. Popovers, because these lie above all, dialogs too, and are placed by the
     * document even where the page moves its root element. */
    cover(boxes) {
      for (const box of boxes) {
        const cover = document.createElementNS('http://www.w3.org/1999/xhtml', 'dpxdt-cover');
        const style = {all: 'initial', position: 'absolute', left: box.x + 'px', top: box.y + 'px', width: box.width + 'px',
          height: box.height + 'px', right: 'auto', bottom: 'auto', background: '#808080', 'z-index': '2147483647',
          margin: '0', padding: '0', border: '0', display: 'block', visibility: 'visible'};
        for (const [name, value] of Object.entries(style)) cover.style.setProperty(name, value, 'important');
        cover.popover = 'manual';
        document.documentElement.append(cover);
        cover.showPopover();
        const {left, top, width, height} = cover.getBoundingClientRect();
        const distances = [left + scrollX - box.x, top + scrollY - box.y, width - box.width, height - box.height];
        if (distances.some((distance) => Math.abs(distance) > 1)) throw 'an area of the page cannot be covered';
      }
    },

    /* Where to put the mouse for an element, in the viewport, after scrolling it there. */
    point(selector, toClick) {
      const element = seen(selector);
      if (toClick && element.matches(':disabled')) throw `"${selector}" is disabled`;
      element.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'});
      /* A link that is broken into two lines has two boxes, and nothing in their middle. */
      const box = Array.from(element.getClientRects()).find(hasArea);
      const x = middle(box.left, box.right, innerWidth);
      const y = middle(box.top, box.bottom, innerHeight);
      const hit = elementAt(x, y);
      if (!hit) throw `"${selector}" lies where the mouse cannot get`;
      const label = hit.closest('label');
      if (!isWithin(hit, element) && !(label && label.control === element))
        throw `"${selector}" is covered by ${describe(hit)}`;
      return {x, y};
    },

    /* Where the viewport is in the document. */
    scrolled() {
      return {x: scrollX, y: scrollY};
    },

    /* Gives an element the focus and, for who wants to type, marks what is there, so that it is replaced. */
    focus(selector, toType) {
      const element = seen(selector);
      if (element.matches(':disabled')) throw `"${selector}" is disabled`;
      element.focus();
      let focused = document.activeElement;
      while (focused.shadowRoot && focused.shadowRoot.activeElement) focused = focused.shadowRoot.activeElement;
      if (!isWithin(focused, element)) throw `"${selector}" does not take the focus`;
      if (!toType) return true;
      if (focused.readOnly) throw `"${selector}" is read-only`;
      if (!focused.isContentEditable && !TYPED_INTO.test(focused.type))
        throw `"${selector}" is nothing that can be typed into, but ${describe(focused)}`;
      if (focused.isContentEditable) getSelection().selectAllChildren(focused);
      else focused.select();
      return true;
    },

    /* Chooses the option that has the value, or else the label. */
    select(selector, value) {
      const element = seen(selector);
      if (element.localName !== 'select') throw `"${selector}" is a <${element.localName}>, not a <select>`;
      if (element.matches(':disabled')) throw `"${selector}" is disabled`;
      const options = Array.from(element.options);
      const option = options.find((one) => one.value === value) || options.find((one) => one.label === value);
      if (!option) throw `"${selector}" has no option "${value}"`;
      if (option.disabled) throw `"${selector}" has an option "${value}", which is disabled`;
      element.focus();
      option.selected = true;
      for (const type of ['input', 'change']) element.dispatchEvent(new Event(type, {bubbles: true}));
      return true;
    },

    /* Scrolls to an element or, where selector is null, to a place. */
    scroll(selector, x, y) {
      if (selector === null) scrollTo({left: x, top: y, behavior: 'instant'});
      else seen(selector, (element) => element.checkVisibility()).scrollIntoView({block: 'start', behavior: 'instant'});
      return true;
    },
  };

  /* Only the element that has the focus shows a caret, and only its own style beats every style sheet. */
  if (config.caret)
    addEventListener('focusin', (event) => {
      const focused = event.composedPath()[0];
      if (focused && focused.style) focused.style.setProperty('caret-color', 'transparent', 'important');
    }, true);

  scope.__dpxdt = api;
})
