#pragma once

#include "web/web.h"

/* "/static/<file>" */
HttpHandler web_static;
