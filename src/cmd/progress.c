#include "cmd/progress.h"

#include "base/clock.h"
#include "report/bar.h"

#include <stdio.h>
#include <unistd.h>

/* A log that a person scrolls through should not be full of it. */
enum { REST_MS = 5000 };

Progress progress_begin(const char *what) {
    return (Progress){.what = what,
                      .live = isatty(STDERR_FILENO) && g_strcmp0(g_getenv("TERM"), "dumb") != 0,
                      .last = -1,
                      .told_ms = clock_now_ms()};
}

static void draw(const Progress *progress, int done, int all) {
    int width = bar_terminal_width(STDERR_FILENO);
    g_autoptr(GString) line = g_string_new(NULL);
    bar_add(line, done, all, width);
    g_string_append_printf(line, " %d of %d %s", done, all, progress->what);
    g_autofree char *fitting = bar_cut(line->str, width - 1);
    fprintf(stderr, "\r\033[K%s", fitting);
    fflush(stderr);
}

void progress_show(Progress *progress, int done, int all) {
    if (done == progress->last)
        return;
    bool is_due = done == all || clock_now_ms() - progress->told_ms >= REST_MS;
    if (progress->live)
        draw(progress, done, all);
    else if (is_due)
        fprintf(stderr, "%d of %d %s\n", done, all, progress->what);
    if (progress->live || is_due) {
        progress->last = done;
        progress->told_ms = clock_now_ms();
    }
}

void progress_end(Progress *progress) {
    if (progress->live && progress->last >= 0)
        fputs("\r\033[K", stderr);
}
