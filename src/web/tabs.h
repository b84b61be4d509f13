/* The pages of a build, as owners see them above each. */
#pragma once

#include "web/view.h"

typedef enum { TAB_RELEASES, TAB_SETTINGS, TAB_KEYS, TAB_OWNERS, TAB_ACTIVITY, N_TABS } Tab;

/* Nothing for those who are no owners. */
void tabs_html(Html *out, const View *view, Tab tab);
