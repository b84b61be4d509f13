/* The inner loop of inflate.c: codes into bytes. */
#pragma once

#include "image/inflate_bits.h"

#include <stdint.h>

enum {
    /* So far in front of the end of the input a coder stops: it reads eight bytes, twice a turn. */
    CODER_LOOK_AHEAD = 32,
    /* So many bytes more than what is wanted may be written: two literals, a copy, and what a copy writes behind itself. */
    CODER_OVERSHOOT = 2 + 258 + 32,
};

typedef struct {
    Bits bits;
    uint8_t *out;                         /* where the next byte goes */
    const uint8_t *stop;                  /* all that is wanted was made */
    const uint8_t *first;                 /* no copy may come from in front of it */
    const uint8_t *in_stop;               /* nothing is read that begins here */
    const uint32_t *literals, *distances; /* as inflate_code.h makes them */
    unsigned literal_more_bits, distance_more_bits;
    uint32_t entry; /* the coder's own */
} Coder;

/* Why a coder stopped: nothing more is wanted, or can be read; the block has ended; the data are corrupt. */
typedef enum { CODER_GOING, CODER_STOPPED, CODER_END, CODER_INVALID } CoderState;

/* Decodes until the coder stops. */
CoderState coder_run(Coder *coder);
