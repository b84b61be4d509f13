/* upload: a file comes, and belongs to a build. */
#pragma once

#include "http/server.h"

HttpHandler api_upload;
