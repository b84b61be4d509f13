#include "diff/lockstep.h"

#include "image/png_reader.h"

#include <string.h>

/* One of the two pictures. */
typedef struct {
    PngReader *reader;
    const PngFormat *format;
    const char *name;
} Side;

struct Lockstep {
    Side reference, run;
    bool alike;  /* both have the same pixel format and width: equal raw rows are equal pixels */
    bool direct; /* and their raw rows are pixels of which none is missing, and come out as they are */
    bool want_all;
    int next;            /* row to look at */
    bool above_is_equal; /* the two are equal in the row above it */
    uint8_t *on_canvas;  /* a row of the reference on the run's canvas, where it is not as it was */
};

static bool open_side(Side *side, GBytes *png, const char *name, GError **error) {
    side->name = name;
    side->reader = png_reader_open(png, error);
    if (!side->reader) {
        g_prefix_error(error, "%s: ", name);
        return false;
    }
    side->format = png_reader_format(side->reader);
    return true;
}

/* A palette with less than 256 colours has to be looked up, to find indices beyond it. */
static bool are_alike(const PngFormat *a, const PngFormat *b) {
    return a->width == b->width && a->channels == b->channels && a->n_colors == b->n_colors &&
           a->has_alpha == b->has_alpha && (a->n_colors == 0 || a->n_colors == 256) &&
           memcmp(a->colors, b->colors, sizeof a->colors) == 0;
}

Lockstep *lockstep_open(GBytes *reference_png, const char *reference_name, GBytes *run_png, const char *run_name,
                        GError **error) {
    g_autoptr(Lockstep) lockstep = g_new0(Lockstep, 1);
    if (!open_side(&lockstep->reference, reference_png, reference_name, error) ||
        !open_side(&lockstep->run, run_png, run_name, error))
        return NULL;
    const PngFormat *run = lockstep->run.format;
    lockstep->alike = are_alike(lockstep->reference.format, run);
    lockstep->direct = lockstep->alike && (run->channels == 3 || (run->channels == 4 && run->has_alpha));
    lockstep->above_is_equal = true;
    lockstep->on_canvas = g_malloc(4 * (size_t)run->width);
    return g_steal_pointer(&lockstep);
}

void lockstep_free(Lockstep *lockstep) {
    if (!lockstep)
        return;
    png_reader_free(lockstep->reference.reader);
    png_reader_free(lockstep->run.reader);
    g_free(lockstep->on_canvas);
    g_free(lockstep);
}

const PngFormat *lockstep_reference(const Lockstep *lockstep) {
    return lockstep->reference.format;
}

const PngFormat *lockstep_run(const Lockstep *lockstep) {
    return lockstep->run.format;
}

PixelFormat lockstep_pixels(const Lockstep *lockstep) {
    return lockstep->direct ? (PixelFormat)lockstep->run.format->channels : PIXEL_RGBA;
}

void lockstep_want_all(Lockstep *lockstep, bool all) {
    lockstep->want_all = all;
}

static bool go_to(const Side *side, int y, GError **error) {
    if (png_reader_go_to(side->reader, y, error))
        return true;
    g_prefix_error(error, "%s: ", side->name);
    return false;
}

/* Whether the row at hand is the same in both. */
static bool is_same_row(const Lockstep *lockstep) {
    const uint8_t *a = png_reader_filtered(lockstep->reference.reader);
    const uint8_t *b = png_reader_filtered(lockstep->run.reader);
    size_t size = lockstep->run.format->row_size;
    if ((lockstep->above_is_equal || !png_filter_needs_above(*a)) && memcmp(a, b, size + 1) == 0)
        return true;
    return memcmp(png_reader_raw(lockstep->reference.reader), png_reader_raw(lockstep->run.reader), size) == 0;
}

static uint8_t *rgba_of(const Side *side, GError **error) {
    uint8_t *rgba = png_reader_rgba(side->reader, error);
    if (!rgba)
        g_prefix_error(error, "%s: ", side->name);
    return rgba;
}

static void fill(uint8_t *rgba, int from, int to, bool transparent) {
    const uint8_t black[4] = {0, 0, 0, transparent ? 0 : 255};
    for (int x = from; x < to; x++)
        memcpy(rgba + 4 * x, black, 4);
}

static void drop_alpha(uint8_t *rgba, int width) {
    for (int x = 0; x < width; x++)
        rgba[4 * x + 3] = 255;
}

/* Puts the reference's row at hand, or what is below its last one, onto the run's canvas. */
static bool place_reference(Lockstep *lockstep, bool in_reference, GError **error) {
    const PngFormat *run = lockstep->run.format;
    int width = in_reference ? MIN(lockstep->reference.format->width, run->width) : 0;
    const uint8_t *rgba = in_reference ? rgba_of(&lockstep->reference, error) : NULL;
    if (in_reference && !rgba)
        return false;
    if (rgba)
        memcpy(lockstep->on_canvas, rgba, 4 * (size_t)width);
    fill(lockstep->on_canvas, width, run->width, run->has_alpha);
    if (!run->has_alpha)
        drop_alpha(lockstep->on_canvas, run->width);
    return true;
}

/* Two raw rows. Where there is none, black is all zeros; transparent, if there is alpha. Of equal rows one is unfiltered
 * and stands for both. */
static void take_raw_rows(Lockstep *lockstep, RowPair *pair) {
    pair->run = pair->y < lockstep->run.format->height ? png_reader_raw(lockstep->run.reader) : NULL;
    if (pair->equal)
        pair->reference = pair->run;
    else if (pair->in_reference)
        pair->reference = png_reader_raw(lockstep->reference.reader);
    else
        pair->reference = memset(lockstep->on_canvas, 0, lockstep->run.format->row_size);
}

static bool take_rgba_rows(Lockstep *lockstep, RowPair *pair, GError **error) {
    bool in_run = pair->y < lockstep->run.format->height;
    const uint8_t *run = in_run ? rgba_of(&lockstep->run, error) : NULL;
    if (!place_reference(lockstep, pair->in_reference, error) || (in_run && !run))
        return false;
    pair->reference = lockstep->on_canvas;
    pair->run = run;
    pair->equal =
        run && pair->in_reference && memcmp(pair->reference, run, 4 * (size_t)lockstep->run.format->width) == 0;
    return true;
}

static bool look_at_row(Lockstep *lockstep, int y, RowPair *out_pair, GError **error) {
    bool in_run = y < lockstep->run.format->height;
    RowPair pair = {.y = y, .in_reference = y < lockstep->reference.format->height};
    if ((pair.in_reference && !go_to(&lockstep->reference, y, error)) || (in_run && !go_to(&lockstep->run, y, error)))
        return false;
    pair.equal = lockstep->above_is_equal = lockstep->alike && in_run && pair.in_reference && is_same_row(lockstep);
    if (pair.equal)
        png_reader_share_row(lockstep->run.reader, lockstep->reference.reader);
    bool skip = pair.equal && !lockstep->want_all;
    if (!skip && lockstep->direct)
        take_raw_rows(lockstep, &pair);
    else if (!skip && !take_rgba_rows(lockstep, &pair, error))
        return false;
    *out_pair = pair;
    return true;
}

bool lockstep_next(Lockstep *lockstep, RowPair *out_pair, GError **error) {
    int height = MAX(lockstep->reference.format->height, lockstep->run.format->height);
    while (lockstep->next < height) {
        RowPair pair;
        if (!look_at_row(lockstep, lockstep->next++, &pair, error))
            return false;
        if (lockstep->want_all || !pair.equal) {
            *out_pair = pair;
            return true;
        }
    }
    return false;
}
