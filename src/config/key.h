/* The keys of a keyboard that have a name, as the DOM has them. What types a character is named by that character. */
#pragma once

#include <stdbool.h>

typedef struct {
    const char *name; /* as test files have it */
    const char *key;  /* KeyboardEvent.key: the name, but for Space */
    const char *code; /* KeyboardEvent.code */
    int key_code;     /* KeyboardEvent.keyCode, which Windows calls a virtual key */
    const char *text; /* what the key types, or NULL */
} Key;

/* Returns a constant, or NULL if no key has this very name. Any thread. */
const Key *key_find(const char *name);

/* Whether the text is one character, and no control character. Any thread. */
bool key_is_character(const char *text);

/* What a name of no key must be, to stand behind "... must ": with the nearest name, or with all of them. The caller
 * frees it. Any thread. */
char *key_advice(const char *name);
