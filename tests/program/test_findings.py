"""What dpxdt says of changes to real pages, in the real browser: small edits that other tools pass over, and rows that
came, went or moved on long pages.

Each case is a page before and after. `dpxdt update` captures the one and `dpxdt test` the other (the arms ref and run of
a test), all of them in one run of each.
"""
import collections
import json
import random

import harness
from harness import dpxdt

STYLE = '''<!doctype html><meta charset=utf-8><style>
body { margin: 0; padding: 24px; width: 600px; font: 16px/24px "Liberation Sans", sans-serif; color: #222; background: #fff }
</style>'''

# Name: before, after, and what is expected of the largest region: its kind, and more of its keys.
Edit = collections.namedtuple('Edit', 'before after kind more', defaults=({},))

WORDS = 'The invoice for the month of May was sent to Bill on Friday. Please pay it within 30 days.'


def text(style='', words=WORDS):
    return f'<p style="{style}">{words}</p>'


def box(style, content=''):
    return f'<div style="width: 200px; height: 60px; {style}">{content}</div>'


EDITS = {
    'text from #777 to #888': Edit(text('color: #777'), text('color: #888'), 'recolored',
                                   {'from': '#777777ff', 'to': '#888888ff', 'look': 'text'}),
    'Bill is BiIl': Edit(text(), text(words=WORDS.replace('Bill', 'BiIl')), 'changed', {'look': 'text'}),
    'a border from #ddd to #ccc': Edit(box('border: 1px solid #ddd'), box('border: 1px solid #ccc'), 'recolored',
                                       {'from': '#ddddddff', 'to': '#ccccccff'}),
    'a background from #fff to #f3f3f3': Edit(box('background: #fff'), box('background: #f3f3f3'), None),
    'a gradient that is tinted': Edit(box('background: linear-gradient(90deg, #2090e0, #a0d0f0)'),
                                      box('background: linear-gradient(90deg, #2890e0, #a8d0f0)'), None),
    'a border of #ddd that went': Edit(box('border: 1px solid #ddd'), box('border: 1px solid transparent'), 'removed'),
    'a contrast that was repaired': Edit(text('color: #999'), text('color: #595959'), 'recolored',
                                         {'from': '#999999ff', 'to': '#595959ff'}),
    'text 0.3 pixels to the right': Edit(text('position: relative'), text('position: relative; left: 0.3px'), None),
    'text 5 pixels down': Edit(text('position: relative'), text('position: relative; top: 5px'), 'moved',
                               {'dx': 0, 'dy': 5, 'look': 'text'}),
    'text in another color': Edit(text('color: #1a1a1a'), text('color: #0b57d0'), 'recolored',
                                  {'from': '#1a1a1aff', 'to': '#0b57d0ff'}),
    'a digit': Edit(text(), text(words=WORDS.replace('30', '80')), 'changed', {'look': 'text'}),
    'a button that came': Edit(box(''), box('', '<button style="font: inherit">Pay now</button>'), 'inserted'),
    'a button that went': Edit(box('', '<button style="font: inherit">Pay now</button>'), box(''), 'removed'),
    'bold': Edit(text(), text('font-weight: bold'), 'changed', {'look': 'text'}),
}


class Pages(harness.LocalTestCase):
    def capture(self, pages, cases, options):
        """Updates from the pages before, tests those after, and returns the results by name."""
        site = self.site(pages)
        tests = [{'name': name, 'ref': {'url': f'{site.url}/{i}/before', 'config': options},
                  'run': {'url': f'{site.url}/{i}/{after}', 'config': options}}
                 for i, (name, after) in enumerate(cases)]
        self.suite(tests)
        self.results('update', 'tests', status=0)
        return self.results('test', 'tests')


class Edits(Pages):
    def test_every_edit_is_reported_and_told_for_what_it_is(self):
        pages = {}
        for i, edit in enumerate(EDITS.values()):
            pages |= {f'/{i}/before': STYLE + edit.before, f'/{i}/after': STYLE + edit.after}
        results = self.capture(pages, [(name, 'after') for name in EDITS], {'viewportSize': {'width': 700, 'height': 200}})
        for name, edit in EDITS.items():
            with self.subTest(name):
                self.assertEqual(results[name]['status'], 'different')
                region = results[name]['regions'][0]
                if edit.kind:
                    self.assertEqual(region['kind'], edit.kind, region)
                for key, value in edit.more.items():
                    self.assertEqual(region[key], value, region)

    def test_two_captures_of_one_page_are_equal(self):
        pages = {f'/{i}/before': STYLE + edit.before for i, edit in enumerate(EDITS.values())}
        results = self.capture(pages, [(name, 'before') for name in EDITS], {})
        self.assertEqual({it['status'] for it in results.values()}, {'passed'})
        self.assertEqual({it['changed_pixels'] for it in results.values()}, {0})


# ---- Long pages ----

NOUNS = 'invoice order basket bread river window letter season market garden engine paper bridge winter'.split()


def section(number):
    """About 260 pixels high: a heading, paragraphs, a card with a gradient. The same number, the same section. From 100 on
    the card is plain: browsers dither a gradient by its place, so elsewhere it is not the same."""
    choice = random.Random(number)
    words = lambda n: ' '.join(choice.choice(NOUNS) for _ in range(n))
    color = choice.randrange(360)
    paint = f'hsl({color} 60% 60%)' + (f', hsl({color + 60} 60% 80%))' if number < 100 else '')
    return (f'<section><h2>{number}. {words(4)}</h2><p>{words(60)}.</p>'
            f'<div style="height: 48px; border-radius: 8px; margin: 8px 0; background: '
            f'{"linear-gradient(90deg, " if number < 100 else ""}{paint}"></div><p>{words(45)}.</p></section>')


LONG_STYLE = '''<!doctype html><meta charset=utf-8><style>
body { margin: 0; font: 16px/24px "Liberation Sans", sans-serif; color: #222; background: #fff }
header { height: 120px; background: linear-gradient(#245, #479) } main { padding: 0 40px }
.banner { height: 64px; background: #fc3; font: bold 20px/64px "Liberation Sans"; padding: 0 40px }
.with-sidebar main { margin-left: 300px }
aside { position: absolute; left: 0; top: 120px; width: 260px; padding: 0 20px; box-sizing: border-box }
</style>'''
BANNER = '<div class=banner>We ship for free until Sunday: use the code BREAD at the till</div>'


# As it is, a section is 263.8 pixels high, so rows below one that came are rounded otherwise; and a round corner may have
# other pixels in another tile of the browser's painting. With this, rows that moved are the same.
EVEN = '<style>h2 { font-size: 24px; line-height: 32px; margin: 16px 0 } div { border-radius: 0 !important }</style>'


def long_page(sections, before='', body_class='', aside=''):
    return (f'{LONG_STYLE}<body class="{body_class}"><header></header>{aside}{before}<main>'
            + ''.join(map(section, sections)) + '</main>')


SECTIONS = list(range(28))
SIDEBAR = '<aside>' + ''.join(f'<p>{i}. {NOUNS[i % 14]} and {NOUNS[i * 5 % 14]}, or {i * 37}</p>' for i in range(150)) + '</aside>'


class LongPages(Pages):
    CASES = {
        'a banner': (long_page(SECTIONS), long_page(SECTIONS, BANNER)),
        'a section that came': (long_page(SECTIONS), long_page(SECTIONS[:12] + [100] + SECTIONS[12:])),
        'a section that went': (long_page(SECTIONS), long_page(SECTIONS[:12] + SECTIONS[13:])),
        'two at once': (long_page(SECTIONS), long_page(SECTIONS[:5] + [100] + SECTIONS[5:20] + SECTIONS[21:], BANNER)),
        'a section that moved': (long_page(SECTIONS), long_page(SECTIONS[:5] + [20] + SECTIONS[5:20] + SECTIONS[21:])),
        'a sidebar that stayed': (long_page(SECTIONS, '', 'with-sidebar', SIDEBAR),
                                  long_page(SECTIONS[:12] + [100] + SECTIONS[12:], '', 'with-sidebar', SIDEBAR)),
    }

    @classmethod
    def of_kind(cls, result, kind):
        return [it for it in result['bands'] if it['kind'] == kind and not it.get('jitter')]

    def unaligned(self, result):
        """How many pixels are changed if rows are compared by place."""
        compared = dpxdt('diff', '--json', '--no-align', result['ref_path'], result['run_path'], cwd=self.folder)
        self.assertEqual(compared.returncode, 1, compared.stderr)
        return json.loads(compared.stdout)['changed_pixels']

    def results_of(self, options):
        pages = {f'/{i}/{arm}': page for i, case in enumerate(self.CASES.values())
                 for arm, page in zip(('before', 'after'), case)}
        results = self.capture(pages, [(name, 'after') for name in self.CASES], options)
        self.assertEqual({it['status'] for it in results.values()}, {'different'})
        return results

    def check(self, results):
        for name, result in results.items():
            with self.subTest(name):
                self.assertLess(result['changed_pixels'], 5000)
                self.assertGreater(self.unaligned(result), 200_000)
        with self.subTest('where the banner is'):
            came = self.of_kind(results['a banner'], 'inserted')
            self.assertEqual([(it['run_y'], it['run_height']) for it in came], [(120, 64)])
        with self.subTest('a section comes once, and where it is'):
            came, = self.of_kind(results['a section that came'], 'inserted')
            self.assertGreater(came['run_y'], 2000)
            self.assertGreater(came['run_height'], 150)
        with self.subTest('what went'):
            self.assertEqual(len(self.of_kind(results['two at once'], 'removed')) >= 1, True)
            self.assertEqual(len(self.of_kind(results['two at once'], 'inserted')), 2)
        with self.subTest('what moved has moved together'):  # in pieces, as its gradient is dithered anew
            moved = self.of_kind(results['a section that moved'], 'moved')
            by, = {it['reference_y'] - it['run_y'] for it in moved}
            self.assertGreater(by, 2000)
            self.assertGreater(sum(it['run_height'] for it in moved), 150)
        with self.subTest('the sidebar has bands of its own'):
            self.assertGreater(len({it['x'] for it in results['a sidebar that stayed']['bands']}), 1)

    def test_rows_that_came_went_and_moved_are_told_on_pages_of_other_heights(self):
        self.check(self.results_of({'viewportSize': {'width': 1280, 'height': 800}}))

    def test_and_on_pictures_of_the_same_size(self):
        results = self.results_of({'viewportSize': {'width': 1280, 'height': 800},
                                   'clipRect': {'width': 1280, 'height': 6000}})
        self.check(results)

    def test_the_same_section_that_came_on_two_pages_has_one_fingerprint(self):
        others = [it + 50 for it in SECTIONS]
        inserted = [(SECTIONS, 12, 100), (others, 3, 100), (others, 3, 101)]
        pages = {}
        for i, (sections, at, number) in enumerate(inserted):
            pages[f'/{i}/before'] = EVEN + long_page(sections)
            pages[f'/{i}/after'] = EVEN + long_page(sections[:at] + [number] + sections[at:])
        results = self.capture(pages, [(name, 'after') for name in ('one', 'same', 'other')],
                               {'viewportSize': {'width': 1280, 'height': 800}})
        self.assertEqual(results['one']['fingerprint'], results['same']['fingerprint'])
        self.assertNotEqual(results['one']['fingerprint'], results['other']['fingerprint'])


if __name__ == '__main__':
    harness.main()
