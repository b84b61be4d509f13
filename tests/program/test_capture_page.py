"""What pages do, and what becomes of it: in the picture, in the log, and in a second picture of the same page."""
import pathlib
import struct
import subprocess
import unittest

import capturing
import harness
from capturing import BLUE, CLEAR, GREEN, RED, Answer, picture_of, shot

STYLE = '<style>body { margin: 0 }</style>'
SCRIPT = {'type': 'text/javascript'}


def page(script, body='<body>'):
    return f'{body}<script>{script}</script>'


PAINT = "document.body.style.background = 'red'"


def gif():
    """20x20 px, first frame red, then blue, 0.1 s each, for ever; made by hand, since nothing here can write GIFs."""
    def frame(color):
        control = b'\x21\xf9\x04\x00' + struct.pack('<H', 10) + b'\0\0'
        place = b'\x2c' + struct.pack('<HHHHB', 0, 0, 20, 20, 0)
        # Codes of 3 bits: a clear before every second pixel keeps the width at 3.
        codes = [code for _ in range(200) for code in (4, color, color)] + [5]
        bits = sum(code << (3 * i) for i, code in enumerate(codes))
        data = bits.to_bytes((3 * len(codes) + 7) // 8, 'little')
        blocks = b''.join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data), 255))
        return control + place + b'\x02' + blocks + b'\0'
    screen = struct.pack('<HHBBB', 20, 20, 0x81, 0, 0) + bytes([255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0])
    return (b'GIF89a' + screen + b'\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0' + frame(0) + frame(1) + b'\x3b')


class Stillness(capturing.TestCase):
    """Everything is captured twice. What stands still gives the same bytes; what does not shows the page the world."""
    update_again = True

    def assertStill(self, *shots):
        for shot in shots:
            self.assertIn(shot.status, ('updated', 'unchanged'), shot.message)
            self.assertEqual(self.again(shot).status, 'unchanged', shot.name)

    def said(self, shot):
        return shot.said, self.again(shot).said

    CLOCK = page('document.body.textContent = [Date.now(), performance.now(), new Date()]; '
                 'console.log(Date.now(), new Date().getFullYear(), Math.round(performance.now()))')
    MOVES = page('const start = Date.now(), from = performance.now();'
                 'setTimeout(() => console.log(Date.now() - start >= 1000, performance.now() - from >= 1000), 1100)')

    @shot(CLOCK)
    @shot(CLOCK, still='realtime')
    @shot(CLOCK, still={'clock': False})
    @shot(CLOCK, still=False)
    def test_the_clock_stands(self, strict, realtime, own, off):
        self.assertEqual(self.said(strict), (['1577880000000 2020 1000'],) * 2)
        self.assertEqual(self.said(realtime), (['1577880000000 2020 1000'],) * 2)
        self.assertStill(strict, realtime)
        first, second = self.said(off)
        self.assertNotEqual(first, second)
        self.assertNotIn('2020', first[0])
        self.assertNotIn(' 2020 ', own.said[0])

    @shot(MOVES)
    @shot(MOVES, still={'clock': False})
    @shot(MOVES, still={'mode': 'realtime', 'clock': False}, delay=2000)
    @shot(MOVES, still=False, delay=2000)
    def test_without_it_the_clock_moves(self, strict, virtual, realtime, off):
        self.assertSaid(strict, 'false false')
        for shot in virtual, realtime, off:
            self.assertSaid(shot, 'true true')

    CHANCE = page('document.body.textContent = Math.random() + crypto.randomUUID(); console.log(Math.random(), '
                  'crypto.getRandomValues(new Uint32Array(1))[0], crypto.randomUUID ? crypto.randomUUID() : "")')

    @shot(CHANCE)
    @shot(CHANCE, still='realtime')
    @shot(CHANCE, still={'random': False})
    @shot(CHANCE, still=False)
    def test_chance_repeats_itself(self, strict, realtime, own, off):
        self.assertStill(strict, realtime)
        self.assertEqual(strict.said, realtime.said)
        for shot in strict, realtime:
            self.assertEqual(shot.said, self.again(shot).said)
        for shot in own, off:
            self.assertNotEqual(shot.said, self.again(shot).said)

    ANIMATED = (STYLE + '<style>@keyframes go { from { background: blue } to { background: red } }'
                'div { width: 50px; height: 50px } .once { animation: go 3s forwards } .endless { animation: go 1s infinite '
                'alternate; background: green } .fade { transition: background 4s }</style>'
                '<div class=once></div><div class=endless></div><div class=fade></div><div class=script></div>'
                '<svg width=50 height=50><rect width=50 height=50 fill=red><animate attributeName=fill values="red;blue" '
                'dur=1s repeatCount=indefinite /></rect></svg>'
                '<script>const [fade, script] = document.querySelectorAll(".fade, .script");'
                'fade.offsetWidth; fade.style.background = "rgb(255, 0, 0)";'
                'script.animate([{background: "blue"}, {background: "rgb(255, 0, 0)"}], {duration: 5000, fill: "forwards"})</script>')

    @shot(ANIMATED)
    @shot(ANIMATED, still='realtime')
    @shot(ANIMATED, still={'mode': 'realtime', 'animations': False})
    @shot(ANIMATED, still=False)
    def test_animations_are_at_their_end_and_endless_ones_are_gone(self, strict, realtime, own, off):
        self.assertStill(strict, realtime)
        for shot in strict, realtime:
            self.assertColors(shot, {(25, 25): RED, (25, 75): GREEN, (25, 125): RED, (25, 175): RED, (25, 225): RED})
        for shot in own, off:
            self.assertNotEqual(shot.picture[25, 175], RED)

    FRAMES = page('let n = 0; const b = document.body.style; function draw() { n++; b.background = `rgb(${n % 256}, ${n >> 8}, 0)`; '
                  'requestAnimationFrame(draw) } draw()')

    @shot(FRAMES)
    @shot(FRAMES, still='realtime', delay=1500)
    @shot(FRAMES, still={'mode': 'realtime', 'frames': False}, delay=1500)
    def test_animation_frames_end_after_sixty(self, strict, realtime, own):
        self.assertStill(strict, realtime)
        for shot in strict, realtime:
            self.assertColors(shot, {(5, 5): (61, 0, 0, 255)})
        self.assertNotEqual(own.picture[5, 5], (61, 0, 0, 255))

    GIF = STYLE + '<img src=a.gif style="display: block"><script>setTimeout(() => 0, 500)</script>'
    GIF_FILE = {'a.gif': Answer(gif(), type='image/gif')}

    @shot(GIF, answers=GIF_FILE)
    @shot(GIF, answers=GIF_FILE, still='realtime', delay=150)
    @shot(STYLE + '<img src=a.gif style="display: block">' + page(
        'const canvas = document.body.appendChild(document.createElement("canvas")).getContext("2d"), seen = new Set;'
        'const look = setInterval(() => { canvas.drawImage(document.images[0], 0, 0);'
        'seen.add(canvas.getImageData(5, 5, 1, 1).data.join()); if (seen.size > 1) { clearInterval(look); console.log("it moves") } }, 50)'),
        answers=GIF_FILE, still={'mode': 'realtime', 'images': False}, delay=3000)
    def test_moving_images_show_their_first_picture(self, strict, realtime, own):
        self.assertStill(strict, realtime)
        for shot in strict, realtime:
            self.assertColors(shot, {(5, 5): RED})
        self.assertIn(own.picture[5, 5], (RED, BLUE))

    CARET = STYLE + '<input autofocus style="font: 40px monospace; border: 0; outline: 0; caret-color: red; background: white">'

    @shot(CARET)
    @shot(CARET, still='realtime')
    def test_the_caret_is_hidden(self, strict, realtime):
        self.assertStill(strict, realtime)
        for shot in strict, realtime:
            self.assertNotIn(RED, {shot.picture[x, y] for x in range(10) for y in range(60)})

    HOSTILE = (STYLE + '<input autofocus><iframe src=frame.html></iframe><img loading=lazy src=red.png style="margin-top: 4000px">'
               '<p id=p></p><script>'
               'setInterval(() => p.textContent += Math.floor(Math.random() * 10), 100);'
               'fetch("red.png").then(() => setTimeout(() => p.append(performance.now()), 700));'
               'addEventListener("resize", () => p.append(innerHeight));'
               'const s = document.createElement("div"); document.body.append(s); s.attachShadow({mode: "closed"}).innerHTML = '
               '"<style>@keyframes a { to { margin-left: 300px } } b { display: block; animation: a 1s infinite }</style><b>x</b>";'
               '</script>')

    @shot(HOSTILE, answers={'red.png': picture_of(RED), 'frame.html': Answer(page(
        'setInterval(() => document.body.append(new Date().getMilliseconds() + Math.random()), 70)'))})
    def test_a_hostile_page_stands_still(self, shot):
        self.assertStill(shot)

    @shot(page('const b = document.createElement("div"); document.body.append(b); const root = b.attachShadow({mode: "closed"});'
               'console.log(b.shadowRoot, root.mode, root instanceof ShadowRoot, "__dpxdt" in window)'))
    def test_the_page_sees_nothing_of_what_is_done_to_it(self, shot):
        self.assertSaid(shot, 'null closed true false')

    @shot(page('let n = 0, frames = 0; setInterval("n++", 100); setTimeout(() => console.log(n), 1050)'))
    @shot(page('for (let i = 0; i < 200; i++) { const h = requestAnimationFrame(() => 0); cancelAnimationFrame(h) }'
               'for (let id = 0; id < 1000; id++) { clearTimeout(id); clearInterval(id) }'
               'let n = 0; const draw = () => { n++; requestAnimationFrame(draw) }; requestAnimationFrame(draw); setTimeout(() => console.log(n), 4000)'))
    @shot(page('function f() { console.log("called") } f.apply = () => console.log("not me"); window.queueMicrotask = (g) => setTimeout(g);'
               'setTimeout(f, 10)'))
    def test_timers_and_frames_survive_what_pages_do_to_them(self, text, frames, own):
        self.assertIn(text.said, (['10'], ['9']))
        self.assertEqual(frames.said, ['60'])
        self.assertEqual(own.said, ['called'])

    @shot(page('console.log(Temporal.Now.instant().epochMilliseconds, Temporal.Now.plainDateISO().toString(), '
               'performance.timing.navigationStart, new File([], "f").lastModified, document.lastModified, '
               'new Intl.DateTimeFormat("en").formatToParts().map((part) => part.value).join(""))'))
    def test_no_clock_is_forgotten(self, shot):
        self.assertSaid(shot, '1577880000000 2020-01-01 1577880000000 1577880000000 01/01/2020 12:00:00 1/1/2020')

    @shot(page('const said = []; const say = (...words) => said.push(words.join(""));'
               'setTimeout(say, 50, "late", "r"); setTimeout(say, 20, "soon"); clearTimeout(setTimeout(say, 10, "never"));'
               'setTimeout("say(\'text\')", 30); let n = 0; const i = setInterval((word) => { say(word, ++n); if (n === 3) clearInterval(i) }, 100, "i");'
               'setTimeout(() => { say("outer"); setTimeout(say, 0, "inner") }, 40); setTimeout(() => { throw 1 }, 5);'
               'setTimeout(function () { say(this === window) }, 60); (async () => { for (let k = 0; k < 3; k++) { '
               'await new Promise((done) => setTimeout(done, 1000)); say("slept", k) } console.log(said.join(" ")) })()'))
    def test_timers_work_as_ever(self, shot):
        self.assertStill(shot)
        self.assertSaid(shot, 'soon text outer inner later true i1 i2 i3 slept0 slept1 slept2')

    TICKER = page('let n = 0, shown = 0; setInterval(() => { n++; p.textContent = n }, 10);'
                  'setInterval(() => { if (shown < 8) document.body.style.backgroundImage = `url(${shown++}.png)` }, 300)', '<p id=p>')

    @shot(TICKER, answers={f'{i}.png': picture_of(RED) for i in range(8)}, still={'mode': 'strict'},
          injectJs='setTimeout(() => console.log(n), 1000)')
    def test_a_ticker_misses_no_beat_when_something_is_fetched(self, shot):
        self.assertStill(shot)
        self.assertIn(shot.said[0][-2:], ('00', '99'))

    WORKER = page('const w = new Worker("w.js"); w.onmessage = (event) => { document.body.append(event.data); console.log(event.data) }')

    @shot(WORKER, answers={'w.js': Answer('postMessage(Date.now() + " " + Math.random())', **SCRIPT)})
    def test_a_worker_has_neither_clock_nor_chance(self, shot):
        self.assertStill(shot)
        self.assertRegex(shot.said[0], '^1577880000000 0\\.')


class Log(capturing.TestCase):

    @shot(page('console.log("one", 2, {a: 1}, null, [1, 2]); console.warn("careful"); console.error("wrong"); '
               'setTimeout(() => { throw new RangeError("far") }, 10); Promise.reject(new Error("unhandled"));'
               'console.log("a\\nb\\u001b[31m")'))
    def test_what_the_console_said(self, shot):
        self.assertRegex(shot.log, 'console\\.log: one 2 Object null Array\\(2\\)\n')
        self.assertRegex(shot.log, 'console\\.warning: careful\n')
        self.assertRegex(shot.log, 'console\\.error: wrong\n')
        self.assertRegex(shot.log, 'script threw: RangeError: far')
        self.assertRegex(shot.log, 'script threw: Error: unhandled')
        self.assertIn('console.log: a b [31m\n', shot.log)

    @shot(page('for (let i = 0; i < 100000; i++) console.log("line", i, "x".repeat(200))'))
    @shot(page('console.log("x".repeat(5000000)); console.log("after")'))
    def test_a_page_that_talks_without_end_fills_no_disk(self, lines, long):
        self.assertLess(len(lines.log), 1200000)
        self.assertIn('console.log: line 0 xxx', lines.log)
        self.assertLess(len(long.log), 10000)
        self.assertSaid(long, 'after')

    @shot('<img src=missing.png><img src="http://127.0.0.1:1/x.png"><script src=missing.js></script>' + STYLE)
    def test_what_could_not_be_loaded(self, shot):
        self.assertRegex(shot.log, ' 404 http.*/missing.png\n')
        self.assertRegex(shot.log, ' 404 http.*/missing.js\n')
        self.assertRegex(shot.log, 'failed: net::ERR_.* http://127.0.0.1:1/x.png')
        self.assertEqual(shot.size, (400, 300))

    @shot(page('alert("one"); console.log(confirm("two"), prompt("three", "default"), prompt("four")); ' + PAINT))
    def test_dialogs_are_accepted(self, shot):
        self.assertSaid(shot, 'true default ')
        for dialog in 'alert("one")', 'confirm("two")', 'prompt("three")':
            self.assertIn(f'dialog accepted: {dialog}', shot.log)
        self.assertColors(shot, {(5, 5): RED})

    @shot('<body onbeforeunload="return \'stay\'">', injectJs='location = "next.html"',
          answers={'next.html': Answer('<body style="background: red">')})
    @shot('<body><button onclick="">b</button><script>onbeforeunload = (event) => event.preventDefault()</script><a href=next.html>n</a>',
          steps=[{'click': 'button'}, {'click': 'a'}], answers={'next.html': Answer('<body style="background: red">')})
    def test_a_page_that_wants_nobody_to_leave_is_left(self, script, click):
        self.assertColors(script, {(5, 5): RED})
        self.assertColors(click, {(5, 5): RED})

    @shot(page('print(); ' + PAINT))
    def test_print_does_not_block(self, shot):
        self.assertColors(shot, {(5, 5): RED})

    @shot(page('window.open("other.html"); window.open("about:blank").document.write("x"); ' + PAINT),
          answers={'other.html': Answer('other')})
    @shot(page('window.open("other.html")'), injectJs='1', answers={'other.html': Answer('other')})
    def test_new_windows_do_not_disturb(self, *shots):
        self.assertColors(shots[0], {(5, 5): RED})
        for shot in shots:
            self.assertLess(shot.seconds, 20)


class Navigation(capturing.TestCase):
    FINAL = {'final.html': Answer(STYLE + '<body style="background: red">')}

    @shot('<meta http-equiv=refresh content="0; url=final.html">', answers=FINAL)
    @shot('<meta http-equiv=refresh content="2; url=final.html">', answers=FINAL)
    @shot(page('location.replace("final.html")'), answers=FINAL)
    @shot(page('setTimeout(() => { location = "final.html" }, 1500)'), answers=FINAL)
    @shot(page('onload = () => document.forms[0].submit()', '<form action=final.html></form>'), answers=FINAL)
    @shot(Answer('', status=302, headers={'Location': 'final.html'}), answers=FINAL)
    @shot(page('location = "step.html"'), answers={**FINAL, 'step.html': Answer(page('location = "final.html"'))})
    def test_the_last_page_of_a_chain_is_taken(self, *shots):
        for shot in shots:
            self.assertColors(shot, {(5, 5): RED})

    @shot(Answer('<body style="background: red">gone', status=404))
    @shot(Answer('<body style="background: red">oops', status=500))
    @shot(Answer('', status=503))
    @shot(Answer('', status=302, headers={'Location': 'none.html'}))
    @shot(page('location = "none.html"'))
    def test_a_document_with_an_error_status_fails(self, gone, oops, busy, redirect, script):
        self.assertFailed(gone, 'page.html answers 404')
        self.assertFailed(oops, 'page.html answers 500')
        self.assertFailed(busy, 'page.html (answers 503|does not load: .*503)')
        self.assertFailed(redirect, 'none.html answers 404')
        self.assertFailed(script, 'none.html answers 404')

    @shot('', url='http://127.0.0.1:1/')
    @shot('', url='http://nobody.invalid/')
    @shot(Answer('', status=302, headers={'Location': 'page.html'}))
    @shot(Answer('x', type='application/octet-stream', headers={'Content-Disposition': 'attachment; filename=x.bin'}))
    @shot(Answer('', status=204))
    @shot(Answer('', status=302, headers={'Location': 'file:///etc/passwd'}))
    def test_what_does_not_load_fails_and_says_why(self, refused, unknown, circle, download, nothing, file):
        self.assertFailed(refused, 'does not load: net::ERR_')
        self.assertFailed(unknown, 'net::ERR_NAME_NOT_RESOLVED')
        self.assertFailed(circle, 'redirects in a circle')
        self.assertFailed(download, 'download')
        self.assertFailed(nothing, 'gave no page')
        self.assertFailed(file, 'ERR_UNSAFE_REDIRECT')

    @shot(page('if (sessionStorage.seen) { %s } else { sessionStorage.seen = 1; setTimeout(() => { location = "back.html" }, 50) }' % PAINT),
          answers={'back.html': Answer(page('setTimeout(() => history.back(), 100)'))})
    @shot('<a href=back.html>a</a>' + page('if (sessionStorage.seen) { %s } sessionStorage.seen = 1' % PAINT), steps=[{'click': 'a'}],
          answers={'back.html': Answer(page('setTimeout(() => history.back(), 100)'))})
    def test_a_page_that_goes_back_is_taken(self, script, click):
        for shot in script, click:
            self.assertColors(shot, {(5, 5): RED})
            self.assertLess(shot.seconds, 20)

    @shot(page('location = "http://127.0.0.1:1/"'))
    @shot('<meta http-equiv=refresh content="1; url=http://127.0.0.1:1/">')
    @shot('<p>', injectJs='location = "http://127.0.0.1:1/"')
    @shot('<a href="http://127.0.0.1:1/">a</a>', steps=[{'click': 'a'}])
    def test_a_page_that_leads_to_a_dead_server_fails(self, *shots):
        for shot in shots:
            self.assertFailed(shot, '127.0.0.1:1/ does not load: net::ERR_')

    @shot(Answer('<!DOCTYPE html><p>half of it', breaks_off=True))
    @shot(Answer('<!DOCTYPE html><p>not packed', headers={'Content-Encoding': 'gzip'}))
    @shot(page('location = "half.html"'), answers={'half.html': Answer('<p>half', breaks_off=True)})
    @shot('<img src=half.png>', answers={'half.png': Answer(b'\x89PNG', type='image/png', breaks_off=True)})
    def test_a_document_that_breaks_off_fails_and_an_image_does_not_matter(self, length, packed, later, image):
        self.assertFailed(length, 'page.html does not load: net::ERR_CONTENT_LENGTH_MISMATCH')
        self.assertFailed(packed, 'page.html does not load: net::ERR_CONTENT_DECODING_FAILED')
        self.assertFailed(later, 'half.html does not load: net::ERR_CONTENT_LENGTH_MISMATCH')
        self.assertEqual(image.size, (400, 300))

    @shot(STYLE + '<iframe src=same.html width=100 height=100 frameborder=0 style="display: block"></iframe>'
          '<iframe src="{OTHER}/other.html" width=100 height=100 frameborder=0></iframe>',
          answers={'same.html': Answer(page('setTimeout(() => { %s }, 3000)' % PAINT))},
          other={'other.html': Answer(page('setTimeout(() => { document.body.style.background = "blue" }, 3000)'))})
    @shot('<iframe src=missing.html></iframe>')
    def test_frames_of_any_origin_are_in_the_picture(self, frames, missing):
        self.assertColors(frames, {(50, 50): RED, (50, 150): BLUE})
        self.assertIn(' 404 ', missing.log)
        self.assertEqual(missing.size, (400, 300))

    @shot(Answer('{"a": 1}', type='application/json'))
    @shot(Answer('plain', type='text/plain'))
    @shot(picture_of(RED, 500, 400))
    @shot(Answer('<svg xmlns="http://www.w3.org/2000/svg" width="50" height="50"><rect width="50" height="50" fill="red"/></svg>',
                 type='image/svg+xml'))
    @shot(Answer('<a xmlns="x">xml</a>', type='application/xml'))
    def test_documents_that_are_no_pages_are_taken_too(self, json, plain, picture, svg, xml):
        for shot in json, plain, xml:
            self.assertEqual(shot.size, (400, 300))
        self.assertColors(picture, {(300, 200): RED})
        self.assertColors(svg, {(25, 25): RED})


def font_file():
    found = subprocess.run(['fc-match', '-f', '%{file}', 'monospace:bold'], capture_output=True, text=True).stdout
    return pathlib.Path(found).read_bytes() if found.endswith('.ttf') else b''


class Endless(capturing.TestCase):
    """What never ends, or ends late."""

    def assertQuick(self, *shots):
        """Far below the limits at which a page is given up; but machines that run tests may be busy."""
        for shot in shots:
            self.assertEqual(shot.message, None, shot.log)
            self.assertLess(shot.seconds, 8, shot.log)
            self.assertNotIn('did not come to rest', shot.log)

    @shot(page('new EventSource("events").onmessage = (event) => { %s }' % PAINT),
          answers={'events': Answer('data: 1\n\n', type='text/event-stream', stays_open=True)})
    @shot(page('new WebSocket("ws://127.0.0.1:{PORT}/{NAME}/socket").onmessage = (event) => { %s }' % PAINT),
          answers={'socket': Answer(status=101)})
    def test_event_streams_and_sockets_do_not_hold_it_up(self, events, socket):
        self.assertColors(events, {(5, 5): RED})
        self.assertQuick(events, socket)

    @shot(page('(function poll() { fetch("poll").catch(() => 0).then(poll) })(); ' + PAINT), answers={'poll': Answer(hangs=True)},
          resourceTimeoutMs=1500, timeoutMs=20000)
    def test_long_polls_do_not_hold_it_up_for_long(self, shot):
        self.assertColors(shot, {(5, 5): RED})
        self.assertLess(shot.seconds, 20, shot.log)

    @shot(page('fetch("log", {method: "POST", body: "x", keepalive: true}); ' + PAINT), answers={'log': Answer('ok')})
    @shot(page('navigator.sendBeacon("beacon", "x"); ' + PAINT), answers={'beacon': Answer(hangs=True)})
    def test_beacons_do_not_hold_it_up(self, keepalive, beacon):
        for shot in keepalive, beacon:
            self.assertColors(shot, {(5, 5): RED})
            self.assertQuick(shot)

    @shot(page('requestAnimationFrame(function draw() { requestAnimationFrame(draw) })'))
    @shot(page('setInterval(() => 0, 1); setInterval(() => document.title += "x", 10)'))
    @shot(page('(function again() { setTimeout(again, 0) })()'))
    @shot(page('const start = Date.now(); while (Date.now() - start < 50); ' + PAINT))
    @shot(page('const start = performance.now(); while (performance.now() - start < 50); ' + PAINT))
    @shot(page('const start = +new Date; while (new Date - start < 50); ' + PAINT))
    def test_loops_without_end_end(self, frames, intervals, timeouts, busy, performance, date):
        self.assertQuick(frames, intervals, timeouts, busy, performance, date)
        for shot in busy, performance, date:
            self.assertColors(shot, {(5, 5): RED})

    @shot(page('const channel = new MessageChannel; channel.port1.onmessage = () => channel.port2.postMessage(0); '
               'channel.port2.postMessage(0)'), timeoutMs=10000)
    def test_messages_without_end_are_a_clear_failure(self, shot):
        self.assertRegex(shot.message, 'not done within 10000 ms')

    @shot(page('const w = new Worker("w.js"); w.onmessage = () => { %s }' % PAINT),
          answers={'w.js': Answer('setInterval(() => 0, 50); postMessage(1)', **SCRIPT)}, delay=20000)
    @shot(page('navigator.serviceWorker.register("sw.js").then(() => navigator.serviceWorker.ready).then(() => { %s })' % PAINT),
          answers={'sw.js': Answer('onfetch = () => {}', **SCRIPT)})
    def test_workers_work(self, worker, service):
        self.assertColors(worker, {(5, 5): RED})
        self.assertQuick(worker, service)  # a service worker gets ready in real time: before or after the picture

    TEXT = STYLE + ('<style>@font-face { font-family: late; src: url(late.ttf) } span { font: 40px late, serif; background: red }'
                    '</style><span>iiiiiiii</span>')

    @shot(TEXT + page('document.fonts.load("40px late"); fetch("one").then(() => fetch("two")).then(() => fetch("now"))'),
          answers={'late.ttf': Answer(font_file(), type='font/ttf', after='now'), 'one': Answer('1'), 'two': Answer('1'), 'now': Answer('1')})
    @shot(TEXT, answers={'late.ttf': Answer(font_file(), type='font/ttf')})
    @shot(TEXT)
    def test_a_web_font_that_comes_late_is_waited_for(self, late, early, none):
        if not font_file():
            self.skipTest('fc-match names no TrueType font')
        self.assertEqual(late.picture.pixels, early.picture.pixels)
        self.assertNotEqual(late.picture.pixels, none.picture.pixels)

    @shot(STYLE + '<div style="height: 11990px; background: linear-gradient(red, blue)"></div>'
          '<div style="height: 10px; background: green"></div>')
    def test_a_page_of_12000_px_is_right_down_to_its_last_row(self, shot):
        self.assertEqual(shot.size, (400, 12000))
        self.assertColors(shot, {(0, 11989): BLUE, (0, 11990): GREEN, (399, 11999): GREEN})

    @shot(STYLE + '<div style="height: 40000px"></div>')
    def test_a_page_that_is_too_tall_is_cut_and_the_log_says_so(self, shot):
        self.assertEqual(shot.size, (400, 32767))
        self.assertIn('400x40000', shot.log)


if __name__ == '__main__':
    harness.main()
