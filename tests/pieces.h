/* Bytes that come in pieces: an InflateSource. */
#pragma once

#include "image/inflate.h"

#include <glib.h>
#include <string.h>

typedef struct {
    const uint8_t *bytes;
    size_t size, piece; /* of which so many come at once */
    size_t next;
} Pieces;

static inline bool pieces_give(void *from, uint8_t *out, size_t size, size_t *out_size, GError **error) {
    Pieces *pieces = from;
    *out_size = MIN(MIN(size, pieces->piece), pieces->size - pieces->next);
    memcpy(out, pieces->bytes + pieces->next, *out_size);
    pieces->next += *out_size;
    return true;
}
