/* A YAML or JSON file as a tree of json_t that remembers where each value stood.
 *
 * The tree is plain jansson. Aliases and merged keys (`<<`) share their subtrees, so the tree is not to be changed. A
 * place is asked for by the container (object or array) and the key or index in it. */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct Document Document;

typedef struct {
    int line, column; /* from 1; 0 where unknown (a document that came from JSON) */
} Place;

/* Reads YAML 1.1 as PyYAML's safe loader does: plain scalars become null, booleans, integers and numbers, `<<` merges
 * a map or a list of maps, a key beside it wins. name stands in messages (the file's path). An empty text gives null.
 * Fails with ERROR_INVALID and "name:line:column: ..." for broken syntax, bad UTF-8, unknown or cyclic aliases,
 * duplicate keys, keys that are no scalars, and trees that grow beyond the limits in document.c. */
Document *document_from_yaml(const char *name, const char *text, size_t size, GError **error)
    MUST_CHECK;

/* Wraps a JSON value; places are then unknown, and messages name the path alone. Takes a reference. */
Document *document_from_json(const char *name, json_t *root);
void document_free(Document *document);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Document, document_free)

/* The root, borrowed. */
json_t *document_root(const Document *document);

/* Where the value of a key of an object, or an array's element, stood. */
Place document_place_of_key(const Document *document, const json_t *object, const char *key);
Place document_place_of_element(const Document *document, const json_t *array, size_t index);

/* "name:line:column: " and the message, as printf would make it, as an error of ERROR_INVALID or as a string which
 * the caller frees. */
void document_error(const Document *document, Place place, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
char *document_message(const Document *document, Place place, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
