/* The files that a run writes beside the references: --json, --junit, --report. */
#pragma once

#include "config/suite.h"
#include "local/local.h"

/* Fails with ERROR_INVALID or ERROR_DENIED, naming the option, if one cannot be written, or would be written over a test
 * file, a reference or another output. Called before the first capture: afterwards there would be something to lose. */
bool outputs_check(const LocalOptions *options, const Suite *suite, GError **error) MUST_CHECK;
