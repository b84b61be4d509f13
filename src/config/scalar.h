/* What a scalar of YAML 1.1 means: `on`, `0x1F`, `1_000`, `~`, `3.5`, as PyYAML's safe loader has it. */
#pragma once

#include <jansson.h>

/* The tag of a quoted scalar. */
#define SCALAR_STRING "tag:yaml.org,2002:str"

/* Returns a new reference to the value of a scalar with this tag, or that a plain text without a tag (NULL) stands
 * for. NULL if there is none; *out_problem, a constant, then says why. Any thread. */
json_t *scalar_parse(const char *tag, const char *text, const char **out_problem);
