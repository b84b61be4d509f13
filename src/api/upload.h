/* upload and download. */
#pragma once

#include "http/server.h"

HttpHandler api_upload, api_download;
