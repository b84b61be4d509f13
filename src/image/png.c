/* PNG files to pixels, by libpng.
 *
 * Files come from strangers. So signature, sizes and checksums are verified before libpng is asked, here and in
 * png_chunk.c. And it reads no chunk but those which say what the pixels are; the others (text, colour profiles),
 * which can hold decompression bombs, it skips. */
#include "image/png.h"

#include "image/png_chunk.h"

#include <inttypes.h>
#include <png.h>
#include <setjmp.h>
#include <string.h>

/* What people give us under the name of a PNG, by its first bytes; letters in either case. */
static const struct {
    size_t offset;
    const char *bytes;
    const char *name;
} other_files[] = {
    {0, "\xff\xd8\xff", "a JPEG"},
    {8, "WEBP", "a WebP"},
    {0, "GIF8", "a GIF"},
    {4, "ftypavif", "an AVIF"},
    {0, "BM", "a BMP"},
    {0, "%PDF", "a PDF"},
    {0, "<!doctype html", "a web page"},
    {0, "<html", "a web page"},
    {0, "<svg", "an SVG"},
    {0, "<?xml", "XML"},
    {0, "version https://git-lfs", "a Git LFS pointer (`git lfs pull` fetches the picture)"},
};

static const char *name_of_other_file(const char *data, size_t size) {
    for (size_t i = 0; i < G_N_ELEMENTS(other_files); i++) {
        size_t length = strlen(other_files[i].bytes);
        if (size >= other_files[i].offset + length &&
            g_ascii_strncasecmp(data + other_files[i].offset, other_files[i].bytes, length) == 0)
            return other_files[i].name;
    }
    return NULL;
}

static bool check_signature(GBytes *png, GError **error) {
    static const uint8_t signature[PNG_FIRST_CHUNK] = {137, 'P', 'N', 'G', '\r', '\n', 26, '\n'};
    size_t size = 0;
    const char *data = g_bytes_get_data(png, &size);
    if (size == 0) {
        error_set(error, ERROR_INVALID, "not a PNG: the file is empty");
        return false;
    }
    if (size >= sizeof signature && memcmp(data, signature, sizeof signature) == 0)
        return true;
    const char *name = name_of_other_file(data, size);
    error_set(error, ERROR_INVALID, "not a PNG%s%s", name ? " but " : "", name ? name : "");
    return false;
}

static bool check_size(uint32_t width, uint32_t height, GError **error) {
    if (width == 0 || height == 0) {
        error_set(error, ERROR_INVALID, "corrupt: the picture has no pixels");
        return false;
    }
    if (width <= IMAGE_MAX_SIDE && height <= IMAGE_MAX_SIDE && (uint64_t)width * height <= IMAGE_MAX_PIXELS)
        return true;
    error_set(error, ERROR_INVALID, "%" PRIu32 "x%" PRIu32 " px are too many: at most %d a side, and %d million in all",
              width, height, IMAGE_MAX_SIDE, IMAGE_MAX_PIXELS / 1000000);
    return false;
}

/* PNG specification, table 11.1. A set of depths is a sum here: they are powers of two. */
static bool is_pixel_format(int color_type, int bit_depth) {
    static const int depths[] = {
        [0] = 1 + 2 + 4 + 8 + 16, [2] = 8 + 16, [3] = 1 + 2 + 4 + 8, [4] = 8 + 16, [6] = 8 + 16,
    };
    return color_type < (int)G_N_ELEMENTS(depths) && (bit_depth & (bit_depth - 1)) == 0 &&
           (bit_depth & depths[color_type]) != 0;
}

bool png_read_header(GBytes *png, PngHeader *out_header, GError **error) {
    PngChunk chunk;
    if (!check_signature(png, error) || !png_chunk_at(png, PNG_FIRST_CHUNK, &chunk, error))
        return false;
    if (strcmp(chunk.type, "IHDR") != 0 || chunk.size != 13) {
        error_set(error, ERROR_INVALID, "corrupt: there is no header");
        return false;
    }
    uint32_t width = png_chunk_number(chunk.data), height = png_chunk_number(chunk.data + 4);
    if (!check_size(width, height, error))
        return false;
    int bit_depth = chunk.data[8], color_type = chunk.data[9];
    int compression = chunk.data[10], filter = chunk.data[11], interlace = chunk.data[12];
    if (!is_pixel_format(color_type, bit_depth) || compression != 0 || filter != 0 || interlace > 1) {
        error_set(error, ERROR_INVALID, "corrupt: the header names no pixel format that PNG has");
        return false;
    }
    *out_header = (PngHeader){(int)width, (int)height, bit_depth, color_type, interlace == 1};
    return true;
}

bool png_check(GBytes *png, PngHeader *out_header, GError **error) {
    PngHeader header;
    if (!png_read_header(png, &header, error))
        return false;
    bool has_pixels = false, behind_pixels = false;
    PngChunk chunk;
    if (!png_chunk_at(png, PNG_FIRST_CHUNK, &chunk, error)) /* the header */
        return false;
    do {
        if (!png_chunk_at(png, chunk.end, &chunk, error))
            return false;
        bool is_pixels = strcmp(chunk.type, "IDAT") == 0;
        behind_pixels = behind_pixels || (has_pixels && !is_pixels);
        has_pixels = has_pixels || is_pixels;
        if (!png_chunk_check_order(&chunk, behind_pixels, error))
            return false;
    } while (strcmp(chunk.type, "IEND") != 0);
    if (!has_pixels) {
        error_set(error, ERROR_INVALID, "corrupt: there are no pixels");
        return false;
    }
    *out_header = header;
    return true;
}

/* Libpng's words become the error's message, and control goes back to setjmp(). */
static void keep_error(png_structp png, png_const_charp words) {
    error_set(png_get_error_ptr(png), ERROR_INVALID, "corrupt: %s", words);
    png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp words) {
    (void)png, (void)words;
}

typedef struct {
    const uint8_t *next;
    size_t left;
} Source;

static void read_bytes(png_structp png, png_bytep bytes, size_t size) {
    Source *source = png_get_io_ptr(png);
    if (size > source->left)
        png_error(png, "the file is cut off");
    memcpy(bytes, source->next, size);
    source->next += size;
    source->left -= size;
}

/* What libpng is to do before it sees a byte. Called below setjmp(). */
static void set_up_reading(png_structp png, Source *source) {
    png_set_read_fn(png, source, read_bytes);
    png_set_user_limits(png, IMAGE_MAX_SIDE, IMAGE_MAX_SIDE);
    /* -1: all that is neither header, palette, transparency, pixels nor end is skipped. Nothing is allocated for it,
     * so it may be of any size: 0 is no limit. */
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_chunk_malloc_max(png, 0);
    /* In what is left, an error that can be glossed over is one all the same: a picture that is partly guessed must
     * not become a reference. */
    png_set_benign_errors(png, 0);
    /* png_check() has seen to the checksums. */
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
}

/* Every format becomes RGBA of 8 bits, but for palettes, of which we get the indices, one a byte. Called below
 * setjmp(). */
static void set_up_pixels(png_structp png, bool has_palette) {
    if (has_palette) {
        png_set_packing(png);
        return;
    }
    png_set_expand(png);   /* a transparent colour becomes alpha; grey gets 8 bits */
    png_set_scale_16(png); /* rounded, as ImageMagick does */
    png_set_gray_to_rgb(png);
    png_set_add_alpha(png, 255, PNG_FILLER_AFTER);
}

/* Fills colors, RGBA, and returns how many there are. Called below setjmp(). */
static int read_palette(png_structp png, png_infop info, uint8_t colors[256][4]) {
    png_colorp palette = NULL;
    png_bytep alphas = NULL;
    int n_colors = 0, n_alphas = 0;
    png_get_PLTE(png, info, &palette, &n_colors);
    png_get_tRNS(png, info, &alphas, &n_alphas, NULL);
    for (int i = 0; i < n_colors; i++) {
        const uint8_t color[] = {palette[i].red, palette[i].green, palette[i].blue, i < n_alphas ? alphas[i] : 255};
        memcpy(colors[i], color, sizeof color);
    }
    return n_colors;
}

/* Replaces the indices at the start of each row by their colours, from the right so that none is overwritten unread.
 * We do this and not png_set_expand(), which makes an index beyond the palette black and says nothing. Called below
 * setjmp(). */
static void look_up_colors(png_structp png, png_infop info, Image *image) {
    uint8_t colors[256][4];
    int n_colors = read_palette(png, info, colors);
    for (int y = 0; y < image->height; y++) {
        uint8_t *row = image_row(image, y);
        for (int x = image->width - 1; x >= 0; x--) {
            if (row[x] >= n_colors)
                png_error(png, "a pixel's color is not in the palette");
            memcpy(row + 4 * x, colors[row[x]], 4);
        }
    }
}

static void read_rows(png_structp png, Image *image) {
    int n_passes = png_set_interlace_handling(png);
    png_start_read_image(png);
    for (int pass = 0; pass < n_passes; pass++)
        for (int y = 0; y < image->height; y++)
            png_read_row(png, image_row(image, y), NULL);
}

/* Fills image. Where setjmp() returns for the second time, locals are lost; so this owns nothing. */
static bool read_pixels(png_structp png, png_infop info, Source *source, Image *image) {
    if (setjmp(png_jmpbuf(png)))
        return false;
    set_up_reading(png, source);
    png_read_info(png, info);
    bool has_palette = png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE;
    image->has_alpha =
        (png_get_color_type(png, info) & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(png, info, PNG_INFO_tRNS) != 0;
    set_up_pixels(png, has_palette);
    read_rows(png, image);
    if (has_palette)
        look_up_colors(png, info, image);
    png_read_end(png, NULL);
    return true;
}

Image *png_decode(GBytes *bytes, GError **error) {
    PngHeader header;
    if (!png_check(bytes, &header, error))
        return NULL;
    Source source = {0};
    source.next = g_bytes_get_data(bytes, &source.left);
    g_autoptr(Image) image = image_new(header.width, header.height, false);
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, error, keep_error, ignore_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    g_assert(info); /* else there is no memory, or the library is not the one of our headers */
    bool whole = read_pixels(png, info, &source, image);
    png_destroy_read_struct(&png, &info, NULL);
    return whole ? g_steal_pointer(&image) : NULL;
}
