/* Runs as lists show them, in the order in which they are looked at (run_order.h). All of them only read; the caller frees what
 * they return. */
#pragma once

#include "store/run_order.h"

/* What a line of a list says of a run. */
typedef struct {
    int64_t id;
    char *name, *summary, *thumbnail, *image, *likeness; /* all but name and likeness may be NULL */
    RunStatus status;
    OrderRank rank;
    int64_t weight, changed_pixels, modified_ms;
} RunLine;

void run_line_free(RunLine *line);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RunLine, run_line_free)

/* Runs of a release of this rank, behind one of them (NULL: from the first on), at most so many; words (NULL: any) must stand in
 * the name. An array of RunLine. */
GPtrArray *run_list_lines(Db *db, int64_t release_id, OrderRank rank, const RunLine *after, const char *words, int most,
                          GError **error) MUST_CHECK;

/* The line of a run, NULL with ERROR_NOT_FOUND if the release has none of this name. */
RunLine *run_list_find(Db *db, int64_t release_id, const char *name, GError **error) MUST_CHECK;

/* Runs with the same change: the first of them, how many there are, and how many are not approved yet. */
typedef struct {
    RunLine *first;
    int n, n_open;
} RunGroup;

void run_group_free(RunGroup *group);

/* Groups of the runs that differ, behind a line (NULL: from the first on), at most so many. An array of RunGroup. */
GPtrArray *run_list_groups(Db *db, int64_t release_id, const RunLine *after, int most, GError **error) MUST_CHECK;

/* Whether two lines have the same change. */
bool run_line_is_of_group(const RunLine *line, const RunLine *other);

/* How many runs the group of this line has, and how many are open; first is left alone. */
bool run_list_count_group(Db *db, int64_t release_id, const RunLine *line, RunGroup *out_group,
                          GError **error) MUST_CHECK;

/* The runs of the same group as this line, by name, behind a name (NULL: from the first on). An array of RunLine. */
GPtrArray *run_list_group(Db *db, int64_t release_id, const RunLine *line, const char *after, int most,
                          GError **error) MUST_CHECK;

typedef enum {
    NEIGHBOUR_NEXT,
    NEIGHBOUR_PREVIOUS,
    NEIGHBOUR_NEXT_OPEN,       /* that differs and is not approved; from the first on, if there is none behind */
    NEIGHBOUR_NEXT_GROUP_OPEN, /* the same, of another group */
} Neighbour;

/* Who stands beside a run, *out_line; NULL if there is none. */
bool run_list_neighbour(Db *db, int64_t release_id, const RunLine *line, Neighbour which, RunLine **out_line,
                        GError **error) MUST_CHECK;

/* What a page was in other releases. */
typedef struct {
    char *release_name;
    int release_number;
    ReleaseStatus release_status;
    RunStatus status;
    char *image; /* may be NULL */
    int64_t created_ms;
} RunPast;

void run_past_free(RunPast *past);

/* Runs of a page, those of the newest releases first, at most so many. An array of RunPast. */
GPtrArray *run_list_history(Db *db, int64_t build_id, const char *name, int most, GError **error) MUST_CHECK;
