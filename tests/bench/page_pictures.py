"""Pictures of pages for bench_diff: captured by dpxdt itself, so that they are what Chromium writes; and longer ones made of those.

Who reads PNGs fast depends on how they were written: here by Chromium's faster encoder, which dpxdt asks it for, with filter Up in
all rows and the data in 4 KB pieces. (What Chromium writes unless asked is half as large, and has all filters mixed; so have the
pictures in tests/data/diff.) A picture that is longer than what can be captured repeats the filtered rows of a captured one, and even
their compressed bytes: 200 million pixels take a second. Each repetition starts with its first row unfiltered and a fresh window, and
is the same pixels again.
"""
import os
import random
import re
import struct
import subprocess
import zlib

from shared import make_site, warn

SIGNATURE = b"\x89PNG\r\n\x1a\n"
IDAT_BYTES = 4096
PARTS = [make_site.hero, make_site.text, make_site.cards, make_site.table, make_site.chart, make_site.code, make_site.gallery,
         make_site.effects, make_site.columns, make_site.form]
# Columns of pages side by side (each 1280 wide), height. The last one is there to be repeated.
SIZES = {"1280x1024": (1, 1024), "1280x8000": (1, 8000), "3840x2160": (3, 2160), "6400x4000": (5, 4000)}
BANNER_PX = 66
BANNER = (f'<div style="height: {BANNER_PX}px; background: #fc4; font: 20px/{BANNER_PX}px Interface; text-align: center">'
          'Something new stands above all the rest</div>')


# ---------------------------------------------------------------- what is captured

def column(number, height, change):
    """A page, as high as wanted. A change leaves all else where it is: digits are as wide as each other."""
    r = random.Random(f"bench {number}")
    parts = "".join(part(r) for part in PARTS[number:] + PARTS * (height // 3500 + 1))
    body = make_site.page(f"p{number}", make_site.words(r, 3), parts).split("<header", 1)[1].split("</html>")[0]
    body = "<header" + body
    if change == "small":
        body = body.replace("<b>", '<b style="color: #fe9">', 1).replace("<h2>", '<h2 style="color: #a33">', 1)
        body = re.sub(r"<td>(\d)", lambda match: f"<td>{9 - int(match[1])}", body, count=3)
    if change == "shift":
        body = BANNER + body
    return f'<div class="column">{body}</div>\n'


def page(columns, height, change):
    # Only the first column changes; a banner is over all of them.
    bodies = [column(i, height, change if i == 0 or change == "shift" else None) for i in range(columns)]
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>bench</title><link rel="stylesheet" href="css/site.css">
<style>html, body {{ height: {height}px; overflow: hidden; }} body {{ display: flex; }} .column {{ width: 1280px; }}</style>
{"".join(bodies)}</html>"""


def capture(folder, site, url, dpxdt):
    """Takes SIZES in their variants. -> {name: path}, of those there are"""
    lines = ["tests:\n"]
    for size, (columns, height) in SIZES.items():
        for change in ("base", "small", "shift"):
            name = f"{size}-{change}"
            with open(f"{site}/{name}.html", "w", encoding="utf-8") as file:
                file.write(page(columns, height, change))
            lines.append(f"- name: {name}\n  url: {url}/{name}.html\n"
                         f"  config:\n    viewportSize: {{width: {columns * 1280}, height: {min(height, 2160)}}}\n")
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/pages.yaml", "w", encoding="utf-8") as file:
        file.writelines(lines)
    done = subprocess.run([dpxdt, "update", folder, "--jobs=1"], capture_output=True, text=True)
    if done.returncode:
        warn(f"pages not captured, only case pictures are compared: {(done.stderr or done.stdout).strip()}")
    return pictures_in(folder)


def pictures_in(folder):
    return {name[:-4]: os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".png")}


# ---------------------------------------------------------------- PNGs

def size_of(path):
    """-> width, height"""
    with open(path, "rb") as file:
        return struct.unpack(">II", file.read(24)[16:])


def read(path):
    """-> width, height, the header's other bytes, bytes in a pixel, the filtered rows"""
    with open(path, "rb") as file:
        data = file.read()
    pieces, at = {}, len(SIGNATURE)
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        pieces.setdefault(kind, []).append(data[at + 8:at + 8 + length])
        at += 12 + length
    header = pieces[b"IHDR"][0]
    width, height = struct.unpack(">II", header[:8])
    bpp = {b"\x08\x02": 3, b"\x08\x06": 4}[header[8:10]]     # others are never captured
    return width, height, header[8:], bpp, zlib.decompress(b"".join(pieces[b"IDAT"]))


def first_row_unfiltered(row, bpp):
    """What a row means that has none above it, stored by filter 0."""
    out = bytearray(row)
    out[0] = 0
    for i in range(1 + bpp, len(row)):
        # Sub and Paeth add the pixel on the left, Average half of it; Up adds nothing.
        out[i] = row[i] + (0, out[i - bpp], 0, out[i - bpp] // 2, out[i - bpp])[row[0]] & 255
    return bytes(out)


def deflated(rows):
    """A part of a stream of zlib, which neither looks back nor ends."""
    compressor = zlib.compressobj(6, wbits=-15)
    return compressor.compress(rows) + compressor.flush(zlib.Z_FULL_FLUSH)


class Tile:
    """A captured picture, to be repeated."""

    def __init__(self, path):
        self.width, self.height, self.header, bpp, rows = read(path)
        self.stride = 1 + self.width * bpp
        self.rows = first_row_unfiltered(rows[:self.stride], bpp) + rows[self.stride:]
        self.packed = deflated(self.rows)


def write_tall(path, base, changed, height):
    """A picture as wide as the tiles: base again and again, and changed once, in the middle. No `changed`: base alone."""
    def chunk(file, kind, data):
        file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))

    whole, left = divmod(height, base.height)
    tiles = [base] * whole
    if changed and whole:
        tiles[whole // 2] = changed
    rest = ((changed if changed and not whole else base).rows)[:left * base.stride]
    stream, check = [b"\x78\x9c"], 1
    for tile in tiles:
        stream.append(tile.packed)
        check = zlib.adler32(tile.rows, check)
    stream += [deflated(rest), b"\x03\x00", struct.pack(">I", zlib.adler32(rest, check))]
    stream = b"".join(stream)
    with open(path, "wb") as file:
        file.write(SIGNATURE)
        chunk(file, b"IHDR", struct.pack(">II", base.width, height) + base.header)
        for at in range(0, len(stream), IDAT_BYTES):
            chunk(file, b"IDAT", stream[at:at + IDAT_BYTES])
        chunk(file, b"IEND", b"")
    return path
