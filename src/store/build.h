/* Builds: what has releases, and API keys that may write to it. */
#pragma once

#include "store/store.h"

typedef struct {
    int64_t id;
    char *name;
    bool is_public; /* anyone may look at its pages and pictures */
    bool send_email;
    char *email_alias;                  /* NULL: the owners get mail */
    char *webhook_url, *webhook_secret; /* told of each release that is ready or decided; NULL: nobody is */
    char *status_prefix, *status_token; /* where commits' statuses may be told, and with which token; NULL: nowhere */
    int keep_releases;                  /* so many of the newest are kept, and others as in retention.h; 0: all are */
    int64_t created_ms;
    int n_reviewing, n_open; /* of one in a list: its releases in review, and the differences of these that are open */
} Build;

void build_free(Build *build);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Build, build_free)

/* Creates a build. Returns its id, or -1; fails with ERROR_INVALID for a name that store_check_text() refuses. */
int64_t build_create(Db *db, const char *name, bool is_public, int64_t now_ms, GError **error) MUST_CHECK;

/* Adds a build that was made elsewhere, as it is, under its own id. *out_added: false if another one has that id. */
bool build_add(Db *db, const Build *build, int64_t modified_ms, bool *out_added, GError **error) MUST_CHECK;

/* The build, or NULL: with ERROR_NOT_FOUND if there is none. The caller frees it. */
Build *build_load(Db *db, int64_t id, GError **error) MUST_CHECK;

/* At most so many builds, newest first, with an id below before (0: all). The caller frees the array of Build. */
GPtrArray *build_list(Db *db, int64_t before, int most, GError **error) MUST_CHECK;

/* The largest number of releases that a build can be told to keep. */
enum { BUILD_MOST_KEPT = 1000000 };

/* Reads such a number, 1 to BUILD_MOST_KEPT. Fails with ERROR_INVALID. */
bool build_read_keep(const char *text, int *out_n, GError **error) MUST_CHECK;

/* "keeps 5 releases", "keeps all releases", for people; the caller frees it. */
char *build_keep_text(int keep_releases);

/* Writes what a build has. Its texts must have been checked. */
bool build_save(Db *db, const Build *build, int64_t now_ms, GError **error) MUST_CHECK;

/* Whether the status of a commit may be told at a URL: it begins with the prefix that the build has for that, and cannot be
 * read as one that does not. Else ERROR_INVALID, "status_url ...". */
bool build_check_status_url(const Build *build, const char *url, GError **error) MUST_CHECK;
