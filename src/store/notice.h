/* What others are told: people by mail, programs by a webhook, and whoever shows a commit by its status. Here it becomes a task,
 * in the transaction of what it tells of; src/mail has it sent. The tasks are of no release, as those of one are canceled when
 * it is decided; what they are about is in their payloads, as ids: what is sent is written when it is sent. All in a
 * transaction, in which the release, if it is about one, is locked. */
#pragma once

#include "store/build.h"
#include "store/release.h"

#define NOTICE_MAIL_QUEUE "mail"
#define NOTICE_WEBHOOK_QUEUE "webhook"
#define NOTICE_STATUS_QUEUE "commit-status"

/* How often it is tried: at first after a minute, then after twice as long each time, up to six hours, for two days in all. */
enum { NOTICE_MOST_ATTEMPTS = 16 };

/* The kinds of mail: payload's "kind". */
#define NOTICE_READY "ready"
#define NOTICE_INVITATION "invitation"

/* A release is ready for review: mail, once for each release, unless its build sends none, or it has no runs, or there is
 * nobody who could get it; the webhook; and its commit's status. */
bool notice_release_ready(Db *db, const Release *release, int64_t now_ms, GError **error) MUST_CHECK;

/* It has become good or bad: the webhook, and its commit's status. */
bool notice_release_decided(Db *db, const Release *release, int64_t now_ms, GError **error) MUST_CHECK;

/* Its commit's status may be another one: that is all. */
bool notice_release_status(Db *db, const Release *release, int64_t now_ms, GError **error) MUST_CHECK;

/* Somebody was just invited: mail, whose link has a token of its own, which ends that of invitation_create(). */
bool notice_invitation(Db *db, int64_t build_id, const char *email, int64_t now_ms, GError **error) MUST_CHECK;

/* The addresses of those who get mail about a build, which the caller frees, NULL behind the last: the build's own one or, if it
 * has none, its owners' and those of who is invited, each once. There may be none. */
char **notice_recipients(Db *db, const Build *build, int64_t now_ms, GError **error) MUST_CHECK;
