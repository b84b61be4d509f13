/* What all pages have around them, and the pages that say that something is wrong. */
#pragma once

#include "store/run.h"
#include "web/view.h"

/* The beginning and the end of a page; what is between them is its own. wide: it uses all of the window. */
void layout_begin(Html *out, const View *view, const char *title);
void layout_begin_wide(Html *out, const View *view, const char *title);
void layout_end(Html *out);

/* A page that says what is wrong, and where to go from there. */
void layout_error(Html *out, const View *view, int status, const char *message);

/* The hidden field that each form must have. */
void layout_csrf(Html *out, const View *view);

/* A time, as people read it; scripts make it one of their zone. */
void layout_time(Html *out, int64_t time_ms);

/* An address without the name and the password that it may have; the caller frees it. */
char *layout_plain_url(const char *url);

/* An address that a stranger has written: a link, if it is one of the web, else text; as layout_plain_url() has it. */
void layout_link(Html *out, const char *url);

/* What is wrong with what was typed, beside its field; NULL writes nothing. */
void layout_problem(Html *out, const char *id, const char *problem);

/* The keys of a page, for its script: the button that shows them, and around them, each of which is a <dt> and a <dd>. */
void layout_help_button(Html *out);
void layout_help_begin(Html *out);
void layout_help_end(Html *out);

/* The status of a release or a run, with an icon and its word. */
void layout_release_status(Html *out, ReleaseStatus status);
void layout_run_status(Html *out, RunStatus status);

/* What a status is called in classes and icons: "different". */
const char *layout_run_class(RunStatus status);
