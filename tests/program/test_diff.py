"""`dpxdt diff`: what it prints, writes and exits with, and what it says to files that are no pictures."""
import json
import resource
import struct
import zlib

import harness
from harness import PNG_SIGNATURE, Picture, dpxdt, png_chunk, png_chunks, png_file

BLACK = (0, 0, 0, 255)
IEND = png_chunk(b'IEND', b'')


def header(width, height, bit_depth=8, color_type=2):
    return png_chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, bit_depth, color_type, 0, 0, 0))


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
                                        '  40x10 at (16,120), 400 pixels\n'
                                        '  3x2 at (300,200), 6 pixels\n')
        self.assertEqual(result.returncode, 1)

    def test_one_pixel_by_one_level_is_a_change(self):
        result = self.diff(Picture(1200, 1000), Picture(1200, 1000).fill(7, 9, 1, 1, (255, 254, 255, 255)))
        self.assertEqual(result.stdout, '2.06685e-06 distortion\n'
                                        '1 pixel changed of 1,200,000 in 1 area\n'
                                        '  1x1 at (7,9), 1 pixel\n')
        self.assertEqual(result.returncode, 1)

    def test_many_areas_are_cut_short(self):
        changed = Picture(400, 300)
        for i in range(25):
            changed[20 + i % 5 * 40, 20 + i // 5 * 40] = BLACK
        result = self.diff(Picture(400, 300), changed)
        self.assertEqual(result.stdout.splitlines()[-2:], ['  1x1 at (180,140), 1 pixel', '  and 5 more'])

    def test_a_size_change_is_a_difference_even_if_what_is_left_is_equal(self):
        result = self.diff(Picture(400, 300), Picture(400, 280))
        self.assertEqual(result.stdout, 'size changed from 400x300 to 400x280\n')
        self.assertEqual(result.returncode, 1)

    def test_what_is_new_in_a_larger_picture_is_compared_with_black(self):
        result = self.diff(Picture(400, 280), Picture(400, 300), '--tolerance=1')
        self.assertEqual(result.stdout, 'size changed from 400x280 to 400x300\n'
                                        '0.258199 distortion\n'
                                        '8,000 pixels changed of 120,000 in 1 area\n'
                                        '1 is the worst score of an area, 1 the tolerance\n'
                                        '  400x20 at (0,280), 8,000 pixels\n')
        self.assertEqual(result.returncode, 1)

    def test_json_tells_all(self):
        report = self.report(Picture(40, 30), Picture(40, 25).fill(3, 4, 5, 6, (204, 255, 255, 255)))
        self.assertEqual(report, {
            'same': False, 'distortion': 0.02, 'score': 0.11547, 'changed_pixels': 30,
            'width': 40, 'height': 25, 'reference_width': 40, 'reference_height': 30,
            'n_regions': 1,
            'regions': [{'x': 3, 'y': 4, 'width': 5, 'height': 6, 'changed_pixels': 30, 'score': 0.11547}]})

    def test_an_ignored_area_counts_as_equal(self):
        changed = Picture(40, 30).fill(3, 4, 5, 6, BLACK).fill(30, 20, 10, 10, BLACK)
        both = ['--ignore', '3,4,5,6', '--ignore=30,20,1000,1000']
        self.assertEqual(self.report(Picture(40, 30), changed, *both)['distortion'], 0)
        one = self.report(Picture(40, 30), changed, '--ignore', '3,4,5,5')
        self.assertEqual(one['changed_pixels'], 105)
        self.assertEqual(one['regions'][1], {'x': 3, 'y': 9, 'width': 5, 'height': 1, 'changed_pixels': 5, 'score': 1})

    def test_a_tolerance_lets_pass_what_no_area_exceeds(self):
        changed = Picture(40, 30).fill(3, 4, 5, 6, (204, 255, 255, 255))  # scores sqrt(0.2^2 / 3) = 0.11547
        self.assertEqual(self.diff(Picture(40, 30), changed, '--tolerance=0.1').returncode, 1)
        result = self.diff(Picture(40, 30), changed, '--tolerance=0.12')
        self.assertTrue(result.stdout.startswith('same, within the tolerance\n0.0182574 distortion\n'), result.stdout)
        self.assertEqual(result.returncode, 0)

    def test_the_marked_picture_shows_changes_in_red_on_a_faded_page(self):
        page = Picture(20, 10, (100, 150, 200, 255))
        changed = Picture(20, 10, (100, 150, 200, 255)).fill(5, 5, 2, 2, BLACK)
        self.diff(page, changed, '-o', 'new/out.png')
        expected = Picture(20, 10, (224, 234, 244, 255)).fill(5, 5, 2, 2, (255, 0, 0, 255))
        self.assertEqual(harness.read_picture(self.folder / 'new/out.png').pixels, expected.pixels)
        self.assertEqual(png_chunks((self.folder / 'new/out.png').read_bytes())[0][1][9], 2)  # RGB

    def test_no_marked_picture_is_written_of_equal_ones(self):
        self.assertEqual(self.diff(Picture(9, 9), Picture(9, 9).png(alpha=True), '-o', 'out.png').returncode, 0)
        self.assertFalse((self.folder / 'out.png').exists())

    def test_small_pictures_of_any_shape_are_compared(self):
        for size in ((1, 1), (300, 1), (1, 300), (8, 8), (9, 17)):
            with self.subTest(size):
                report = self.report(Picture(*size), Picture(*size, BLACK))
                self.assertEqual((report['distortion'], report['n_regions']), (1, 1))
                self.assertEqual(report['changed_pixels'], size[0] * size[1])


class BadInput(harness.TestCase):
    """Exit status 2, the file's name and what is wrong with it on standard error, nothing on standard output, and
    nothing written."""

    def refuse(self, words, *args):
        result = dpxdt('diff', *args, '-o', 'out.png', cwd=self.folder)
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

    def test_options_and_arguments_that_make_no_sense(self):
        good = self.write('good.png', Picture(3, 3))
        for box in ('1,2,3', '1,2,3,4,5', '1,2,0,4', '-1,2,3,4', '1,2,3,x', '', '1,2,3,99999999999'):
            self.refuse(f'--ignore {box}: must be x,y,width,height', good, good, f'--ignore={box}')
        for tolerance in ('-0.1', '1.1', 'nan'):
            self.refuse('--tolerance must be from 0 to 1', good, good, f'--tolerance={tolerance}')
        self.refuse('B.png is missing', good)
        self.refuse('too much', good, good, good)


if __name__ == '__main__':
    harness.main()
