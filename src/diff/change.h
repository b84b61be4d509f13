/* What happened in a region, as a person would say it: moved, inserted, removed, recolored; and what it looks like,
 * text or image. From the pixels of both pictures alone, so all of it is a guess, but the same one each time. */
#pragma once

#include "diff/clips.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    CHANGE_OTHER,     /* none of the below, or more than was kept of the pixels */
    CHANGE_MOVED,     /* what the reference has here, the run has dx to the right and dy farther down, 24 px at most */
    CHANGE_INSERTED,  /* something on what was plain ground */
    CHANGE_REMOVED,   /* plain ground where something was */
    CHANGE_RECOLORED, /* the same shapes in another color */
} ChangeKind;

typedef enum {
    LOOK_PLAIN, /* areas of one color, lines */
    LOOK_TEXT,  /* two colors, and what is between them, in many small shapes */
    LOOK_IMAGE, /* many colors */
} ChangeLook;

typedef struct {
    ChangeKind kind;
    ChangeLook look;        /* of what the run shows; of what was removed, the reference */
    int dx, dy;             /* pixels, where it moved */
    uint8_t from[4], to[4]; /* RGBA, where it was recolored: the color that changed most */
} Change;

/* Guesses, from what was kept of a region's pixels. Takes time in proportion to them: 2 ms for a paragraph, 50 ms for a
 * million. Any thread. */
Change change_guess(const Clip *clip);

/* "moved", "inserted", "removed", "recolored", "changed"; "plain", "text", "image"; and back, false for other names. */
const char *change_kind_name(ChangeKind kind);
bool change_kind_from_name(const char *name, ChangeKind *out_kind);
const char *change_look_name(ChangeLook look);
bool change_look_from_name(const char *name, ChangeLook *out_look);
