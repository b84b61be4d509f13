"""`dpxdt diff`: what it prints, writes and exits with, and what it says to files that are no pictures."""
import json
import os
import pathlib
import random
import resource
import signal
import struct
import subprocess
import unittest
import zlib

import harness
from harness import PNG_SIGNATURE, Picture, dpxdt, png_chunk, png_chunks, png_file

BLACK = (0, 0, 0, 255)
GREY = (119, 119, 119, 255)
IEND = png_chunk(b'IEND', b'')
DATA = pathlib.Path(__file__).parent.parent / 'data' / 'diff'
IMAGEMAGICK = '/usr/bin'  # there may be stand-ins of these names elsewhere
WHITE_TO_BLACK = 'b.png: 1 distortion, 600 pixels changed in 1 area, 30x20 at (0,0): recolored from #ffffff to #000000'


def header(width, height, bit_depth=8, color_type=2):
    return png_chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, bit_depth, color_type, 0, 0, 0))


def noise(seed, width, height):
    return png_file(width, height, random.Random(seed).randbytes(3 * width * height))


def palette_of(path):
    """The colors of a PNG with a palette, as RGBA."""
    chunks = dict(png_chunks(pathlib.Path(path).read_bytes()))
    colors, alphas = chunks[b'PLTE'], chunks.get(b'tRNS', b'')
    return [(*colors[3 * i:3 * i + 3], alphas[i] if i < len(alphas) else 255) for i in range(len(colors) // 3)]


class BadInput(harness.TestCase):
    """Exit status 2, the file's name and what is wrong with it on standard error, nothing on standard output, and
    nothing written."""

    def refuse(self, words, *args, output=('-o', 'out.png')):
        result = dpxdt('diff', *args, *output, cwd=self.folder)
        self.assertEqual((result.returncode, result.stdout), (2, ''), result.stderr)
        self.assertRegex(result.stderr, f'^dpxdt diff: .*{words}')
        self.assertFalse((self.folder / 'out.png').exists())

    def refuse_picture(self, words, content):
        """As the reference, as the run, and as both."""
        self.write('good.png', Picture(3, 3))
        self.write('bad.png', content)
        self.refuse(f'bad.png: {words}', 'bad.png', 'good.png')
        self.refuse(f'bad.png: {words}', 'good.png', 'bad.png')

    def test_a_file_that_is_not_there(self):
        good = self.write('good.png', Picture(3, 3))
        self.refuse('none.png: No such file', good, 'none.png')
        self.refuse('none.png: No such file', 'none.png', good)

    def test_a_folder_instead_of_a_file(self):
        good = self.write('good.png', Picture(3, 3))
        self.refuse(f'{self.folder}: not a file', good, self.folder)

    def test_a_folder_against_a_file(self):
        good = self.write('good.png', Picture(3, 3))
        self.write('folder/good.png', Picture(3, 3))
        for pair in (('folder', good), (good, 'folder')):
            self.refuse('folder: not a file, as .*good.png is; two files are compared, or two folders', *pair)

    def test_a_pipe_is_not_waited_for(self):
        os.mkfifo(self.folder / 'pipe.png')
        good = self.write('good.png', Picture(3, 3))
        self.refuse('pipe.png: not a file', good, 'pipe.png')

    def test_what_is_no_png_is_named(self):
        for words, content in {
                'a JPEG': b'\xff\xd8\xff\xe0\0\x10JFIF\0', 'a WebP': b'RIFF\x24\0\0\0WEBPVP8 ',
                'a GIF': b'GIF89a\1\0\1\0', 'a web page': b'<!DOCTYPE html><title>404</title>',
                'a Git LFS pointer': b'version https://git-lfs.github.com/spec/v1\n'}.items():
            with self.subTest(words):
                self.refuse_picture(f'not a PNG but {words}', content)
        self.refuse_picture('not a PNG\n', b'something else')
        self.refuse_picture('not a PNG: the file is empty', b'')

    def test_a_file_that_is_cut_off(self):
        whole = Picture(20, 20).fill(3, 3, 4, 4, BLACK).png()
        self.assertGreater(len(whole), 80)
        for size in range(16, len(whole), 16):
            with self.subTest(size):
                self.refuse_picture('the file is cut off', whole[:size])

    def test_equal_files_which_are_cut_off(self):
        bad = self.write('bad.png', Picture(20, 20).png()[:-20])
        self.refuse('bad.png: the file is cut off', bad, bad)

    def test_a_file_that_is_cut_off_while_it_is_read(self):
        reference, run = self.write('a.png', noise(1, 1500, 1500)), self.write('b.png', noise(2, 1500, 1500))
        self.write('list', f'{reference}\t{run}\n' * 50)
        process = subprocess.Popen([os.environ['DPXDT'], 'diff', '--pairs=list'], cwd=self.folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        maps = pathlib.Path(f'/proc/{process.pid}/maps')
        harness.wait_until(lambda: 'b.png' in maps.read_text())
        os.truncate(run, 1000)
        self.assertRegex(process.communicate()[1], 'cut off')
        self.assertEqual(process.returncode, 2)

    def test_sizes_beyond_all_reason(self):
        for size, words in {(100000, 100000): '100000x100000 px are too many', (32767, 32767): 'too many',
                            (32768, 1): 'too many', (0, 5): 'no pixels', (5, 0): 'no pixels'}.items():
            with self.subTest(size):
                self.refuse_picture(f'.*{words}', PNG_SIGNATURE + header(*size) + png_chunk(b'IDAT', b'') + IEND)

    def test_an_index_beyond_the_palette(self):
        two_colors = png_chunk(b'PLTE', bytes(6))
        self.refuse_picture('corrupt: .*not in the palette', png_file(2, 1, bytes([0, 9]), 3, before=two_colors))

    def test_pixels_that_are_too_few_or_too_many_or_no_zlib_data(self):
        for raw in (zlib.compress(bytes(5)), zlib.compress(bytes(50)), b'nonsense', b''):
            with self.subTest(raw):
                self.refuse_picture('corrupt: ', PNG_SIGNATURE + header(3, 1) + png_chunk(b'IDAT', raw) + IEND)

    def test_a_decompression_bomb_takes_no_memory(self):
        # In pieces, because our own peak would count as that of our children.
        press = zlib.compressobj()
        bomb = b''.join(press.compress(bytes(1_000_000)) for _ in range(400)) + press.flush()
        self.refuse_picture('corrupt: ', PNG_SIGNATURE + header(3, 1) + png_chunk(b'IDAT', bomb) + IEND)
        for kind, before in {b'zTXt': b'Comment\0\0', b'iTXt': b'Comment\0\1\0\0\0', b'iCCP': b'profile\0\0'}.items():
            self.write('a.png', png_file(1, 1, bytes(3), before=png_chunk(kind, before + bomb)))
            self.write('b.png', png_file(1, 1, bytes(3)))
            self.assertEqual(dpxdt('diff', 'a.png', 'b.png', cwd=self.folder).stdout, 'same\n')
        peak_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.assertLess(peak_kib, 200_000)

    def test_an_output_that_cannot_be_written(self):
        self.write('a.png', Picture(3, 3))
        self.write('b.png', Picture(3, 3, BLACK))
        for out, named in {'a.png/out.png': 'a.png', '.': '.'}.items():
            result = dpxdt('diff', 'a.png', 'b.png', '-o', out, cwd=self.folder)
            self.assertEqual((result.returncode, result.stdout), (2, ''))
            self.assertRegex(result.stderr, f'^dpxdt diff: cannot .* {named}: ')

    def test_an_output_that_is_one_of_the_two(self):
        self.write('a.png', Picture(3, 3))
        self.write('b.png', Picture(3, 3, BLACK))
        os.link(self.folder / 'a.png', self.folder / 'link.png')
        before = [(self.folder / name).read_bytes() for name in ('a.png', 'b.png')]
        for out in ('a.png', './b.png', 'link.png'):
            self.refuse(f'{out}: is one of the two pictures', 'a.png', 'b.png', output=('-o', out))
        self.assertEqual([(self.folder / name).read_bytes() for name in ('a.png', 'b.png')], before)

    def test_options_and_arguments_that_make_no_sense(self):
        good = self.write('good.png', Picture(3, 3))
        for box in ('1,2,3', '1,2,3,4,5', '1,2,0,4', '-1,2,3,4', '1,2,3,x', '', '1,2,3,99999999999'):
            self.refuse(f'--ignore {box}: must be x,y,width,height', good, good, f'--ignore={box}')
            self.refuse(f'--tolerant-area {box}=0.1: must be x,y,width,height=N', good, good,
                        f'--tolerant-area={box}=0.1')
        for area in ('1,2,3,4', '1,2,3,4=', '1,2,3,4=x', '1,2,3,4=1.1', '1,2,3,4=-0.1', '1,2,3,4=nan', '1,2,3,4=0=0'):
            self.refuse(f'--tolerant-area {area}: must be', good, good, f'--tolerant-area={area}')
        for tolerance in ('-0.1', '1.1', 'nan'):
            self.refuse('--tolerance must be from 0 to 1', good, good, f'--tolerance={tolerance}')
        for jobs in ('-1', '257'):
            self.refuse('--jobs must be from 1 to 256', good, good, f'--jobs={jobs}')
        for color in ('red', '#12345', '#1234567', '#12345g', '123456', ''):
            self.refuse(f'--color {color}: must be #rrggbb', good, good, f'--color={color}')
        self.refuse('B.png is missing', good)
        self.refuse('A.png is missing')
        self.refuse('too much', good, good, good)
        self.refuse('Unknown option --tollerance=1; did you mean --tolerance', good, good, '--tollerance=1')

    def test_a_word_that_is_none_of_those_known(self):
        good = self.write('good.png', Picture(3, 3))
        for option, written, known, meant in (
                ('metric', 'yik', 'exact, yiq, oklab, ciede2000', 'yiq'), ('metric', 'CIEDE-2000', '', 'ciede2000'),
                ('style', 'fade', 'mask, faded, classic', 'faded'), ('colors', 'sade', 'red, safe', 'safe'),
                ('antialiasing', 'ignored', 'count, ignore', 'ignore')):
            self.refuse(f'--{option} {written}: must be one of {known}.*; did you mean {meant}', good, good,
                        f'--{option}={written}')
            self.refuse(f'--{option} nonsense: must be one of [^;]*$', good, good, f'--{option}=nonsense')
            self.refuse(f'--{option} : must be one of', good, good, f'--{option}=')

    def test_thresholds_that_are_no_numbers_or_beyond_what_the_metric_has(self):
        good = self.write('good.png', Picture(3, 3))
        for metric, threshold, words in (
                ('exact', '256', 'must be from 0 to 255 for --metric exact'), ('exact', '-1', 'must be from 0 to 255'),
                ('exact', 'x', 'must be from 0'), ('exact', '1x', 'must be from 0'), ('exact', 'nan', 'must be from 0'),
                ('yiq', '1.5', 'must be from 0 to 1 for --metric yiq, such as 0.1'), ('yiq', 'inf', 'must be from 0'),
                ('oklab', '2', 'must be from 0 to 1 '), ('ciede2000', '121', 'must be from 0 to 120 '),
                ('yiq', '0.1,', 'must be from 0'), ('yiq', '0.1,2', 'must be from 0'), ('yiq', '0.1;0.2', 'must be from 0'),
                ('yiq', '0.2,0.1', 'must ascend'), ('yiq', '0.1,0.1', 'must ascend'), ('yiq', '', 'must be 1 to 8 numbers'),
                ('exact', '1,2,3,4,5,6,7,8,9', 'must be 1 to 8 numbers')):
            self.refuse(f'--threshold {threshold}: {words}', good, good, f'--metric={metric}', f'--threshold={threshold}')

    def test_options_that_do_not_go_together(self):
        good = self.write('good.png', Picture(3, 3))
        for option in ('--style=faded', '--colors=safe', '--color=#ff0000'):
            self.refuse(f'{option.split("=")[0]} is of the picture that -o writes', good, good, option, output=())
        self.refuse('--style classic has colors of its own', good, good, '--style=classic', '--colors=safe')
        self.refuse('--style classic has colors of its own', good, good, '--style=classic', '--color=#ff0000')
        self.refuse('--style classic compares by place', good, good, '--style=classic', '--align')
        self.refuse('opposites', good, good, '--no-align', '--align')
        self.refuse('too much', good, good, '--pairs=list')


class BadPairs(harness.TestCase):
    """A list, or a folder, that is wrong as a whole is refused before anything is compared. A pair that cannot be
    compared keeps no other from it."""

    def setUp(self):
        super().setUp()
        self.write('a.png', Picture(30, 20))
        self.write('b.png', Picture(30, 20, BLACK))

    def refuse(self, words, *args, **options):
        result = dpxdt('diff', *args, '-o', 'out', cwd=self.folder, **options)
        self.assertEqual((result.returncode, result.stdout), (2, ''), result.stderr)
        self.assertRegex(result.stderr, f'^dpxdt diff: {words}')
        self.assertFalse((self.folder / 'out').exists())

    def test_lists_with_a_wrong_line(self):
        for line in ('a.png', 'a.png\t', '\tb.png', 'a.png\tb.png\ta.png', 'a.png  b.png', 'a.png b.png a.png', ' ',
                     'a.png b.png ', '\t', 'a.\0png\tb.png', ' a.png b.png'):
            with self.subTest(line):
                self.write('list', f'a.png\tb.png\n\n{line}\na.png\tb.png\n')
                self.refuse('list:3: must be two paths with a TAB between them', '--pairs=list')

    def test_lists_that_cannot_be_read(self):
        self.refuse('none: No such file', '--pairs=none')
        self.refuse(f'cannot read {self.folder}: Is a directory', f'--pairs={self.folder}')
        for content in ('', '\n\n'):
            self.write('list', content)
            self.refuse('list: no pairs of pictures', '--pairs=list')
        self.refuse('standard input: no pairs of pictures', '--pairs=-')

    def test_folders_that_are_missing_or_empty(self):
        self.write('some/a.png', Picture(3, 3))
        self.write('other/text.txt', 'text')
        self.write('other/.a.png', Picture(3, 3))
        self.refuse('none: No such file', 'some', 'none')
        self.refuse('none: No such file', 'none', 'some')
        self.refuse('no PNG below other or other', 'other', 'other')

    def test_pairs_that_cannot_be_compared(self):
        self.write('jpeg.png', b'\xff\xd8\xff\xe0\0\x10JFIF\0')
        self.write('short.png', Picture(30, 20).png()[:24])
        self.write('list', 'a.png\tjpeg.png\na.png\tb.png\nshort.png\tb.png\na.png\tnone.png\na.png\ta.png\n')
        result = dpxdt('diff', '--pairs=list', cwd=self.folder)
        self.assertEqual(result.stdout, f'{WHITE_TO_BLACK}\n'
                                        'a.png: same\n'
                                        '5 pairs: 1 the same, 1 different, 3 not compared\n')
        self.assertEqual(result.stderr, 'jpeg.png: error: jpeg.png: not a PNG but a JPEG\n'
                                        'b.png: error: short.png: the file is cut off after 24 bytes, in its chunk IHDR\n'
                                        'none.png: error: none.png: No such file or directory\n')
        self.assertEqual(result.returncode, 2)
        result = dpxdt('diff', '--pairs=list', '--json', cwd=self.folder)
        self.assertEqual((result.stderr, result.returncode), ('', 2))
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertEqual(lines[3], {'reference': 'a.png', 'run': 'none.png', 'error': 'none.png: No such file or directory'})
        self.assertEqual([('error' in line, line.get('same')) for line in lines],
                         [(True, None), (False, False), (True, None), (True, None), (False, True)])

    def test_pictures_that_cannot_be_written(self):
        self.write('file', '')
        self.write('list', 'a.png\tb.png\na.png\ta.png\n')
        result = dpxdt('diff', '--pairs=list', '-o', 'file', cwd=self.folder)
        self.assertEqual((result.stdout, result.returncode), ('a.png: same\n2 pairs: 1 the same, 1 not compared\n', 2))
        self.assertRegex(result.stderr, '^b.png: error: cannot make the folder file: ')

    def test_pictures_among_those_that_are_compared(self):
        before = self.write('one/a.png', Picture(30, 20)).read_bytes()
        self.write('two/a.png', Picture(30, 20, BLACK))
        for output in ('one', 'two', 'two/', './two/../one/new', self.folder / 'two/new'):
            result = dpxdt('diff', 'one', 'two', '-o', output, cwd=self.folder)
            self.assertEqual((result.stdout, result.returncode), ('', 2))
            self.assertEqual(result.stderr, f'dpxdt diff: -o {output}: is in a folder that is compared, whose pictures it'
                                            ' might write over\n')
        self.assertEqual(dpxdt('diff', 'one', 'two', '-o', 'one-two', cwd=self.folder).returncode, 1)
        self.write('list', 'one/a.png\ttwo/a.png\n')
        os.link(self.folder / 'one/a.png', self.folder / '0001-a.png')
        result = dpxdt('diff', '--pairs=list', '-o', '.', cwd=self.folder)
        self.assertEqual(result.stderr, 'dpxdt diff: -o: ./0001-a.png is one of the pictures that are compared, and not'
                                        ' written over\n')
        self.assertEqual(((self.folder / 'one/a.png').read_bytes(), result.stdout, result.returncode), (before, '', 2))

    def test_pictures_of_other_pairs_and_folders_behind_links(self):
        self.write('one/a.png', Picture(30, 20))
        self.write('two/a.png', Picture(30, 20, BLACK))
        self.write('0001-a.png', Picture(30, 20, GREY))
        self.write('list', 'one/a.png\ttwo/a.png\n0001-a.png\tone/a.png\n')
        os.symlink('.', self.folder / 'alias')
        os.symlink('two', self.folder / 'link')
        for arguments in (['--pairs=list', '-o', '.'], ['one', 'two', '-o', 'link'], ['one', 'two', '-o', 'alias/two/new']):
            before = {path: path.read_bytes() for path in self.folder.rglob('*.png')}
            result = dpxdt('diff', *arguments, cwd=self.folder)
            self.assertEqual((result.stdout, result.returncode), ('', 2), result.stderr)
            self.assertEqual({path: path.read_bytes() for path in self.folder.rglob('*.png')}, before)

    def test_a_reader_who_goes_wants_no_more(self):
        self.write('list', 'a.png\tb.png\n' * 200_000)
        process = subprocess.Popen([os.environ['DPXDT'], 'diff', '--pairs=list'], cwd=self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertRegex(process.stdout.readline(), '^b.png: 1 distortion')
        process.stdout.close()
        self.assertEqual((process.stderr.read(), process.wait()), ('', 1))
        process.stderr.close()

    def test_a_full_disk(self):
        self.write('list', 'a.png\tb.png\n' * 100)
        with open('/dev/full', 'w') as full:
            result = subprocess.run([os.environ['DPXDT'], 'diff', '--pairs=list'], cwd=self.folder, stdout=full,
                                    stderr=subprocess.PIPE, text=True)
        self.assertEqual((result.stderr, result.returncode),
                         ('dpxdt diff: cannot write to standard output: No space left on device\n', 6))

    def test_ctrl_c_ends_it(self):
        self.write('list', 'a.png\tb.png\n' * 200_000)
        for jobs in ('1', '2'):
            process = subprocess.Popen([os.environ['DPXDT'], 'diff', '--pairs=list', '--jobs', jobs], cwd=self.folder,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            out, err = process.stdout.read(), process.stderr.read()
            self.assertEqual((err, process.wait()), ('dpxdt diff: stopped\n', 130))
            self.assertEqual(set(out.splitlines()[:-1]) - {WHITE_TO_BLACK}, set())
            for pipe in (process.stdout, process.stderr):
                pipe.close()

    def test_ctrl_c_while_the_list_is_waited_for(self):
        process = subprocess.Popen([os.environ['DPXDT'], 'diff', '--pairs=-'], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        waits_in = pathlib.Path(f'/proc/{process.pid}/wchan')
        harness.wait_until(lambda: 'pipe' in waits_in.read_text())
        process.send_signal(signal.SIGINT)
        process.wait()
        self.assertEqual((process.communicate(), process.returncode), (('', 'dpxdt diff: stopped\n'), 130))


class Diff(harness.TestCase):

    def diff(self, reference, run, *options):
        """Compares two contents, as a.png and b.png."""
        self.write('a.png', reference)
        self.write('b.png', run)
        return dpxdt('diff', 'a.png', 'b.png', *options, cwd=self.folder)

    def report(self, reference, run, *options):
        result = self.diff(reference, run, '--json', *options)
        self.assertEqual(result.stderr, '')
        report = json.loads(result.stdout)
        self.assertEqual(result.returncode, 0 if report['same'] else 1)
        return report

    def test_equal_pictures_are_the_same(self):
        for run in (Picture(30, 20).png(), Picture(30, 20).png(alpha=True)):  # equal files, and equal pixels
            result = self.diff(Picture(30, 20).png(), run)
            self.assertEqual((result.stdout, result.stderr, result.returncode), ('same\n', '', 0))

    def test_a_change_is_told_with_its_areas_the_biggest_first(self):
        changed = Picture(400, 300).fill(300, 200, 3, 2, BLACK).fill(16, 120, 40, 10, BLACK)
        result = self.diff(Picture(400, 300), changed)
        self.assertEqual(result.stdout, '0.0581664 distortion\n'
                                        '406 pixels changed of 120,000 in 2 areas\n'
                                        '  40x10 at (16,120): inserted, 400 pixels\n'
                                        '  3x2 at (300,200): inserted, 6 pixels\n')
        self.assertEqual(result.returncode, 1)

    def test_one_pixel_by_one_level_is_a_change(self):
        result = self.diff(Picture(1200, 1000), Picture(1200, 1000).fill(7, 9, 1, 1, (255, 254, 255, 255)))
        self.assertEqual(result.stdout, '2.06685e-06 distortion\n'
                                        '1 pixel changed of 1,200,000 in 1 area\n'
                                        '  1x1 at (7,9): inserted, 1 pixel\n')
        self.assertEqual(result.returncode, 1)

    def test_many_areas_are_cut_short(self):
        changed = Picture(400, 300)
        for i in range(25):
            changed[20 + i % 5 * 40, 20 + i // 5 * 40] = BLACK
        result = self.diff(Picture(400, 300), changed)
        self.assertEqual(result.stdout.splitlines()[-2:], ['  1x1 at (180,140): inserted, 1 pixel', '  and 5 more'])

    def test_a_size_change_is_a_difference_even_if_what_is_left_is_equal(self):
        result = self.diff(Picture(400, 300), Picture(400, 280))
        self.assertEqual(result.stdout, 'size changed from 400x300 to 400x280\n0 distortion\n'
                                        '20 rows removed, which were at y=280\n')
        self.assertEqual(result.returncode, 1)

    def test_what_is_new_in_a_larger_picture_is_compared_with_black_by_place(self):
        result = self.diff(Picture(400, 280), Picture(400, 300), '--tolerance=1', '--no-align')
        self.assertEqual(result.stdout, 'size changed from 400x280 to 400x300\n'
                                        '0.258199 distortion\n'
                                        '8,000 pixels changed of 120,000 in 1 area\n'
                                        '1 is the worst score of an area, 1 the tolerance\n'
                                        '  400x20 at (0,280): recolored from #000000 to #ffffff, 8,000 pixels\n')
        self.assertEqual(result.returncode, 1)

    def test_what_is_new_in_a_larger_picture_are_rows_that_were_inserted(self):
        for align in ([], ['--align']):
            result = self.diff(Picture(400, 280), Picture(400, 300), *align)
            self.assertEqual(result.stdout, 'size changed from 400x280 to 400x300\n'
                                            '0.258199 distortion\n'
                                            '20 rows inserted at y=280\n')
            self.assertEqual(result.returncode, 1)

    def test_json_tells_all(self):
        report = self.report(Picture(40, 30), Picture(40, 30).fill(3, 4, 5, 6, (204, 255, 255, 255)))
        for fingerprint in (report.pop('fingerprint'), report['regions'][0].pop('fingerprint')):
            self.assertRegex(fingerprint, '^[0-9a-f]{16}$')
        self.assertEqual(report, {
            'same': False, 'distortion': 0.0182574, 'score': 0.11547,
            'metric': 'exact', 'thresholds': [0], 'counts': [30], 'changed_pixels': 30,
            'width': 40, 'height': 30, 'reference_width': 40, 'reference_height': 30, 'bands': [], 'n_regions': 1,
            'regions': [{'x': 3, 'y': 4, 'width': 5, 'height': 6, 'changed_pixels': 30, 'score': 0.11547, 'tolerance': 0,
                         'kind': 'inserted', 'look': 'plain', 'what': 'inserted'}]})

    def test_json_of_equal_files_has_the_same_keys(self):
        equal = self.report(Picture(40, 30), Picture(40, 30), '--metric=yiq', '--threshold=0.1,0.2')
        other = self.report(Picture(40, 30), Picture(40, 30, BLACK))
        self.assertEqual(list(equal), list(other))
        self.assertEqual((equal['thresholds'], equal['counts'], equal['fingerprint']), ([0.1, 0.2], [0, 0], '0' * 16))

    def test_the_same_change_elsewhere_has_the_same_fingerprint(self):
        first, second = (self.report(Picture(100, 90), Picture(100, 90).fill(*at, 5, 6, BLACK))['fingerprint']
                         for at in ((3, 4), (71, 50)))
        self.assertEqual(first, second)

    def test_rows_that_came_are_bands(self):
        reference, run = (DATA / f's1024-{name}.png' for name in ('base', 'shift'))
        result = dpxdt('diff', reference, run)
        self.assertEqual(result.stdout, '0.26668 distortion\n'
                                        '66 rows inserted at y=0\n'
                                        '66 rows went out at the bottom\n')
        report = json.loads(dpxdt('diff', reference, run, '--json').stdout)
        self.assertEqual(report['bands'][0], {'kind': 'inserted', 'x': 0, 'width': 1280, 'reference_y': 0,
                                              'reference_height': 0, 'run_y': 0, 'run_height': 66,
                                              'what': '66 rows inserted at y=0'})
        by_place = json.loads(dpxdt('diff', reference, run, '--json', '--no-align').stdout)
        self.assertEqual((by_place['bands'], by_place['distortion']), ([], report['distortion']))
        self.assertGreater(by_place['changed_pixels'], report['changed_pixels'])

    def test_an_ignored_area_counts_as_equal(self):
        changed = Picture(40, 30).fill(3, 4, 5, 6, BLACK).fill(30, 20, 10, 10, BLACK)
        both = ['--ignore', '3,4,5,6', '--ignore=30,20,1000,1000']
        self.assertEqual(self.report(Picture(40, 30), changed, *both)['distortion'], 0)
        one = self.report(Picture(40, 30), changed, '--ignore', '3,4,5,5')
        self.assertEqual(one['changed_pixels'], 105)
        self.assertEqual([one['regions'][1][key] for key in ('x', 'y', 'width', 'height', 'changed_pixels', 'score')],
                         [3, 9, 5, 1, 5, 1])

    def test_a_tolerance_lets_pass_what_no_area_exceeds(self):
        changed = Picture(40, 30).fill(3, 4, 5, 6, (204, 255, 255, 255))  # scores sqrt(0.2^2 / 3) = 0.11547
        self.assertEqual(self.diff(Picture(40, 30), changed, '--tolerance=0.1').returncode, 1)
        result = self.diff(Picture(40, 30), changed, '--tolerance=0.12')
        self.assertTrue(result.stdout.startswith('same, within the tolerance\n0.0182574 distortion\n'), result.stdout)
        self.assertEqual(result.returncode, 0)

    def test_an_area_has_a_tolerance_of_its_own(self):
        changed = Picture(40, 30).fill(3, 4, 5, 6, (204, 255, 255, 255)).fill(30, 20, 5, 6, (204, 255, 255, 255))
        one, other = '--tolerant-area=3,4,5,6=0.12', '--tolerant-area=30,20,1000,1000=0.12'
        self.assertFalse(self.report(Picture(40, 30), changed, one)['same'])
        report = self.report(Picture(40, 30), changed, one, other)
        self.assertEqual((report['same'], [it['tolerance'] for it in report['regions']]), (True, [0.12, 0.12]))
        strict = self.report(Picture(40, 30), changed, '--tolerance=0.12', '--tolerant-area=3,4,5,6=0.1')
        self.assertEqual((strict['same'], [it['tolerance'] for it in strict['regions']]), (False, [0.1, 0.12]))

    def test_the_first_threshold_decides_and_all_are_counted(self):
        changed = Picture(400, 300).fill(0, 0, 10, 10, BLACK).fill(100, 0, 10, 10, (250, 250, 250, 255))
        self.assertEqual(self.diff(Picture(400, 300), changed, '--threshold=5').stdout.splitlines()[1],
                         '100 pixels changed of 120,000 in 1 area')
        result = self.diff(Picture(400, 300), changed, '--threshold', '4,5,100,255')
        self.assertEqual(result.stdout.splitlines()[1:6], ['200 pixels changed of 120,000 in 2 areas', '200 pixels above 4',
                                                           '100 pixels above 5', '100 pixels above 100',
                                                           '0 pixels above 255'])
        self.assertEqual((self.diff(Picture(400, 300), changed, '--threshold=255').stdout), 'same\n')
        report = self.report(Picture(400, 300), changed, '--threshold=4,5,100')
        self.assertEqual((report['thresholds'], report['counts']), ([4, 5, 100], [200, 100, 100]))

    def test_each_metric_has_its_usual_threshold(self):
        for metric, usual in (('exact', 0), ('yiq', 0.1), ('oklab', 0.02), ('ciede2000', 1)):
            report = self.report(Picture(40, 30), Picture(40, 30, GREY), '--metric', metric)
            self.assertEqual((report['metric'], report['thresholds'], report['counts']), (metric, [usual], [1200]))
            slight = self.report(Picture(40, 30), Picture(40, 30, (254, 255, 255, 255)), '--metric', metric)
            self.assertEqual(slight['same'], metric != 'exact')
            self.assertGreater(slight['distortion'], 0)

    def test_antialiased_pixels_can_be_left_out(self):
        pair = [DATA / f's1024-{name}.png' for name in ('base', 'aa')]
        counts = {what: json.loads(dpxdt('diff', *pair, '--json', '--metric=yiq', '--no-align', *what).stdout)['counts'][0]
                  for what in ((), ('--antialiasing=count',), ('--antialiasing', 'ignore'))}
        self.assertEqual(counts[()], counts['--antialiasing=count',])
        self.assertLess(counts['--antialiasing', 'ignore'], counts[()])

    def test_no_marked_picture_is_written_of_equal_ones(self):
        self.assertEqual(self.diff(Picture(9, 9), Picture(9, 9).png(alpha=True), '-o', 'out.png').returncode, 0)
        self.assertFalse((self.folder / 'out.png').exists())

    def test_small_pictures_of_any_shape_are_compared(self):
        for size in ((1, 1), (300, 1), (1, 300), (8, 8), (9, 17)):
            with self.subTest(size):
                report = self.report(Picture(*size), Picture(*size, BLACK))
                self.assertEqual((report['distortion'], report['n_regions']), (1, 1))
                self.assertEqual(report['changed_pixels'], size[0] * size[1])


class OddFiles(harness.TestCase):

    def compare(self, a, b, *options):
        self.write('a.png', a)
        self.write('b.png', b)
        return json.loads(dpxdt('diff', '--json', *options, 'a.png', 'b.png', cwd=self.folder).stdout)

    def test_a_palette_that_has_a_color_twice(self):
        """The first row has other indices and the same color; the rows below are the same differences, and others."""
        colors = bytes([0, 0, 0] * 2 + [255, 0, 0] + [0, 255, 0]) + bytes(3 * 252)
        size, up = 64, b'\x02'

        def picture(first, step):
            rows = b'\0' + bytes([first] * size) + up + bytes([step] * size) + (up + bytes(size)) * (size - 2)
            return (PNG_SIGNATURE + header(size, size, 8, 3) + png_chunk(b'PLTE', colors) +
                    png_chunk(b'IDAT', zlib.compress(rows)) + png_chunk(b'IEND', b''))
        self.assertEqual(self.compare(picture(0, 2), picture(1, 2))['changed_pixels'], size * (size - 1))

    def test_what_is_below_a_shorter_reference_is_black_in_every_format(self):
        for bit_depth, packed in ((1, b'\0\0'), (8, bytes(16)), (16, bytes(32))):
            report = self.compare(png_file(16, 4, packed * 4, 0, bit_depth), png_file(16, 20, packed * 20, 0, bit_depth),
                                  '--no-align')
            self.assertEqual((report['changed_pixels'], report['distortion'], report['same']), (0, 0, False))

    def test_chunks_that_may_not_be_there(self):
        good = noise(1, 40, 30)
        at = good.index(b'IDAT') - 4, good.index(b'IEND') - 4
        for kind, place, words in ((b'ABCD', 0, 'ABCD: unknown critical chunk'), (b'ABCD', 1, 'ABCD: unknown critical chunk'),
                                   (b'PLTE', 1, 'PLTE: out of place'), (b'tRNS', 1, 'tRNS: out of place')):
            bad = good[:at[place]] + png_chunk(kind, b'abc') + good[at[place]:]
            self.write('good.png', good)
            self.write('bad.png', bad)
            result = dpxdt('diff', 'good.png', 'bad.png', cwd=self.folder)
            self.assertEqual((result.stdout, result.returncode), ('', 2))
            self.assertEqual(result.stderr, f'dpxdt diff: bad.png: corrupt: {words}\n')


class Marked(harness.TestCase):
    """What -o writes."""

    PAGE = (100, 150, 200, 255)

    def mark(self, *options):
        self.write('a.png', Picture(20, 10, self.PAGE))
        self.write('b.png', Picture(20, 10, self.PAGE).fill(5, 5, 2, 2, BLACK))
        self.assertEqual(dpxdt('diff', 'a.png', 'b.png', '-o', 'new/out.png', *options, cwd=self.folder).stderr, '')
        return self.folder / 'new/out.png'

    def test_the_mask_is_a_palette_with_a_clear_ground(self):
        for options in ((), ('--style=mask',), ('--style', 'mask', '--colors', 'red')):
            path = self.mark(*options)
            self.assertEqual(palette_of(path), [(0, 0, 0, 0), (255, 0, 0, 255)])
            rows = [b'\0\0\0\0'] * 10
            rows[5] = rows[6] = b'\0\x06\0\0'  # a bit a pixel, the first byte is no pixels
            self.assertEqual(zlib.decompress(dict(png_chunks(path.read_bytes()))[b'IDAT']), b''.join(rows))

    def test_faded_is_the_page_with_changes_in_red(self):
        expected = Picture(20, 10, (224, 234, 244, 255)).fill(5, 5, 2, 2, (255, 0, 0, 255))
        self.assertEqual(harness.read_picture(self.mark('--style=faded')).pixels, expected.pixels)
        expected.fill(5, 5, 2, 2, (18, 171, 239, 255))
        self.assertEqual(harness.read_picture(self.mark('--style=faded', '--color=#12abEF')).pixels, expected.pixels)

    def test_classic_is_red_and_nearly_white(self):
        self.assertEqual(palette_of(self.mark('--style=classic')), [(255, 255, 255, 204), (255, 0, 0, 255)])

    def test_colors_can_be_chosen(self):
        self.assertEqual(palette_of(self.mark('--colors=safe'))[1], (0xe6, 0, 0x7e, 255))
        self.assertEqual(palette_of(self.mark('--color=#12abEF'))[1], (0x12, 0xab, 0xef, 255))
        shift = ('diff', DATA / 's1024-base.png', DATA / 's1024-shift.png', '-o', 'shift.png')
        for options, inserted in ((('--colors=safe',), (0, 0x72, 0xb2)), (('--color=#010203',), (0, 0x72, 0xb2))):
            dpxdt(*shift, *options, cwd=self.folder)
            self.assertEqual(palette_of(self.folder / 'shift.png')[2][:3], inserted)

    def test_classic_compares_by_place(self):
        dpxdt('diff', DATA / 's1024-base.png', DATA / 's1024-shift.png', '-o', 'out.png', '--style=classic',
              cwd=self.folder)
        self.assertEqual(len(palette_of(self.folder / 'out.png')), 2)

    @unittest.skipUnless(os.path.exists(f'{IMAGEMAGICK}/compare'), 'ImageMagick is not installed')
    def test_classic_is_the_picture_that_imagemagick_made_for_the_old_tool(self):
        for number, (reference, run) in enumerate((
                (DATA / 's1024-base.png', DATA / 's1024-small.png'), (DATA / 's1024-base.png', DATA / 's1024-shift.png'),
                (self.write('a.png', Picture(50, 40, GREY)), self.write('b.png', Picture(60, 30).fill(9, 9, 9, 9, BLACK))),
                (self.write('c.png', Picture(60, 30)), self.write('d.png', Picture(50, 40, GREY).png(alpha=True))))):
            with self.subTest(number):
                ours = dpxdt('diff', reference, run, '-o', 'ours.png', '--style=classic', cwd=self.folder)
                self.assertEqual((ours.stderr, ours.returncode), ('', 1))
                self.assertEqual(self.pixels('ours.png'), self.pixels(self.imagemagick(reference, run)))

    def imagemagick(self, reference, run):
        """What the old tool ran; see src/diff/rmse.h."""
        subprocess.run([f'{IMAGEMAGICK}/composite', '-compose', 'src', '-gravity', 'NorthWest', reference, run,
                        'ref_resized'], cwd=self.folder, check=True, capture_output=True)
        subprocess.run([f'{IMAGEMAGICK}/compare', '-verbose', '-metric', 'RMSE', '-highlight-color', 'Red', '-compose',
                        'Src', 'ref_resized', run, 'diff.png'], cwd=self.folder, capture_output=True)
        return 'diff.png'

    def pixels(self, name):
        converted = subprocess.run([f'{IMAGEMAGICK}/convert', name, '-depth', '8', 'RGBA:-'], cwd=self.folder, check=True,
                                   capture_output=True)
        return converted.stdout


class Many(harness.TestCase):

    def test_all_pictures_below_two_folders_are_paired_by_their_path(self):
        for folder in ('before', 'after'):
            self.write(f'{folder}/same.png', Picture(30, 20))
            self.write(f'{folder}/deep/er/changed.PNG', Picture(30, 20, BLACK if folder == 'after' else GREY))
            self.write(f'{folder}/text.txt', 'no picture')
            self.write(f'{folder}/.hidden/x.png', folder)
        self.write('before/gone.png', Picture(3, 3))
        self.write('after/new/new.png', 'not looked into')
        os.symlink('.', self.folder / 'after/loop')
        os.symlink('same.png', self.folder / 'after/link.png')
        result = dpxdt('diff', 'before', 'after/', '-o', 'out', cwd=self.folder)
        self.assertEqual(result.stdout, 'deep/er/changed.PNG: 0.466667 distortion, 600 pixels changed in 1 area, 30x20 at'
                                        ' (0,0): recolored from #777777 to #000000\n'
                                        'gone.png: only in before\n'
                                        'link.png: only in after\n'
                                        'new/new.png: only in after\n'
                                        'same.png: same\n'
                                        '5 pairs: 1 the same, 1 different, 3 in one folder only\n')
        self.assertEqual((result.stderr, result.returncode), ('', 1))
        self.assertEqual([str(path.relative_to(self.folder)) for path in self.folder.rglob('out/**/*') if path.is_file()],
                         ['out/deep/er/changed.PNG'])

    def test_equal_folders_are_the_same(self):
        self.write('one/a.png', Picture(3, 3))
        self.write('two/a.png', Picture(3, 3))
        result = dpxdt('diff', 'one', 'two', '-o', 'out', cwd=self.folder)
        self.assertEqual((result.stdout, result.stderr, result.returncode), ('a.png: same\n1 pair: 1 the same\n', '', 0))
        self.assertFalse((self.folder / 'out').exists())

    def test_a_picture_that_only_one_folder_has_is_a_difference(self):
        self.write('one/a.png', Picture(3, 3))
        self.write('two/b.png', Picture(3, 3))
        result = dpxdt('diff', 'one', 'two', '--json', cwd=self.folder)
        self.assertEqual([json.loads(line) for line in result.stdout.splitlines()],
                         [{'reference': 'one/a.png', 'run': None, 'same': False},
                          {'reference': None, 'run': 'two/b.png', 'same': False}])
        self.assertEqual(result.returncode, 1)

    def test_a_list_has_a_tab_or_a_space_between_two_paths(self):
        white, black = self.write('a b.png', Picture(30, 20)), self.write('c.png', Picture(30, 20, BLACK))
        self.write('d.png', Picture(30, 20))
        self.write('list', f'a b.png\tc.png\n\nc.png d.png\r\n{black} c.png\n\r\nd.png\ta b.png')
        told = ('c.png: 1 distortion, 600 pixels changed in 1 area, 30x20 at (0,0): recolored from #ffffff to #000000\n'
                'd.png: 1 distortion, 600 pixels changed in 1 area, 30x20 at (0,0): recolored from #000000 to #ffffff\n'
                'c.png: same\n'
                'a b.png: same\n'
                '4 pairs: 2 the same, 2 different\n')
        from_file = dpxdt('diff', '--pairs', 'list', cwd=self.folder)
        self.assertEqual((from_file.stdout, from_file.stderr, from_file.returncode), (told, '', 1))
        with open(self.folder / 'list') as lines:
            from_pipe = subprocess.run([os.environ['DPXDT'], 'diff', '--pairs=-'], cwd=self.folder, stdin=lines,
                                       capture_output=True, text=True)
        self.assertEqual((from_pipe.stdout, from_pipe.returncode), (told, 1))

    def test_the_pictures_of_a_list_are_numbered_and_stay_in_the_folder(self):
        self.write('a.png', Picture(30, 20))
        self.write('sub/b.png', Picture(30, 20, BLACK))
        self.write('sub/ü; $x.PNG', Picture(30, 20, BLACK))
        self.write(f'{"x" * 250}.png', Picture(30, 20, BLACK))
        self.write('list', 'a.png\tsub/b.png\na.png\ta.png\na.png\tsub/../sub/b.png\n'
                           f'a.png\t{"x" * 250}.png\na.png\tsub/ü; $x.PNG\n')
        result = dpxdt('diff', '--pairs=list', '-o', 'out', cwd=self.folder)
        self.assertEqual((result.stderr, result.returncode), ('', 1))
        self.assertEqual(sorted(os.listdir(self.folder / 'out')),
                         ['0001-b.png', '0003-b.png', f'0004-{"x" * 60}.png', '0005-_____x.png'])
        self.assertEqual(palette_of(self.folder / 'out/0001-b.png')[1], (255, 0, 0, 255))

    def test_names_cannot_forge_lines(self):
        self.write('one/a\n\033[2Jb.png', Picture(3, 3))
        self.write('two/c.png', Picture(3, 3))
        result = dpxdt('diff', 'one', 'two', cwd=self.folder)
        self.assertEqual(result.stdout.splitlines()[0], 'a \ufffd[2Jb.png: only in one')

    def test_json_has_a_line_for_each_pair_and_tells_of_it_what_it_tells_of_one(self):
        self.write('one/a.png', Picture(60, 40))
        self.write('two/a.png', Picture(60, 40).fill(3, 4, 5, 6, GREY))
        options = ('--json', '--metric=oklab', '--threshold=0.01,0.5', '--tolerance=0.1', '--ignore=0,0,4,4')
        alone = json.loads(dpxdt('diff', 'one/a.png', 'two/a.png', *options, cwd=self.folder).stdout)
        many = dpxdt('diff', 'one', 'two', *options, cwd=self.folder)
        self.assertEqual(len(many.stdout.splitlines()), 1)
        self.assertEqual(json.loads(many.stdout), {'reference': 'one/a.png', 'run': 'two/a.png', **alone})

    def test_any_number_of_threads_tells_the_same_in_the_same_order(self):
        for i in range(150):
            # Large ones among small ones, so that some are done before those ahead of them.
            size = (300, 300) if i % 7 == 0 else (20, 10)
            self.write(f'one/{i:03}.png', Picture(*size))
            self.write(f'two/{i:03}.png', Picture(*size).fill(1, 2, i % 9 + 1, 3, GREY) if i % 3 else Picture(*size))
        self.write('two/077.png', 'no picture')
        for form in ([], ['--json']):
            told = [dpxdt('diff', 'one', 'two', *form, *jobs, cwd=self.folder)
                    for jobs in (['--jobs=1'], [], ['-j', '2'], ['--jobs=9'], ['--jobs=0'])]
            self.assertEqual(len(told[0].stdout.splitlines()), 150)
            for other in told:
                self.assertEqual((other.stdout, other.stderr, other.returncode),
                                 (told[0].stdout, told[0].stderr, 2))


if __name__ == '__main__':
    harness.main()
