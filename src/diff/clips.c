/* Two long lists of pixels, and for each stretch where in them it begins. Stretches do not overlap, so when they are in
 * reading order those of a box are found by bisection. */
#include "diff/clips.h"

#include <limits.h>
#include <string.h>

typedef struct {
    int x, y;
    size_t n, first; /* so many pixels, from there on in the lists */
} Stretch;

struct Clips {
    GArray *stretches;           /* of Stretch */
    GByteArray *reference, *run; /* RGBA */
    size_t n_pixels, max_pixels;
    int lost_from; /* the uppermost row of which there was no room for all; INT_MAX: there was */
};

Clips *clips_new(size_t max_pixels) {
    g_assert(max_pixels <= UINT_MAX / 4);
    Clips *clips = g_new0(Clips, 1);
    clips->stretches = g_array_new(FALSE, FALSE, sizeof(Stretch));
    clips->reference = g_byte_array_new();
    clips->run = g_byte_array_new();
    clips->max_pixels = max_pixels;
    clips->lost_from = INT_MAX;
    return clips;
}

void clips_free(Clips *clips) {
    if (!clips)
        return;
    g_array_unref(clips->stretches);
    g_byte_array_unref(clips->reference);
    g_byte_array_unref(clips->run);
    g_free(clips);
}

/* What is clear gets one color, so that pixels are equal where their bytes are. */
static void append(GByteArray *list, size_t n, PixelFormat format, const uint8_t *pixels) {
    guint end = list->len;
    g_byte_array_set_size(list, end + (guint)(4 * n));
    uint8_t *out = list->data + end;
    for (size_t i = 0; i < n; i++, out += 4) {
        Pixel p = pixel_at(pixels, format, i);
        bool clear = p.alpha == 0;
        out[0] = clear ? 0 : (uint8_t)p.red;
        out[1] = clear ? 0 : (uint8_t)p.green;
        out[2] = clear ? 0 : (uint8_t)p.blue;
        out[3] = (uint8_t)p.alpha;
    }
}

bool clips_add(Clips *clips, int x, int y, size_t n, PixelFormat format, const uint8_t *reference, const uint8_t *run) {
    if (clips->lost_from != INT_MAX || n > clips->max_pixels - clips->n_pixels) {
        clips->lost_from = MIN(clips->lost_from, y);
        return false;
    }
    const Stretch stretch = {x, y, n, clips->n_pixels};
    g_array_append_val(clips->stretches, stretch);
    append(clips->reference, n, format, reference);
    append(clips->run, n, format, run);
    clips->n_pixels += n;
    return true;
}

static int by_place(const void *a, const void *b) {
    const Stretch *first = a, *second = b;
    return first->y != second->y ? first->y - second->y : first->x - second->x;
}

/* Groups of columns come one after another, each from the top. */
void clips_end(Clips *clips) {
    g_array_sort(clips->stretches, by_place);
}

static const Stretch *stretch_at(const Clips *clips, guint index) {
    return &g_array_index(clips->stretches, Stretch, index);
}

static int end_of(const Stretch *stretch) {
    return stretch->x + (int)stretch->n;
}

/* The first stretch which has something of row y right of x, or of a row below it. */
static guint find(const Clips *clips, int x, int y) {
    guint low = 0, high = clips->stretches->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        const Stretch *stretch = stretch_at(clips, middle);
        if (stretch->y < y || (stretch->y == y && end_of(stretch) <= x))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void copy(const Clips *clips, const Stretch *stretch, Clip *clip) {
    Box box = clip->box;
    int left = MAX(stretch->x, box.x), right = MIN(end_of(stretch), box.x + box.width);
    size_t from = stretch->first + (size_t)(left - stretch->x), n = (size_t)(right - left);
    size_t to = (size_t)(stretch->y - box.y) * (size_t)box.width + (size_t)(left - box.x);
    memcpy(clip->reference + 4 * to, clips->reference->data + 4 * from, 4 * n);
    memcpy(clip->run + 4 * to, clips->run->data + 4 * from, 4 * n);
    memset(clip->known + to, 1, n);
}

static void copy_row(const Clips *clips, int y, Clip *clip) {
    int right = clip->box.x + clip->box.width;
    for (guint i = find(clips, clip->box.x, y); i < clips->stretches->len; i++) {
        const Stretch *stretch = stretch_at(clips, i);
        if (stretch->y != y || stretch->x >= right)
            break;
        copy(clips, stretch, clip);
    }
}

static Box widen(Box box, int margin) {
    int x = MAX(box.x - margin, 0), y = MAX(box.y - margin, 0);
    return (Box){x, y, box.x + box.width + margin - x, box.y + box.height + margin - y};
}

Clip *clips_cut(const Clips *clips, Box box, int margin) {
    Clip *clip = g_new0(Clip, 1);
    clip->box = widen(box, margin);
    int known_rows = clips->lost_from - clip->box.y;
    clip->whole = clip->box.height <= MIN(CLIP_MAX_PIXELS / clip->box.width, known_rows);
    if (!clip->whole)
        clip->box.height = MAX(MIN(CLIP_MAX_PART / clip->box.width, known_rows), 1);
    size_t n_pixels = (size_t)clip->box.width * (size_t)clip->box.height;
    clip->reference = g_malloc0(4 * n_pixels);
    clip->run = g_malloc0(4 * n_pixels);
    clip->known = g_malloc0(n_pixels);
    for (int y = clip->box.y; y < clip->box.y + clip->box.height; y++)
        copy_row(clips, y, clip);
    return clip;
}

void clip_free(Clip *clip) {
    if (!clip)
        return;
    g_free(clip->reference);
    g_free(clip->run);
    g_free(clip->known);
    g_free(clip);
}
