/* "/email/ready_for_review/<build>/<name>/<number>": the mail that a release is ready, for superusers to look at. */
#pragma once

#include "web/view.h"

HttpHandler web_email;
