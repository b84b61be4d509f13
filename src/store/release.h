/* Releases of a build, each with a name and the number of its attempt, and how they go on:
 *
 *     receiving --runs_done--> processing --nothing pending--> reviewing --a person--> good | bad
 *
 * A release that is begun once more while its last attempt is still processing makes that one bad. Counts of its runs are
 * kept in the row, in the transaction in which a run changes. */
#pragma once

#include "store/store.h"

typedef enum { RELEASE_RECEIVING, RELEASE_PROCESSING, RELEASE_REVIEWING, RELEASE_GOOD, RELEASE_BAD } ReleaseStatus;

/* "receiving", "processing", "reviewing", "good", "bad"; and back, or false. */
const char *release_status_name(ReleaseStatus status);
bool release_status_from_name(const char *name, ReleaseStatus *out_status);

typedef struct {
    int64_t id, build_id;
    char *name;
    int number; /* of the attempt, from 1 on */
    ReleaseStatus status;
    char *url;                       /* may be NULL */
    char *status_url;                /* where the status of its commit is told; NULL: nowhere */
    int64_t created_ms, modified_ms; /* the latter: when a run was added, or changed its status */
    int64_t decided_ms;              /* when it became good or bad; 0 before */
    int n_pending, n_failed, n_found, n_approved, n_same, n_new; /* of its runs, by status */
} Release;

void release_free(Release *release);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Release, release_free)

/* Begins a release: its number is one more than the highest of that name. url may be NULL. In a transaction. Returns the
 * release, which the caller frees. Fails with ERROR_NOT_FOUND if there is no such build, ERROR_INVALID for a name or a URL
 * that store_check_text() refuses. */
Release *release_create(Db *db, int64_t build_id, const char *name, const char *url, int64_t now_ms,
                        GError **error) MUST_CHECK;

/* Writes a release that was made elsewhere as it is, without its counts: one whose id is 0 is added, and gets its id.
 * Nobody is told of it; where it is open, it has a day from now on. Its runs follow: run_put(), run_recount(). In a
 * transaction. */
bool release_put(Db *db, Release *release, int64_t now_ms, GError **error) MUST_CHECK;

/* When a release or one of its runs was changed last; 0 if there is no such release. */
bool release_last_change(Db *db, int64_t id, int64_t *out_ms, GError **error) MUST_CHECK;

/* Has what becomes of a release told at a URL, as the status of its commit, and the first time soon. In the transaction that
 * began it. Fails with ERROR_INVALID where build_check_status_url() does. */
bool release_set_status_url(Db *db, Release *release, const char *url, int64_t now_ms, GError **error) MUST_CHECK;

/* Finds a release and locks it until the end of the transaction, so that what is decided on its state holds. NULL with
 * ERROR_NOT_FOUND if the build has none of that name and number. The caller frees it. */
Release *release_lock(Db *db, int64_t build_id, const char *name, int number, GError **error) MUST_CHECK;
Release *release_lock_by_id(Db *db, int64_t id, GError **error) MUST_CHECK;

/* The same without a lock. */
Release *release_find(Db *db, int64_t build_id, const char *name, int number, GError **error) MUST_CHECK;
Release *release_load(Db *db, int64_t id, GError **error) MUST_CHECK;

/* Whether each page of a release looks as in the attempt before, and was compared with the same; false where that is not
 * to be known at once: while something is pending, or with many thousands of pages. */
bool release_is_like_last(Db *db, const Release *release, bool *out_is, GError **error) MUST_CHECK;

/* Releases of a build, newest first, with an id below before (0: all), at most so many. The caller frees the array of
 * Release. */
GPtrArray *release_list(Db *db, int64_t build_id, int64_t before, int most, GError **error) MUST_CHECK;

/* Whether it is still open to reports: neither good nor bad. Else ERROR_BUSY: "release is closed". */
bool release_check_open(const Release *release, GError **error) MUST_CHECK;

/* So long a release may be processing, or be receiving without a new run: see overdue.h. */
#define RELEASE_DEADLINE_MS (INT64_C(24) * 60 * 60 * 1000)

/* All its runs were reported: receiving becomes processing, and reviewing if nothing is pending; nothing else changes. The
 * release must be locked, as for those below. */
bool release_runs_done(Db *db, Release *release, int64_t now_ms, GError **error) MUST_CHECK;

/* So many runs went from one status to another, given by their columns of counts (NULL: there was none): counts them,
 * and goes on to reviewing if none is pending any more. */
bool release_count(Db *db, Release *release, const char *from_count, const char *to_count, int n, int64_t now_ms,
                   GError **error) MUST_CHECK;

/* What a person says: good or bad of one that is open, whose tasks are canceled; reviewing of one that was decided,
 * where what was canceled has failed. Else ERROR_INVALID. */
bool release_decide(Db *db, Release *release, ReleaseStatus status, int64_t now_ms, GError **error) MUST_CHECK;

/* Makes a release bad that is receiving, and has got nothing new for RELEASE_DEADLINE_MS; else sets it a new deadline. */
bool release_give_up_if_silent(Db *db, Release *release, int64_t now_ms, GError **error) MUST_CHECK;
