#include "config/document.h"

#include "config/yaml.h"

/* Characters: enough to recognize a text, and the message stays one line. */
enum { MAX_QUOTED = 40 };

/* Where one value stands. Found by its container and its key or index, because true, false and null are the same
 * json_t wherever they occur, and shared subtrees too. */
typedef struct {
    const json_t *container;
    char *key; /* NULL in an array */
    size_t index;
    Place name_place, place;
} Entry;

struct Document {
    char *name;
    json_t *root;
    Place root_place;
    GHashTable *entries; /* a set of Entry */
    GHashTable *blanks;  /* Place -> comment */
    GPtrArray *owned;    /* of json_t: every container that has entries */
};

static unsigned entry_hash(const void *entry) {
    const Entry *e = entry;
    return g_direct_hash(e->container) ^ (e->key ? g_str_hash(e->key) : (unsigned)e->index * 31);
}

static int entry_equal(const void *a, const void *b) {
    const Entry *x = a, *y = b;
    return x->container == y->container && x->index == y->index && g_strcmp0(x->key, y->key) == 0;
}

static void entry_free(void *entry) {
    Entry *e = entry;
    g_free(e->key);
    g_free(e);
}

static unsigned place_hash(const void *place) {
    const Place *p = place;
    return (unsigned)p->line * 31 + (unsigned)p->column;
}

static int place_equal(const void *a, const void *b) {
    const Place *x = a, *y = b;
    return x->line == y->line && x->column == y->column;
}

static void release(void *json) {
    json_decref(json);
}

static Document *document_new(const char *name) {
    Document *document = g_new0(Document, 1);
    document->name = g_strdup(name);
    document->entries = g_hash_table_new_full(entry_hash, entry_equal, entry_free, NULL);
    document->blanks = g_hash_table_new_full(place_hash, place_equal, g_free, g_free);
    document->owned = g_ptr_array_new_with_free_func(release);
    return document;
}

Document *document_from_yaml(const char *name, const char *text, size_t size, GError **error) {
    g_autoptr(Document) document = document_new(name);
    document->root = yaml_compose(document, text, size, &document->root_place, error);
    return document->root ? g_steal_pointer(&document) : NULL;
}

Document *document_from_json(const char *name, json_t *root) {
    Document *document = document_new(name);
    document->root = json_incref(root);
    return document;
}

void document_free(Document *document) {
    if (!document)
        return;
    g_hash_table_unref(document->entries);
    g_hash_table_unref(document->blanks);
    g_ptr_array_unref(document->owned);
    json_decref(document->root);
    g_free(document->name);
    g_free(document);
}

json_t *document_root(const Document *document) {
    return document->root;
}

Place document_place_of_root(const Document *document) {
    return document->root_place;
}

static Entry find(const Document *document, const json_t *container, const char *key, size_t index) {
    Entry wanted = {.container = container, .key = (char *)key, .index = index};
    const Entry *found = g_hash_table_lookup(document->entries, &wanted);
    return found ? *found : wanted;
}

Place document_place_of_key(const Document *document, const json_t *object, const char *key) {
    return find(document, object, key, 0).place;
}

Place document_place_of_name(const Document *document, const json_t *object, const char *key) {
    return find(document, object, key, 0).name_place;
}

Place document_place_of_element(const Document *document, const json_t *array, size_t index) {
    return find(document, array, NULL, index).place;
}

const char *document_blank_at(const Document *document, Place place) {
    return g_hash_table_lookup(document->blanks, &place);
}

G_GNUC_PRINTF(3, 0)
static char *message(const Document *document, Place place, const char *format, va_list arguments) {
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    if (place.line == 0)
        return g_strdup_printf("%s: %s", document->name, text);
    return g_strdup_printf("%s:%d:%d: %s", document->name, place.line, place.column, text);
}

char *document_message(const Document *document, Place place, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = message(document, place, format, arguments);
    va_end(arguments);
    return text;
}

void document_error(const Document *document, Place place, GError **error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = message(document, place, format, arguments);
    va_end(arguments);
    error_set(error, ERROR_INVALID, "%s", text);
}

char *document_quote(const char *text) {
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    bool is_long = g_utf8_strlen(valid, -1) > MAX_QUOTED;
    g_autofree char *begin = g_utf8_substring(valid, 0, is_long ? MAX_QUOTED : -1);
    json_auto_t *shown = json_sprintf("%s%s", begin, is_long ? "..." : "");
    return json_dumps(shown, JSON_ENCODE_ANY);
}

static json_t *own(Document *document, json_t *container) {
    g_ptr_array_add(document->owned, container);
    return container;
}

json_t *document_new_object(Document *document) {
    return own(document, json_object());
}

json_t *document_new_array(Document *document) {
    return own(document, json_array());
}

static void note(Document *document, Entry entry) {
    g_hash_table_add(document->entries, g_memdup2(&entry, sizeof entry));
}

void document_set(Document *document, json_t *object, const char *key, Place name_place, json_t *value, Place place) {
    json_object_set(object, key, value);
    note(document, (Entry){object, g_strdup(key), 0, name_place, place});
}

void document_append(Document *document, json_t *array, json_t *value, Place place) {
    note(document, (Entry){array, NULL, json_array_size(array), place, place});
    json_array_append(array, value);
}

void document_note_blank(Document *document, Place place, char *comment) {
    g_hash_table_insert(document->blanks, g_memdup2(&place, sizeof place), comment);
}

void document_copy_key(Document *document, json_t *target, const json_t *source, const char *key) {
    Entry from = find(document, source, key, 0);
    document_set(document, target, key, from.name_place, json_object_get(source, key), from.place);
}

void document_copy_keys(Document *document, json_t *target, const json_t *source) {
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)source, key, value) {
        document_copy_key(document, target, source, key);
    }
}
