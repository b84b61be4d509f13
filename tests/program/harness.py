"""What the program tests share: running dpxdt, a folder for each test, pictures, and TAP on standard output.

A test file ends with `harness.main()`; each of its tests is a method of a harness.TestCase whose docstring, or else
whose name, says in words what holds. Standard library only, so that the tests run wherever Python 3 does.
"""
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import traceback
import unittest
import zlib


def dpxdt(*args, cwd=None, env=None, timeout=60):
    """Runs the program named by $DPXDT. env is added to our own environment."""
    return subprocess.run([os.environ['DPXDT'], *map(str, args)], cwd=cwd, timeout=timeout,
                          env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors='replace')


class TestCase(unittest.TestCase):
    """self.folder is a pathlib.Path to an empty folder, which goes when the test ends."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='dpxdt-test-')
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, content):
        """Writes bytes, a text or a Picture into the test's folder, and returns the path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Picture):
            content = content.png()
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


class Picture:
    """RGBA pixels: picture[x, y] is a tuple of four numbers."""

    def __init__(self, width, height, color=(255, 255, 255, 255)):
        self.width, self.height = width, height
        self.pixels = bytearray(bytes(color) * (width * height))

    def __getitem__(self, at):
        start = 4 * (at[1] * self.width + at[0])
        return tuple(self.pixels[start:start + 4])

    def __setitem__(self, at, color):
        start = 4 * (at[1] * self.width + at[0])
        self.pixels[start:start + 4] = bytes(color)

    def fill(self, x, y, width, height, color):
        for row in range(y, y + height):
            start = 4 * (row * self.width + x)
            self.pixels[start:start + 4 * width] = bytes(color) * width
        return self

    def png(self, alpha=False):
        """A PNG file of it: RGBA with alpha, else RGB."""
        if alpha:
            return png_file(self.width, self.height, bytes(self.pixels), color_type=6)
        samples = bytearray(3 * self.width * self.height)
        for channel in range(3):
            samples[channel::3] = self.pixels[channel::4]
        return png_file(self.width, self.height, bytes(samples))


PNG_SIGNATURE = b'\x89PNG\r\n\x1a\n'
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type: grey, RGB, palette, grey+alpha, RGBA


def png_chunk(kind, content):
    return (struct.pack('>I', len(content)) + kind + content +
            struct.pack('>I', zlib.crc32(kind + content)))


def png_file(width, height, samples, color_type=2, bit_depth=8, before=b''):
    """A PNG file of samples, which are packed as in the file but without filter bytes; before holds whole chunks
    to stand between header and pixels (PLTE, tRNS, ...)."""
    stride = (width * PNG_CHANNELS[color_type] * bit_depth + 7) // 8
    rows = b''.join(b'\0' + samples[y * stride:(y + 1) * stride] for y in range(height))
    header = struct.pack('>IIBBBBB', width, height, bit_depth, color_type, 0, 0, 0)
    return (PNG_SIGNATURE + png_chunk(b'IHDR', header) + before +
            png_chunk(b'IDAT', zlib.compress(rows)) + png_chunk(b'IEND', b''))


def png_chunks(png):
    """The (kind, content) of each chunk of a PNG file; asserts that their checksums hold."""
    assert png.startswith(PNG_SIGNATURE)
    chunks, at = [], 8
    while at < len(png):
        size, = struct.unpack_from('>I', png, at)
        kind, content = png[at + 4:at + 8], png[at + 8:at + 8 + size]
        assert png_chunk(kind, content) == png[at:at + 12 + size], f'bad chunk {kind}'
        chunks.append((kind, content))
        at += 12 + size
    return chunks


def read_picture(path):
    """The Picture in a PNG file of RGB8 or RGBA8 without interlacing, as dpxdt and Chromium write them."""
    chunks = png_chunks(pathlib.Path(path).read_bytes())
    width, height, depth, color_type, _, _, interlace = struct.unpack('>IIBBBBB', chunks[0][1])
    assert (depth, interlace) == (8, 0) and color_type in (2, 6), 'RGB8 and RGBA8 only'
    n = PNG_CHANNELS[color_type]
    raw = zlib.decompress(b''.join(content for kind, content in chunks if kind == b'IDAT'))
    picture = Picture(width, height)
    above = bytes(width * n)
    for y in range(height):
        start = y * (width * n + 1)
        above = _unfilter(raw[start], bytearray(raw[start + 1:start + 1 + width * n]), above, n)
        row = memoryview(picture.pixels)[4 * width * y:4 * width * (y + 1)]
        for channel in range(n):
            row[channel::4] = above[channel::n]
    return picture


def _unfilter(kind, row, above, n):
    if kind == 0:
        return bytes(row)
    for i in range(len(row)):
        left = row[i - n] if i >= n else 0
        up = above[i]
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = up
        elif kind == 3:
            guess = (left + up) // 2
        else:
            corner = above[i - n] if i >= n else 0
            guess = min(left, up, corner, key=lambda it: abs(left + up - corner - it))
        row[i] = (row[i] + guess) & 255
    return bytes(row)


class _Tap(unittest.TestResult):
    """Prints a line a test, and what went wrong as comments below it."""

    def __init__(self):
        super().__init__()
        self.current, self.problems, self.skip = None, [], ''

    def startTest(self, test):
        super().startTest(test)
        self.current, self.problems, self.skip = test, [], ''

    def addError(self, test, err):
        super().addError(test, err)
        if self.current is None:  # setUpClass() or the like: there is no test to blame
            print('Bail out! ' + ''.join(traceback.format_exception(*err)).replace('\n', ' | '))
        self.problems.append((test, err))

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.problems.append((test, err))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self.problems.append((subtest, err))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.skip = f' # SKIP {reason}'

    def stopTest(self, test):
        super().stopTest(test)
        name = test.shortDescription() or test.id().split('.')[-1].removeprefix('test_').replace('_', ' ')
        print(f'{"not ok" if self.problems else "ok"} {self.testsRun} - {name}{self.skip}')
        for which, err in self.problems:
            text = f'{which}\n' + ''.join(traceback.format_exception(*err))
            print(''.join(f'# {line}\n' for line in text.splitlines()), end='')
        sys.stdout.flush()
        self.current = None


def main():
    """Runs the tests of the calling file, or those named on the command line (Class.method), and exits."""
    caller = sys.modules['__main__']
    load = unittest.defaultTestLoader
    names = sys.argv[1:]
    suite = load.loadTestsFromNames(names, caller) if names else load.loadTestsFromModule(caller)
    print(f'1..{suite.countTestCases()}', flush=True)
    result = _Tap()
    suite.run(result)
    sys.exit(not result.wasSuccessful())
