/* "/run": the review screen. One page before and after, what changed, and what people say of it. */
#pragma once

#include "store/run_list.h"
#include "web/view.h"

HttpHandler web_run, web_decide_run;

/* Neighbours may be NULL. groups is of RunGroup, failed and members of RunLine, history of RunPast. */
typedef struct {
    const Release *release;
    const Run *run;
    const RunLine *line, *next, *previous, *next_open, *next_group;
    GPtrArray *failed, *groups, *members, *history;
    const char *stage;   /* what the script shows: see html/stage.js */
    const char *batch;   /* of a decision that is made here */
    const char *actor;   /* who approved it; NULL: nobody, or it is not told */
    int64_t decided_ms;  /* when; 0: never */
    bool shows_members, has_more_members; /* whether the sheet is open; whether there are others behind those */
    int n_group, n_open; /* runs with the same change, with this one; and those that are not approved */
} RunPage;

/* What can be decided of the run: a form, or nothing. Of shown it needs release, run, batch and the numbers. */
void decide_html(Html *out, const View *view, const RunPage *shown);

void run_html(Html *out, const View *view, const RunPage *shown);
