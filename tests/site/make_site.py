#!/usr/bin/env python3
"""Writes a site of 40 pages for capture tests and benchmarks: p01.html ... p40.html and index.html.

    make_site.py FOLDER

p01 to p20 are easy: web fonts, styles, pictures and long text, the same however often one looks. They are composed here.
p21 to p40 are hostile: each moves, ticks, waits or guesses in a way of its own. They are the files of hostile/, each of
which opens with a comment on what makes it hard; here they get the common head, header and footer.

The site is the same, byte for byte, on every run. Serve it with serve.py, which knows the paths like /delay/300/... that
the hostile pages ask for. Their frames of another origin are http://localhost for a page on http://127.0.0.1, and the
other way round, at the same port.

    make_site(folder) -> the names of the pages, in order; EASY and HOSTILE are the two halves
"""
import html
import math
import os
import random
import shutil
import sys

import pictures

HERE = os.path.dirname(os.path.abspath(__file__))
FONTS = {"Body": "liberation/LiberationSerif-Regular", "Body-bold": "liberation/LiberationSerif-Bold",
         "Body-italic": "liberation/LiberationSerif-Italic", "Head": "liberation/LiberationSans-Bold",
         "Interface": "dejavu/DejaVuSans", "Code": "dejavu/DejaVuSansMono"}
FONT_FOLDER = "/usr/share/fonts/truetype"
EASY = [f"p{i:02}" for i in range(1, 21)]
HOSTILE = [f"p{i:02}" for i in range(21, 41)]
WORDS = """page light window colour grey paper early small wide river stone garden letter answer season morning table
 copper silver orange violet machine picture frame corner margin column pattern measure distance quiet gentle patient careful
 simple honest ordinary remember compare discover arrange follow wander carry gather notice change remain return between beyond
 against without perhaps seldom always almost together twice slowly and of the in a to with for from by as or but then when where
 which that this each every some many few most other same such only also still even just first last next long short high low""".split()

CSS = """
@font-face { font-family: Body; src: url(../fonts/Body.ttf); }
@font-face { font-family: Body; src: url(../fonts/Body-bold.ttf); font-weight: bold; }
@font-face { font-family: Body; src: url(../fonts/Body-italic.ttf); font-style: italic; }
@font-face { font-family: Head; src: url(../fonts/Head.ttf); font-weight: 100 900; }
@font-face { font-family: Interface; src: url(../fonts/Interface.ttf); font-display: swap; }
@font-face { font-family: Code; src: url(../fonts/Code.ttf); }
* { box-sizing: border-box; }
body { margin: 0; background: #fbfaf7; color: #2a2a2e; font: 17px/1.55 Body, serif; }
header.site { display: flex; gap: 24px; align-items: center; padding: 14px 40px; background: linear-gradient(90deg, #22304a, #3c6382);
              color: white; font: 15px Interface, sans-serif; box-shadow: 0 2px 8px #0005; }
header.site b { font: 22px Head; margin-right: auto; }
header.site a { color: #cfe3ff; text-decoration: none; }
main { max-width: 1120px; margin: 24px auto; padding: 0 24px; }
h1 { font: 40px/1.2 Head; margin: 24px 0; } h2 { font: 26px/1.3 Head; margin: 28px 0 10px; border-bottom: 1px solid #ddd; }
p { margin: 0 0 14px; hyphens: none; } em { color: #84468c; } code, pre { font-family: Code, monospace; font-size: 14px; }
pre { background: #20242c; color: #d8e0ec; padding: 16px; border-radius: 8px; overflow: hidden; }
table { border-collapse: collapse; width: 100%; font: 14px/1.4 Interface; margin: 14px 0; }
th, td { padding: 5px 10px; border-bottom: 1px solid #ccc; text-align: left; } tr:nth-child(even) { background: #eef2f6; }
.grid { display: grid; grid-template-columns: repeat(3, 1fr); gap: 18px; margin: 18px 0; }
.card { background: white; border-radius: 10px; padding: 16px; box-shadow: 0 3px 12px #0002; font-size: 15px; }
.card img { width: 100%; display: block; border-radius: 6px; margin-bottom: 8px; }
.columns { columns: 3; column-gap: 28px; column-rule: 1px solid #ccc; font-size: 15px; }
.hero { height: 320px; border-radius: 12px; background: url(../img/photo-1.jpg) center / cover; display: grid; place-items: center;
        color: white; font: 46px Head; text-shadow: 0 2px 10px #000; }
.effects > div { height: 150px; border-radius: 16px; display: grid; place-items: center; font: 18px Head; color: white; }
.row { display: flex; gap: 14px; flex-wrap: wrap; margin: 14px 0; } .row > img { height: 160px; border-radius: 6px; }
form { display: grid; grid-template-columns: 160px 1fr; gap: 10px 16px; font: 15px Interface; } form > * { font: inherit; padding: 6px; }
footer { margin-top: 40px; padding: 24px 40px; background: #22304a; color: #bcd; font: 13px Interface; }
"""

# Ordinary work for a script: it changes the page, and always in the same way.
SCRIPT = """
document.addEventListener('DOMContentLoaded', () => {
  const list = document.querySelector('.contents');
  if (!list) return;
  document.querySelectorAll('h2').forEach((heading, i) => {
    heading.id = 'part-' + (i + 1);
    list.insertAdjacentHTML('beforeend', `<li><a href="#${heading.id}">${heading.textContent}</a></li>`);
  });
});
"""

# What a hostile page's frame of another origin calls itself.
OTHER_ORIGIN = """
<script>
  const otherOrigin = `http://${location.hostname === 'localhost' ? '127.0.0.1' : 'localhost'}:${location.port}`;
</script>
"""


# ---------------------------------------------------------------- parts of pages; r is a random.Random

def words(r, count):
    text = " ".join(r.choice(WORDS) for _ in range(count))
    return text[0].upper() + text[1:] + "."


def paragraph(r):
    sentences = [words(r, r.randint(7, 22)) for _ in range(r.randint(4, 8))]
    sentences[1] = f"<em>{sentences[1]}</em>"
    sentences[-1] = f"<b>{sentences[-1]}</b>"
    return f"<p>{' '.join(sentences)}</p>\n"


def heading(r):
    return f"<h2>{words(r, 4)[:-1]}</h2>\n"


def text(r, count=4):
    return heading(r) + "".join(paragraph(r) for _ in range(count))


def cards(r, count=6):
    card = '<div class="card"><img src="img/{}" alt="">{}</div>\n'
    return heading(r) + '<div class="grid">\n' + "".join(
        card.format(r.choice(PICTURES), words(r, 24)) for _ in range(count)) + "</div>\n"


def table(r, rows=16, columns=6):
    cell = lambda: r.choice([f"{r.randint(1, 99999) / 100:.2f}", r.choice(WORDS), f"{r.randint(1, 999)}"])
    body = "".join("<tr>" + "".join(f"<td>{cell()}</td>" for _ in range(columns)) + "</tr>\n" for _ in range(rows))
    head = "".join(f"<th>{r.choice(WORDS)}</th>" for _ in range(columns))
    return heading(r) + f"<table><tr>{head}</tr>\n{body}</table>\n"


def chart(r, bars=24):
    shapes = "".join(f'<rect x="{20 + i * 44}" y="{300 - h}" width="34" height="{h}" rx="4" fill="hsl({i * 15},60%,50%)"/>'
                     f'<text x="{24 + i * 44}" y="{294 - h}" font-family="Interface" font-size="11">{h}</text>'
                     for i, h in enumerate(r.randint(20, 270) for _ in range(bars)))
    line = " ".join(f"{37 + i * 44},{r.randint(30, 280)}" for i in range(bars))
    return heading(r) + (f'<svg viewBox="0 0 1080 310" width="100%">{shapes}'
                         f'<polyline points="{line}" fill="none" stroke="#c33" stroke-width="3"/></svg>\n')


def code(r, lines=18):
    line = lambda: "  " * r.randint(0, 3) + f"{r.choice(WORDS)}_{r.choice(WORDS)}({r.randint(0, 99)}, <{r.choice(WORDS)}>);"
    return heading(r) + "<pre>" + html.escape("\n".join(line() for _ in range(lines))) + "</pre>\n"


def effects(r):
    styles = ["background: linear-gradient(45deg, #e66465, #9198e5)", "background: radial-gradient(circle at 30% 30%, gold, crimson)",
              "background: conic-gradient(red, yellow, lime, aqua, blue, magenta, red)", "background: teal; transform: rotate(-4deg)",
              "background: #456; filter: drop-shadow(6px 6px 8px #0008)", "background: url(img/photo-2.jpg); filter: sepia(.8)",
              "background: url(img/tile.png)", "background: purple; clip-path: polygon(0 20%, 100% 0, 100% 80%, 0 100%)",
              "background: #246; box-shadow: inset 0 0 30px #fff8, 0 8px 20px #0006"]
    return heading(r) + '<div class="grid effects">\n' + "".join(
        f'<div style="{style}">{r.choice(WORDS)}</div>\n' for style in styles) + "</div>\n"


def gallery(r, count=10):
    return heading(r) + '<div class="row">' + "".join(f'<img src="img/{r.choice(PICTURES)}" alt="">\n' for _ in range(count)) + "</div>\n"


def columns(r):
    return heading(r) + '<div class="columns">' + "".join(paragraph(r) for _ in range(8)) + "</div>\n"


def form(r):
    fields = ['<input value="{}">', '<select><option>{}</select>', '<textarea rows=3>{}</textarea>', '<progress value=".6"></progress>{}',
              '<input type="checkbox" checked title="{}">', '<input type="range" value="30" title="{}">', '<button>{}</button>']
    return heading(r) + "<form>" + "".join(
        f"<label>{r.choice(WORDS)}</label>" + field.format(r.choice(WORDS)) + "\n" for field in fields) + "</form>\n"


def hero(r):
    return f'<div class="hero">{words(r, 3)}</div>\n'


def contents(_):
    return '<ol class="contents"></ol>\n'


def unicode_text(r):
    lines = ["Грызть гранит науки — дело не одного дня.", "Ζαφείρι δέξου πάγκαλο, βαθῶν ψυχῆς τὸ σῆμα.", "ﬁn, œuvre, naïve, Straße, čeština, İstanbul",
             "→ ⇒ ∑ ∫ √ ∞ ≠ ≤ ½ ¾ © ® ™ ☂ ☃ ♞ ✓ ✗", "e\u0301 a\u0308 o\u0302 \u2014 zero\u200bwidth", "<bdo dir=rtl>read from the right</bdo>"]
    return heading(r) + "".join(f'<p style="font: {16 + 4 * i}px Interface">{line}</p>\n' for i, line in enumerate(lines))


def specimen(r):
    return heading(r) + "".join(f'<p style="font: {size}px/1.2 {family}">{words(r, 5)}</p>\n'
                                for family in ("Body", "Head", "Interface", "Code") for size in (12, 17, 24, 36))


# What each easy page is made of, from top to bottom.
EASY_PAGES = [
    [contents, hero, text, text, cards],
    [text, gallery, text, gallery],
    [contents, table, text, lambda r: table(r, 40)],
    [chart, text, chart, text],
    [hero, lambda r: cards(r, 9), text],
    [columns, text, columns],
    [chart, table, cards],
    [form, text, form, text],
    [specimen, text, specimen],
    [effects, text, effects],
    [contents, code, text, code, text, code],
    [contents, hero] + [text, cards, table, chart, code, gallery] * 2,
    [lambda r: table(r, 30, 9), lambda r: table(r, 20, 4)],
    [hero, gallery, hero, text],
    [effects, cards, effects],
    [chart, chart, lambda r: text(r, 2)],
    [lambda r: text(r, 9)],
    [unicode_text, text, unicode_text],
    [lambda r: gallery(r, 40)],
    [contents] + [text] * 14,
]


# ---------------------------------------------------------------- files

def photo(seed):
    """A blurred landscape: hills of a few sine waves under a sky."""
    r = random.Random(seed)
    waves = [(r.uniform(.02, .3), r.uniform(0, 6), r.uniform(2, 7)) for _ in range(4)]
    tint = r.randint(-30, 30)

    def block(x, y):
        ridge = 26 + sum(size * math.sin(x * pace + phase) for pace, phase, size in waves)
        if y < ridge:
            return (70 - y, r.randint(-2, 2), -4), (20 + y // 3, 1, 1), (-10 + tint // 3, 1, 1)
        return (r.randint(-60, 10), r.randint(-40, 40), r.randint(-40, 40)), (-15, 1, 1), (tint // 2, 1, 1)

    return pictures.jpeg(80, 60, block)


def drawing(seed):
    r = random.Random(seed)
    return pictures.svg(320, 240, "<rect width='320' height='240' fill='#eef'/>" + "".join(
        f"<circle cx='{r.randint(0, 320)}' cy='{r.randint(0, 240)}' r='{r.randint(8, 70)}' fill='hsl({r.randint(0, 359)},70%,60%)' "
        f"fill-opacity='.6' stroke='#223' stroke-width='2'/>" for _ in range(25)))


def plasma(x, y):
    return tuple(int(128 + 60 * math.sin(x / a) + 60 * math.cos(y / b)) for a, b in ((23, 31), (41, 17), (29, 53)))


def see_through(x, y):
    return (200, x % 256, y % 256, 255 if math.hypot(x - 120, y - 80) < 60 else (x + y) % 160)


def spokes(step, count):
    """A frame of a turning wheel, for the GIFs."""
    return lambda x, y: int((math.atan2(y - 40, x - 40) / math.pi + 1) * 4 + step * 8 / count) % 8


def pictures_of_the_site():
    rainbow = [(255, 0, 0), (255, 160, 0), (240, 240, 0), (0, 200, 0), (0, 200, 200), (0, 0, 255), (160, 0, 200), (255, 255, 255)]
    files = {f"photo-{i}.jpg": photo(i) for i in range(1, 5)}
    files.update({f"drawing-{i}.svg": drawing(i) for i in range(1, 4)})
    files["plasma.png"] = pictures.png(320, 240, plasma)
    files["alpha.png"] = pictures.png(240, 160, see_through, alpha=True)
    files["tile.png"] = pictures.png(16, 16, lambda x, y: (60, 120, 160) if (x ^ y) & 8 else (230, 240, 245))
    files["wheel.gif"] = pictures.gif(80, 80, rainbow, [spokes(i, 8) for i in range(8)], 60)
    files["blink.gif"] = pictures.gif(80, 80, rainbow, [lambda x, y: 0, lambda x, y: 5, lambda x, y: 7], 230)
    return files


PICTURES = ["photo-1.jpg", "photo-2.jpg", "photo-3.jpg", "photo-4.jpg", "drawing-1.svg", "drawing-2.svg", "drawing-3.svg",
            "plasma.png", "alpha.png"]


def page(name, title, body, comment=""):
    links = "".join(f'<a href="{p}.html">{p}</a>\n' for p in ("p01", "p12", "p21", "p40"))
    return f"""<!doctype html>{comment}
<html lang="en">
<meta charset="utf-8">
<title>{name}: {html.escape(title)}</title>
<link rel="stylesheet" href="css/site.css">
<script src="js/site.js"></script>
<header class="site"><b>{html.escape(title)}</b>{links}</header>
<main>
<h1>{html.escape(title)}</h1>
{body}</main>
<footer>{name} of 40. <a href="index.html">All pages</a></footer>
</html>
"""


def easy_page(name):
    r = random.Random(name)
    parts = EASY_PAGES[EASY.index(name)]
    title = words(r, 3)[:-1]
    return page(name, title, "".join(part(r) for part in parts))


def hostile_page(name, source):
    """A file of hostile/: a comment, a line "title: ...", then HTML where <!-- text N --> stands for N paragraphs."""
    r = random.Random(name)
    comment, rest = source.split("-->\n", 1)
    title, body = rest.split("\n", 1)
    while "<!-- text " in body:
        before, after = body.split("<!-- text ", 1)
        count, after = after.split(" -->", 1)
        body = before + text(r, int(count)) + after
    return page(name, title.removeprefix("title: "), OTHER_ORIGIN + body, "\n" + comment + "-->")


def make_site(folder):
    """Writes the site, over what the folder has. Returns the pages' names."""
    for name in ("css", "js", "img", "fonts"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)

    def write(path, data):
        with open(os.path.join(folder, path), "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)

    for name, font in FONTS.items():
        shutil.copyfile(f"{FONT_FOLDER}/{font}.ttf", f"{folder}/fonts/{name}.ttf")
    for name, data in pictures_of_the_site().items():
        write("img/" + name, data)
    write("css/site.css", CSS)
    write("js/site.js", SCRIPT)
    for name in EASY:
        write(name + ".html", easy_page(name))
    shutil.copytree(f"{HERE}/hostile/parts", f"{folder}/parts", dirs_exist_ok=True)
    for file in sorted(os.listdir(f"{HERE}/hostile")):
        if file.endswith(".html"):
            name = file[:3]
            with open(f"{HERE}/hostile/{file}", encoding="utf-8") as source:
                write(name + ".html", hostile_page(name, source.read()))
    links = "".join(f'<li><a href="{name}.html">{name}</a></li>\n' for name in EASY + HOSTILE)
    write("index.html", page("index", "All pages", f"<ol>{links}</ol>\n"))
    return EASY + HOSTILE


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: make_site.py FOLDER")
    make_site(sys.argv[1])
