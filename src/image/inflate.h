/* Decompression of what PNG holds, as a stream: zlib's format (RFC 1950) around deflate (RFC 1951). Most of the time of a
 * comparison is spent here, which is why there is a decompressor of our own: of those that are well kept, the fast one
 * (libdeflate) wants the whole picture in memory at once, and the streaming ones take twice its time. docs/architecture.md
 * has the measurements. It is tested and fuzzed against zlib.
 *
 * The checksum at the end is not looked at: the chunks of a PNG have their own, and it would cost as much as an eighth of
 * the decompressing. An Inflate is of one thread at a time. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* How far back a copy may reach: so many bytes of what was made before stand in front of where more is made, or all
     * that was made, if that is less. */
    INFLATE_HISTORY = 32 * 1024,
    /* So many bytes behind what is asked for are written to as well: part of them is what comes next, and must still
     * stand there, behind what was given, when it is asked for. */
    INFLATE_AHEAD = 512,
};

/* Gives up to size bytes of compressed data into out; *out_size is 0 if there is no more. False if reading failed, which
 * inflate_read() hands on. */
typedef bool (*InflateSource)(void *from, uint8_t *out, size_t size, size_t *out_size, GError **error);

typedef struct Inflate Inflate;

/* Nothing is read yet; from is handed to source. */
Inflate *inflate_new(InflateSource source, void *from);
void inflate_free(Inflate *inflate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Inflate, inflate_free)

/* Decompresses the next size bytes into out, in a buffer with room as INFLATE_HISTORY and INFLATE_AHEAD say. *out_size is
 * less than size if there are no more, as the data end or break off. Fails with ERROR_INVALID if they are corrupt, and as
 * the source does; then all that can be done with it is to free it. */
bool inflate_read(Inflate *inflate, uint8_t *out, size_t size, size_t *out_size, GError **error) MUST_CHECK;

/* Whether there is no more because the data have come to their end, and did not break off. */
bool inflate_has_ended(const Inflate *inflate);
