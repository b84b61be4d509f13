/* "/admins": who owns a build, and who is invited to. */
#pragma once

#include "web/view.h"

HttpHandler web_owners, web_invite, web_remove_owner;

/* owners: array of User; invitations: array of Invitation. link: of an invitation that was just made, or NULL;
 * mailed: whom it was sent to instead, or NULL. email: as typed, with
 * what is wrong with it, or NULL. */
typedef struct {
    GPtrArray *owners, *invitations;
    const char *link, *mailed, *email, *problem;
} OwnersPage;

void owners_html(Html *out, const View *view, const OwnersPage *shown);
