"""Every key of a config, by what it does to the picture, to the log, and to what the browser asks the server for."""
import base64
import json

import capturing
import harness
from capturing import (BLACK, BLUE, CLEAR, GREEN, RED, WHITE, Answer, Changing, picture_of, shot)

SAY_SIZE = '<script>console.log(innerWidth + "x" + innerHeight, devicePixelRatio)</script>'
GREY = (128, 128, 128, 255)  # of masks
STYLE = '<style>body { margin: 0 } div { position: absolute }</style>'
RED_BOX = STYLE + '<div style="left: 0; top: 0; width: 10px; height: 10px; background: red"></div>'


def block(left, top, width, height, color, more=''):
    return (f'<div style="left: {left}px; top: {top}px; width: {width}px; height: {height}px; '
            f'background: {color}" {more}></div>')


class Viewport(capturing.TestCase):

    @shot(SAY_SIZE)
    def test_a_page_has_400x300_px_if_nothing_else_is_said(self, shot):
        self.assertSaid(shot, '400x300 1')
        self.assertEqual(shot.size, (400, 300))

    @shot(SAY_SIZE, viewportSize={'width': 500, 'height': 350})
    def test_the_page_sees_the_size_that_its_picture_has(self, shot):
        self.assertSaid(shot, '500x350 1')
        self.assertEqual(shot.size, (500, 350))

    @shot(RED_BOX + SAY_SIZE, viewportSize={'width': 200, 'height': 100, 'deviceScaleFactor': 2})
    def test_a_device_scale_factor_makes_more_pixels(self, shot):
        self.assertSaid(shot, '200x100 2')
        self.assertEqual(shot.size, (400, 200))
        self.assertColors(shot, {(19, 19): RED, (20, 19): CLEAR, (19, 20): CLEAR})

    @shot('<meta name=viewport content="width=600"><script>console.log(document.documentElement.clientWidth)</script>',
          viewportSize={'width': 300, 'height': 200, 'mobile': True})
    @shot('<meta name=viewport content="width=600"><script>console.log(document.documentElement.clientWidth)</script>',
          viewportSize={'width': 300, 'height': 200})
    def test_only_a_mobile_browser_heeds_the_viewport_that_a_page_asks_for(self, mobile, desktop):
        self.assertSaid(mobile, '600')
        self.assertSaid(desktop, '300')

    @shot('<script>console.log(matchMedia("(pointer: coarse)").matches, navigator.maxTouchPoints > 0)</script>',
          viewportSize={'width': 300, 'height': 200, 'touch': True})
    @shot('<script>console.log(matchMedia("(pointer: coarse)").matches, navigator.maxTouchPoints > 0)</script>')
    def test_touch_makes_a_screen_that_is_touched(self, touch, mouse):
        self.assertSaid(touch, 'true true')
        self.assertSaid(mouse, 'false false')

    @shot(STYLE + block(0, 0, 900, 1000, 'red') + block(890, 990, 10, 10, 'blue'))
    def test_the_picture_shows_the_whole_document(self, shot):
        self.assertEqual(shot.size, (900, 1000))
        self.assertColors(shot, {(889, 989): RED, (890, 990): BLUE, (899, 999): BLUE})

    @shot(STYLE + block(0, 0, 900, 1000, 'red'), viewportOnly=True)
    def test_or_the_viewport_only(self, shot):
        self.assertEqual(shot.size, (400, 300))

    LAZY = (STYLE + '<div style="width: 100px; height: 100vh; background: blue"></div>' + block(0, 1000, 100, 20, 'red') +
            '<div style="position: fixed; left: 200px; bottom: 0; width: 50px; height: 10px; background: green"></div>'
            '<div id=lazy style="left: 100px; top: 2000px; width: 50px; height: 50px"></div>'
            '<script>new IntersectionObserver((entries) => { if (entries.at(-1).isIntersecting) lazy.style.background = "red" })'
            '.observe(lazy)</script>')
    RIGHT = {(50, 299): BLUE, (50, 300): CLEAR, (210, 299): GREEN, (210, 289): CLEAR, (210, 2040): CLEAR}

    @shot(LAZY)
    def test_what_loads_when_scrolled_to_is_loaded_and_heights_in_vh_stay_right(self, shot):
        self.assertEqual(shot.size, (400, 2050))
        self.assertColors(shot, {**self.RIGHT, (120, 2020): RED})

    @shot(LAZY, growViewport=False)
    def test_without_growing_the_viewport_it_is_not_loaded(self, shot):
        self.assertColors(shot, {**self.RIGHT, (120, 2020): CLEAR})

    @shot('<script>addEventListener("resize", () => console.log(innerHeight))</script><div style="height: 1000px"></div>',
          growViewport=False)
    def test_a_viewport_that_does_not_grow_stays_the_same_all_the_time(self, shot):
        self.assertEqual(shot.size, (400, 1016))
        self.assertNotIn('1016', shot.said)

    @shot(STYLE + '<img loading=lazy style="position: absolute; left: 0; top: 5000px" src=red.png>',
          answers={'red.png': picture_of(RED)})
    def test_lazy_images_are_loaded(self, shot):
        self.assertColors(shot, {(10, 5010): RED})

    GRID = STYLE + ''.join(block(x * 100, y * 100, 100, 100, ['red', 'blue', 'green'][(x + y) % 3])
                           for x in range(6) for y in range(6))

    @shot(GRID, clipRect={'left': 100, 'top': 50, 'width': 120, 'height': 130})
    def test_a_clip_is_taken_from_its_place(self, shot):
        self.assertEqual(shot.size, (120, 130))
        self.assertColors(shot, {(0, 0): BLUE, (99, 49): BLUE, (100, 0): GREEN, (0, 50): GREEN, (119, 129): RED})

    @shot(GRID, clipRect={'left': 350, 'top': 250, 'width': 200, 'height': 300})
    def test_a_clip_reaches_beyond_the_viewport(self, shot):
        self.assertEqual(shot.size, (200, 300))
        self.assertColors(shot, {(0, 0): GREEN, (199, 299): BLUE})

    @shot(STYLE + block(0, 0, 20, 20, 'red'), clipRect={'left': 10, 'top': 10, 'width': 500, 'height': 400})
    def test_a_clip_keeps_its_size_where_the_page_ends(self, shot):
        self.assertEqual(shot.size, (500, 400))
        self.assertColors(shot, {(9, 9): RED, (10, 10): CLEAR, (499, 399): CLEAR})

    @shot(RED_BOX)
    @shot(RED_BOX, background='transparent')
    @shot(RED_BOX, background='white')
    @shot(RED_BOX + '<style>body { background: blue }</style>')
    def test_where_a_page_paints_nothing_the_picture_is_transparent_or_white(self, default, clear, white, painted):
        for shot, color in ((default, CLEAR), (clear, CLEAR), (white, WHITE), (painted, BLUE)):
            self.assertColors(shot, {(5, 5): RED, (50, 50): color})

    @shot(SAY_SIZE, test_options={'viewports': [{'width': 320, 'height': 200}, {'width': 640, 'height': 250, 'name': 'wide'}]})
    def test_each_of_several_viewports_makes_a_picture(self, small, wide):
        for shot, label, size in (small, '320x200', (320, 200)), (wide, 'wide', (640, 250)):
            self.assertEqual(shot.size, size)
            self.assertEqual(shot.said, ['%dx%d 1' % size])
            self.assertTrue(shot.png.name.endswith(f'@{label}.png'))


class Cookies(capturing.TestCase):
    def cookies(self, request):
        return sorted((request.headers['Cookie'] or '').split('; '))

    IMAGE = '<img src=red.png><img src="{OTHER}/red.png">'
    RED_IMAGE = {'red.png': picture_of(RED)}

    @shot(IMAGE, answers=RED_IMAGE, other=RED_IMAGE, cookies=[{'name': 'a', 'value': '1'}, {'name': 'b', 'value': '2'}])
    def test_a_cookie_without_a_domain_is_of_the_page(self, shot):
        self.assertEqual(self.cookies(shot.request('page.html')), ['a=1', 'b=2'])
        self.assertEqual(self.cookies(shot.request('red.png')), ['a=1', 'b=2'])

    @shot('<img src="http://sub.a.localhost:{PORT}/{NAME}/red.png"><img src="http://b.localhost:{PORT}/{NAME}/blue.png">',
          url='http://a.localhost:{PORT}/{NAME}/page.html', answers={**RED_IMAGE, 'blue.png': picture_of(BLUE)},
          cookies=[{'name': 'host', 'value': '1', 'domain': 'a.localhost'},
                   {'name': 'sub', 'value': '2', 'domain': '.a.localhost'},
                   {'name': 'strange', 'value': '3', 'domain': 'c.localhost'}])
    def test_a_domain_with_a_dot_covers_the_hosts_below_it(self, shot):
        self.assertEqual(self.cookies(shot.request('page.html')), ['host=1', 'sub=2'])
        self.assertIn('sub=2', self.cookies(shot.request('red.png')))
        self.assertEqual(self.cookies(shot.request('blue.png')), [''])

    @shot('<img src=below/red.png>', answers={'below/red.png': picture_of(RED)},
          cookies=[{'name': 'old', 'value': '1', 'expires': 1000000000}, {'name': 'new', 'value': '2', 'expires': 4000000000},
                   {'name': 'below', 'value': '3', 'path': '/{NAME}/below'},
                   {'name': 'safe', 'value': '4', 'secure': True, 'domain': 'example.com'}])
    def test_expiry_path_and_secure_are_heeded(self, shot):
        self.assertEqual(self.cookies(shot.request('page.html')), ['new=2'])
        self.assertEqual(self.cookies(shot.request('below/red.png')), ['below=3', 'new=2'])

    @shot('<script>console.log(document.cookie)</script>', cookies=[{'name': 'seen', 'value': '1'}, {'name': 'unseen', 'value': '2', 'httpOnly': True}])
    def test_scripts_see_cookies_but_those_for_http_only(self, shot):
        self.assertEqual(shot.said, ['seen=1'])
        self.assertEqual(self.cookies(shot.request('page.html')), ['seen=1', 'unseen=2'])

    @shot('<script>document.cookie = "mine=1"; console.log(document.cookie)</script>')
    @shot('<script>console.log("cookies:" + document.cookie)</script>')
    def test_no_page_sees_the_cookies_of_another(self, one, other):
        self.assertEqual(one.said, ['mine=1'])
        self.assertEqual(other.said, ['cookies:'])


def secret(page):
    """Asks for the password of user u: p."""
    def answer(request):
        if request.headers['Authorization'] == 'Basic ' + base64.b64encode(b'u:p').decode():
            return page
        return Answer('who are you?', status=401, headers={'WWW-Authenticate': 'Basic realm="x"'})
    return answer


def headers_of(request, *names):
    return [request.headers[name] for name in names]


class Requests(capturing.TestCase):
    """What the browser asks for, and how."""
    SECRETS = {'red.png': secret(picture_of(RED))}
    SECRET_PAGE = STYLE + '<img src=red.png style="display: block"><img src="{OTHER}/blue.png">'

    @shot(Answer('<img src=red.png>' + STYLE), url='http://127.0.0.1:{PORT}/{NAME}/secret.html',
          answers={**SECRETS, 'secret.html': secret(Answer(STYLE + '<img src=red.png style="display: block">'))},
          httpUserName='u', httpPassword='p')
    def test_user_and_password_are_given_for_the_page_and_its_resources(self, shot):
        self.assertColors(shot, {(5, 5): RED})

    @shot(SECRET_PAGE, answers=SECRETS, other={'blue.png': secret(picture_of(BLUE))}, httpUserName='u', httpPassword='p')
    def test_but_not_to_another_origin(self, shot):
        self.assertColors(shot, {(5, 5): RED})
        for request in shot.requests(self.other):
            self.assertIsNone(request.headers['Authorization'])
        self.assertIn('no user and password for', shot.log)

    @shot('', url='http://127.0.0.1:{PORT}/{NAME}/secret.html', answers={'secret.html': secret(Answer(''))},
          httpUserName='u', httpPassword='wrong')
    @shot('', url='http://127.0.0.1:{PORT}/{NAME}/secret.html', answers={'secret.html': secret(Answer(''))})
    def test_a_wrong_password_or_none_fails_and_says_so(self, wrong, none):
        self.assertFailed(wrong, 'answers 401: httpUserName and httpPassword were refused')
        self.assertFailed(none, 'answers 401')

    @staticmethod
    def digest(request):
        given = request.headers['Authorization'] or ''
        if given.startswith('Digest ') and 'username="u"' in given and 'response="' in given:
            return Answer(STYLE + block(0, 0, 20, 20, 'red'))
        return Answer('', status=401, headers={'WWW-Authenticate': 'Digest realm="x", nonce="abc", qop="auth"'})

    @shot('', url='http://127.0.0.1:{PORT}/{NAME}/digest.html', answers={'digest.html': digest.__func__},
          httpUserName='u', httpPassword='p')
    def test_digest_authentication_works(self, shot):
        self.assertColors(shot, {(5, 5): RED})

    @shot('<img src=red.png><img src="{OTHER}/blue.png">', answers={'red.png': picture_of(RED)}, other={'blue.png': picture_of(BLUE)},
          injectHeaders={'page\\.html$|blue': {'X-One': 'eins', 'Accept-Language': 'eo'}, 'red': {'X-Two': 'zwei'}},
          cookies=[{'name': 'a', 'value': '1'}], userAgent='robot/1')
    def test_headers_go_where_their_pattern_matches_and_leave_the_others_alone(self, shot):
        names = 'X-One', 'X-Two', 'Accept-Language', 'User-Agent', 'Cookie'
        self.assertEqual(headers_of(shot.request('page.html'), *names), ['eins', None, 'eo', 'robot/1', 'a=1'])
        red = headers_of(shot.request('red.png'), *names)
        self.assertEqual(red[:2] + red[3:], [None, 'zwei', 'robot/1', 'a=1'])
        self.assertNotEqual(red[2], 'eo')
        self.assertEqual(headers_of(shot.request('blue.png', self.other), *names)[:2], ['eins', None])
        self.assertTrue(shot.request('red.png').headers['Referer'].endswith('/page.html'))

    @shot('', url='http://127.0.0.1:{PORT}/{NAME}/old', answers={'old': Answer(status=302, headers={'Location': 'page.html'})},
          injectHeaders={'old': {'X-Old': '1'}, 'page.html': {'X-New': '1'}})
    def test_headers_follow_redirects_where_their_pattern_matches(self, shot):
        self.assertEqual(headers_of(shot.request('old'), 'X-Old', 'X-New'), ['1', None])
        self.assertEqual(headers_of(shot.request('page.html'), 'X-Old', 'X-New'), [None, '1'])

    @shot('<img src=red.png><img src=blue.png><img src="blue.png?2">' + STYLE, answers={'red.png': picture_of(RED), 'blue.png': picture_of(BLUE)},
          resourcesToIgnore=['bl.*png$'])
    def test_resources_that_match_are_not_asked_for(self, shot):
        self.assertEqual(sorted(map(str, shot.requests())), ['GET blue.png?2', 'GET page.html', 'GET red.png'])
        self.assertRegex(shot.log, 'refused, as resourcesToIgnore says: .*blue.png\n')

    @shot('<img src="http://www.google-analytics.com/a.gif"><script src="https://www.google-analytics.com/ga.js"></script>')
    @shot('<img src="http://www.google-analytics.com/a.gif"><script src="https://www.google-analytics.com/ga.js"></script>',
          resourcesToIgnore=['nothing'])
    def test_google_analytics_is_always_refused(self, plain, asking):
        for shot in plain, asking:
            for path in 'http://www.google-analytics.com/a.gif', 'https://www.google-analytics.com/ga.js':
                self.assertRegex(shot.log, f'failed: .*\\(inspector\\) {path}|refused, as .*: {path}')

    @shot('<script>console.log(navigator.userAgent)</script>', userAgent='robot/1 (ÿ)'.replace('ÿ', 'y'))
    @shot('<script>console.log(navigator.userAgent)</script>')
    def test_the_user_agent_is_what_is_wanted_to_scripts_too(self, robot, default):
        self.assertSaid(robot, 'robot/1 (y)')
        self.assertEqual(robot.request('page.html').headers['User-Agent'], 'robot/1 (y)')
        self.assertEqual(default.request('page.html').headers['User-Agent'], default.said[0])
        self.assertIn('Chrome/', default.said[0])


CSP = {'Content-Security-Policy': "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'"}


class Injection(capturing.TestCase):
    STRICT = Answer('<link rel=stylesheet href=s.css><p>', headers=CSP)
    CSS = {'s.css': Answer('body { background: blue; margin: 0 }', type='text/css')}

    @shot(STRICT, answers=CSS, injectCss='body { background: red !important }')
    def test_css_works_under_a_content_security_policy(self, shot):
        self.assertColors(shot, {(5, 5): RED})

    @shot(STRICT, answers=CSS, injectJs='document.body.style.setProperty("background", "red")')
    def test_script_works_under_a_content_security_policy(self, shot):
        self.assertColors(shot, {(5, 5): RED})

    @shot('<p>', injectCss='body { color: red }', injectJs='console.log(getComputedStyle(document.body).color)')
    def test_css_comes_before_script(self, shot):
        self.assertSaid(shot, 'rgb(255, 0, 0)')

    @shot('<p>', injectJs='throw new Error("no such thing")')
    @shot('<p>', injectJs='let a = ;')
    @shot('<p>', injectJs='Promise.reject(new TypeError("not kept"))')
    @shot('<p>', injectJs='throw "a text"')
    def test_script_that_throws_fails_with_its_text(self, thrown, syntax, promise, text):
        self.assertFailed(thrown, 'injectJs: Error: no such thing')
        self.assertFailed(syntax, "injectJs: SyntaxError: Unexpected token ';'")
        self.assertFailed(promise, 'injectJs: TypeError: not kept')
        self.assertFailed(text, 'injectJs: .*a text')

    PAINT = 'document.body.style.background = "red"'

    @shot('<body>', injectJs=f'setTimeout(() => setTimeout(() => {{ {PAINT} }}, 1000), 2000)')
    @shot('<body>', answers={'data.json': Answer('1', after='data-is-late')},
          injectJs='fetch("data.json").then(r => r.json()).then(() => { %s }); fetch("data-is-late")' % PAINT)
    @shot('<body>', injectJs=f'new Promise(done => setTimeout(done, 9000)).then(() => {{ {PAINT} }})')
    @shot('<body>', injectJs=f'(async () => {{ await fetch("page.html"); await new Promise(done => setTimeout(done, 500)); {PAINT} }})()')
    def test_what_script_starts_is_waited_for(self, *shots):
        for shot in shots:
            self.assertColors(shot, {(5, 5): RED})

    @shot('<body>', answers={'next.html': Answer('<!DOCTYPE html><body style="background: red">')},
          injectJs='location = "next.html"')
    @shot('<body><form action=next.html></form>', answers={'next.html': Answer('<!DOCTYPE html><body style="background: red">')},
          injectJs='document.forms[0].submit()')
    def test_script_may_go_to_another_page(self, *shots):
        for shot in shots:
            self.assertColors(shot, {(5, 5): RED})

    @shot('<body>', injectJs='location = "missing.html"')
    def test_going_to_a_page_that_is_not_there_fails(self, shot):
        self.assertFailed(shot, 'missing.html answers 404')

    @shot('<body>', injectJs='document.body')
    @shot('<body>', injectJs='const loop = {}; loop.loop = loop; loop')
    @shot('<body>', injectJs='(() => {})')
    def test_what_script_returns_does_not_matter(self, *shots):
        for shot in shots:
            self.assertEqual(shot.size, (400, 300))


class Patience(capturing.TestCase):

    @shot(STYLE + '<body style="background: red"><img src=never.png>', answers={'never.png': Answer(hangs=True)}, resourceTimeoutMs=1500)
    @shot(STYLE + '<body style="background: red"><script async src=never.js></script>', answers={'never.js': Answer(hangs=True)}, resourceTimeoutMs=1500, still='realtime')
    def test_a_resource_that_hangs_is_given_up_and_logged(self, *shots):
        for shot in shots:
            self.assertColors(shot, {(200, 200): RED})
            self.assertRegex(shot.log, 'aborted after 1500 ms \\(resourceTimeoutMs\\): .*never')

    @shot('<p>', url='http://127.0.0.1:{PORT}/{NAME}/never.html', answers={'never.html': Answer(hangs=True)}, resourceTimeoutMs=1500)
    @shot('<p>', url='http://127.0.0.1:{PORT}/{NAME}/half.html', answers={'half.html': Answer('<p>half', stays_open=True)}, resourceTimeoutMs=1500)
    def test_a_document_that_hangs_fails(self, never, half):
        self.assertFailed(never, 'never.html did not answer within 1500 ms')
        self.assertFailed(half, 'half.html did not end within 1500 ms')

    @shot('<script>setTimeout(() => { for (;;); }, 100)</script>', timeoutMs=4000)
    @shot('<img src=never.png>', answers={'never.png': Answer(hangs=True)}, timeoutMs=2500)
    def test_the_whole_capture_has_a_limit(self, busy, waiting):
        for shot in busy, waiting:
            self.assertFailed(shot, r'not done within \d+ ms \(timeoutMs\)')

    @shot('<body><script>setTimeout(() => document.body.innerHTML = "<b id=late>", 7000)</script>', waitForSelector='#late')
    def test_an_element_that_comes_late_is_waited_for(self, shot):
        self.assertEqual(shot.size, (400, 300))

    @shot('<p>', waitForSelector='#never', resourceTimeoutMs=1500)
    @shot('<p>', waitForSelector='p[')
    def test_an_element_that_never_comes_fails_and_is_named(self, never, invalid):
        self.assertFailed(never, 'waited 1500 ms .*"#never"')
        self.assertFailed(invalid, 'p\\[')

    TURNS_RED = '<body><script>setTimeout(() => { document.body.style.background = "red" }, 20000)</script>'

    @shot(TURNS_RED)
    @shot(TURNS_RED, delay=20000)
    def test_a_delay_lets_time_of_the_page_pass(self, without, delayed):
        self.assertColors(without, {(5, 5): CLEAR})
        self.assertColors(delayed, {(5, 5): RED})
        self.assertLess(delayed.seconds, 18)


class Parts(capturing.TestCase):
    PAGE = STYLE + block(50, 60, 30, 40, 'red', 'class=a') + block(100, 900, 30, 40, 'blue', 'class=b')

    @shot(PAGE, selector='.a')
    @shot(PAGE, selector='.b')
    def test_a_selector_takes_one_element(self, near, far):
        for shot, color in ((near, RED), (far, BLUE)):
            self.assertEqual(shot.size, (30, 40))
            self.assertColors(shot, {(0, 0): color, (29, 39): color})

    @shot(PAGE, selector='.none')
    @shot(PAGE + '<i class=unseen style="display: none">', selector='.unseen')
    @shot(PAGE, selector='#1')
    def test_a_selector_that_finds_nothing_fails_and_is_named(self, none, unseen, invalid):
        self.assertFailed(none, '"\\.none"')
        self.assertFailed(unseen, '"\\.unseen"')
        self.assertFailed(invalid, '"#1" is no CSS selector')

    @shot(PAGE, hide=['.a', '.none'])
    @shot(PAGE, hide='.a')
    def test_hidden_elements_leave_their_place(self, *shots):
        for shot in shots:
            self.assertColors(shot, {(60, 70): CLEAR, (110, 910): BLUE})

    @shot(PAGE, hide=['p[', '.a'])
    def test_a_hidden_selector_that_is_none_fails_and_is_named(self, shot):
        self.assertFailed(shot, 'p\\[')

    @shot(PAGE, hide=['[class="a', '.b'])
    @shot(PAGE, hide=['.a /*', '.b'])
    @shot(PAGE, hide=['.a { } .b'])
    def test_a_hidden_selector_that_is_not_closed_hides_no_other_rule(self, *shots):
        for shot in shots:
            self.assertFailed(shot, 'hide: ".*" is no CSS selector')

    @shot(PAGE, hide='.none', mask='.nothing', ignore='#nobody')
    def test_a_remark_tells_what_hide_mask_and_ignore_did_not_find(self, shot):
        for key, selector in {'hide': '.none', 'mask': '.nothing', 'ignore': '#nobody'}.items():
            remark = f'{key}: nothing that can be seen matches the selector "{selector}"'
            self.assertIn(remark, shot.log)
            self.assertIn(remark, shot.result['remarks'].split('\n'))
            self.assertIn(f'      note: {remark}\n', self.printed)

    @shot(PAGE, mask={'left': 300, 'top': 900, 'width': 500, 'height': 500})
    def test_a_mask_beyond_the_page_does_not_enlarge_the_picture(self, shot):
        self.assertEqual(shot.size, (400, 940))
        self.assertColors(shot, {(300, 900): GREY, (399, 939): GREY, (299, 939): CLEAR})

    @shot(PAGE + '<p style="color: red">x', hide='.none', injectCss='.a { background: blue !important }')
    @shot('<a href=next.html>a</a>', steps=[{'click': 'a'}], injectCss='.a { background: blue !important }',
          answers={'next.html': Answer(PAGE)})
    def test_injected_style_stays_beside_hidden_elements_and_after_a_step_to_another_page(self, *shots):
        for shot in shots:
            self.assertColors(shot, {(60, 70): BLUE})

    @shot(PAGE + '<style>.a { visibility: visible } .a * { visibility: visible }</style><script>document.querySelector(".a").innerHTML = '
          '"<b style=\'visibility: visible !important\'>b</b>"</script>', hide='.a')
    def test_what_is_hidden_has_no_visible_part(self, shot):
        self.assertEqual({shot.picture[x, y] for x in range(50, 80) for y in range(60, 100)}, {CLEAR})

    @shot(PAGE + '<style>html { visibility: hidden } body { visibility: visible } :popover-open { filter: opacity(0) } '
          '* { max-width: 900px; clip-path: inset(0); translate: 3px }</style>'
          '<script>new MutationObserver((all) => all.forEach((one) => one.addedNodes.forEach((node) => node.remove())))'
          '.observe(document, {subtree: true, childList: true})</script>', mask={'left': 10, 'top': 10, 'width': 100, 'height': 90})
    def test_no_style_or_script_of_the_page_takes_a_mask_off(self, shot):
        self.assertEqual({shot.picture[x, y] for x in range(10, 110) for y in range(10, 100)}, {GREY})

    HOSTILE = ('<script>let __dpxdt = 1; for (const name of ["querySelector", "querySelectorAll"]) Document.prototype[name] = () => []; '
               'Array.from = () => []; Element.prototype.getBoundingClientRect = () => { throw 1 }; console.log("alive")</script>')

    @shot(PAGE + HOSTILE, hide='.a', mask='.b')
    def test_a_page_that_replaces_what_it_finds_escapes_nothing(self, shot):
        self.assertSaid(shot, 'alive')
        self.assertColors(shot, {(60, 70): CLEAR, (110, 910): GREY})

    @shot(PAGE, mask=['.b', {'left': 40, 'top': 50, 'width': 20, 'height': 20}])
    def test_masked_areas_have_one_flat_colour(self, shot):
        self.assertColors(shot, {(40, 50): GREY, (59, 69): GREY, (60, 70): RED, (39, 50): CLEAR,
                                 (100, 900): GREY, (129, 939): GREY})
        self.assertEqual(shot.size, (400, 940))

    @shot('<html style="position: relative; top: 50px; margin: 13px">' + PAGE, mask='.a')
    @shot(STYLE + '<dialog style="padding: 0; border: 0; inset: 0; margin: 0; width: 100px; height: 100px; background: red"></dialog>'
          '<script>document.querySelector("dialog").showModal()</script>', mask='dialog')
    def test_masks_find_their_place_on_odd_pages(self, moved, dialog):
        colors = {moved.picture[x, y] for x in range(400) for y in range(150)}
        self.assertNotIn(RED, colors)
        self.assertIn(GREY, colors)
        self.assertColors(dialog, {(50, 50): GREY})


class Comparison(capturing.TestCase):
    then_test = True

    AREA = Changing(STYLE + block(10, 10, 50, 50, 'red', 'id=a'), STYLE + block(10, 10, 50, 50, 'blue', 'id=a'))

    @shot(AREA)
    @shot(AREA, ignore=[{'left': 10, 'top': 10, 'width': 50, 'height': 50}])
    @shot(AREA, ignore='#a')
    @shot(AREA, ignore=['#none', {'left': 10, 'top': 10, 'width': 50, 'height': 49}])
    @shot(AREA, ignore=[{'left': 10, 'top': 10, 'width': 1000000, 'height': 1000000}])
    @shot(AREA, ignore='#a', viewportSize={'width': 300, 'height': 200, 'deviceScaleFactor': 2})
    @shot(AREA, ignore='#a', clipRect={'left': 5, 'top': 5, 'width': 100, 'height': 100})
    def test_ignored_areas_may_change(self, plain, box, selector, smaller, huge, scaled, clipped):
        for shot in plain, smaller:
            self.assertEqual(self.compared(shot).status, 'different')
        for shot in box, selector, huge, scaled, clipped:
            self.assertEqual(self.compared(shot).status, 'passed', self.compared(shot).log)

    PALE = Changing(STYLE + block(10, 10, 50, 50, '#808080'), STYLE + block(10, 10, 50, 50, '#848484'))

    @shot(PALE)
    @shot(PALE, test_options={'tolerance': 0.1})
    @shot(PALE, tolerance=0.1)
    def test_a_tolerance_lets_small_changes_pass(self, strict, tolerant, in_config):
        self.assertEqual(self.compared(strict).status, 'different')
        self.assertEqual(self.compared(tolerant).status, 'passed')
        self.assertEqual(self.compared(in_config).status, 'passed')


class Steps(capturing.TestCase):
    PAINT = "document.body.style.background='red'"

    @shot(f'<body><button onclick="{PAINT}">b</button>', steps=[{'click': 'button'}])
    @shot(f'<body><div style="height: 3000px"></div><button onclick="{PAINT}">b</button>', steps=[{'click': 'button'}])
    def test_click(self, near, far):
        self.assertColors(near, {(399, 299): RED})
        self.assertColors(far, {(399, 299): RED})

    @shot('<style>p:hover { background: red } body { margin: 0 } p { margin: 0; height: 50px }</style><p>', steps=[{'hover': 'p'}])
    def test_hover(self, shot):
        self.assertColors(shot, {(200, 25): RED})

    @shot('<input value=old><input type=number value=7><p contenteditable>old</p><input value=gone id=e>', steps=[
        {'type': {'selector': 'input', 'text': 'new'}}, {'type': {'selector': 'input[type=number]', 'text': '12'}},
        {'type': {'selector': 'p', 'text': 'new'}}, {'type': {'selector': '#e', 'text': ''}}, {'press': 'a'},
        {'hover': 'p'}],
        injectJs='onmousemove = () => console.log([...document.querySelectorAll("input")].map((e) => e.value).join(), document.querySelector("p").innerText)')
    def test_what_is_typed_takes_the_place_of_what_was_there(self, shot):
        self.assertSaid(shot, 'new,12,a new')

    @shot('<input><textarea></textarea><script>for (const e of document.querySelectorAll("input, textarea")) '
          'e.onchange = () => console.log(e.value)</script>',
          steps=[{'type': {'selector': 'input', 'text': 'naïve "text"'}}, {'type': {'selector': 'textarea', 'text': 'two\nlines'}},
                 {'type': {'selector': 'input', 'text': '!'}}])
    def test_type(self, shot):
        self.assertEqual(shot.said, ['naïve "text"', 'two lines'])

    @shot(STYLE + block(0, 0, 400, 1000, 'red') + block(0, 1000, 400, 1000, 'blue', 'id=b') +
          '<i style="position: fixed; left: 0; top: 0; width: 20px; height: 20px; background: green"></i>',
          steps=[{'scroll': '#b'}], viewportOnly=True)
    def test_the_viewport_is_where_the_page_was_scrolled_to(self, shot):
        self.assertEqual(shot.size, (400, 300))
        self.assertColors(shot, {(5, 5): GREEN, (30, 5): BLUE, (399, 299): BLUE})

    @shot('<div style="height: 3000px"></div><p style="height: 1000px">', steps=[{'scroll': 'p'}], viewportOnly=True)
    @shot(STYLE + block(0, 0, 3000, 3000, 'blue') + block(700, 800, 50, 50, 'red'), steps=[{'scroll': {'x': 700, 'y': 800}}],
          injectJs='onscroll = () => console.log(scrollX, scrollY)')
    def test_scroll(self, to_element, to_place):
        self.assertEqual(to_element.size, (400, 300))
        self.assertSaid(to_place, '700 800')

    @shot(STYLE + '<body onscroll="bar.style.background = scrollY > 500 ? \'red\' : \'blue\'"><div id=bar style="position: fixed; '
          'top: 0; width: 100px; height: 20px"></div>' + block(0, 2990, 100, 10, 'green'), steps=[{'scroll': {'y': 1000}}])
    def test_a_page_is_taken_from_its_top_although_it_is_scrolled(self, shot):
        self.assertEqual(shot.size, (400, 3000))
        self.assertColors(shot, {(50, 2995): GREEN})

    @shot('<body><script>setTimeout(() => setTimeout(() => { %s }, 20000), 1)</script>' % PAINT, steps=[{'wait': 21000}])
    def test_wait(self, shot):
        self.assertColors(shot, {(5, 5): RED})

    @shot('<body><button onclick="setTimeout(() => document.body.innerHTML = \'<i></i>\', 8000)">b</button>'
          f'<script>new MutationObserver(() => {{ if (document.querySelector("i")) {PAINT} }}).observe(document.body, {{childList: true}})</script>',
          steps=[{'click': 'button'}, {'waitFor': 'i'}])
    def test_wait_for(self, shot):
        self.assertColors(shot, {(5, 5): RED})

    @shot('<body><a href=next.html>next</a>', answers={'next.html': Answer(f'<!DOCTYPE html><body><button onclick="{PAINT}">b')},
          steps=[{'click': 'a'}, {'click': 'button'}])
    def test_a_click_may_lead_to_another_page(self, shot):
        self.assertColors(shot, {(399, 299): RED})

    @shot('<p>', steps=[{'scroll': 'p'}, {'click': '#none'}])
    @shot('<p>', steps=[{'hover': '#none'}])
    @shot('<p>', steps=[{'type': {'selector': '#none', 'text': 'x'}}])
    @shot('<p>', steps=[{'waitFor': '#none'}], resourceTimeoutMs=1000)
    @shot('<p>', steps=[{'scroll': 'p['}])
    def test_a_step_whose_element_is_not_there_is_named(self, click, hover, type, wait, invalid):
        self.assertFailed(click, 'step 2 \\(click\\): .*"#none"')
        self.assertFailed(hover, 'step 1 \\(hover\\): .*"#none"')
        self.assertFailed(type, 'step 1 \\(type\\): .*"#none"')
        self.assertFailed(wait, 'step 1 \\(waitFor\\): .*"#none"')
        self.assertFailed(invalid, 'step 1 \\(scroll\\): .*p\\[')

    COVER = '<div class="cookie banner" style="position: fixed; inset: 0">'

    @shot('<body><button style="display: none">b</button>', steps=[{'click': 'button'}])
    @shot('<body><button disabled>b</button>', steps=[{'click': 'button'}])
    @shot(f'<body><button>b</button>{COVER}', steps=[{'click': 'button'}])
    @shot(f'<body><button>b</button>{COVER}', steps=[{'hover': 'button'}])
    @shot('<body><input style="visibility: hidden">', steps=[{'type': {'selector': 'input', 'text': 'x'}}])
    @shot('<body><input readonly>', steps=[{'type': {'selector': 'input', 'text': 'x'}}])
    @shot('<body><p tabindex=0>p', steps=[{'type': {'selector': 'p', 'text': 'x'}}])
    @shot('<body><p>p', steps=[{'press': {'selector': 'p', 'key': 'a'}}])
    @shot('<body><input type=date>', steps=[{'type': {'selector': 'input', 'text': '2020-01-01'}}])
    def test_what_a_person_could_not_do_fails_and_says_why(self, hidden, disabled, covered, covered2, unseen, fixed, text, dull, date):
        self.assertFailed(date, 'step 1 \\(type\\): "input" is nothing that can be typed into, but <input type=date>')
        self.assertFailed(hidden, 'step 1 \\(click\\): "button" cannot be seen')
        self.assertFailed(disabled, 'step 1 \\(click\\): "button" is disabled')
        self.assertFailed(covered, 'step 1 \\(click\\): "button" is covered by <div class="cookie banner">')
        self.assertFailed(covered2, 'step 1 \\(hover\\): "button" is covered by')
        self.assertFailed(unseen, 'step 1 \\(type\\): "input" cannot be seen')
        self.assertFailed(fixed, 'step 1 \\(type\\): "input" is read-only')
        self.assertFailed(text, 'step 1 \\(type\\): "p" is nothing that can be typed into')
        self.assertFailed(dull, 'step 1 \\(press\\): "p" does not take the focus')

    @shot(f'<body><nav style="display: none"><a onclick="{PAINT}">a</a></nav><a href="#" onclick="{PAINT}">a</a>', steps=[{'click': 'a'}])
    @shot(f'<body><label for=c>label</label><input id=c type=checkbox onchange="{PAINT}" style="opacity: 0">', steps=[{'click': 'label'}])
    @shot(f'<body><div style="width: 60px">some text <a href="#" onclick="{PAINT}">a link in two lines</a></div>', steps=[{'click': 'a'}])
    @shot(f'<body><button onclick="{PAINT}"><b><i>b</i></b></button>', steps=[{'click': 'button'}])
    def test_what_a_person_can_do_works(self, *shots):
        for shot in shots:
            self.assertColors(shot, {(399, 299): RED})

    @shot('<input><script>for (const type of ["keydown", "input", "keyup"]) document.querySelector("input").addEventListener(type, '
          '(e) => console.log(type, e.key, e.code, e.keyCode, e.target.value))</script>',
          steps=[{'press': {'selector': 'input', 'key': 'é'}}, {'press': 'ArrowLeft'}, {'press': 'Backspace'}])
    @shot(f'<form onsubmit="event.preventDefault(); {PAINT}"><input></form>', steps=[{'press': {'selector': 'input', 'key': 'Enter'}}])
    def test_press(self, keys, enter):
        self.assertEqual(keys.said[0].split()[:2], ['keydown', 'é'])
        self.assertEqual(keys.said[-1], 'keyup Backspace Backspace 8 é')
        self.assertIn('keydown ArrowLeft ArrowLeft 37 é', keys.said)
        self.assertColors(enter, {(399, 299): RED})

    SELECT = ('<select onchange="console.log(value)"><option>a<option value=b>Bee<option value=c>Cee<option disabled>d</select>')

    @shot(SELECT, steps=[{'select': {'selector': 'select', 'value': 'b'}}, {'select': {'selector': 'select', 'value': 'Cee'}}])
    @shot(SELECT, steps=[{'select': {'selector': 'select', 'value': 'x'}}])
    @shot(SELECT, steps=[{'select': {'selector': 'select', 'value': 'd'}}])
    @shot('<p>p', steps=[{'select': {'selector': 'p', 'value': 'd'}}])
    def test_select(self, both, unknown, disabled, other):
        self.assertEqual(both.said, ['b', 'c'])
        self.assertFailed(unknown, 'step 1 \\(select\\): "select" has no option "x"')
        self.assertFailed(disabled, 'step 1 \\(select\\): .*"d", which is disabled')
        self.assertFailed(other, 'step 1 \\(select\\): "p" is a <p>, not a <select>')


class Artifacts(capturing.TestCase):

    @shot('<p>', viewprtSize={'width': 1}, viewportSize={'width': 300, 'height': 200, 'depth': 3})
    def test_unknown_keys_are_warned_of_and_kept_and_logged(self, shot):
        self.assertRegex(self.printed, r'warning: .*suite.yaml:\d+:\d+: unknown key viewprtSize.*viewportSize')
        self.assertRegex(self.printed, r'warning: .*suite.yaml:\d+:\d+: unknown key .*depth')
        self.assertEqual(shot.config['viewprtSize'], {'width': 1})
        self.assertRegex(shot.log, 'viewprtSize')
        self.assertRegex(shot.log, 'viewportSize.depth')

    @shot('<p>', delay=1)
    def test_the_config_is_kept_with_the_url(self, shot):
        name = 'test_the_config_is_kept_with_the_url-1'
        self.assertEqual(shot.config, {'delay': 1, 'targetUrl': f'{self.server.origin}/{name}/page.html'})

    @shot('<p>')
    def test_a_picture_says_what_browser_took_it(self, shot):
        notes = [content for kind, content in harness.png_chunks(shot.png.read_bytes()) if kind in (b'tEXt', b'iTXt')]
        self.assertEqual(len(notes), 1)
        self.assertRegex(notes[0].decode(), r'^dpxdt-browser\0.*Chrome/\d+.*, .*, flags [0-9a-f]{8}$')


if __name__ == '__main__':
    harness.main()
