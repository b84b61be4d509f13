/* What is shown is found first, in two steps: the change, and as much of the page around it as fits. Then both pictures
 * stream by as far down as that, and each row of the thumbnail is the mean of the rows that are under it. */
#include "diff/thumbnail.h"

#include "image/png_reader.h"
#include "image/png_writer.h"

#include <string.h>

enum {
    /* What is shown around a change, so that one sees where it is. */
    MARGIN = 24,
    /* Of a change that is higher than wide only the first rows are shown, or it would become a thin line: so many, or as
     * many as it is wide. With their margins twice the height of a side. */
    MOST_HIGH_ROWS = 2 * THUMBNAIL_SIDE_HEIGHT - 2 * MARGIN,
    /* How many times wider than high a side may become, on pages that have no more rows. */
    MOST_WIDE = 3,
};

/* Pixels of both pictures: row y of the run belongs to row reference_y of the reference. */
typedef struct {
    int x, y, reference_y, width, height;
} Place;

/* What changed. */

static bool begins_in(const Box *box, const Band *band) {
    return box->y >= band->run_y && box->y < band->run_y + band->run_height && box->x < band->x + band->width &&
           band->x < box->x + box->width;
}

/* The row of the reference that a region's first row was compared with: by place, or along a band that changed. */
static int find_reference_y(const GArray *bands, const Box *box) {
    for (guint i = 0; bands && i < bands->len; i++) {
        const Band *band = &g_array_index(bands, Band, i);
        if (band->kind == BAND_CHANGED && begins_in(box, band))
            return band->reference_y + box->y - band->run_y;
    }
    return box->y;
}

static Place place_of_region(const Difference *difference) {
    const Box *box = &g_array_index(difference->regions, Region, 0).box;
    return (Place){box->x, box->y, find_reference_y(difference->bands, box), box->width, box->height};
}

/* 0 for a band that is not worth telling. */
static int64_t size_of(const Band *band) {
    if (band->kind == BAND_EQUAL || band->kind == BAND_CHANGED || band->is_jitter)
        return 0;
    return (int64_t)band->width * MAX(band->run_height, band->reference_height);
}

static const Band *find_largest_band(const Difference *difference) {
    const Band *largest = NULL;
    for (guint i = 0; difference->bands && i < difference->bands->len; i++) {
        const Band *band = &g_array_index(difference->bands, Band, i);
        if (size_of(band) > (largest ? size_of(largest) : 0))
            largest = band;
    }
    return largest;
}

static Place place_of_band(const Band *band) {
    return (Place){band->x, band->run_y, band->reference_y, band->width, MAX(band->run_height, band->reference_height)};
}

/* What only one of the pictures has; of those that differ in neither size, the top left corner. */
static Place place_of_end(const Difference *difference) {
    int right = MIN(difference->width, difference->reference_width);
    int bottom = MIN(difference->height, difference->reference_height);
    int columns = MAX(difference->width, difference->reference_width) - right;
    int rows = MAX(difference->height, difference->reference_height) - bottom;
    if (columns > 0)
        return (Place){right, 0, 0, columns, bottom};
    return rows > 0 ? (Place){0, bottom, bottom, right, rows} : (Place){0, 0, 0, 1, 1};
}

static Place find_change(const Difference *difference) {
    if (difference->regions->len > 0)
        return place_of_region(difference);
    const Band *band = find_largest_band(difference);
    return band ? place_of_band(band) : place_of_end(difference);
}

/* What is shown of the page. */

/* Where to begin, so that so much is shown of what lies between from and to: with the change in the middle or, if there is
 * more of it, with its margin. */
static int begin_at(int change, int change_size, int shown, int from, int to) {
    int before = MAX(MARGIN, (shown - change_size) / 2);
    return CLAMP(change - before, from, to - shown);
}

/* In the shape of a whole side, where the page has so much. Of both pictures something is shown above the change, as far up
 * as the one reaches that has less; below it one may have ended. */
static Place find_shown(const Difference *difference, const Place *change) {
    int right = MAX(difference->width, difference->reference_width);
    int lag = change->y - change->reference_y; /* rows of the reference are so much farther down in the run */
    int top = MAX(0, lag), bottom = MAX(difference->height, difference->reference_height + lag);
    int rows = MIN(change->height, MAX(change->width, MOST_HIGH_ROWS));
    int width = MIN(MAX(change->width + 2 * MARGIN, THUMBNAIL_SIDE_WIDTH), right);
    int height = MIN(MAX(rows + 2 * MARGIN, THUMBNAIL_SIDE_HEIGHT), bottom - top);
    width = MIN(MAX(width, height * THUMBNAIL_SIDE_WIDTH / THUMBNAIL_SIDE_HEIGHT), right);
    height = MIN(MAX(height, width * THUMBNAIL_SIDE_HEIGHT / THUMBNAIL_SIDE_WIDTH), bottom - top);
    width = MIN(width, MAX(THUMBNAIL_SIDE_WIDTH, MOST_WIDE * height));
    height = MIN(height, MAX(THUMBNAIL_SIDE_HEIGHT, width));
    int y = begin_at(change->y, rows, height, top, bottom);
    return (Place){begin_at(change->x, change->width, width, 0, right), y, y - lag, width, height};
}

/* Pixels. */

/* Across or down a side, size pixels of the page become n. */
typedef struct {
    int size, n;
} Axis;

static int first_under(const Axis *axis, int i) {
    return i * axis->size / axis->n;
}

static int end_under(const Axis *axis, int i) {
    return ((i + 1) * axis->size + axis->n - 1) / axis->n;
}

/* How much of pixel at of the page is under pixel i, in n-ths. */
static uint64_t overlap(const Axis *axis, int i, int at) {
    return (uint64_t)(MIN((at + 1) * axis->n, (i + 1) * axis->size) - MAX(at * axis->n, i * axis->size));
}

/* One of two axes that are scaled alike: this one becomes max pixels at most, the other one other_max. */
static Axis scale_down(int size, int max, int other_size, int other_max) {
    int64_t scaled = ((int64_t)size * other_max + other_size / 2) / other_size;
    return (Axis){size, (int)CLAMP(scaled, 1, MIN(size, max))};
}

/* What is under a pixel of the thumbnail: its area, and its levels on white, times 255, times their area. Behind a
 * picture's end there is nothing. */
typedef struct {
    uint64_t levels[3], area;
} Sum;

/* One of the pictures: (x, y) is the first pixel of it that is shown. */
typedef struct {
    const char *name;
    PngReader *reader;
    int x, y;
    Axis across, down;
} Side;

static void add_pixel(Sum *sum, const uint8_t rgba[4], uint64_t area) {
    for (int channel = 0; channel < 3; channel++)
        sum->levels[channel] += area * (uint64_t)(rgba[channel] * rgba[3] + 255 * (255 - rgba[3]));
    sum->area += area;
}

/* A row of the picture, so much of which is under this one of the thumbnail. */
static void add_row(const Side *side, Sum *sums, const uint8_t *row, uint64_t part) {
    int end = png_reader_format(side->reader)->width - side->x;
    for (int i = 0; i < side->across.n; i++)
        for (int x = first_under(&side->across, i); x < MIN(end, end_under(&side->across, i)); x++)
            add_pixel(&sums[i], row + 4 * (side->x + x), part * overlap(&side->across, i, x));
}

/* The mean of what is there, as opaque as the part that it is of whole. */
static void set_pixel(uint8_t out[4], const Sum *sum, uint64_t whole) {
    uint64_t area = 255 * sum->area;
    for (int channel = 0; channel < 3 && area > 0; channel++)
        out[channel] = (uint8_t)((sum->levels[channel] + area / 2) / area);
    out[3] = (uint8_t)((area + whole / 2) / whole);
}

/* Paints row j of a side over transparent black. */
static bool paint_row(const Side *side, int j, uint8_t *out, GError **error) {
    Sum sums[THUMBNAIL_SIDE_WIDTH] = {0};
    int end = png_reader_format(side->reader)->height - side->y;
    for (int y = first_under(&side->down, j); y < MIN(end, end_under(&side->down, j)); y++) {
        bool is_there = png_reader_go_to(side->reader, side->y + y, error);
        const uint8_t *row = is_there ? png_reader_rgba(side->reader, error) : NULL;
        if (!row) {
            g_prefix_error(error, "%s: ", side->name);
            return false;
        }
        add_row(side, sums, row, overlap(&side->down, j, y));
    }
    for (int i = 0; i < side->across.n; i++)
        set_pixel(out + 4 * i, &sums[i], (uint64_t)side->across.size * (uint64_t)side->down.size);
    return true;
}

/* Both sides have the same size. */
static GBytes *paint(const Side *left, const Side *right, GError **error) {
    const PngFormat format = {.width = 2 * left->across.n + THUMBNAIL_GAP, .height = left->down.n, .channels = 4};
    g_autoptr(PngWriter) writer = png_writer_new(&format);
    g_autofree uint8_t *out = g_malloc(4 * (size_t)format.width);
    for (int j = 0; j < format.height; j++) {
        memset(out, 0, 4 * (size_t)format.width);
        if (!paint_row(left, j, out, error) || !paint_row(right, j, out + 4 * (left->across.n + THUMBNAIL_GAP), error))
            return NULL;
        png_writer_add_row(writer, out);
    }
    return png_writer_end(g_steal_pointer(&writer));
}

static PngReader *open_picture(const char *name, GBytes *png, int width, int height, GError **error) {
    PngReader *reader = png_reader_open_again(png, width, height, error);
    if (!reader)
        g_prefix_error(error, "%s: ", name);
    return reader;
}

GBytes *thumbnail_png(const Difference *difference, GBytes *reference, GBytes *run, GError **error) {
    Place change = find_change(difference);
    Place shown = find_shown(difference, &change);
    g_autoptr(PngReader) before =
        open_picture("the reference", reference, difference->reference_width, difference->reference_height, error);
    g_autoptr(PngReader) after =
        before ? open_picture("the run", run, difference->width, difference->height, error) : NULL;
    if (!after)
        return NULL;
    Axis across = scale_down(shown.width, THUMBNAIL_SIDE_WIDTH, shown.height, THUMBNAIL_SIDE_HEIGHT);
    Axis down = scale_down(shown.height, THUMBNAIL_SIDE_HEIGHT, shown.width, THUMBNAIL_SIDE_WIDTH);
    const Side left = {"the reference", before, shown.x, shown.reference_y, across, down};
    const Side right = {"the run", after, shown.x, shown.y, across, down};
    return paint(&left, &right, error);
}
