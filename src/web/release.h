/* "/release": what changed in a release, and the decision on it. */
#pragma once

#include "store/run_list.h"
#include "web/view.h"

HttpHandler web_release, web_decide_release;

/* Lists are of RunLine, but groups, which is of RunGroup; each has the first ones only. asks: whether it is good all the same;
 * is_like_last: each page looks as in the attempt before. */
typedef struct {
    const Release *release;
    GPtrArray *failed, *groups, *pending, *fresh, *same;
    bool asks, is_like_last;
} ReleasePage;

void release_html(Html *out, const View *view, const ReleasePage *shown);

/* All runs of one rank, page by page: lines is of RunLine; more: there are others behind them. */
typedef struct {
    const Release *release;
    OrderRank rank;
    const char *words; /* to be found in names; NULL: any */
    GPtrArray *lines;
    bool more;
} RunsPage;

void runs_html(Html *out, const View *view, const RunsPage *shown);

/* The hidden fields of a form about a release. */
void release_fields_html(Html *out, const View *view, const Release *release);

/* Runs in a list, as release.html and runs.html show them. */
void lines_html(Html *out, const View *view, const Release *release, const GPtrArray *lines);

/* What the question whether a release is good all the same is about; the answer says it back. The caller frees it. */
char *release_as_told(const Release *release);

/* How many runs of a rank a release has; and what the rank is called in an address and in a heading. */
int release_count_of_rank(const Release *release, OrderRank rank);
const char *release_rank_name(OrderRank rank);
const char *release_rank_title(OrderRank rank);
