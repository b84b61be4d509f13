/* The tools of the stage, for what has stage.js: views, changes, colors, zoom. All are hidden until the script shows a test. */
#pragma once

#include "html/html.h"

/* zoom_key: the key that goes from fit to actual pixels and back. */
void tools_html(Html *out, const char *zoom_key);
