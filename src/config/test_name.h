/* Which names tests may have: each is a file DIR/<name>.png, inside of DIR, that no other test writes. */
#pragma once

#include <glib.h>

/* Returns NULL for a good name, or else, as a constant, what it must (to stand behind "... must "). Any thread. */
const char *test_name_check(const char *name);

/* A table of what is taken: paths below DIR -> where in the YAML files the test stands. */
GHashTable *test_name_table_new(void);

/* Takes a name for the test at `where`. Returns NULL, or, borrowed from the table, where the test stands that has the
 * same file already, or whose file would have to be a folder, or the other way round. */
const char *test_name_take(GHashTable *table, const char *name, const char *where);
