/* From the surest to the vaguest: did it move, did something come or go on plain ground, did colors change and shapes
 * stay? It is asked of the changed pixels, and of little else, as what stands around them is known only here and there.
 * Where many changed, colors are counted in a sample.
 *
 * The limits were tried on pages taken by Chromium, whose text is antialiased in shades of gray. */
#include "diff/change.h"

#include <stdlib.h>
#include <string.h>

enum {
    REACH = 24,          /* px, each way: what moved farther is not told from what came and what went */
    MOST_SAMPLES = 2048, /* of pixels, to count colors: enough to see one in a hundred */
    MOST_STEPS = 16384,  /* of pixels, to see what is next to them */
    PROBES = 64,         /* of pixels, to find an offset, before it is tried on all */
    MOST_OFFSETS = 16,   /* tried on all pixels: more fit the probes only in patterns and plain boxes */
    FEW = 20,            /* one pixel in so many may be otherwise */
    DITHER = 2,          /* levels: lesser steps from pixel to pixel are those of a gradient */
};

/* RGBA, as it stands in memory. */
typedef uint32_t Color;

/* What became what. */
typedef struct {
    Color from, to;
} Pair;

/* Pixels of a clip, in reading order. */
typedef struct {
    uint32_t n;
    uint32_t *at;
} Places;

typedef struct {
    const Clip *clip;
    Places changed; /* those that differ */
    Places rim;     /* those that do not, next to the clip's left or right edge or the unknown */
    size_t n_kept;  /* how many do not, in all */
    Color ground;   /* the most frequent at the rim; if there is none, 0, which is clear */
} View;

static Color color_at(const uint8_t *picture, size_t index) {
    Color color;
    memcpy(&color, picture + 4 * index, sizeof color);
    return color;
}

static Pair pair_at(const Clip *clip, size_t index) {
    return (Pair){color_at(clip->reference, index), color_at(clip->run, index)};
}

static void view_clear(View *view) {
    g_free(view->changed.at);
    g_free(view->rim.at);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(View, view_clear)

static bool is_at_rim(const Clip *clip, size_t index) {
    size_t width = (size_t)clip->box.width, x = index % width;
    return x == 0 || x == width - 1 || !clip->known[index - 1] || !clip->known[index + 1];
}

static void add_to_view(View *view, uint32_t index) {
    Pair pair = pair_at(view->clip, index);
    if (pair.from != pair.to) {
        view->changed.at[view->changed.n++] = index;
        return;
    }
    view->n_kept++;
    if (is_at_rim(view->clip, index))
        view->rim.at[view->rim.n++] = index;
}

static View view_new(const Clip *clip) {
    View view = {.clip = clip};
    uint32_t n_pixels = (uint32_t)(clip->box.width * clip->box.height);
    view.changed.at = g_new(uint32_t, n_pixels);
    view.rim.at = g_new(uint32_t, n_pixels);
    for (uint32_t i = 0; i < n_pixels; i++)
        if (clip->known[i])
            add_to_view(&view, i);
    return view;
}

/* 2^32 by the golden ratio: its multiples, modulo 2^32, are spread evenly and keep step with no pattern. */
static const uint32_t GOLDEN = 0x9e3779b1;

/* Sample i, of n at most, of a list: all of it, if it is no longer. */
static uint32_t sample_of(const Places *list, uint32_t n, uint32_t i) {
    return list->at[list->n <= n ? i : (uint64_t)(i * GOLDEN) * list->n >> 32];
}

/* --- Colors, counted --- */

/* Pairs, sorted by the first and then the second color, and what was counted of them. */
typedef struct {
    GArray *pairs;
    size_t n, n_colors; /* how many, and of how many first colors */
    Color most;         /* the most frequent first color, */
    size_t n_most;      /* and how many have it */
    size_t n_faithful;  /* how many have the second color which is the most frequent one for their first */
} Census;

static void census_clear(Census *census) {
    g_array_unref(census->pairs);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Census, census_clear)

static uint8_t byte_of(Pair pair, unsigned byte) {
    return (uint8_t)((byte < 4 ? pair.to : pair.from) >> 8 * (byte % 4));
}

/* One pass of sorting: by a byte, and pairs with the same one stay in their order. False if all have the same. */
static bool sort_by_byte(const Pair *pairs, size_t n, unsigned byte, Pair *out) {
    size_t ends[257] = {0};
    for (size_t i = 0; i < n; i++)
        ends[byte_of(pairs[i], byte) + 1]++;
    if (ends[byte_of(pairs[0], byte) + 1] == n)
        return false;
    for (size_t value = 0; value < 256; value++)
        ends[value + 1] += ends[value];
    for (size_t i = 0; i < n; i++)
        out[ends[byte_of(pairs[i], byte)]++] = pairs[i];
    return true;
}

/* From the last byte to the first, which takes a tenth of the time of comparing. */
static void sort_by_colors(GArray *pairs) {
    size_t n = pairs->len;
    g_autofree Pair *sorted = g_new(Pair, n);
    for (unsigned byte = 0; n > 0 && byte < sizeof(Pair); byte++)
        if (sort_by_byte((const Pair *)pairs->data, n, byte, sorted))
            memcpy(pairs->data, sorted, n * sizeof *sorted);
}

static const Pair *pair_of(const Census *census, size_t index) {
    return &g_array_index(census->pairs, Pair, index);
}

/* How many pairs from index on are the same. */
static size_t count_same(const Census *census, size_t index) {
    size_t end = index + 1;
    while (end < census->n && memcmp(pair_of(census, index), pair_of(census, end), sizeof(Pair)) == 0)
        end++;
    return end - index;
}

static void count_colors(Census *census) {
    for (size_t i = 0, n_color, n_best; i < census->n; i += n_color) {
        Color color = pair_of(census, i)->from;
        n_color = n_best = 0;
        while (i + n_color < census->n && pair_of(census, i + n_color)->from == color) {
            size_t n_same = count_same(census, i + n_color);
            n_color += n_same;
            n_best = MAX(n_best, n_same);
        }
        census->n_colors++;
        census->n_faithful += n_best;
        if (n_color > census->n_most) {
            census->n_most = n_color;
            census->most = color;
        }
    }
}

/* Of the pixels of a list, or a sample of them. */
static Census census_new(const Clip *clip, const Places *places, bool backwards) {
    Census census = {.pairs = g_array_new(FALSE, FALSE, sizeof(Pair))};
    for (uint32_t i = 0; i < MIN(places->n, MOST_SAMPLES); i++) {
        Pair pair = pair_at(clip, sample_of(places, MOST_SAMPLES, i));
        if (backwards)
            pair = (Pair){pair.to, pair.from};
        g_array_append_val(census.pairs, pair);
    }
    census.n = census.pairs->len;
    sort_by_colors(census.pairs);
    count_colors(&census);
    return census;
}

static Color find_ground(const View *view) {
    g_auto(Census) rim = census_new(view->clip, &view->rim, false);
    return rim.most;
}

static size_t count_others(const Census *census) {
    return census->n - census->n_most;
}

static bool is_flat(const Census *census) {
    return count_others(census) * FEW <= census->n;
}

/* --- Steps, counted --- */

/* How many changed pixels, or of a sample, have which steps to the ones right of them and below. A hard one is more than an eighth of
 * the contrast: there a shape ends. */
typedef struct {
    size_t n;       /* all of which both are known */
    size_t rough;   /* more than dither, in either direction */
    size_t soft;    /* more than dither in both directions, and not hard: as in photos */
    size_t corners; /* hard in both directions, as in letters, but not along lines */
} Texture;

static int step_between(const uint8_t *picture, size_t a, size_t b) {
    int step = 0;
    for (size_t channel = 0; channel < 4; channel++)
        step = MAX(step, abs(picture[4 * a + channel] - picture[4 * b + channel]));
    return step;
}

/* From the darkest to the brightest, in the channel in which this is the most. */
static int contrast_of(const View *view, const uint8_t *picture) {
    uint8_t lowest[4] = {255, 255, 255, 255}, highest[4] = {0};
    for (uint32_t i = 0; i < MIN(view->changed.n, MOST_STEPS); i++) {
        const uint8_t *pixel = picture + 4 * (size_t)sample_of(&view->changed, MOST_STEPS, i);
        for (int channel = 0; channel < 4; channel++) {
            lowest[channel] = MIN(lowest[channel], pixel[channel]);
            highest[channel] = MAX(highest[channel], pixel[channel]);
        }
    }
    int most = 0;
    for (int channel = 0; channel < 4; channel++)
        most = MAX(most, highest[channel] - lowest[channel]);
    return most;
}

static Texture texture_of(const View *view, const uint8_t *picture) {
    Texture texture = {0};
    const Clip *clip = view->clip;
    size_t width = (size_t)clip->box.width, n_pixels = width * (size_t)clip->box.height;
    int hard = MAX(contrast_of(view, picture) / 8, DITHER);
    for (uint32_t i = 0; i < MIN(view->changed.n, MOST_STEPS); i++) {
        size_t place = sample_of(&view->changed, MOST_STEPS, i);
        if (place % width == width - 1 || place + width >= n_pixels)
            continue;
        if (!clip->known[place + 1] || !clip->known[place + width])
            continue;
        int right = step_between(picture, place, place + 1), below = step_between(picture, place, place + width);
        texture.n++;
        texture.rough += MAX(right, below) > DITHER;
        texture.soft += MIN(right, below) > DITHER && MAX(right, below) <= hard;
        texture.corners += MIN(right, below) > hard;
    }
    return texture;
}

/* --- Moved --- */

typedef struct {
    int dx, dy;
} Offset;

typedef struct {
    size_t n, matched, failed; /* the others came from where nothing is known, or show ground from ground */
} Fit;

enum { BUCKET_BITS = 12, BUCKETS = 1 << BUCKET_BITS };

static uint32_t bucket_of(Color color) {
    return color * GOLDEN >> (32 - BUCKET_BITS);
}

/* What moves takes its colors along, and those of the ground take its place: there are as many of each as before. This
 * spares the search, and tells a box that moved from one that grew. Colors that share a bucket do no harm. */
static bool has_kept_its_colors(const View *view) {
    int balance[BUCKETS] = {0};
    for (uint32_t i = 0; i < view->changed.n; i++) {
        Pair pair = pair_at(view->clip, view->changed.at[i]);
        balance[bucket_of(pair.from)]++;
        balance[bucket_of(pair.to)]--;
    }
    size_t odd = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        odd += (size_t)abs(balance[i]);
    return odd * FEW <= 2 * (size_t)view->changed.n; /* a pixel at odds is counted in two buckets */
}

/* Whether what a changed pixel shows was where the offset says that it came from. */
static void add_to_fit(const View *view, Offset offset, uint32_t place, Fit *fit) {
    const Clip *clip = view->clip;
    int width = clip->box.width;
    int x = (int)place % width - offset.dx, y = (int)place / width - offset.dy;
    fit->n++;
    if (x < 0 || y < 0 || x >= width || y >= clip->box.height)
        return;
    size_t source = (size_t)y * (size_t)width + (size_t)x;
    if (!clip->known[source])
        return;
    Color was = color_at(clip->reference, source), is = color_at(clip->run, place);
    fit->failed += was != is;
    fit->matched += was == is && is != view->ground;
}

static Fit fit_offset(const View *view, Offset offset, uint32_t n_samples) {
    Fit fit = {0};
    for (uint32_t i = 0; i < MIN(view->changed.n, n_samples); i++)
        add_to_fit(view, offset, sample_of(&view->changed, n_samples, i), &fit);
    return fit;
}

/* Whether it is wrong of hardly any pixel, and right of a good part: half of them may be ground. */
static bool explains(Fit fit) {
    return fit.failed * FEW <= fit.n && fit.matched * 4 >= fit.n;
}

typedef struct {
    Offset offset;
    size_t failed;
} Candidate;

static int length_of(Offset offset) {
    return abs(offset.dx) + abs(offset.dy);
}

static int by_failures_and_length(const void *a, const void *b) {
    const Candidate *first = a, *second = b;
    if (first->failed != second->failed)
        return first->failed < second->failed ? -1 : 1;
    return length_of(first->offset) - length_of(second->offset);
}

static void add_candidate(GArray *candidates, const View *view, Offset offset, uint32_t n_samples) {
    Fit fit = fit_offset(view, offset, n_samples);
    const Candidate candidate = {offset, fit.failed};
    if (explains(fit))
        g_array_append_val(candidates, candidate);
}

/* Of Candidate, the likeliest first. */
static GArray *find_candidates(const View *view) {
    GArray *candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));
    for (int dy = -REACH; dy <= REACH; dy++)
        for (int dx = -REACH; dx <= REACH; dx++)
            add_candidate(candidates, view, (Offset){dx, dy}, PROBES);
    g_array_sort(candidates, by_failures_and_length); /* it is stable */
    return candidates;
}

static bool has_moved(const View *view, Offset *out_offset) {
    if (!has_kept_its_colors(view))
        return false;
    g_autoptr(GArray) likely = find_candidates(view);
    g_autoptr(GArray) sure = g_array_new(FALSE, FALSE, sizeof(Candidate));
    for (guint i = 0; i < MIN(likely->len, MOST_OFFSETS); i++)
        add_candidate(sure, view, g_array_index(likely, Candidate, i).offset, view->changed.n);
    g_array_sort(sure, by_failures_and_length);
    if (sure->len > 0)
        *out_offset = g_array_index(sure, Candidate, 0).offset;
    return sure->len > 0;
}

/* --- Inserted, removed --- */

/* How many pixels next to changed ones did not change, and have one of two colors. */
typedef struct {
    size_t n, n_from, n_to;
} Border;

static void add_to_border(const Clip *clip, Pair pair, size_t neighbor, Border *border) {
    Pair beside = pair_at(clip, neighbor);
    if (!clip->known[neighbor] || beside.from != beside.to)
        return;
    border->n++;
    border->n_from += beside.from == pair.from;
    border->n_to += beside.to == pair.to;
}

static Border look_around(const View *view, Pair pair) {
    Border border = {0};
    size_t width = (size_t)view->clip->box.width, n_pixels = width * (size_t)view->clip->box.height;
    for (uint32_t i = 0; i < view->changed.n; i++) {
        size_t place = view->changed.at[i];
        if (place % width > 0)
            add_to_border(view->clip, pair, place - 1, &border);
        if (place % width < width - 1)
            add_to_border(view->clip, pair, place + 1, &border);
        if (place >= width)
            add_to_border(view->clip, pair, place - width, &border);
        if (place + width < n_pixels)
            add_to_border(view->clip, pair, place + width, &border);
    }
    return border;
}

/* One color became another. Where the first goes on beside it, a shape has come; where the second does, one has gone;
 * where both do, one has grown or shrunk. */
static ChangeKind kind_of_flat(const View *view, Pair pair) {
    Border border = look_around(view, pair);
    if ((border.n_from + border.n_to) * 2 < border.n || border.n == 0)
        return CHANGE_RECOLORED;
    if (border.n_from > 2 * border.n_to)
        return CHANGE_INSERTED;
    return border.n_to > 2 * border.n_from ? CHANGE_REMOVED : CHANGE_OTHER;
}

/* Whether a was of one color where b was not. What is in both, like corners that are round, is not looked at. */
static bool is_flat_ground(const Census *a, const Census *b) {
    return is_flat(a) && count_others(b) > 4 * count_others(a) && count_others(b) * 200 > b->n;
}

/* Whether a was a gradient where b was more. */
static bool is_smooth_ground(const Texture *a, const Texture *b) {
    return a->rough * 50 <= a->n && b->rough * 10 > b->n;
}

/* --- Recolored --- */

/* Whether the ground, which is there still, went in some places and came in others: then shapes changed. */
static bool has_ground_shifted(const View *view, const Census *forward) {
    size_t gone = 0, come = 0;
    for (size_t i = 0; i < forward->n; i++) {
        gone += pair_of(forward, i)->from == view->ground;
        come += pair_of(forward, i)->to == view->ground;
    }
    return MIN(gone, come) * FEW > forward->n;
}

/* Whether the first color tells the second. Those that are there but once would tell anything, and do not count. */
static bool is_function(const Census *census) {
    size_t telling = census->n - census->n_colors;
    return telling * 2 >= census->n && (census->n - census->n_faithful) * FEW <= telling;
}

/* The channels of a pair, both colors. */
enum { CHANNELS = 8 };

static const uint8_t *channels_of(const Pair *pair) {
    return (const uint8_t *)pair;
}

/* n * n times the covariance, which fits by far for so few samples. */
static int64_t covariance(const Census *census, int a, int b) {
    int64_t sum_a = 0, sum_b = 0, sum_ab = 0;
    for (size_t i = 0; i < census->n; i++) {
        const uint8_t *channels = channels_of(pair_of(census, i));
        sum_a += channels[a];
        sum_b += channels[b];
        sum_ab += channels[a] * channels[b];
    }
    return (int64_t)census->n * sum_ab - sum_a * sum_b;
}

/* Whether all channels of both colors rise and fall together, as they do from ground to ink: with a correlation of at
 * least 0.99 to the one that varies most. Those that vary by less than a twentieth of it are too coarse for that, but
 * of each color one must. */
static bool is_blend(const Census *census) {
    enum { LEAST_COLORS = 4 }; /* fewer are on a line by chance */
    double variances[CHANNELS];
    int widest = 0;
    for (int i = 0; i < CHANNELS; i++) {
        variances[i] = (double)covariance(census, i, i);
        if (variances[i] > variances[widest])
            widest = i;
    }
    bool varies[2] = {false, false};
    for (int i = 0; i < CHANNELS; i++) {
        if (variances[i] * 400 <= variances[widest])
            continue;
        varies[i / 4] = true;
        double both = (double)covariance(census, i, widest);
        if (both * both < 0.98 * variances[i] * variances[widest])
            return false;
    }
    return varies[0] && varies[1] && census->n_colors >= LEAST_COLORS;
}

static bool is_recolored(const View *view, const Census *forward, const Census *backward) {
    return ((is_function(forward) && is_function(backward)) || is_blend(forward)) && !has_ground_shifted(view, forward);
}

/* Levels, of all channels: 0 to MOST_DISTANCE. */
enum { MOST_DISTANCE = 4 * 255 };

static int distance(const Pair *pair) {
    const uint8_t *channels = channels_of(pair);
    int sum = 0;
    for (int i = 0; i < CHANNELS / 2; i++)
        sum += abs(channels[i] - channels[i + CHANNELS / 2]);
    return sum;
}

/* How much those changed that changed most: nine tenths of what one in so many reaches. */
static int far_distance(const Census *census) {
    size_t counts[MOST_DISTANCE + 1] = {0};
    for (size_t i = 0; i < census->n; i++)
        counts[distance(pair_of(census, i))]++;
    int far = MOST_DISTANCE;
    for (size_t reached = counts[far]; reached * FEW < census->n; reached += counts[far])
        far--;
    return far * 9 / 10;
}

/* Of those that changed most the most frequent: ink, not the edges of letters. */
static Pair find_main_pair(const Census *census) {
    int far = far_distance(census);
    Pair main_pair = {0};
    for (size_t i = 0, n_same, n_main = 0; i < census->n; i += n_same) {
        n_same = count_same(census, i);
        if (n_same > n_main && distance(pair_of(census, i)) >= far) {
            main_pair = *pair_of(census, i);
            n_main = n_same;
        }
    }
    return main_pair;
}

/* --- All of it --- */

/* One of the two pictures, where pixels changed. */
typedef struct {
    Census colors; /* each with what it became in the other picture, or was there */
    Texture texture;
} Side;

static void side_clear(Side *side) {
    census_clear(&side->colors);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Side, side_clear)

static ChangeKind find_kind(const View *view, const Side *reference, const Side *run, Offset *out_offset) {
    const Census *forward = &reference->colors, *backward = &run->colors;
    if (has_moved(view, out_offset))
        return CHANGE_MOVED;
    if (is_flat_ground(forward, backward))
        return CHANGE_INSERTED;
    if (is_flat_ground(backward, forward))
        return CHANGE_REMOVED;
    if (is_flat(forward) && is_flat(backward))
        return kind_of_flat(view, (Pair){forward->most, backward->most});
    if (is_recolored(view, forward, backward))
        return CHANGE_RECOLORED;
    if (is_smooth_ground(&reference->texture, &run->texture))
        return CHANGE_INSERTED;
    return is_smooth_ground(&run->texture, &reference->texture) ? CHANGE_REMOVED : CHANGE_OTHER;
}

static ChangeLook find_look(const View *view, const Texture *texture, ChangeKind kind) {
    if (texture->soft * 4 > texture->n)
        return LOOK_IMAGE;
    /* A ground which has another color now has so around each of its letters. */
    if (kind == CHANGE_RECOLORED && view->changed.n > view->n_kept)
        return LOOK_PLAIN;
    return texture->corners * 32 > texture->n ? LOOK_TEXT : LOOK_PLAIN;
}

static Change guess(const View *view, const Side *reference, const Side *run) {
    Offset offset = {0, 0};
    Change change = {.kind = find_kind(view, reference, run, &offset)};
    change.dx = offset.dx;
    change.dy = offset.dy;
    change.look = find_look(view, change.kind == CHANGE_REMOVED ? &reference->texture : &run->texture, change.kind);
    if (change.kind == CHANGE_RECOLORED) {
        Pair pair = find_main_pair(&reference->colors);
        memcpy(change.from, &pair.from, sizeof change.from);
        memcpy(change.to, &pair.to, sizeof change.to);
    }
    return change;
}

Change change_guess(const Clip *clip) {
    g_auto(View) view = view_new(clip);
    view.ground = find_ground(&view);
    if (!clip->whole || view.changed.n == 0) {
        Texture texture = texture_of(&view, clip->run);
        return (Change){.kind = CHANGE_OTHER, .look = find_look(&view, &texture, CHANGE_OTHER)};
    }
    g_auto(Side) reference = {census_new(clip, &view.changed, false), texture_of(&view, clip->reference)};
    g_auto(Side) run = {census_new(clip, &view.changed, true), texture_of(&view, clip->run)};
    return guess(&view, &reference, &run);
}

/* --- Names --- */

static const char *const kind_names[] = {
    [CHANGE_OTHER] = "changed",   [CHANGE_MOVED] = "moved",         [CHANGE_INSERTED] = "inserted",
    [CHANGE_REMOVED] = "removed", [CHANGE_RECOLORED] = "recolored",
};
static const char *const look_names[] = {[LOOK_PLAIN] = "plain", [LOOK_TEXT] = "text", [LOOK_IMAGE] = "image"};

static bool find_name(const char *const *names, size_t n, const char *name, size_t *out_index) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            *out_index = i;
            return true;
        }
    }
    return false;
}

const char *change_kind_name(ChangeKind kind) {
    return kind_names[kind];
}

bool change_kind_from_name(const char *name, ChangeKind *out_kind) {
    size_t index;
    if (!find_name(kind_names, G_N_ELEMENTS(kind_names), name, &index))
        return false;
    *out_kind = (ChangeKind)index;
    return true;
}

const char *change_look_name(ChangeLook look) {
    return look_names[look];
}

bool change_look_from_name(const char *name, ChangeLook *out_look) {
    size_t index;
    if (!find_name(look_names, G_N_ELEMENTS(look_names), name, &index))
        return false;
    *out_look = (ChangeLook)index;
    return true;
}
