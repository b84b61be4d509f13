/* libdpxdt: a dpxdt server's API, for programs that make releases, as CI jobs do.
 *
 *     DpxdtClient *client = dpxdt_new("https://dpxdt.example.com/api", key, secret);
 *     DpxdtRelease release = {.build_id = 1, .name = "2026-11-29"};
 *     DpxdtPage page = {.name = "/", .url = "https://staging.example.com/"};
 *     DpxdtState state;
 *
 *     if (dpxdt_create_release(client, &release, NULL, NULL) || dpxdt_request_run(client, &release, &page) ||
 *         dpxdt_runs_done(client, &release, NULL) || dpxdt_wait(client, &release, 600, &state))
 *         fprintf(stderr, "%s\n", dpxdt_message(client));
 *
 * All text is UTF-8, ended by a 0. What functions give back through a pointer is left alone when they fail; what of it is to
 * be freed, and by what, is said with each. A client is of one thread at a time; different ones may be used by different
 * threads at once. A file is called by its SHA-1, in 40 lower-case hexadecimal digits. */
#ifndef DPXDT_H
#define DPXDT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define DPXDT_API __attribute__((visibility("default")))
#else
#define DPXDT_API
#endif

typedef struct DpxdtClient DpxdtClient;

typedef enum {
    DPXDT_OK = 0,
    DPXDT_INVALID,   /* the server refuses what was asked: HTTP 400; or a parameter here is missing */
    DPXDT_DENIED,    /* the key is missing, unknown, revoked, or has another secret: 401, 403 */
    DPXDT_NOT_FOUND, /* there is no such build, release, run or file, or not for this key */
    DPXDT_CLOSED,    /* the release is good or bad already: 409 */
    DPXDT_TIMEOUT,   /* no answer, or no result, in time */
    DPXDT_FAILED     /* anything else: no server there, a server that fails, a file that cannot be read */
} DpxdtStatus;

/* The version of the library, "2.0.0". */
DPXDT_API const char *dpxdt_version(void);

/* Makes a client of the server whose API is below prefix: "http://localhost:5000/api", or without the path. key and secret
 * are those of `dpxdt api-key create`; NULL for a server that asks for none. All are copied. Nothing is sent yet. Never NULL.
 * To be freed with dpxdt_free(). */
DPXDT_API DpxdtClient *dpxdt_new(const char *prefix, const char *key, const char *secret);
DPXDT_API void dpxdt_free(DpxdtClient *client);

/* Why the last call of this client failed, for a person to read; "" if it did not. Valid until its next call. */
DPXDT_API const char *dpxdt_message(const DpxdtClient *client);

/* Releases. */

typedef struct {
    int64_t build_id;
    const char *name; /* 1 to 255 characters */
    int number;       /* of the attempt, from 1 on: set by dpxdt_create_release() */
} DpxdtRelease;

/* Begins a release, and sets its number. url is where people find out what the release is; may be NULL. status_url is where
 * the server tells the status of its commit, as GitHub's "https://api.github.com/repos/OWNER/REPO/statuses/SHA"; NULL:
 * nowhere. DPXDT_INVALID, and no release, if it does not begin with the prefix that the build has for that. */
DPXDT_API DpxdtStatus dpxdt_create_release(DpxdtClient *client, DpxdtRelease *release, const char *url,
                                           const char *status_url);

/* Says that all runs were requested or reported. *out_url (unless NULL) is the release's page, to be freed with
 * dpxdt_release_memory(). To say it again changes nothing. */
DPXDT_API DpxdtStatus dpxdt_runs_done(DpxdtClient *client, const DpxdtRelease *release, char **out_url);

typedef struct {
    char status[16]; /* "receiving", "processing", "reviewing", "good", "bad" */
    /* How many of its runs wait for something; failed; differ; differ, and were approved; are the same; are new. */
    int pending, failed, different, approved, same, new_runs;
} DpxdtState;

/* What has become of the release so far. */
DPXDT_API DpxdtStatus dpxdt_state(DpxdtClient *client, const DpxdtRelease *release, DpxdtState *out_state);

/* Waits until nothing of the release is pending any more, after dpxdt_runs_done(). DPXDT_TIMEOUT if it takes longer than
 * timeout_s seconds: *out_state is then set all the same. */
DPXDT_API DpxdtStatus dpxdt_wait(DpxdtClient *client, const DpxdtRelease *release, int timeout_s,
                                 DpxdtState *out_state);

/* Runs. */

/* A page that the server's workers are to capture. */
typedef struct {
    const char *name;       /* of the run, 1 to 255 characters */
    const char *url;        /* http or https */
    const char *config;     /* a JSON object: viewportSize, injectCss and so on; NULL: {} */
    const char *ref_url;    /* what it is compared with; NULL: its picture in the last good release */
    const char *ref_config; /* NULL: {} */
} DpxdtPage;

DPXDT_API DpxdtStatus dpxdt_request_run(DpxdtClient *client, const DpxdtRelease *release, const DpxdtPage *page);

/* What is known of a run. NULL: nothing. image, log and config are files. */
typedef struct {
    char *release_name;
    int release_number;
    char *url, *image, *log, *config;
} DpxdtRun;

/* Finds the run of that name in the good release that was decided last. DPXDT_NOT_FOUND if there is none. To be cleared with
 * dpxdt_run_clear(). */
DPXDT_API DpxdtStatus dpxdt_find_run(DpxdtClient *client, int64_t build_id, const char *name, DpxdtRun *out_run);
DPXDT_API void dpxdt_run_clear(DpxdtRun *run);

/* A task that a worker has leased. */
typedef struct {
    char *queue, *id, *lease;
    int attempts;  /* with this one, from 1 on */
    char *payload; /* JSON */
} DpxdtTask;

/* What a run is said to be. NULL, and 0: nothing is said, and what was said before stays. */
typedef struct {
    const char *url, *image, *log, *config;
    const char *ref_url, *ref_image, *ref_log, *ref_config;
    const char *diff_image, *diff_log;
    const char *thumbnail;  /* a small picture of what changed most, before and after */
    const char *findings;   /* JSON: what changed where */
    const char *distortion; /* a number from 0 to 1, as text */
    int run_failed, diff_failed;
    const DpxdtTask *task; /* which this is the result of: it is finished by the report. NULL: none */
} DpxdtReport;

/* Reports a run, which is made if the release has none of this name. Files must have been uploaded to the build. */
DPXDT_API DpxdtStatus dpxdt_report_run(DpxdtClient *client, const DpxdtRelease *release, const char *name,
                                       const DpxdtReport *report);

/* Files. */

enum { DPXDT_SHA1_SIZE = 41 };

/* Uploads a file; the ending of its name says of what type it is. out_sha1 is set to what it is called from now on. */
DPXDT_API DpxdtStatus dpxdt_upload_file(DpxdtClient *client, int64_t build_id, const char *path,
                                        char out_sha1[DPXDT_SHA1_SIZE]);

/* The same for size bytes in memory. name is "screenshot.png", "log.txt" and so on. */
DPXDT_API DpxdtStatus dpxdt_upload(DpxdtClient *client, int64_t build_id, const char *name, const void *data,
                                   size_t size, char out_sha1[DPXDT_SHA1_SIZE]);

/* Downloads a file of the build. *out_data has *out_size bytes, and a 0 behind them; to be freed with
 * dpxdt_release_memory(). */
DPXDT_API DpxdtStatus dpxdt_download(DpxdtClient *client, int64_t build_id, const char *sha1, char **out_data,
                                     size_t *out_size);

/* Frees what functions of this library gave back. NULL is fine. */
DPXDT_API void dpxdt_release_memory(void *memory);

/* Tasks, for workers; the key must be a superuser's. */

/* Leases the oldest task of a queue ("capture", "run-pdiff") for lease_s seconds, waiting up to wait_s (0 to 60) for one.
 * owner tells people who it is. out_task->id is NULL if there was none. To be cleared with dpxdt_task_clear(). */
DPXDT_API DpxdtStatus dpxdt_lease(DpxdtClient *client, const char *queue, const char *owner, int lease_s, int wait_s,
                                  DpxdtTask *out_task);
DPXDT_API void dpxdt_task_clear(DpxdtTask *task);

/* Says that work goes on: the lease gets as much time as it had. index grows with each message. */
DPXDT_API DpxdtStatus dpxdt_heartbeat(DpxdtClient *client, const DpxdtTask *task, const char *message, int index);

/* Says that the work is done or, if failed is not 0, cannot be. */
DPXDT_API DpxdtStatus dpxdt_finish(DpxdtClient *client, const DpxdtTask *task, int failed);

/* Gives the task back, for another worker, as if it had not been leased. */
DPXDT_API DpxdtStatus dpxdt_give_back(DpxdtClient *client, const DpxdtTask *task);

#ifdef __cplusplus
}
#endif

#endif
