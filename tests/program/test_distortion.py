"""`dpxdt diff` against ImageMagick: the old tool's two commands must give the number that we print, to the last digit,
and the pixels that we write with --style classic.

Each pair is one row of the tables below; src/diff/rmse.h has the rule, and what we do not follow.
"""
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import unittest

import harness
from harness import Picture, dpxdt, png_chunk, png_file

IMAGEMAGICK = '/usr/bin'  # there may be stand-ins of these names elsewhere
DATA = pathlib.Path(__file__).parent.parent / 'data' / 'diff'


def noise(seed, n):
    return random.Random(seed).randbytes(n)


def packed(indices, width, bit_depth):
    """Samples of less than 8 bits, each row filled up to whole bytes."""
    rows = b''
    for start in range(0, len(indices), width):
        bits = ''.join(format(i % (1 << bit_depth), f'0{bit_depth}b') for i in indices[start:start + width])
        bits += '0' * (-len(bits) % 8)
        rows += bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
    return rows


def grey(seed, width=20, height=20, bit_depth=8, before=b''):
    return png_file(width, height, packed(noise(seed, width * height), width, bit_depth), 0, bit_depth, before)


def rgb(seed, width=20, height=20, before=b''):
    return png_file(width, height, noise(seed, 3 * width * height), 2, before=before)


def grey_alpha(seed, width=20, height=20):
    return png_file(width, height, noise(seed, 2 * width * height), 4)


def rgba(seed, width=20, height=20):
    return png_file(width, height, noise(seed, 4 * width * height), 6)


def opaque_rgba(seed, width=20, height=20):
    samples = bytearray(noise(seed, 4 * width * height))
    samples[3::4] = b'\xff' * (width * height)
    return png_file(width, height, bytes(samples), 6)


def opaque_grey_in_rgba(seed, width=20, height=20):
    return png_file(width, height, b''.join(bytes([v, v, v, 255]) for v in noise(seed, width * height)), 6)


def opaque_rgba_of_colors(n_colors, white, width=20, height=20):
    """Exactly n_colors, one of which is white or none."""
    colors = [(255, 255, 255, 255) if white else (254, 255, 255, 255)]
    colors += [(i % 251, i // 251, 77, 255) for i in range(n_colors - 1)]
    return png_file(width, height, b''.join(bytes(colors[i % n_colors]) for i in range(width * height)), 6)


def mostly_clear(seed, width=20, height=20):
    """Alpha is 0 or 255, with colours below both."""
    samples = bytearray(noise(seed, 4 * width * height))
    samples[3::4] = bytes(255 * (a > 128) for a in samples[3::4])
    return png_file(width, height, bytes(samples), 6)


def palette(seed, n_colors, bit_depth=8, alphas=b'', width=20, height=20):
    before = png_chunk(b'PLTE', noise(seed + 1000, 3 * n_colors))
    if alphas:
        before += png_chunk(b'tRNS', alphas)
    indices = [i % n_colors for i in noise(seed, width * height)]
    return png_file(width, height, packed(indices, width, bit_depth), 3, bit_depth, before)


def in_16_bits(seed, color_type, width=20, height=20):
    """8-bit samples, each written twice: what an editor makes of a screenshot."""
    n = harness.PNG_CHANNELS[color_type] * width * height
    return png_file(width, height, bytes(b for v in noise(seed, n) for b in (v, v)), color_type, 16)


GREY_KEY = png_chunk(b'tRNS', struct.pack('>H', 7))
RGB_KEY = png_chunk(b'tRNS', bytes(v for level in noise(34, 1200)[:3] for v in (0, level)))  # of the first pixel

PAIRS = {
    'opaque RGB': (rgb(1), rgb(2)),
    'one pixel, one level': (Picture(20, 20).png(), Picture(20, 20).fill(3, 4, 1, 1, (254, 255, 255, 255)).png()),
    'white and black': (Picture(9, 5).png(), Picture(9, 5, (0, 0, 0, 255)).png()),
    'the same pixels in other bytes': (Picture(20, 20).png(), Picture(20, 20).png(alpha=True)),
    'the same file': (rgba(3), rgba(3)),
    '1x1': (rgb(4, 1, 1), rgb(5, 1, 1)),
    '1x1 with alpha': (rgba(4, 1, 1), rgba(5, 1, 1)),
    'one row': (rgb(6, 300, 1), rgb(7, 300, 1)),
    'one column': (rgba(6, 1, 300), rgba(7, 1, 300)),
    'partial alpha in both': (rgba(8), rgba(9)),
    'partial alpha in the reference alone': (rgba(10), rgb(11)),
    'partial alpha in the run alone': (rgb(10), rgba(11)),
    'alpha of 0 and 255': (mostly_clear(12), mostly_clear(13)),
    'opaque RGBA, many colours': (opaque_rgba(14), opaque_rgba(15)),
    'opaque RGBA against partial alpha': (opaque_rgba(14), rgba(15)),
    'opaque RGBA, few colours': (opaque_rgba(16, 10, 10), rgba(17, 10, 10)),
    'opaque RGBA, 255 colours': (opaque_rgba_of_colors(255, white=False), rgba(17)),
    'opaque RGBA, 256 colours with white': (opaque_rgba_of_colors(256, white=True), rgba(17)),
    'opaque RGBA, 256 colours without white': (opaque_rgba_of_colors(256, white=False), rgba(17)),
    'opaque RGBA, 257 colours with white': (opaque_rgba_of_colors(257, white=True), rgba(17)),
    'opaque grey in RGBA': (opaque_grey_in_rgba(18, 30, 30), rgba(19, 30, 30)),
    'black is not told from clear in a palette': (Picture(8, 8, (0, 0, 0, 255)).png(),
                                                  Picture(8, 8, (0, 0, 0, 0)).png(alpha=True)),
    'palette': (palette(20, 256), palette(21, 200)),
    'palette of 1 bit': (palette(20, 2, 1), palette(21, 2, 1)),
    'palette of 4 bits, with alpha': (palette(22, 16, 4, bytes([0, 128, 255, 7])), palette(23, 16, 4, bytes([9, 200]))),
    'palette with alpha against RGB': (palette(22, 16, 4, bytes([0, 128])), rgb(23)),
    'RGB against palette with alpha': (rgb(22), palette(23, 16, 4, bytes([0, 128]))),
    'palette with an opaque alpha table': (palette(24, 9, 8, bytes([255] * 9)), palette(25, 9, 8, bytes([255]))),
    'grey': (grey(26), grey(27)),
    'grey of 1, against 4 bits': (grey(26, bit_depth=1), grey(27, bit_depth=4)),
    'grey against RGB': (grey(28), rgb(29)),
    'grey and alpha': (grey_alpha(30), grey_alpha(31)),
    'grey and alpha against grey': (grey_alpha(30), grey(31)),
    'grey against grey and alpha': (grey(30), grey_alpha(31)),
    'a transparent grey': (grey(32, before=GREY_KEY), grey(33, before=GREY_KEY)),
    'a transparent colour': (rgb(34, before=RGB_KEY), rgb(35, before=RGB_KEY)),
    '16 bits of grey': (in_16_bits(36, 0), in_16_bits(37, 0)),
    '16 bits of RGB against 8': (in_16_bits(36, 2), rgb(37)),
    '16 bits of RGBA': (in_16_bits(38, 6), in_16_bits(39, 6)),
    'a narrower reference, RGB': (rgb(40, 15, 20), rgb(41, 20, 20)),
    'a lower reference, RGB': (rgb(40, 20, 15), rgb(41, 20, 20)),
    'a lower reference, RGBA': (rgba(42, 20, 15), rgba(43, 20, 20)),
    'a smaller reference, opaque RGBA': (opaque_rgba(44, 17, 13), opaque_rgba(45, 20, 20)),
    'a smaller RGB reference, RGBA run': (rgb(44, 17, 13), rgba(45, 20, 20)),
    'a smaller RGBA reference, RGB run': (rgba(44, 17, 13), rgb(45, 20, 20)),
    'a wider reference': (rgb(46, 25, 20), rgb(47, 20, 20)),
    'a taller reference, RGBA': (rgba(46, 20, 29), rgba(47, 20, 20)),
    'a larger reference': (rgb(48, 25, 29), rgb(49, 20, 20)),
    'a wider and lower reference': (rgba(48, 25, 9), rgba(49, 20, 20)),
    'a larger one whose colours fit a palette once cropped': (opaque_rgba(50, 40, 40), rgba(51, 10, 10)),
    'opaque RGB, long and low': (rgb(52, 200, 3), rgb(53, 200, 3)),
    'opaque RGBA against opaque RGB': (opaque_rgba(54), rgb(55)),
    'partial alpha, wider than 64 pixels': (rgba(54, 131, 9), rgba(55, 131, 9)),
    'alpha of 0 and 255 against RGB': (mostly_clear(56), rgb(57)),
    'RGB against alpha of 0 and 255': (rgb(56), mostly_clear(57)),
    'grey of 2 bits': (grey(58, bit_depth=2), grey(59, bit_depth=2)),
    'grey of 1 bit, an odd width': (grey(58, 21, 20, 1), grey(59, 21, 20, 1)),
    'grey and alpha against RGBA': (grey_alpha(58), rgba(59)),
    'opaque grey in RGBA against grey': (opaque_grey_in_rgba(62), grey(63)),
    'palette of 2 bits against grey': (palette(62, 4, 2), grey(63)),
    'palette against opaque RGBA': (palette(64, 100), opaque_rgba(65)),
    'palette with alpha against partial alpha': (palette(64, 30, 8, bytes(range(0, 240, 8))), rgba(65)),
    'palette with one clear color': (palette(66, 256, 8, b'\0'), palette(67, 256, 8, b'\0')),
    'a smaller palette': (palette(66, 256, width=13, height=17), palette(67, 256)),
    'a larger palette with alpha': (palette(68, 16, 4, bytes([1, 2, 3]), 30, 25), palette(69, 16, 4, bytes([9]))),
    'a smaller grey': (grey(70, 11, 19), grey(71)),
    'a smaller grey, RGBA run': (grey(70, 11, 19), rgba(71)),
    'a larger grey and alpha': (grey_alpha(72, 33, 21), grey_alpha(73)),
    'a taller palette of 1 bit': (palette(72, 2, 1, height=40), palette(73, 2, 1)),
    'a wider one of alpha 0 and 255': (mostly_clear(74, 40, 20), mostly_clear(75)),
    'a shift': ('s1024-base.png', 's1024-shift.png'),
    'a page twice, the same bytes': ('s1024-base.png', 's1024-color.png'),
    'antialiasing': ('s1024-base.png', 's1024-aa.png'),
    'a small change': ('s1024-base.png', 's1024-small.png'),
}

# Where ImageMagick drops the reference's alpha (n of rmse.h is 3), it does not see what differs in alpha alone.
ONLY_ALPHA = ['black is not told from clear in a palette', 'grey against grey and alpha']


def content(picture):
    return (DATA / picture).read_bytes() if isinstance(picture, str) else picture


@unittest.skipUnless(os.path.exists(f'{IMAGEMAGICK}/compare'), 'ImageMagick is not installed')
class Distortion(harness.TestCase):

    def write_pair(self, reference, run):
        self.write('ref', content(reference))
        self.write('run', content(run))

    def imagemagick(self):
        """What the old tool ran, and what it read."""
        subprocess.run([f'{IMAGEMAGICK}/composite', '-compose', 'src', '-gravity', 'NorthWest',
                        'ref', 'run', 'ref_resized'], cwd=self.folder, check=True, capture_output=True)
        compare = subprocess.run([f'{IMAGEMAGICK}/compare', '-verbose', '-metric', 'RMSE', '-highlight-color', 'Red',
                                  '-compose', 'Src', 'ref_resized', 'run', 'diff.png'],
                                 cwd=self.folder, capture_output=True, text=True)
        return re.search(r'all: \S+ \((\S+)\)', compare.stderr)[1]

    def ours(self, *options):
        result = dpxdt('diff', 'ref', 'run', '--json', *options, cwd=self.folder)
        self.assertEqual(result.stderr, '')
        return '%.6g' % json.loads(result.stdout)['distortion']

    def pixels(self, name):
        """As ImageMagick reads them: RGBA of 8 bits."""
        return subprocess.run([f'{IMAGEMAGICK}/convert', name, '-depth', '8', 'RGBA:-'], cwd=self.folder, check=True,
                              capture_output=True).stdout

    def test_is_what_imagemagick_prints(self):
        self.assertGreaterEqual(sum(isinstance(run, bytes) for _, run in PAIRS.values()), 60)
        for name, (reference, run) in PAIRS.items():
            with self.subTest(name):
                self.write_pair(reference, run)
                theirs = self.imagemagick()
                self.assertEqual(self.ours(), theirs)
                self.assertEqual(self.ours('--style=classic', '-o', 'ours.png'), theirs)
                self.check_classic_picture(name in ONLY_ALPHA)

    def check_classic_picture(self, more_is_red):
        """It is there if anything differs, and then has ImageMagick's pixels."""
        picture = self.folder / 'ours.png'
        theirs = self.pixels('diff.png')
        ours = self.pixels('ours.png') if picture.exists() else b'\xff\xff\xff\xcc' * (len(theirs) // 4)
        picture.unlink(missing_ok=True)
        if more_is_red:
            other = [ours[i:i + 4] for i in range(0, len(ours), 4) if ours[i:i + 4] != theirs[i:i + 4]]
            self.assertEqual(set(other), {b'\xff\0\0\xff'})
        else:
            self.assertEqual(ours, theirs)

    def test_of_16_bits_is_near_to_what_imagemagick_prints(self):
        self.write_pair(png_file(20, 20, noise(60, 2400), 2, 16), png_file(20, 20, noise(61, 2400), 2, 16))
        self.assertAlmostEqual(float(self.ours()), float(self.imagemagick()), delta=0.0005)


if __name__ == '__main__':
    harness.main()
