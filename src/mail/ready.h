/* The mail that a release is ready for review: how many pages failed or differ, which, and the biggest changes as pictures. */
#pragma once

#include "html/html.h"
#include "mail/delivery.h"
#include "store/build.h"
#include "store/run_list.h"

/* A task of NOTICE_MAIL_QUEUE whose kind is NOTICE_READY. */
Deliver ready_deliver;

/* Writes the mail's page for somebody to look at, without its pictures. origin: what links begin with. */
bool ready_preview(Db *db, int64_t release_id, const char *origin, Html *out, GError **error) MUST_CHECK;

enum { READY_MOST_LISTED = 30, READY_MOST_PICTURES = 3 };

/* A picture of what changed on a page. */
typedef struct {
    const RunLine *line;
    char *sha256;
    GBytes *png; /* NULL: it was not read yet */
    char *id;    /* in the mail; ready.html writes it once more, as its @ must not be encoded */
} ReadyPicture;

typedef struct {
    const char *origin;
    Build *build;
    Release *release;
    GPtrArray *failed; /* of RunLine: the first READY_MOST_LISTED */
    GPtrArray *groups; /* of RunGroup: the same, of those that differ */
    ReadyPicture pictures[READY_MOST_PICTURES];
    int n_pictures;
    int64_t written_ms; /* when the task was added: the ids of the pictures have it */
    char **to;
    char *counts; /* "1 failed, 12 to look at" */
} Ready;

void ready_clear(Ready *ready);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ready, ready_clear)

/* How many pages of a release failed, differ and so on, in words; "no pages" if there are none. The caller frees it. */
char *ready_counts(const Release *release);

/* Of those that failed, and of those that differ, how many are not listed. */
int ready_n_failed_more(const Ready *ready);
int ready_n_different_more(const Ready *ready);

/* The mail's parts. The caller frees the text. */
char *ready_text(const Ready *ready);
void ready_html(Html *out, const Ready *ready);
