/* `dpxdt gc`: removes what a server need not keep, in small transactions, while servers go on. First releases and files
 * (retention.h), then bytes that nothing names (garbage.h). It may end at any moment, in any way, and be run by several
 * at once. */
#pragma once

#include "blob/blob.h"
#include "db/db.h"

/* What stays for now: bytes for so long after it was noticed that nothing names them; files, which no run names, for so
 * long after they came, and releases after they were decided. */
typedef struct {
    int64_t grace_ms, unused_ms;
    bool is_dry; /* nothing is changed, only counted */
} GcRules;

/* One that would be removed. */
typedef struct {
    int64_t build_id;
    char *name;
    int number;
    int64_t n_runs;
} GcRelease;

/* More are counted, and not listed. */
enum { GC_MOST_LISTED = 50 };

typedef struct {
    int64_t n_releases, n_runs;          /* that were removed, or would be */
    GPtrArray *releases;                 /* when dry: the first of these, of GcRelease; else none */
    int64_t n_waiting;                   /* bad releases that could go, but were decided a short while ago */
    int64_t first_free_ms, last_free_ms; /* when that is over for the first and for the last of them */
    int64_t n_files;                     /* that builds had and no run names; each once a build */
    int64_t n_garbage, garbage_bytes;    /* bytes that nothing names, or would name */
    int64_t n_removed, removed_bytes;    /* and of these, what was removed, or would be by now */
    bool is_held;                        /* a backup is being made, so no bytes were removed */
} GcReport;

void gc_report_clear(GcReport *report);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(GcReport, gc_report_clear)

/* Is told how many bytes were looked at. */
typedef void GcProgress(void *data, int64_t n);

/* Cleans up. Fails with ERROR_INVALID, and removes no bytes, if the database names bytes, and there are some, but none
 * that it names: one of them is another server's. The report, which may hold nothing before, is the caller's to clear, also
 * then. */
bool gc_run(DbPool *pool, Blobs *blobs, const GcRules *rules, GcProgress *progress, void *data, GcReport *out_report,
            GError **error) MUST_CHECK;
