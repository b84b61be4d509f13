/* Watches the rows of two pictures of one width go by, and tells at the end whether any came, went or moved. It costs
 * nothing as long as rows are equal, and next to nothing where a word changed: only where much differs are all rows
 * asked for, and hashed. One thread at a time. */
#pragma once

#include "diff/lockstep.h"

typedef struct RowWatch RowWatch;

RowWatch *row_watch_new(const Formats *formats);
void row_watch_free(RowWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RowWatch, row_watch_free)

/* Sees a row of the lockstep; those that are left out in between are equal. Returns whether all rows are wanted from
 * here on. */
bool row_watch_see(RowWatch *watch, const RowPair *pair);

/* Whether so many rows differ that some may have moved. */
bool row_watch_suspects(const RowWatch *watch);

/* Whether so many rows were seen to be elsewhere in the other picture that there will be bands. */
bool row_watch_has_found(const RowWatch *watch);

/* The bands of align.h, or NULL if all rows stay where they were. The caller frees the array. */
GArray *row_watch_find_bands(const RowWatch *watch);

/* A fingerprint of the rows that only one of the pictures has, or that moved; 0 if there are none. */
uint64_t row_watch_fingerprint(const RowWatch *watch, const GArray *bands);
