/* Hashes of strips are put together to those of whole rows, and row_pairs.c finds which row is which. What it leaves is
 * paired by place. If a strip then has many rows that are not equal, but for which there are equal ones, it is asked
 * what pairs it would have alone. Such answers compete for all strips; neighbours with the same one become a group. */
#include "diff/align.h"

#include "diff/row_pairs.h"

#include <string.h>

enum {
    /* Equal rows between changed ones are told as a band of their own from this height on. */
    MIN_EQUAL_HEIGHT = 8,
    /* An answer must make so many more telling rows of a strip equal than all others do to be one more candidate,
     * and of those that they do not, this part: rows of a gradient are equal here and there by chance. */
    MIN_GAIN = 32,
    MIN_GAIN_SHARE = 4,
    MAX_CANDIDATES = 8,
    /* No more strips are asked when so many had nothing to say: a page on which all is everywhere would take long. */
    MAX_REFUSALS = 4,
    /* So few that they stay in the processor's cache; of the largest picture's rows a 32nd is thought to be there that
     * is not. */
    FILTER_BITS = 1 << 20,
    /* What a border between groups costs, in telling rows of a strip that become equal: a sidebar that is worth telling
     * has more. It keeps chance from tearing the page apart. */
    BORDER_COST = 128,
    /* Of Skia, which paints Chromium's pages; where it has another, a gradient tells too much. */
    DITHER_HEIGHT = 8,
    /* By so many rows a gap is rounded otherwise at most: once above, once below. */
    JITTER_HEIGHT = 2,
};

/* Two pictures by the strips that both have. */
typedef struct {
    const RowHashes *reference, *run;
    int n_strips;
} Pictures;

/* Strips from first on and before end. */
typedef struct {
    int first, end;
} Strips;

static int strip_end(const RowHashes *picture, int strip) {
    return strip == picture->n_strips - 1 ? picture->width : (strip + 1) * picture->strip_width;
}

static int count_common_strips(const RowHashes *reference, const RowHashes *run) {
    int strip = 0;
    while (strip < reference->n_strips && strip < run->n_strips && strip_end(reference, strip) == strip_end(run, strip))
        strip++;
    return strip;
}

static const uint64_t *strip_hash(const RowHashes *picture, int strip, int y) {
    return &picture->hashes[(size_t)y * (size_t)picture->n_strips + (size_t)strip];
}

/* One hash for each row. All bits of the strips' are good, so a sum with odd factors is. */
static uint64_t *join_strips(const RowHashes *picture, Strips strips) {
    uint64_t factors[ALIGN_MAX_STRIPS], factor = 1;
    for (int i = 0; i < ALIGN_MAX_STRIPS; i++)
        factors[i] = factor *= UINT64_C(0x9fb21c651e98df25);
    uint64_t *hashes = g_new(uint64_t, (size_t)picture->height);
    for (int y = 0; y < picture->height; y++) {
        const uint64_t *row = strip_hash(picture, 0, y);
        uint64_t hash = 0;
        for (int strip = strips.first; strip < strips.end; strip++)
            hash += row[strip] * factors[strip];
        hashes[y] = hash;
    }
    return hashes;
}

static bool looks_like(const RowHashes *picture, int strip, int y, int other_y) {
    return other_y >= 0 && other_y < picture->height &&
           *strip_hash(picture, strip, y) == *strip_hash(picture, strip, other_y);
}

/* Whether a row of a strip tells where it belongs. One that looks like its neighbour does not: blank space, and what
 * has only vertical lines. Nor does a gradient to the side, which is dithered in a pattern DITHER_HEIGHT rows high. */
static bool is_telling(const RowHashes *picture, int strip, int y) {
    return !looks_like(picture, strip, y, y - 1) && !looks_like(picture, strip, y, y + 1) &&
           !looks_like(picture, strip, y, y - DITHER_HEIGHT) && !looks_like(picture, strip, y, y + DITHER_HEIGHT);
}

/* Some rows of both pictures. */
typedef struct {
    int *reference, *run; /* y of each, ascending */
    int n_reference, n_run;
} RowList;

static void row_list_init(RowList *list, const Pictures *pictures) {
    list->reference = g_new(int, (size_t)pictures->reference->height);
    list->run = g_new(int, (size_t)pictures->run->height);
    list->n_reference = list->n_run = 0;
}

static void row_list_clear(RowList *list) {
    g_free(list->reference);
    g_free(list->run);
}

/* Whether a telling row of a strip is equal. */
static bool is_told(const Pictures *pictures, int strip, int reference_y, int run_y) {
    return *strip_hash(pictures->reference, strip, reference_y) == *strip_hash(pictures->run, strip, run_y) &&
           is_telling(pictures->run, strip, run_y);
}

static int count_told_strips(const Pictures *pictures, Strips strips, int reference_y, int run_y) {
    int n_told = 0;
    for (int strip = strips.first; strip < strips.end; strip++)
        n_told += is_told(pictures, strip, reference_y, run_y);
    return n_told;
}

/* Pairs the rows of a gap by place, from its top or from its bottom on, whichever makes more telling rows of strips
 * equal. */
static void pair_gap(RowPairs *pairs, const Pictures *pictures, Strips strips, const RowList *gap) {
    int n_pairs = MIN(gap->n_reference, gap->n_run);
    const int *lower_reference = gap->reference + gap->n_reference - n_pairs;
    const int *lower_run = gap->run + gap->n_run - n_pairs;
    int64_t n_told_upper = 0, n_told_lower = 0;
    for (int i = 0; i < n_pairs && gap->n_reference != gap->n_run; i++) {
        n_told_upper += count_told_strips(pictures, strips, gap->reference[i], gap->run[i]);
        n_told_lower += count_told_strips(pictures, strips, lower_reference[i], lower_run[i]);
    }
    bool upper = n_told_upper >= n_told_lower;
    for (int i = 0; i < n_pairs; i++)
        row_pairs_add(pairs, upper ? gap->reference[i] : lower_reference[i], upper ? gap->run[i] : lower_run[i], false);
}

static void pair_gaps(RowPairs *pairs, const Pictures *pictures, Strips strips) {
    RowList gap;
    row_list_init(&gap, pictures);
    int reference_y = 0, run_y = 0;
    while (reference_y < pairs->n_reference || run_y < pairs->n_run) {
        gap.n_reference = gap.n_run = 0;
        for (; reference_y < pairs->n_reference; reference_y++) {
            if (pairs->of_reference[reference_y] == -1)
                gap.reference[gap.n_reference++] = reference_y;
            else if (!row_pairs_has_moved(pairs, reference_y))
                break;
        }
        for (; run_y < pairs->n_run && (pairs->of_run[run_y] == -1 || pairs->moved[run_y]); run_y++)
            if (pairs->of_run[run_y] == -1)
                gap.run[gap.n_run++] = run_y;
        pair_gap(pairs, pictures, strips, &gap);
        /* Both stand at a pair that did not move, or at the end. */
        reference_y++;
        run_y++;
    }
    row_list_clear(&gap);
}

/* Neighbouring strips, and which of their rows belong together. */
typedef struct {
    const Pictures *pictures;
    Strips strips;
    uint64_t *reference, *run; /* a hash for each row */
    RowPairs *pairs;
} Group;

static void group_free(Group *group) {
    if (!group)
        return;
    g_free(group->reference);
    g_free(group->run);
    row_pairs_free(group->pairs);
    g_free(group);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Group, group_free)

static Group *group_new(const Pictures *pictures, Strips strips) {
    int n_reference = pictures->reference->height, n_run = pictures->run->height;
    Group *group = g_new0(Group, 1);
    group->pictures = pictures;
    group->strips = strips;
    group->reference = join_strips(pictures->reference, strips);
    group->run = join_strips(pictures->run, strips);
    bool is_empty = strips.first == strips.end; /* no strip is common: nothing can be equal */
    group->pairs =
        is_empty ? row_pairs_new(n_reference, n_run) : row_pairs_find(group->reference, n_reference, group->run, n_run);
    pair_gaps(group->pairs, pictures, strips);
    return group;
}

static bool rows_are_equal(const Group *group, int reference_y, int run_y) {
    return group->strips.first < group->strips.end && group->reference[reference_y] == group->run[run_y];
}

typedef struct {
    const Pictures *pictures;
    Group *candidates[MAX_CANDIDATES]; /* the first is that of whole rows */
    int n_candidates, n_refusals;
    int n_told[MAX_CANDIDATES][ALIGN_MAX_STRIPS]; /* how many telling rows of the strip are equal then */
    uint8_t *filter;                              /* of FILTER_BITS, for the hashes of a strip */
} Election;

/* Adds to the counts of some strips how many of their telling rows are equal. */
static void count_told(const Pictures *pictures, Strips strips, const RowPairs *pairs, int *counts) {
    for (int run_y = 0; run_y < pairs->n_run; run_y++)
        for (int strip = strips.first; strip < strips.end && pairs->of_run[run_y] != -1; strip++)
            counts[strip] += is_told(pictures, strip, pairs->of_run[run_y], run_y);
}

static int sum_of_told(const Pictures *pictures, Strips strips, const RowPairs *pairs) {
    int counts[ALIGN_MAX_STRIPS] = {0}, sum = 0;
    count_told(pictures, strips, pairs, counts);
    for (int strip = strips.first; strip < strips.end; strip++)
        sum += counts[strip];
    return sum;
}

static void add_candidate(Election *election, Group *group) {
    Strips all = {0, election->pictures->n_strips};
    count_told(election->pictures, all, group->pairs, election->n_told[election->n_candidates]);
    election->candidates[election->n_candidates++] = group;
}

/* Takes the group of all strips. */
static void election_init(Election *election, Group *whole) {
    memset(election, 0, sizeof *election);
    election->pictures = whole->pictures;
    election->filter = g_new(uint8_t, FILTER_BITS / 8);
    add_candidate(election, whole);
}

static void election_clear(Election *election) {
    for (int i = 0; i < election->n_candidates; i++)
        group_free(election->candidates[i]);
    g_free(election->filter);
}

/* A telling row of a strip whose row in the other picture, if it has one, is not equal. */
static bool is_open(const RowHashes *picture, const RowHashes *other, int strip, int y, int other_y) {
    return is_telling(picture, strip, y) &&
           (other_y == -1 || *strip_hash(picture, strip, y) != *strip_hash(other, strip, other_y));
}

/* Of a strip, counts the rows of the run that are open in the first candidate, and those among them for which the
 * reference has an equal one that is open, too. */
static void count_open(const Election *election, const RowList *list, int strip, int *n_open, int *n_findable) {
    const RowHashes *reference = election->pictures->reference, *run = election->pictures->run;
    const RowPairs *whole = election->candidates[0]->pairs;
    memset(election->filter, 0, FILTER_BITS / 8);
    for (int i = 0; i < list->n_reference; i++) {
        int y = list->reference[i];
        uint64_t bit = *strip_hash(reference, strip, y) % FILTER_BITS;
        if (is_open(reference, run, strip, y, whole->of_reference[y]))
            election->filter[bit / 8] |= (uint8_t)(1 << bit % 8);
    }
    for (int i = 0; i < list->n_run; i++) {
        int y = list->run[i];
        uint64_t bit = *strip_hash(run, strip, y) % FILTER_BITS;
        bool open = is_open(run, reference, strip, y, whole->of_run[y]);
        *n_open += open;
        *n_findable += open && (election->filter[bit / 8] >> bit % 8 & 1);
    }
}

static int most_told(const Election *election, int strip) {
    int most = 0;
    for (int i = 0; i < election->n_candidates; i++)
        most = MAX(most, election->n_told[i][strip]);
    return most;
}

/* Asks a strip for an answer of its own, if all candidates leave much of it open for which there is one. */
static void ask_strip(Election *election, const RowList *list, int strip) {
    int n_open = 0, n_findable = 0;
    count_open(election, list, strip, &n_open, &n_findable);
    int most = most_told(election, strip), gained = most - election->n_told[0][strip];
    int least_gain = MAX(MIN_GAIN, (n_open - gained) / MIN_GAIN_SHARE);
    if (n_findable - gained < least_gain)
        return;
    Strips alone = {strip, strip + 1};
    g_autoptr(Group) group = group_new(election->pictures, alone);
    if (sum_of_told(election->pictures, alone, group->pairs) - most >= least_gain)
        add_candidate(election, g_steal_pointer(&group));
    else
        election->n_refusals++;
}

static void ask_strips(Election *election, const RowList *list) {
    for (int strip = 0; strip < election->pictures->n_strips; strip++)
        if (election->n_candidates < MAX_CANDIDATES && election->n_refusals < MAX_REFUSALS)
            ask_strip(election, list, strip);
}

/* Chooses a candidate for each strip: the most equal rows of all strips together, less the borders. */
static void elect(const Election *election, int *chosen) {
    int n_strips = election->pictures->n_strips;
    int64_t scores[ALIGN_MAX_STRIPS][MAX_CANDIDATES];
    int before[ALIGN_MAX_STRIPS][MAX_CANDIDATES];
    int best = 0; /* of the strip before; of equals, the first */
    for (int strip = 0; strip < n_strips; strip++) {
        int best_here = 0;
        for (int i = 0; i < election->n_candidates; i++) {
            int64_t stay = strip == 0 ? 0 : scores[strip - 1][i];
            int64_t change = strip == 0 ? 0 : scores[strip - 1][best] - BORDER_COST;
            before[strip][i] = stay >= change ? i : best;
            scores[strip][i] = MAX(stay, change) + election->n_told[i][strip];
            best_here = scores[strip][i] > scores[strip][best_here] ? i : best_here;
        }
        best = best_here;
    }
    for (int strip = n_strips - 1; strip >= 0; strip--) {
        chosen[strip] = best;
        best = before[strip][best];
    }
}

static int count_telling(const RowHashes *picture, int strip) {
    int n_telling = 0;
    for (int y = 0; y < picture->height; y++)
        n_telling += is_telling(picture, strip, y);
    return n_telling;
}

/* Whether a strip at the border of a group is split by the real border: most of it is open, whatever is chosen. In the
 * group it would make all rows changed. */
static bool is_split(const Election *election, const int *chosen, int strip) {
    bool at_left = strip > 0 && chosen[strip - 1] != chosen[strip];
    bool at_right = strip + 1 < election->pictures->n_strips && chosen[strip + 1] != chosen[strip];
    return (at_left || at_right) &&
           election->n_told[chosen[strip]][strip] < count_telling(election->pictures->run, strip) / 2;
}

/* The strip behind the last one of the group that begins with this one. */
static int find_group_end(const Election *election, const int *chosen, int first) {
    if (is_split(election, chosen, first))
        return first + 1;
    int end = first + 1;
    while (end < election->pictures->n_strips && chosen[end] == chosen[first] && !is_split(election, chosen, end))
        end++;
    return end;
}

/* The pairs of a candidate as they are for a group: rows that moved are equal in all of its strips, or have not. */
static RowPairs *adopt(const Group *group, const RowPairs *candidate) {
    RowPairs *pairs = row_pairs_new(candidate->n_reference, candidate->n_run);
    for (int run_y = 0; run_y < candidate->n_run; run_y++) {
        int reference_y = candidate->of_run[run_y];
        bool moved = candidate->moved[run_y];
        if (reference_y != -1 && (!moved || rows_are_equal(group, reference_y, run_y)))
            row_pairs_add(pairs, reference_y, run_y, moved);
    }
    pair_gaps(pairs, group->pictures, group->strips);
    return pairs;
}

/* Strips know more together than the one whose answer they have chosen, except where one of them spoils all rows. */
static Group *make_group(const Pictures *pictures, Strips strips, const RowPairs *candidate) {
    Group *group = group_new(pictures, strips);
    g_autoptr(RowPairs) adopted = adopt(group, candidate);
    if (sum_of_told(pictures, strips, adopted) > sum_of_told(pictures, strips, group->pairs)) {
        row_pairs_free(group->pairs);
        group->pairs = g_steal_pointer(&adopted);
    }
    return group;
}

/* The bands of a group, in the making. */
typedef struct {
    const Group *group;
    int reference_y, run_y; /* where the next band begins */
    GArray *bands;
} Writer;

static void add_band(Writer *writer, BandKind kind, int reference_height, int run_height) {
    const Pictures *pictures = writer->group->pictures;
    const RowHashes *run = pictures->run;
    Strips strips = writer->group->strips;
    int x = strips.first * run->strip_width;
    int end = strips.end == pictures->n_strips ? run->width : strip_end(run, strips.end - 1);
    bool moved = kind == BAND_MOVED;
    Band band = {
        .kind = kind,
        .x = x,
        .width = end - x,
        .reference_y = moved ? writer->group->pairs->of_run[writer->run_y] : writer->reference_y,
        .reference_height = reference_height,
        .run_y = writer->run_y,
        .run_height = run_height,
    };
    g_array_append_val(writer->bands, band);
    writer->reference_y += moved ? 0 : reference_height;
    writer->run_y += run_height;
}

/* How many rows from one of the run on are pairs of the same offset, all moved or all not. */
static int stretch_height(const RowPairs *pairs, int run_y) {
    int height = 1;
    while (run_y + height < pairs->n_run && pairs->of_run[run_y + height] == pairs->of_run[run_y] + height &&
           pairs->moved[run_y + height] == pairs->moved[run_y])
        height++;
    return height;
}

static int unpaired_height(const int *pair_of, int n_rows, int y) {
    int end = y;
    while (end < n_rows && pair_of[end] == -1)
        end++;
    return end - y;
}

static bool is_equal_at(const Writer *writer, int i) {
    return rows_are_equal(writer->group, writer->reference_y + i, writer->run_y + i);
}

static int equal_height(const Writer *writer, int max_height) {
    int height = 0;
    while (height < max_height && is_equal_at(writer, height))
        height++;
    return height;
}

/* Up to the last changed row before MIN_EQUAL_HEIGHT equal ones. */
static int changed_height(const Writer *writer, int max_height) {
    int height = 0;
    for (int i = 0; i < max_height && i - height < MIN_EQUAL_HEIGHT; i++)
        if (!is_equal_at(writer, i))
            height = i + 1;
    return height;
}

static void write_stretch(Writer *writer, int height) {
    int end = writer->run_y + height;
    while (writer->run_y < end) {
        int n_equal = equal_height(writer, end - writer->run_y);
        if (n_equal > 0)
            add_band(writer, BAND_EQUAL, n_equal, n_equal);
        int n_changed = changed_height(writer, end - writer->run_y);
        if (n_changed > 0)
            add_band(writer, BAND_CHANGED, n_changed, n_changed);
    }
}

/* Writes what comes next in the run; false at the end of both pictures. */
static bool write_next(Writer *writer) {
    const RowPairs *pairs = writer->group->pairs;
    while (writer->reference_y < pairs->n_reference && row_pairs_has_moved(pairs, writer->reference_y))
        writer->reference_y++;
    int n_removed = unpaired_height(pairs->of_reference, pairs->n_reference, writer->reference_y);
    int n_inserted = unpaired_height(pairs->of_run, pairs->n_run, writer->run_y);
    if (n_removed > 0) {
        add_band(writer, BAND_REMOVED, n_removed, 0);
    } else if (n_inserted > 0) {
        add_band(writer, BAND_INSERTED, 0, n_inserted);
    } else if (writer->run_y < pairs->n_run) {
        int height = stretch_height(pairs, writer->run_y);
        if (pairs->moved[writer->run_y])
            add_band(writer, BAND_MOVED, height, height);
        else
            write_stretch(writer, height);
    } else {
        return false;
    }
    return true;
}

/* Whether rows of a picture all look like the one above them, or the one below. */
static bool are_like_neighbours(const uint64_t *hashes, int n_rows, int y, int height) {
    bool like_above = y > 0, like_below = y + height < n_rows;
    for (int i = 0; i < height; i++) {
        like_above = like_above && hashes[y + i] == hashes[y - 1];
        like_below = like_below && hashes[y + i] == hashes[y + height];
    }
    return like_above || like_below;
}

static bool may_be_jitter(const Group *group, const Band *band) {
    const Pictures *pictures = group->pictures;
    if (band->kind == BAND_INSERTED)
        return band->run_height <= JITTER_HEIGHT &&
               are_like_neighbours(group->run, pictures->run->height, band->run_y, band->run_height);
    return band->kind == BAND_REMOVED && band->reference_height <= JITTER_HEIGHT &&
           are_like_neighbours(group->reference, pictures->reference->height, band->reference_y,
                               band->reference_height);
}

static bool came_or_went(const Band *band) {
    return band->kind == BAND_INSERTED || band->kind == BAND_REMOVED || band->kind == BAND_MOVED;
}

/* Of pictures of one height, what came or went at the end, if anything did above it. */
static void find_end(const Group *group, GArray *bands, guint first) {
    bool above = false;
    for (guint i = first; i + 1 < bands->len; i++) {
        const Band *band = &g_array_index(bands, Band, i);
        above = above || (came_or_went(band) && !band->is_jitter);
    }
    Band *last = &g_array_index(bands, Band, bands->len - 1);
    bool same_height = group->pictures->reference->height == group->pictures->run->height;
    last->at_end = above && same_height && (last->kind == BAND_INSERTED || last->kind == BAND_REMOVED);
}

/* Of the bands from first on, which are those of a group. */
static void find_jitter(const Group *group, GArray *bands, guint first) {
    bool is_reason = false; /* what jitter comes from */
    for (guint i = first; i < bands->len; i++) {
        Band *band = &g_array_index(bands, Band, i);
        band->is_jitter = may_be_jitter(group, band);
        is_reason = is_reason || (came_or_went(band) && !band->is_jitter);
    }
    for (guint i = first; i < bands->len; i++) {
        Band *band = &g_array_index(bands, Band, i);
        band->is_jitter = band->is_jitter && is_reason;
    }
}

static void write_bands(const Group *group, GArray *bands) {
    guint first = bands->len;
    Writer writer = {.group = group, .bands = bands};
    while (write_next(&writer))
        continue;
    find_jitter(group, bands, first);
    find_end(group, bands, first);
}

static void write_groups(const Election *election, const int *chosen, GArray *bands) {
    int n_strips = election->pictures->n_strips;
    for (int first = 0, end; first < n_strips; first = end) {
        end = find_group_end(election, chosen, first);
        const RowPairs *candidate = election->candidates[chosen[first]]->pairs;
        g_autoptr(Group) group = make_group(election->pictures, (Strips){first, end}, candidate);
        write_bands(group, bands);
    }
}

/* Lists the rows which have no equal one, or none at all. */
static void find_unequal(const Group *group, RowList *list) {
    const RowPairs *pairs = group->pairs;
    for (int y = 0; y < pairs->n_reference; y++)
        if (pairs->of_reference[y] == -1 || !rows_are_equal(group, y, pairs->of_reference[y]))
            list->reference[list->n_reference++] = y;
    for (int y = 0; y < pairs->n_run; y++)
        if (pairs->of_run[y] == -1 || !rows_are_equal(group, pairs->of_run[y], y))
            list->run[list->n_run++] = y;
}

/* Takes the group of all strips. */
static void write_best_groups(Group *whole, const RowList *unequal, GArray *bands) {
    Election election;
    election_init(&election, whole);
    ask_strips(&election, unequal);
    if (election.n_candidates == 1) {
        write_bands(whole, bands);
    } else {
        int chosen[ALIGN_MAX_STRIPS];
        elect(&election, chosen);
        write_groups(&election, chosen, bands);
    }
    election_clear(&election);
}

GArray *align_rows(const RowHashes *reference, const RowHashes *run) {
    g_assert(reference->strip_width == run->strip_width);
    g_assert(reference->n_strips <= ALIGN_MAX_STRIPS && run->n_strips <= ALIGN_MAX_STRIPS);
    Pictures pictures = {reference, run, count_common_strips(reference, run)};
    g_autoptr(Group) whole = group_new(&pictures, (Strips){0, pictures.n_strips});
    RowList unequal;
    row_list_init(&unequal, &pictures);
    find_unequal(whole, &unequal);

    GArray *bands = g_array_new(FALSE, FALSE, sizeof(Band));
    if (MIN(unequal.n_reference, unequal.n_run) < MIN_GAIN)
        write_bands(whole, bands);
    else
        write_best_groups(g_steal_pointer(&whole), &unequal, bands);
    row_list_clear(&unequal);
    return bands;
}
