/* Runs as rows: what run.c and run_report.c share. */
#pragma once

#include "store/run.h"

/* Of the table runs, called r; as run_row_read() reads them, from column first on. */
#define RUN_COLUMNS                                                                                              \
    "r.id, r.release_id, r.build_id, r.name, r.status, r.created, r.modified, r.url, r.image, r.log, r.config, " \
    "r.ref_url, r.ref_image, r.ref_log, r.ref_config, r.diff_image, r.diff_log, r.findings, r.thumbnail, "       \
    "r.distortion, r.run_failed, r.diff_failed "

Run *run_row_read(const DbQuery *query, size_t first);
bool run_row_write(Db *db, const Run *run, GError **error) MUST_CHECK;

/* "diff_found" -> RUN_DIFF_FOUND; what is none is failed. */
RunStatus run_row_status(const char *name);

/* The column of a release in which runs of this status are counted. */
const char *run_row_count(RunStatus status);
