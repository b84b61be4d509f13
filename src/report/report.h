/* What `dpxdt update` and `dpxdt test` say, and the files they write about what happened.
 *
 * A Result tells of one test; a RunReport of all of them. The writers below turn a RunReport into a format each; text.h
 * prints results as they come. */
#pragma once

#include "base/error.h"
#include "image/image.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    RESULT_PASSED,    /* test: no difference, or one within the tolerance */
    RESULT_UPDATED,   /* update: the reference was written, and is new or changed */
    RESULT_UNCHANGED, /* update: the reference had these very bytes already */
    RESULT_DIFFERENT, /* test: it looks different */
    RESULT_MISSING,   /* test: there is no reference to compare with */
    RESULT_FAILED,    /* it could not be captured or compared; message says why */
} ResultStatus;

typedef struct {
    ResultStatus status;
    char *name;
    char *description; /* or NULL */
    char *file;        /* the YAML file, and where in it the test stands */
    int line;
    char *url;         /* that was captured */
    char *message;     /* why, for RESULT_MISSING and RESULT_FAILED, and a size change; else NULL */
    char *remarks;     /* what may not be as it was meant although there is a picture, a line each, or NULL */
    double distortion; /* 0 to 1 */
    uint64_t changed_pixels;
    int width, height; /* of the run, pixels; 0 if there is none */
    int reference_width, reference_height;
    GArray *regions;         /* of Region (diff/diff.h), or NULL */
    uint64_t n_regions;      /* how many there are; the array has DIFF_MAX_REGIONS of them at most */
    GArray *bands;           /* of Band (diff/align.h), if rows came, went or moved; otherwise NULL */
    uint64_t fingerprint;    /* the same for the same change on another page; 0 if nothing changed */
    char *reference_path;    /* the reference picture: DIR/<name>.png */
    char *ref_path;          /* what was compared: the reference, on the run's canvas; NULL if nothing was compared */
    char *whole_ref_path;    /* with bands: the reference as it is, if ref_path is not that; else NULL */
    char *run_path;          /* the run's picture, or NULL if there is none */
    char *diff_path;         /* the marked picture, or NULL if nothing differs */
    char *log_path;          /* the capture's log, or NULL */
    char *config_path;       /* what was captured, as JSON, or NULL */
    char *browser;           /* what took the picture (CAPTURE_NOTE), or NULL */
    char *reference_browser; /* what took the reference, or NULL */
    int attempts;            /* 1, and one more for each retry */
    int64_t duration_ms;
} Result;

typedef struct {
    char *dir;          /* of the suite, as given */
    bool update;        /* made by `dpxdt update` */
    int64_t started_ms; /* since 1970, UTC */
    int64_t duration_ms;
    char *browser;      /* what CAPTURE_NOTE says, or NULL */
    GPtrArray *results; /* of Result, in the suite's order */
} RunReport;

Result *result_new(const char *name);
void result_free(Result *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Result, result_free)

RunReport *run_report_new(const char *dir, bool update);
void run_report_free(RunReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RunReport, run_report_free)

/* Whether the status is one that makes the command exit with 1. */
bool result_is_bad(const Result *result);

/* "passed", "updated", "unchanged", "different", "missing", "failed"; and back, false for any other name. */
const char *result_status_name(ResultStatus status);
bool result_status_from_name(const char *name, ResultStatus *out_status);

/* How many results have this status, and how many make the command exit with 1. */
int run_report_count(const RunReport *report, ResultStatus status);
int run_report_count_bad(const RunReport *report);

/* The suite's folder is found at dir now: paths in it, which begin with report->dir, begin with dir afterwards. For a
 * report that was written from another working directory, or on another machine. */
void run_report_move(RunReport *report, const char *dir);

/* The report as JSON and back. `dpxdt test --json FILE` writes it, and results.json holds it for `dpxdt approve` and
 * `dpxdt report`. Reading fails with ERROR_INVALID for what is no such report. The caller frees what is returned. */
json_t *report_to_json(const RunReport *report);
RunReport *report_from_json(const json_t *json, GError **error) MUST_CHECK;
bool report_write_json(const RunReport *report, const char *path, GError **error) MUST_CHECK;
RunReport *report_read_json(const char *path, GError **error) MUST_CHECK;

/* JUnit's XML, as Jenkins, GitLab and GitHub's actions read it: one testcase a result, file as its class. */
bool report_write_junit(const RunReport *report, const char *path, GError **error) MUST_CHECK;

/* Workflow commands of GitHub Actions (::error file=...,line=...::...), one for each bad result; to be printed. The
 * caller frees it. */
char *report_to_github(const RunReport *report);

/* Whether a gallery may be written to a folder: it is absent and can be made, is empty, or holds an earlier gallery and
 * nothing else (otherwise ERROR_INVALID), and can be written (otherwise ERROR_DENIED). */
bool report_check_gallery(const char *folder, GError **error) MUST_CHECK;

/* Writes the gallery: a folder with index.html and the pictures, which needs nothing else and works from file://. The
 * folder is made; what an earlier gallery left there is replaced. Fails as report_check_gallery() does. Calls
 * progress(done, total, data) after each result where progress is not NULL. */
bool report_write_gallery(const RunReport *report, const char *folder,
                          void (*progress)(int done, int total, void *data), void *data, GError **error) MUST_CHECK;
