/* Reads maps of a document into C structs by a table of rules, and tells the user where and what is wrong:
 *
 *     tests/a.yaml:12:7: viewportSize.width must be a whole number from 1 to 32767, not "wide"
 *
 * A Field is one value with the way to it. Fields are plain values on the stack of whoever reads; a parent must outlive
 * its children, and the document all of them. What they point to is borrowed from the document. */
#pragma once

#include "config/document.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* What all fields of one reading share. */
typedef struct {
    const Document *document;
    GPtrArray *warnings;     /* of char *, or NULL: messages about unknown and empty keys, each once */
    GPtrArray *unknown_keys; /* of char *, or NULL: "viewportSize.widht" */
} FieldSource;

typedef struct Field Field;
struct Field {
    FieldSource *source;
    const Field *parent; /* NULL for the top, whose name stands in messages about itself only */
    const char *key;     /* in the parent's object, or the top's name; NULL for an array's element */
    size_t index;        /* in the parent's array */
    json_t *value;       /* NULL for a key that was not given, or is null */
    Place place;         /* of the value, or of the map where a key was not given */
};

typedef enum {
    FIELD_ANY,    /* Field: kept, to be read by other means */
    FIELD_BOOL,   /* bool */
    FIELD_INT,    /* int, from least to most; a real number will do if it is whole */
    FIELD_NUMBER, /* double, from least to most */
    FIELD_TEXT,   /* const char *, borrowed from the document */
    FIELD_CUSTOM, /* read() gets the target itself */
    FIELD_KNOWN,  /* nothing: the key belongs to somebody else */
} FieldKind;

typedef struct {
    const char *key;
    FieldKind kind;
    size_t at; /* offset of the target's member, which is left alone if the key is not given */
    double least, most;
    bool required;
    const char *(*check)(const char *text);                         /* FIELD_TEXT: see check.h; or NULL */
    bool (*read)(const Field *field, void *target, GError **error); /* FIELD_CUSTOM */
} FieldRule;

Field field_top(FieldSource *source, const char *name, json_t *value, Place place);
Field field_at_key(const Field *object, const char *key);
Field field_at_index(const Field *array, size_t index);

/* Reads the keys of map that have a rule, in the order of the rules. Fails with ERROR_INVALID and the place; also if
 * the field is no map. Adds keys with nothing behind them to warnings; not those that are null in so many letters.
 * field_read() adds all other keys to warnings and unknown_keys, as field_warn_of_unknown() does without advise(). */
bool field_read_known(const Field *map, const FieldRule *rules, size_t n_rules, void *target,
                      GError **error) MUST_CHECK;
bool field_read(const Field *map, const FieldRule *rules, size_t n_rules, void *target, GError **error) MUST_CHECK;

/* Adds the keys of map that have no rule to warnings and unknown_keys, with what advise() says of the key ("it belongs
 * below config"), or else with the nearest known one. advise(), or what it returns, may be NULL.
 * field_warn_of_misspelt() passes over keys that are near to no known one. */
void field_warn_of_unknown(const Field *map, const FieldRule *rules, size_t n_rules,
                           const char *(*advise)(const char *key));
void field_warn_of_misspelt(const Field *map, const FieldRule *rules, size_t n_rules);

/* "; is \"ulr\" meant to be it?" if a key of map may be the one that is not there, misspelt; else "". The caller
 * frees it. */
char *field_ask_for_misspelt(const Field *map, const char *key);

/* Calls read() for each element of a list of at most `most`, until one fails. field_read_list_or_one() takes what is
 * no list for its one element. */
bool field_read_list(const Field *list, size_t most, bool (*read)(const Field *, void *, GError **), void *target,
                     GError **error) MUST_CHECK;
bool field_read_list_or_one(const Field *list, size_t most, bool (*read)(const Field *, void *, GError **),
                            void *target, GError **error) MUST_CHECK;

/* One value. *out is left alone on failure. */
bool field_get_text(const Field *field, const char *(*check)(const char *), const char **out,
                    GError **error) MUST_CHECK;
bool field_get_int(const Field *field, int least, int most, int *out, GError **error) MUST_CHECK;
bool field_get_number(const Field *field, double least, double most, double *out, GError **error) MUST_CHECK;
bool field_get_bool(const Field *field, bool *out, GError **error) MUST_CHECK;

/* The index of the text among choices, which end with NULL. */
bool field_get_choice(const Field *field, const char *const *choices, int *out, GError **error) MUST_CHECK;
bool field_is_map(const Field *field, GError **error) MUST_CHECK;

/* Errors at the field's place. Both return false. field_error(): "PATH MESSAGE"; field_refuse(): "PATH must
 * MESSAGE, not GIVEN". */
bool field_error(const Field *field, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);
bool field_refuse(const Field *field, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);
