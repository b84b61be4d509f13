/* "/events": what becomes of a release while somebody looks, as server-sent events; or, for a script that asks for JSON, as it is
 * now. */
#pragma once

#include "web/view.h"

HttpHandler web_events;
