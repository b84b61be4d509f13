/* A URL attribute while it is being read: whatever the values in it turn out to be, they must not become a scheme or a
 * host, also where they are empty. Only one that begins the URL may have these, and is looked at by html_url(). */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    GString *literal;       /* the literal text so far, without the values */
    bool has_value;         /* whether there was one */
    bool begins_with_value; /* whether it stood before all literal text */
} Link;

void link_init(Link *link);
void link_clear(Link *link);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Link, link_clear)

/* Adds the literal character at `at`. Returns NULL, or why it may not stand there. */
const char *link_add(Link *link, const char *at);

/* Notes that a value stands here. Returns NULL, or why it may not. */
const char *link_add_value(Link *link);

/* Whether nothing has been read. */
bool link_is_empty(const Link *link);

/* Whether a query or fragment has begun. */
bool link_is_behind_path(const Link *link);
