/* A run as html/stage.js shows it. */
#pragma once

#include "store/run.h"

/* JSON, which the caller frees. Of what changed, the first areas and bands; what the findings have that nobody understands is
 * left out. */
char *stage_of_run(const Run *run);
