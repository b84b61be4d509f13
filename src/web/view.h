/* A page that is asked for, from who asks to the answer: what the files of this folder share. */
#pragma once

#include "auth/access.h"
#include "auth/session.h"
#include "html/html.h"
#include "store/audit.h"
#include "store/release.h"
#include "web/web.h"

/* What a person is told at the top: where he is. */
typedef struct {
    char *text, *url;
} Crumb;

typedef struct {
    Web *web;
    HttpRequest *request;
    Db *db;
    int64_t now_ms;
    Session *session; /* NULL: nobody is logged in */
    Build *build;     /* once view_find_build() has found it */
    Access access;    /* to it */
    void *data;       /* of view_show_with() */
    GPtrArray *crumbs;

    /* What the work sets. */
    Html *html;
    int status;             /* of the answer; 0: 200, or what an error stands for */
    HttpResponse *response; /* another answer than html */
    bool is_sent_to_log_in; /* which is the answer, though the work fails */
} View;

/* Writes a page, or fails. It may be begun again: so it starts with an empty page. */
typedef bool ViewWork(View *view, GError **error);

/* Answers with the work of a page that is looked at; and, in a transaction, of a form that was sent by one of ours. */
HttpResponse *view_show(HttpRequest *request, void *web, ViewWork *work);
HttpResponse *view_change(HttpRequest *request, void *web, ViewWork *work);

/* As these, for work that has something more to go by. */
HttpResponse *view_show_with(HttpRequest *request, void *web, ViewWork *work, void *data);
HttpResponse *view_change_with(HttpRequest *request, void *web, ViewWork *work, void *data);

/* The answer to somebody whose form is not taken, as may() finds out, which changes nothing and writes nothing; NULL: it is. For
 * what is done before there is a transaction, and not for strangers. */
HttpResponse *view_refuse_form(HttpRequest *request, void *web, ViewWork *may);

/* Sees to it that somebody is logged in; that he logged in not long ago; that he is a superuser. Else he is sent to log in, or
 * told that he may not. */
bool view_need_user(View *view, GError **error) MUST_CHECK;
bool view_need_fresh_user(View *view, GError **error) MUST_CHECK;
bool view_need_superuser(View *view, GError **error) MUST_CHECK;

/* Finds the build that a parameter ("id" or "build_id") names, for somebody who may see it, or, with ACCESS_OWNER, change it. A
 * build that one may not see is as if it were not there. */
bool view_find_build(View *view, const char *parameter, Access least, GError **error) MUST_CHECK;

/* The same, and the release of it that name and number name, which the caller frees; the second locks it. */
Release *view_find_release(View *view, Access least, GError **error) MUST_CHECK;
Release *view_lock_release(View *view, Access least, GError **error) MUST_CHECK;

/* A parameter that is not empty, or NULL. */
const char *view_text(const View *view, const char *name);

/* A number of a parameter, at least 1, or the fallback. */
int64_t view_number(const View *view, const char *name, int64_t fallback);

/* Where one is: a step on the way, whose url is NULL for the page itself. */
void view_add_crumb(View *view, const char *text, const char *url);

/* Two such steps: the build, and the release, which is_here if its own page is shown. */
void view_add_build_crumb(View *view);
void view_add_release_crumbs(View *view, const Release *release, bool is_here);

/* The answer sends to a path of ours, by GET. */
void view_go(View *view, const char *path);

/* The answer is JSON, for a script of ours; takes the reference. */
struct json_t;
void view_answer_json(View *view, struct json_t *json);

/* Whether a script asks. */
bool view_wants_json(const View *view);

/* Fails with this status. */
bool view_refuse(View *view, int status, GError **error, const char *message) MUST_CHECK;

/* Notes what somebody did. */
bool view_audit(const View *view, AuditKind kind, int64_t release_id, int64_t run_id, const char *message,
                GError **error) MUST_CHECK;

/* Who is looking; NULL: a stranger. */
const User *view_user(const View *view);

/* Paths of pages, for sending there; the caller frees them. In pages they are written where they stand. */
char *view_path_of_build(int64_t build_id);
char *view_path_of_release(int64_t build_id, const char *name, int number);
char *view_path_of_run(int64_t build_id, const char *name, int number, const char *run_name);
