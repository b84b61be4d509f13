/* A YAML or JSON file as a tree of json_t that remembers where each value stood.
 *
 * The tree is plain jansson. Aliases and merged keys (`<<`) share their subtrees, so the tree is not to be changed. A
 * place is asked for by the container (object or array) and the key or index in it. One thread at a time. */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The largest file that is read: a suite of 10,000 tests with a script each is half of it. */
enum { DOCUMENT_MAX_BYTES = 4 * 1024 * 1024 };

typedef struct Document Document;

typedef struct {
    int line, column; /* in characters, from 1; 0 where unknown (a document that came from JSON) */
} Place;

/* Reads YAML 1.1 as PyYAML's safe loader does: plain scalars become null, booleans, integers and numbers, `<<` merges
 * a map or a list of maps, a key beside it wins. Keys are strings, as written; dates stay strings. name stands in
 * messages (the file's path). An empty text, which may be NULL, gives null. Fails with ERROR_INVALID and "name:line:column: ..." for broken
 * syntax, bad UTF-8, a second document, unknown, repeated or cyclic anchors, duplicate keys, keys that are no scalars,
 * tags beyond the core ones, what JSON cannot hold, and trees that grow beyond the limits in yaml.c. */
Document *document_from_yaml(const char *name, const char *text, size_t size, GError **error) MUST_CHECK;

/* Wraps a JSON value; places are then unknown, and messages name the path alone. Takes a reference. */
Document *document_from_json(const char *name, json_t *root);
void document_free(Document *document);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Document, document_free)

/* The root, borrowed, and where it stood. */
json_t *document_root(const Document *document);
Place document_place_of_root(const Document *document);

/* Where the value of a key of an object, the key itself, or an array's element, stood. */
Place document_place_of_key(const Document *document, const json_t *object, const char *key);
Place document_place_of_name(const Document *document, const json_t *object, const char *key);
Place document_place_of_element(const Document *document, const json_t *array, size_t index);

/* What was written at the place of a value that is null because there is none: "", or the comment which YAML saw where
 * a person may have meant a value, "#banner" of `hide: #banner`. NULL at all other places, and where null itself was
 * written. Borrowed. */
const char *document_blank_at(const Document *document, Place place);

/* "name:line:column: " and the message, as printf would make it, as an error of ERROR_INVALID or as a string which
 * the caller frees. */
void document_error(const Document *document, Place place, GError **error, const char *format, ...) G_GNUC_PRINTF(4, 5);
char *document_message(const Document *document, Place place, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* A text as messages show it: in quotes, without control characters, shortened. The caller frees it. */
char *document_quote(const char *text);

/* For those who build trees. A new, empty object, which the document owns: places go by address, so a container must
 * not be freed, and its address used again, before the document. */
json_t *document_new_object(Document *document);
json_t *document_new_array(Document *document);

/* Adds a value to a container of this document and notes where it stands. The value is borrowed. */
void document_set(Document *document, json_t *object, const char *key, Place name_place, json_t *value, Place place);
void document_append(Document *document, json_t *array, json_t *value, Place place);

/* Notes that there is no value at a place, and what stands there instead: see document_blank_at(). Takes comment. */
void document_note_blank(Document *document, Place place, char *comment);

/* Sets one key of target, or all, to the values of source, which keep their places. */
void document_copy_key(Document *document, json_t *target, const json_t *source, const char *key);
void document_copy_keys(Document *document, json_t *target, const json_t *source);
