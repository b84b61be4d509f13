/* download: a file that a build has. */
#pragma once

#include "http/server.h"

HttpHandler api_download;
