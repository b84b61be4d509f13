/* Logging in and out, who one is, and invitations. */
#pragma once

#include "web/view.h"

HttpHandler web_login, web_callback, web_logout, web_whoami, web_invitation, web_accept_invitation;

/* Where nobody can log in. */
void no_login_html(Html *out, const View *view);

void whoami_html(Html *out, const View *view);

/* Asks whether one wants to be an owner. token: of the link. */
void invitation_html(Html *out, const View *view, const char *token);
