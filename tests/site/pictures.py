"""PNG, JPEG, GIF and SVG writers, just large enough to make test pictures without any library.

Each takes plain numbers and gives bytes; the same input gives the same bytes on every machine with the same zlib.
"""
import struct
import zlib


def png(width, height, pixel, alpha=False):
    """pixel(x, y) -> a tuple of 3 (or, with alpha, 4) bytes."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            rows.extend(pixel(x, y))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 6 if alpha else 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows), 6))
            + chunk(b"IEND", b""))


def jpeg(columns, rows, block):
    """A baseline JPEG of columns x rows blocks of 8x8 pixels. block(x, y) -> for each of Y, Cb, Cr the mean (-128..127)
    and the slopes across and down (-60..60): three coefficients, which is enough for something like a blurred photo.

    The Huffman tables are our own: every symbol gets a code of 4 bits, which the format allows and which makes the
    code of a symbol its index in the table."""
    sizes = list(range(12))                     # DC symbols: the bit length of the difference
    steps = [0x00] + list(range(0x01, 0x0B))    # AC symbols: end of block; no zeros skipped, 1..10 bits

    def segment(marker, data):
        return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data

    def table(kind, symbols):
        return segment(0xC4, bytes([kind, 0, 0, 0, len(symbols)] + [0] * 12 + symbols))

    bits = []

    def put(value, count):
        bits.extend(value >> i & 1 for i in range(count - 1, -1, -1))

    def put_number(value, symbols):
        size = abs(value).bit_length()
        put(symbols.index(size), 4)
        if size:
            put(value if value > 0 else value + (1 << size) - 1, size)

    previous = [0, 0, 0]
    for y in range(rows):
        for x in range(columns):
            for i, (mean, across, down) in enumerate(block(x, y)):
                put_number(mean - previous[i], sizes)
                previous[i] = mean
                # A zero would need a symbol for skipped zeros; one step of slope is not seen.
                put_number(across or 1, steps)
                put_number(down or 1, steps)
                put(0, 4)
    bits.extend([1] * (-len(bits) % 8))
    data = bytearray()
    for i in range(0, len(bits), 8):
        byte = int("".join(map(str, bits[i:i + 8])), 2)
        data.append(byte)
        if byte == 0xFF:
            data.append(0)

    quantizer = segment(0xDB, b"\0" + bytes([8] * 64))      # 8: a mean of 1 is then one grey level
    frame = segment(0xC0, struct.pack(">BHHB", 8, rows * 8, columns * 8, 3)
                    + b"".join(bytes([i, 0x11, 0]) for i in (1, 2, 3)))
    scan = segment(0xDA, bytes([3, 1, 0, 2, 0, 3, 0, 0, 63, 0]))
    return (b"\xff\xd8" + segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0") + quantizer + frame + table(0x00, sizes)
            + table(0x10, steps) + scan + bytes(data) + b"\xff\xd9")


def gif(width, height, palette, frames, delay_ms):
    """An endless animation. palette: up to 128 colours; frames: functions (x, y) -> index in the palette.

    The pixels are stored, not compressed: a "clear" code before the table outgrows 8 bits keeps every code one byte."""
    palette = [c for colour in palette for c in colour]
    out = bytearray(b"GIF89a" + struct.pack("<HHBBB", width, height, 0xF6, 0, 0))
    out += bytes(palette + [0] * (3 * 128 - len(palette)))
    out += b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    for frame in frames:
        out += b"\x21\xf9\x04\x04" + struct.pack("<H", delay_ms // 10) + b"\0\0"
        out += b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0)
        pixels = bytes(frame(x, y) for y in range(height) for x in range(width))
        codes = b"".join(b"\x80" + pixels[i:i + 120] for i in range(0, len(pixels), 120)) + b"\x81"
        out += b"\x07"
        for i in range(0, len(codes), 255):
            part = codes[i:i + 255]
            out += bytes([len(part)]) + part
        out += b"\0"
    return bytes(out + b"\x3b")


def svg(width, height, shapes):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}">{shapes}</svg>\n').encode()
