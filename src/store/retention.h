/* What of a build is kept, and what may go.
 *
 * A build that says how many releases it keeps (builds.keep_releases) keeps so many of its newest, and beside them
 *
 *     - every release that is good: what it shows was approved, and each picture that a run is compared with is of such
 *       a one
 *     - every release that is not decided: people or programs are at it
 *     - all that was said of pairs of pictures (decisions), so that an approved pair is approved when it comes again
 *     - the activity (audit)
 *
 * So what goes are bad releases which are older than those, with their runs, tasks and batches. Their numbers are not
 * given again. Then files go that no run of the build names any more, of any build; comparisons of pictures that are
 * gone; and rows of artifacts that are no build's. What becomes of the bytes is garbage.h's.
 *
 * A file comes before the run that names it, so one stays for a while after it came. It is no matter of that time that
 * no run ever names a file that is gone: run_report() shares the lock of its build, which whoever removes files has
 * alone. */
#pragma once

#include "store/store.h"

/* Releases of a build that may go and were decided before a time, the oldest first, at most so many (0: all). The caller
 * frees the array of int64_t. None if the build keeps all. */
GArray *retention_list(Db *db, int64_t build_id, int64_t decided_before_ms, int most, GError **error) MUST_CHECK;

/* Bad releases of a build that were decided too late for that, and could go otherwise: how many, and, if there are any, when
 * the first and the last of them were decided. */
typedef struct {
    int64_t n, first_ms, last_ms;
} RetentionWaiting;

bool retention_count_waiting(Db *db, int64_t build_id, int64_t decided_before_ms, RetentionWaiting *out_waiting,
                             GError **error) MUST_CHECK;

/* How many runs a release has, or -1. */
int64_t retention_count_runs(Db *db, int64_t release_id, GError **error);

/* Removes a release with all that is its alone, and notes in the activity that it was removed. *out_n_runs is how many
 * runs it had; -1 if it is not bad any more, and stays, or somebody else has removed it. In a transaction. */
bool retention_remove(Db *db, int64_t release_id, int64_t now_ms, int64_t *out_n_runs, GError **error) MUST_CHECK;

/* The SHA-1s of files of a build that came before a time, and that no run names but those of certain releases (the keys
 * of a set of int64_t; NULL: none). The caller frees the array of texts. */
GPtrArray *retention_list_files(Db *db, int64_t build_id, GHashTable *but_releases, int64_t came_before_ms,
                                GError **error) MUST_CHECK;

/* Removes these files from the build, and comparisons that have lost their pictures. Returns how many files, or -1. In a
 * transaction. */
int64_t retention_remove_files(Db *db, int64_t build_id, int64_t came_before_ms, GError **error);

/* Rows of artifacts that no build has: their SHA-1s, behind the one that is given, in order, at most so many. The caller
 * frees the array of texts. */
GPtrArray *retention_list_unowned(Db *db, const char *after, int most, GError **error) MUST_CHECK;

/* Removes such a row, unless a build has it now. In a transaction. */
bool retention_remove_unowned(Db *db, const char *sha1, GError **error) MUST_CHECK;
