/* Members of JSON objects that some dpxdt wrote, taken out with a check. One that is missing is 0, NULL or an empty
 * list, so that what an older dpxdt wrote can be read; one of the wrong kind is an error, ERROR_INVALID, with
 * the key's name. What is given back is left alone on failure. Any thread. */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Frees what *out_text was, and sets it to a copy, or to NULL. */
bool member_text(const json_t *object, const char *key, char **out_text, GError **error) MUST_CHECK;

/* Whole numbers: from 0 to most; and from least on, as an int. */
bool member_number(const json_t *object, const char *key, int64_t most, int64_t *out_number, GError **error) MUST_CHECK;
bool member_int(const json_t *object, const char *key, int least, int *out_int, GError **error) MUST_CHECK;

bool member_real(const json_t *object, const char *key, double *out_real, GError **error) MUST_CHECK;

/* A text of exactly so many hexadecimal digits, behind a prefix: "#ff0000ff". 0 also for null. */
bool member_hex(const json_t *object, const char *key, const char *prefix, size_t n_digits, uint64_t *out_bits,
                GError **error) MUST_CHECK;

/* The list, which belongs to object, or NULL where there is none. */
bool member_list(const json_t *object, const char *key, const json_t **out_list, GError **error) MUST_CHECK;
