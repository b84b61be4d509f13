/* As one aligns genomes rather than as one compares source code: pages are full of rows that look alike (every blank
 * one), so the longest common subsequence finds thousands of rows that mean nothing.
 *
 *  1. What is equal at both ends is paired.
 *  2. Rows which each picture has only once are seeds (as in the patience diff). A seed grows up and down while rows
 *     are equal, into a match: so blank rows go with what stands next to them.
 *  3. Of the matches the best chain is taken: the most equal rows, rare ones counting most, less a price for each
 *     change of the offset. That is what keeps confetti out.
 *  4. Between two matches of the chain all this happens again, as rows may be unique there which the whole has often,
 *     and from now on with windows of some rows as seeds, too.
 *  5. Matches among the rows that are left over have moved.
 *
 * An offset is how much farther down a row stands in the run. */
#include "diff/row_pairs.h"

#include <string.h>

enum {
    /* What a pair counts whose row is unique; one of a row that is there n times counts an n-th of it, at least 1. */
    UNIQUE_WEIGHT = 16,
    /* What a change of the offset costs, besides 1 for each row inserted or removed: a line of text is worth it. */
    OFFSET_COST = 8 * UNIQUE_WEIGHT,
    /* What has moved must be worth as much as a change of the offset. */
    MOVED_WEIGHT = OFFSET_COST,
    /* Fractions of pixels round a line of text to one row or the next: stretches of less than WOBBLE_ROWS rows whose
     * offset differs by WOBBLE at most, there and back, are left unpaired. Larger ones are worth telling. */
    WOBBLE = 2,
    WOBBLE_ROWS = 32,
    /* Where no row is unique, so many together may be: taller than the space between two lines of text. */
    WINDOW = 16,
    /* How many matches back the one before is looked for in a chain: keeps the time linear. The best of all that are
     * farther back is known, too. */
    LOOK_BACK = 64,
    /* How often what is between matches is looked into; the second time rarely finds anything. */
    MAX_ROUNDS = 6,
};

enum { NONE = -1, MANY = -2 };

typedef struct {
    int reference_y, run_y, height; /* rows that are equal, one by one */
} Match;

/* Rows of both pictures, from begin on and before end. */
typedef struct {
    int reference_begin, reference_end, run_begin, run_end;
} Range;

/* What the rows of one picture are called: small numbers, equal where hashes are. */
typedef struct {
    int *rows;
    int *windows; /* of the WINDOW rows from this one on, NONE near the end; NULL in the first round */
} Names;

/* Where each name is: a row, NONE or MANY. */
typedef struct {
    int *in_reference, *in_run;
} Places;

typedef struct {
    RowPairs *pairs; /* what has been found */
    Names reference, run;
    Places rows, windows;
    int64_t *weights; /* weights[y] is what the rows of the run before y weigh together */
    int *reached;     /* for each offset, + n_reference: the end, in the run, of its last match */
} Search;

typedef struct {
    uint64_t key;
    int name; /* or NONE */
} Slot;

/* Gives out names: an open hash table which is never more than half full. */
typedef struct {
    Slot *slots;
    size_t mask;
    int n_names;
} Registry;

RowPairs *row_pairs_new(int n_reference, int n_run) {
    RowPairs *pairs = g_new0(RowPairs, 1);
    pairs->n_reference = n_reference;
    pairs->n_run = n_run;
    pairs->of_reference = g_new(int, (size_t)n_reference);
    pairs->of_run = g_new(int, (size_t)n_run);
    pairs->moved = g_new0(bool, (size_t)n_run);
    for (int y = 0; y < n_reference; y++)
        pairs->of_reference[y] = NONE;
    for (int y = 0; y < n_run; y++)
        pairs->of_run[y] = NONE;
    return pairs;
}

void row_pairs_free(RowPairs *pairs) {
    if (!pairs)
        return;
    g_free(pairs->of_reference);
    g_free(pairs->of_run);
    g_free(pairs->moved);
    g_free(pairs);
}

void row_pairs_add(RowPairs *pairs, int reference_y, int run_y, bool moved) {
    pairs->of_reference[reference_y] = run_y;
    pairs->of_run[run_y] = reference_y;
    pairs->moved[run_y] = moved;
}

bool row_pairs_has_moved(const RowPairs *pairs, int reference_y) {
    int run_y = pairs->of_reference[reference_y];
    return run_y != NONE && pairs->moved[run_y];
}

static void registry_init(Registry *registry, int n_keys) {
    size_t size = 16;
    while (size < 2 * (size_t)n_keys)
        size *= 2;
    registry->slots = g_new(Slot, size);
    for (size_t i = 0; i < size; i++)
        registry->slots[i].name = NONE;
    registry->mask = size - 1;
    registry->n_names = 0;
}

static void registry_clear(Registry *registry) {
    g_free(registry->slots);
}

static int name_of(Registry *registry, uint64_t key) {
    size_t i = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & registry->mask;
    while (registry->slots[i].name != NONE && registry->slots[i].key != key)
        i = (i + 1) & registry->mask;
    Slot *slot = &registry->slots[i];
    if (slot->name == NONE)
        *slot = (Slot){key, registry->n_names++};
    return slot->name;
}

static int *name_rows(Registry *registry, const uint64_t *hashes, int n_rows) {
    int *names = g_new(int, (size_t)n_rows);
    for (int y = 0; y < n_rows; y++)
        names[y] = name_of(registry, hashes[y]);
    return names;
}

/* A polynomial of the rows' hashes, of which each window is the one before without its first row and with another. Two
 * windows of the same name may differ, rarely: a match looks at the rows themselves. */
static int *name_windows(Registry *registry, const uint64_t *hashes, int n_rows) {
    const uint64_t base = UINT64_C(0xd6e8feb86659fd93);
    int *names = g_new(int, (size_t)n_rows);
    uint64_t power = 1, sum = 0;
    for (int i = 0; i < WINDOW; i++)
        power *= base;
    for (int y = 0; y < n_rows; y++) {
        names[y] = NONE;
        sum = sum * base + hashes[y];
        if (y >= WINDOW)
            sum -= power * hashes[y - WINDOW];
        if (y >= WINDOW - 1)
            names[y - WINDOW + 1] = name_of(registry, sum);
    }
    return names;
}

/* How often each name is there, in the picture that has it more often, gives the weights. */
static int64_t *weigh(const Search *search, int n_names) {
    const RowPairs *pairs = search->pairs;
    g_autofree int *in_reference = g_new0(int, (size_t)n_names);
    g_autofree int *in_run = g_new0(int, (size_t)n_names);
    for (int y = 0; y < pairs->n_reference; y++)
        in_reference[search->reference.rows[y]]++;
    for (int y = 0; y < pairs->n_run; y++)
        in_run[search->run.rows[y]]++;

    int64_t *weights = g_new(int64_t, (size_t)pairs->n_run + 1);
    weights[0] = 0;
    for (int y = 0; y < pairs->n_run; y++) {
        int name = search->run.rows[y];
        int64_t n_times = MAX(in_reference[name], in_run[name]);
        weights[y + 1] = weights[y] + MAX(UNIQUE_WEIGHT / (n_times * n_times), 1);
    }
    return weights;
}

static Places places_new(int n_names) {
    return (Places){g_new(int, (size_t)n_names), g_new(int, (size_t)n_names)};
}

static void search_init(Search *search, RowPairs *pairs, const uint64_t *reference, const uint64_t *run) {
    memset(search, 0, sizeof *search);
    Registry registry;
    registry_init(&registry, pairs->n_reference + pairs->n_run);
    search->pairs = pairs;
    search->reference.rows = name_rows(&registry, reference, pairs->n_reference);
    search->run.rows = name_rows(&registry, run, pairs->n_run);
    search->rows = places_new(registry.n_names);
    search->weights = weigh(search, registry.n_names);
    search->reached = g_new0(int, (size_t)pairs->n_reference + (size_t)pairs->n_run);
    registry_clear(&registry);
}

static void search_by_windows(Search *search, const uint64_t *reference, const uint64_t *run) {
    Registry registry;
    registry_init(&registry, search->pairs->n_reference + search->pairs->n_run);
    search->reference.windows = name_windows(&registry, reference, search->pairs->n_reference);
    search->run.windows = name_windows(&registry, run, search->pairs->n_run);
    search->windows = places_new(registry.n_names);
    registry_clear(&registry);
}

static bool has_windows(const Search *search) {
    return search->run.windows;
}

static void search_clear(Search *search) {
    g_free(search->reference.rows);
    g_free(search->reference.windows);
    g_free(search->run.rows);
    g_free(search->run.windows);
    g_free(search->rows.in_reference);
    g_free(search->rows.in_run);
    g_free(search->windows.in_reference);
    g_free(search->windows.in_run);
    g_free(search->weights);
    g_free(search->reached);
}

static int offset_of(Match match) {
    return match.run_y - match.reference_y;
}

static int64_t weight_of(const Search *search, Match match) {
    return search->weights[match.run_y + match.height] - search->weights[match.run_y];
}

static bool is_free(const Search *search, int reference_y, int run_y) {
    return search->pairs->of_reference[reference_y] == NONE && search->pairs->of_run[run_y] == NONE;
}

static bool may_pair(const Search *search, int reference_y, int run_y) {
    return search->reference.rows[reference_y] == search->run.rows[run_y] && is_free(search, reference_y, run_y);
}

static void pair_all(Search *search, Match match, bool moved) {
    for (int i = 0; i < match.height; i++)
        if (is_free(search, match.reference_y + i, match.run_y + i))
            row_pairs_add(search->pairs, match.reference_y + i, match.run_y + i, moved);
}

/* Notes where the names of a range's free rows are. */
static void find_places(const int *pair_of, const int *names, int begin, int end, int *places) {
    for (int y = begin; y < end; y++)
        if (pair_of[y] == NONE && names[y] != NONE)
            places[names[y]] = places[names[y]] == NONE ? y : MANY;
}

static void forget_places(const Places *places, const int *names, int begin, int end) {
    for (int y = begin; y < end; y++) {
        if (names[y] == NONE)
            continue;
        places->in_reference[names[y]] = NONE;
        places->in_run[names[y]] = NONE;
    }
}

static void find_all_places(const Search *search, Range in, const int *reference, const int *run,
                            const Places *places) {
    forget_places(places, reference, in.reference_begin, in.reference_end);
    forget_places(places, run, in.run_begin, in.run_end);
    find_places(search->pairs->of_reference, reference, in.reference_begin, in.reference_end, places->in_reference);
    find_places(search->pairs->of_run, run, in.run_begin, in.run_end, places->in_run);
}

static Match grow(const Search *search, Range in, int reference_y, int run_y) {
    int above = 0, below = 0;
    while (reference_y - above > in.reference_begin && run_y - above > in.run_begin &&
           may_pair(search, reference_y - above - 1, run_y - above - 1))
        above++;
    while (reference_y + below < in.reference_end && run_y + below < in.run_end &&
           may_pair(search, reference_y + below, run_y + below))
        below++;
    return (Match){reference_y - above, run_y - above, above + below};
}

/* Grows a match where a name is unique in both pictures, unless it is in a match already. A match ends where there is a
 * unique row of another offset, so all of them together take linear time. */
static void try_seed(const Search *search, Range in, const Places *places, int name, int run_y, GArray *matches) {
    if (name == NONE || places->in_reference[name] < 0 || places->in_run[name] != run_y)
        return;
    int reference_y = places->in_reference[name];
    int *reached = &search->reached[run_y - reference_y + search->pairs->n_reference];
    if (run_y < *reached)
        return;
    Match match = grow(search, in, reference_y, run_y);
    if (match.height == 0)
        return;
    *reached = match.run_y + match.height;
    g_array_append_val(matches, match);
}

static int by_place(const void *a, const void *b) {
    const Match *first = a, *second = b;
    return first->run_y != second->run_y ? first->run_y - second->run_y : first->reference_y - second->reference_y;
}

/* All matches of free rows in a range that have a seed, by their place in the run. Those of different offsets may
 * overlap. */
static GArray *find_matches(const Search *search, Range in) {
    find_all_places(search, in, search->reference.rows, search->run.rows, &search->rows);
    if (has_windows(search))
        find_all_places(search, in, search->reference.windows, search->run.windows, &search->windows);
    GArray *matches = g_array_new(FALSE, FALSE, sizeof(Match));
    for (int y = in.run_begin; y < in.run_end; y++) {
        try_seed(search, in, &search->rows, search->run.rows[y], y, matches);
        if (has_windows(search))
            try_seed(search, in, &search->windows, search->run.windows[y], y, matches);
    }
    for (guint i = 0; i < matches->len; i++)
        search->reached[offset_of(g_array_index(matches, Match, i)) + search->pairs->n_reference] = 0;
    g_array_sort(matches, by_place);
    return matches;
}

/* A match as the last of a chain. */
typedef struct {
    Match match;
    int before;  /* the index of the link before it, or NONE */
    int overlap; /* how many of the match's first rows are in that one already */
    int64_t score;
} Link;

/* Puts one link behind another if that is better than what it is behind now. */
static void try_link(const Search *search, const Link *links, int before, Link *link) {
    const Match a = links[before].match, b = link->match;
    int overlap = MAX(MAX(a.reference_y + a.height - b.reference_y, a.run_y + a.height - b.run_y), 0);
    if (overlap > 0 && overlap >= b.height)
        return;
    int step = ABS(offset_of(a) - offset_of(b));
    Match rest = {b.reference_y + overlap, b.run_y + overlap, b.height - overlap};
    int64_t score = links[before].score + weight_of(search, rest) - (step == 0 ? 0 : OFFSET_COST + step);
    if (link->before != NONE && score <= link->score)
        return;
    link->before = before;
    link->overlap = overlap;
    link->score = score;
}

static void link_all(const Search *search, Link *links, int n_links) {
    int best_far = 0; /* of those too far back to be looked at one by one */
    for (int i = 1; i < n_links; i++) {
        int nearest = MAX(i - LOOK_BACK, 0);
        if (nearest > 0 && links[nearest - 1].score > links[best_far].score)
            best_far = nearest - 1;
        for (int before = nearest; before < i; before++)
            try_link(search, links, before, &links[i]);
        try_link(search, links, best_far, &links[i]);
        try_link(search, links, 0, &links[i]); /* so that each has one before */
    }
}

/* Two matches of no rows stand at the corners of the range, so that what the offset costs there counts, too. */
static Link *make_links(const GArray *matches, Range in) {
    Link *links = g_new0(Link, (size_t)matches->len + 2);
    links[0].match = (Match){in.reference_begin, in.run_begin, 0};
    links[matches->len + 1].match = (Match){in.reference_end, in.run_end, 0};
    for (guint i = 0; i < matches->len; i++)
        links[i + 1].match = g_array_index(matches, Match, i);
    for (guint i = 0; i < matches->len + 2; i++)
        links[i].before = NONE;
    return links;
}

/* The best chain from one corner of a range to the other, which are its first and last match. None overlap. */
static GArray *find_chain(const Search *search, Range in) {
    g_autoptr(GArray) matches = find_matches(search, in);
    g_autofree Link *links = make_links(matches, in);
    int n_links = (int)matches->len + 2;
    link_all(search, links, n_links);

    int length = 0;
    for (int i = n_links - 1; i != NONE; i = links[i].before)
        length++;
    GArray *chain = g_array_new(FALSE, FALSE, sizeof(Match));
    g_array_set_size(chain, (guint)length);
    for (int i = n_links - 1; i != NONE; i = links[i].before) {
        Match match = links[i].match;
        int overlap = links[i].overlap;
        g_array_index(chain, Match, --length) =
            (Match){match.reference_y + overlap, match.run_y + overlap, match.height - overlap};
    }
    return chain;
}

static bool is_wobble(Match before, Match match, Match after) {
    int step = offset_of(match) - offset_of(before), next_step = offset_of(after) - offset_of(match);
    return ABS(step) <= WOBBLE && ABS(next_step) <= WOBBLE && (step < 0) != (next_step < 0) && step != 0 &&
           next_step != 0 && after.run_y - match.run_y < WOBBLE_ROWS;
}

/* The index behind the last match that has the offset of the one at start. */
static guint end_of_offset(const GArray *chain, guint start) {
    guint end = start + 1;
    while (end < chain->len &&
           offset_of(g_array_index(chain, Match, end)) == offset_of(g_array_index(chain, Match, start)))
        end++;
    return end;
}

/* Leaves out matches whose offset wobbles. */
static GArray *settle(const GArray *chain) {
    GArray *settled = g_array_new(FALSE, FALSE, sizeof(Match));
    for (guint start = 0, end; start < chain->len; start = end) {
        end = end_of_offset(chain, start);
        bool has_neighbours = settled->len > 0 && end < chain->len;
        if (has_neighbours && is_wobble(g_array_index(settled, Match, settled->len - 1),
                                        g_array_index(chain, Match, start), g_array_index(chain, Match, end)))
            continue;
        g_array_append_vals(settled, &g_array_index(chain, Match, start), end - start);
    }
    return settled;
}

static bool is_empty(Range range) {
    return range.reference_begin == range.reference_end || range.run_begin == range.run_end;
}

/* Pairs what has its place in a range; what is between is added to rest. */
static void pair_range(Search *search, Range in, GArray *rest) {
    g_autoptr(GArray) whole_chain = find_chain(search, in);
    g_autoptr(GArray) chain = settle(whole_chain);
    if (chain->len <= 2 && has_windows(search))
        return;
    for (guint i = 1; i < chain->len; i++) {
        Match above = g_array_index(chain, Match, i - 1), below = g_array_index(chain, Match, i);
        pair_all(search, below, false);
        Range gap = {above.reference_y + above.height, below.reference_y, above.run_y + above.height, below.run_y};
        if (!is_empty(gap))
            g_array_append_val(rest, gap);
    }
}

static void pair_in_rounds(Search *search, Range whole, const uint64_t *reference, const uint64_t *run) {
    g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(Range));
    g_array_append_val(ranges, whole);
    for (int round = 0; round < MAX_ROUNDS && ranges->len > 0; round++) {
        if (round == 1)
            search_by_windows(search, reference, run);
        GArray *rest = g_array_new(FALSE, FALSE, sizeof(Range));
        for (guint i = 0; i < ranges->len; i++)
            pair_range(search, g_array_index(ranges, Range, i), rest);
        g_array_unref(ranges);
        ranges = rest;
    }
}

/* The offset of the nearest pair above each row of the run, and of the nearest below; 0 at the top, and at the bottom
 * what the heights differ by. */
static void find_offsets(const RowPairs *pairs, int *above, int *below) {
    int offset = 0;
    for (int y = 0; y < pairs->n_run; y++) {
        if (pairs->of_run[y] != NONE)
            offset = y - pairs->of_run[y];
        above[y] = offset;
    }
    offset = pairs->n_run - pairs->n_reference;
    for (int y = pairs->n_run - 1; y >= 0; y--) {
        if (pairs->of_run[y] != NONE)
            offset = y - pairs->of_run[y];
        below[y] = offset;
    }
}

/* A match, and what it is worth; what wobbles has not moved. */
typedef struct {
    Match match;
    int64_t weight;
} Move;

static int by_weight(const void *a, const void *b) {
    const Move *first = a, *second = b;
    if (first->weight != second->weight)
        return first->weight > second->weight ? -1 : 1;
    return by_place(&first->match, &second->match);
}

/* Of Move, the heaviest first. */
static GArray *find_moves(const Search *search, Range whole) {
    const RowPairs *pairs = search->pairs;
    g_autofree int *above = g_new(int, (size_t)pairs->n_run);
    g_autofree int *below = g_new(int, (size_t)pairs->n_run);
    find_offsets(pairs, above, below);
    g_autoptr(GArray) matches = find_matches(search, whole);
    GArray *moves = g_array_new(FALSE, FALSE, sizeof(Move));
    for (guint i = 0; i < matches->len; i++) {
        Match match = g_array_index(matches, Match, i);
        Move move = {match, weight_of(search, match)};
        if (move.weight >= MOVED_WEIGHT && ABS(offset_of(match) - above[match.run_y]) > WOBBLE &&
            ABS(offset_of(match) - below[match.run_y]) > WOBBLE)
            g_array_append_val(moves, move);
    }
    g_array_sort(moves, by_weight);
    return moves;
}

/* Cuts off the ends of a match which a heavier one has taken. */
static Match cut_to_free(const Search *search, Match match) {
    while (match.height > 0 && !is_free(search, match.reference_y, match.run_y))
        match = (Match){match.reference_y + 1, match.run_y + 1, match.height - 1};
    while (match.height > 0 && !is_free(search, match.reference_y + match.height - 1, match.run_y + match.height - 1))
        match.height--;
    return match;
}

static void pair_moved(Search *search, Range whole) {
    g_autoptr(GArray) moves = find_moves(search, whole);
    for (guint i = 0; i < moves->len; i++) {
        Match match = cut_to_free(search, g_array_index(moves, Move, i).match);
        if (weight_of(search, match) >= MOVED_WEIGHT)
            pair_all(search, match, true);
    }
}

/* Pairs equal rows at both ends; returns what is between. */
static Range pair_ends(RowPairs *pairs, const uint64_t *reference, const uint64_t *run) {
    Range range = {0, pairs->n_reference, 0, pairs->n_run};
    while (!is_empty(range) && reference[range.reference_begin] == run[range.run_begin])
        row_pairs_add(pairs, range.reference_begin++, range.run_begin++, false);
    while (!is_empty(range) && reference[range.reference_end - 1] == run[range.run_end - 1])
        row_pairs_add(pairs, --range.reference_end, --range.run_end, false);
    return range;
}

/* Where rows were inserted or removed among rows that look like them, it could be here or there. Each row of one
 * picture goes with the next row of the other that it can: so what was inserted begins with what nobody has seen, and
 * what scrolled out at the bottom was there. Nothing has moved yet. */
static void slide_down(int n_rows, const uint64_t *rows, const uint64_t *others, int *pair_of, int *other_pair_of) {
    for (int y = 1; y < n_rows; y++) {
        if (pair_of[y] == NONE || pair_of[y - 1] == NONE)
            continue;
        int next = pair_of[y - 1] + 1;
        if (other_pair_of[next] != NONE || others[next] != rows[y])
            continue;
        other_pair_of[pair_of[y]] = NONE;
        other_pair_of[next] = y;
        pair_of[y] = next;
    }
}

RowPairs *row_pairs_find(const uint64_t *reference, int n_reference, const uint64_t *run, int n_run) {
    RowPairs *pairs = row_pairs_new(n_reference, n_run);
    Range middle = pair_ends(pairs, reference, run);
    if (is_empty(middle))
        return pairs;
    Search search;
    search_init(&search, pairs, reference, run);
    pair_in_rounds(&search, middle, reference, run);
    slide_down(n_run, run, reference, pairs->of_run, pairs->of_reference);
    slide_down(n_reference, reference, run, pairs->of_reference, pairs->of_run);
    pair_moved(&search, (Range){0, n_reference, 0, n_run}); /* the ends, too: rows may have slid away from there */
    search_clear(&search);
    return pairs;
}
