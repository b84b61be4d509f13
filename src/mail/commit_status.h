/* What became of a release, told where its commit is: a commit status of GitHub, Gitea (Forgejo) or GitLab, at the URL that
 * create_release was given. */
#pragma once

#include "mail/delivery.h"

/* A task of NOTICE_STATUS_QUEUE: tells what is so now. *out has in told what it was. */
Deliver commit_status_deliver;

/* Whether it is still so, in the transaction in which the task ends: it locks the release, as does whoever changes it, who knows
 * that a task that is at work will look here. */
bool commit_status_is_current(Db *db, const json_t *payload, const char *told, bool *out_is, GError **error) MUST_CHECK;
