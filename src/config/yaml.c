#include "config/yaml.h"

#include "base/suggest.h"
#include "config/scalar.h"

#include <string.h>
#include <yaml.h>

/* A composer: it pulls libyaml's events and builds the json_t from the top down, by recursion. An alias gives the
 * json_t of its anchor once more, so nothing is copied; what the tree would be with all aliases written out is counted
 * instead, because whoever walks it walks that. */

enum {
    /* Levels, with aliases followed. A test file needs 6; this keeps all recursion over the tree shallow. */
    MAX_DEPTH = 64,
    /* Values, with aliases followed. 1,000 tests with 20 settings each are 30,000; a tenth of a second's work. */
    MAX_WEIGHT = 200 * 1000,
    /* A key counts as one more value for so many bytes, because `<<` copies keys: without it 4 MiB of long keys could
     * become gigabytes. */
    KEY_BYTES_PER_WEIGHT = 64,
};

typedef struct {
    json_t *value; /* NULL while its content is being read */
    size_t weight; /* values in it, itself included */
    int height;    /* levels in it, itself included */
    Place place;
} Anchor;

typedef struct {
    Document *document;
    const char *text;
    size_t size;
    yaml_parser_t parser;
    GHashTable *anchors; /* name -> Anchor */
    const char *reached; /* a place in the text up to which characters were counted, */
    size_t n_reached;    /* and their number */
    size_t weight;       /* of all that was read so far */
    int depth;           /* levels that are open now */
    int deepest;         /* level that was reached since the innermost open value began */
} Composer;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(yaml_event_t, yaml_event_delete)

static void anchor_free(void *anchor) {
    Anchor *a = anchor;
    json_decref(a->value);
    g_free(a);
}

static void composer_clear(Composer *c) {
    yaml_parser_delete(&c->parser);
    g_hash_table_unref(c->anchors);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Composer, composer_clear)

static Place place_of_mark(const yaml_mark_t *mark) {
    return (Place){(int)mark->line + 1, (int)mark->column + 1};
}

static Place place_of(const yaml_event_t *event) {
    return place_of_mark(&event->start_mark);
}

/* --- Values that are not there --- */

/* Marks count characters. They are asked for in the order of the text, so that it is gone through once. */
static const char *text_at(Composer *c, const yaml_mark_t *mark) {
    c->reached = g_utf8_offset_to_pointer(c->reached, (long)(mark->index - c->n_reached));
    c->n_reached = mark->index;
    return c->reached;
}

/* The rest of the line; the caller frees it. */
static char *line_from(const Composer *c, const char *begin) {
    const char *end = begin;
    while (end < c->text + c->size && *end != '\n' && *end != '\r')
        end++;
    return g_strndup(begin, (size_t)(end - begin));
}

/* The comment behind an empty value, if it may have been meant as the value: "#banner", but not "# to do". Else "". The
 * caller frees it. */
static char *comment_behind(Composer *c, const yaml_mark_t *mark) {
    const char *p = text_at(c, mark), *end = c->text + c->size;
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    bool is_meant = end - p >= 2 && p[0] == '#' && p[1] != '#' && !g_ascii_isspace(p[1]);
    return is_meant ? g_strchomp(line_from(c, p)) : g_strdup("");
}

static void note_blank(Composer *c, const yaml_event_t *event) {
    if (event->data.scalar.length == 0 && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
        !event->data.scalar.anchor && !event->data.scalar.tag)
        document_note_blank(c->document, place_of(event), comment_behind(c, &event->start_mark));
}

/* --- What libyaml does not accept --- */

static bool ends_line(const Composer *c, size_t i) {
    return c->text[i] == '\n' || (c->text[i] == '\r' && (i + 1 == c->size || c->text[i + 1] != '\n'));
}

/* libyaml's reader knows but the offset of what is no UTF-8. */
static Place place_of_offset(const Composer *c, size_t offset) {
    Place place = {1, 1};
    for (size_t i = 0; i < MIN(offset, c->size); i++) {
        bool continues_character = (c->text[i] & 0xC0) == 0x80;
        if (ends_line(c, i))
            place = (Place){place.line + 1, 1};
        else if (!continues_character)
            place.column++;
    }
    return place;
}

/* Whether a tab stands there, and nothing but blanks before it. */
static bool is_indenting_tab(const Composer *c, Place place) {
    size_t i = 0;
    for (int line = 1; i < c->size && line < place.line; i++)
        line += ends_line(c, i);
    for (int column = 1; i < c->size && column < place.column; column++)
        if (!g_ascii_isspace(c->text[i++]))
            return false;
    return i < c->size && c->text[i] == '\t';
}

static void refuse_character(const Composer *c, GError **error) {
    const yaml_parser_t *p = &c->parser;
    Place place = place_of_offset(c, p->problem_offset);
    if (strstr(p->problem, "control characters"))
        document_error(c->document, place, error, "the character U+%04X may not stand in YAML",
                       (unsigned)p->problem_value);
    else
        document_error(c->document, place, error, "not UTF-8: %s", p->problem);
}

/* "while parsing a block mapping that begins at line 3"; the caller frees it. */
static char *context_of(const yaml_parser_t *p) {
    if (!p->context)
        return g_strdup("");
    if (p->context_mark.line >= p->problem_mark.line)
        return g_strdup_printf(", %s", p->context);
    return g_strdup_printf(", %s that begins at line %d", p->context, (int)p->context_mark.line + 1);
}

/* The last line with anything in it above the line of a mark; the caller frees it. */
static char *line_above(Composer *c, const yaml_mark_t *mark) {
    const char *p = text_at(c, mark);
    while (p > c->text && p[-1] != '\n' && p[-1] != '\r')
        p--;
    while (p > c->text && g_ascii_isspace(p[-1]))
        p--;
    while (p > c->text && p[-1] != '\n' && p[-1] != '\r')
        p--;
    return line_from(c, p);
}

static bool has_comment_like_value(const char *line) {
    const char *hash = strchr(line, '#');
    return hash && hash > line && strchr(" \t[{,", hash[-1]) && hash[1] && !g_ascii_isspace(hash[1]);
}

/* Whether a list or map in brackets seems to go on because a # made its end a comment: `[#a, #b]`. libyaml's mark is
 * where it begins, or where it went wrong. */
static bool is_cut_off_by_comment(Composer *c) {
    if (!c->parser.context || !strstr(c->parser.context, "flow"))
        return false;
    g_autofree char *first = line_from(c, text_at(c, &c->parser.context_mark));
    g_autofree char *last = line_above(c, &c->parser.problem_mark);
    return has_comment_like_value(first) || has_comment_like_value(last);
}

static void refuse_syntax(Composer *c, GError **error) {
    const yaml_parser_t *p = &c->parser;
    Place place = place_of_mark(&p->problem_mark);
    const char *problem = p->problem ? p->problem : "out of memory";
    g_autofree char *context = context_of(p);
    if (p->error == YAML_READER_ERROR)
        refuse_character(c, error);
    else if (is_indenting_tab(c, place))
        document_error(c->document, place, error, "tabs cannot indent in YAML, use spaces (%s%s)", problem, context);
    else
        document_error(c->document, place, error, "%s%s%s", problem, context,
                       is_cut_off_by_comment(c) ? "; # begins a comment in YAML, unless it is in quotes" : "");
}

static bool next_event(Composer *c, yaml_event_t *event, GError **error) {
    if (yaml_parser_parse(&c->parser, event))
        return true;
    refuse_syntax(c, error);
    return false;
}

/* --- Limits and anchors --- */

/* Accounts for a value that is about to be added below what is open. */
static bool spend(Composer *c, size_t weight, int height, Place place, GError **error) {
    c->weight += weight;
    c->deepest = MAX(c->deepest, c->depth + height);
    if (c->weight > MAX_WEIGHT)
        document_error(c->document, place, error, "the file has more than %d values, with aliases followed",
                       MAX_WEIGHT);
    else if (c->deepest > MAX_DEPTH)
        document_error(c->document, place, error, "nested deeper than %d levels, with aliases followed", MAX_DEPTH);
    else
        return true;
    return false;
}

static const char *anchor_name(const yaml_event_t *event) {
    if (event->type == YAML_SCALAR_EVENT)
        return (const char *)event->data.scalar.anchor;
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return (const char *)event->data.sequence_start.anchor;
    if (event->type == YAML_MAPPING_START_EVENT)
        return (const char *)event->data.mapping_start.anchor;
    return NULL;
}

/* Notes the event's anchor, if it has one: *out_anchor, borrowed, or NULL. */
static bool open_anchor(Composer *c, const yaml_event_t *event, Anchor **out_anchor, GError **error) {
    const char *name = anchor_name(event);
    const Anchor *first = name ? g_hash_table_lookup(c->anchors, name) : NULL;
    if (first) {
        document_error(c->document, place_of(event), error,
                       "the anchor &%s stands for something else already, see line %d column %d", name,
                       first->place.line, first->place.column);
        return false;
    }
    *out_anchor = NULL;
    if (!name)
        return true;
    *out_anchor = g_new0(Anchor, 1);
    (*out_anchor)->place = place_of(event);
    g_hash_table_insert(c->anchors, g_strdup(name), *out_anchor);
    return true;
}

static void refuse_alias(Composer *c, const char *name, Place place, GError **error) {
    unsigned n = 0;
    g_autofree const char **names = (const char **)g_hash_table_get_keys_as_array(c->anchors, &n);
    const char *near = suggest_name(name, names, n);
    document_error(c->document, place, error, "unknown alias *%s: no &%s stands before it%s%s%s", name, name,
                   near ? "; did you mean *" : "", near ? near : "", near ? "?" : "");
}

static json_t *compose_alias(Composer *c, const yaml_event_t *event, GError **error) {
    const char *name = (const char *)event->data.alias.anchor;
    const Anchor *anchor = g_hash_table_lookup(c->anchors, name);
    if (!anchor) {
        refuse_alias(c, name, place_of(event), error);
        return NULL;
    }
    if (!anchor->value) {
        document_error(c->document, place_of(event), error,
                       "the alias *%s stands inside of &%s itself, which would never end", name, name);
        return NULL;
    }
    if (!spend(c, anchor->weight, anchor->height, place_of(event), error))
        return NULL;
    return json_incref(anchor->value);
}

/* --- Values --- */

static json_t *compose(Composer *c, const yaml_event_t *event, GError **error);

static json_t *compose_scalar(Composer *c, const yaml_event_t *event, GError **error) {
    const char *text = (const char *)event->data.scalar.value;
    const char *tag = (const char *)event->data.scalar.tag;
    const char *problem = NULL;
    json_t *value = NULL;

    if (event->data.scalar.plain_implicit) /* the tag may be "!", which PyYAML passes over too */
        tag = NULL;
    else if (!tag)
        tag = SCALAR_STRING;
    if (strlen(text) == event->data.scalar.length)
        value = scalar_parse(tag, text, &problem);
    else
        problem = "a NUL character (\\0) may not stand in a text";
    if (!value)
        document_error(c->document, place_of(event), error, "%s", problem);
    note_blank(c, event);
    return value;
}

static bool has_tag(const Composer *c, const yaml_event_t *event, const yaml_char_t *tag, const char *wanted,
                    GError **error) {
    if (!tag || g_str_equal(tag, "!") || g_str_equal(tag, wanted))
        return true;
    document_error(c->document, place_of(event), error, "the tag !<%s> is not known here", (const char *)tag);
    return false;
}

static json_t *compose_sequence(Composer *c, const yaml_event_t *start, GError **error) {
    if (!has_tag(c, start, start->data.sequence_start.tag, YAML_SEQ_TAG, error))
        return NULL;
    json_t *array = document_new_array(c->document);
    for (;;) {
        g_auto(yaml_event_t) event = {0};
        if (!next_event(c, &event, error))
            return NULL;
        if (event.type == YAML_SEQUENCE_END_EVENT)
            return json_incref(array);
        json_auto_t *value = compose(c, &event, error);
        if (!value)
            return NULL;
        document_append(c->document, array, value, place_of(&event));
    }
}

/* A key is a string as it is written: `on: 1` is the key "on". Only where it is more than its text is it read as a
 * value first: for its anchor, its tag, what the alias stands for. The caller frees it. */
static char *compose_key(Composer *c, const yaml_event_t *event, GError **error) {
    const char *text = event->type == YAML_SCALAR_EVENT ? (const char *)event->data.scalar.value : NULL;
    if (text && !event->data.scalar.anchor && !event->data.scalar.tag && strlen(text) == event->data.scalar.length)
        return g_strdup(text);

    json_auto_t *value = NULL;
    if (text || event->type == YAML_ALIAS_EVENT) {
        value = compose(c, event, error);
        if (!value)
            return NULL;
    }
    if (!text && !json_is_string(value)) {
        document_error(c->document, place_of(event), error, "a key must be a text, not a map or a list");
        return NULL;
    }
    return g_strdup(text ? text : json_string_value(value));
}

static bool read_pair(Composer *c, json_t *object, const yaml_event_t *key_event, GError **error) {
    Place name_place = place_of(key_event);
    g_autofree char *key = compose_key(c, key_event, error);
    if (!key || !spend(c, strlen(key) / KEY_BYTES_PER_WEIGHT, 0, name_place, error))
        return false;
    if (json_object_get(object, key)) {
        Place first = document_place_of_name(c->document, object, key);
        g_autofree char *quoted = document_quote(key);
        document_error(c->document, name_place, error, "the key %s stands twice in one map, first at line %d column %d",
                       quoted, first.line, first.column);
        return false;
    }
    g_auto(yaml_event_t) event = {0};
    if (!next_event(c, &event, error))
        return false;
    json_auto_t *value = compose(c, &event, error);
    if (!value)
        return false;
    document_set(c->document, object, key, name_place, value, place_of(&event));
    return true;
}

/* Adds the maps that `<<` names to merges (array of json_t, borrowed), those that win last. They stay alive in the
 * document. */
static bool read_merge(Composer *c, GPtrArray *merges, GError **error) {
    g_auto(yaml_event_t) event = {0};
    if (!next_event(c, &event, error))
        return false;
    json_auto_t *value = compose(c, &event, error);
    if (!value)
        return false;
    if (json_is_object(value))
        g_ptr_array_add(merges, value);
    bool all_maps = json_is_object(value) || json_is_array(value);
    for (size_t i = json_array_size(value); i-- > 0;) {
        g_ptr_array_add(merges, json_array_get(value, i));
        all_maps = all_maps && json_is_object(json_array_get(value, i));
    }
    if (!all_maps)
        document_error(c->document, place_of(&event), error, "<< takes a map or a list of maps");
    return all_maps;
}

/* The order of keys is PyYAML's: first the merged ones, then the map's own. */
static void apply_merges(Document *document, json_t *object, const GPtrArray *merges) {
    json_auto_t *own = json_copy(object);
    json_object_clear(object);
    for (unsigned i = 0; i < merges->len; i++) {
        const char *key;
        json_t *value;
        json_object_foreach ((json_t *)merges->pdata[i], key, value) {
            json_t *own_value = json_object_get(own, key);
            if (own_value)
                json_object_set(object, key, own_value);
            else
                document_copy_key(document, object, merges->pdata[i], key);
        }
    }
    json_object_update(object, own);
}

static bool is_merge_key(const yaml_event_t *event) {
    return event->type == YAML_SCALAR_EVENT && event->data.scalar.plain_implicit &&
           g_str_equal(event->data.scalar.value, "<<");
}

static json_t *compose_mapping(Composer *c, const yaml_event_t *start, GError **error) {
    if (!has_tag(c, start, start->data.mapping_start.tag, YAML_MAP_TAG, error))
        return NULL;
    json_t *object = document_new_object(c->document);
    g_autoptr(GPtrArray) merges = g_ptr_array_new();
    for (;;) {
        g_auto(yaml_event_t) event = {0};
        if (!next_event(c, &event, error))
            return NULL;
        if (event.type == YAML_MAPPING_END_EVENT)
            break;
        bool read = is_merge_key(&event) ? read_merge(c, merges, error) : read_pair(c, object, &event, error);
        if (!read)
            return NULL;
    }
    if (merges->len > 0)
        apply_merges(c->document, object, merges);
    return json_incref(object);
}

static json_t *compose_content(Composer *c, const yaml_event_t *event, GError **error) {
    if (event->type == YAML_SCALAR_EVENT)
        return compose_scalar(c, event, error);
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return compose_sequence(c, event, error);
    g_assert(event->type == YAML_MAPPING_START_EVENT);
    return compose_mapping(c, event, error);
}

/* Returns a new reference to the value that begins with this event. */
static json_t *compose(Composer *c, const yaml_event_t *event, GError **error) {
    if (event->type == YAML_ALIAS_EVENT)
        return compose_alias(c, event, error);

    size_t weight_before = c->weight;
    int deepest_before = c->deepest;
    Anchor *anchor;
    c->deepest = c->depth;
    if (!spend(c, 1, 1, place_of(event), error) || !open_anchor(c, event, &anchor, error))
        return NULL;
    c->depth++;
    json_t *value = compose_content(c, event, error);
    c->depth--;
    if (value && anchor) {
        anchor->value = json_incref(value);
        anchor->weight = c->weight - weight_before;
        anchor->height = c->deepest - c->depth;
    }
    c->deepest = MAX(c->deepest, deepest_before);
    return value;
}

/* --- The stream around the one document --- */

static json_t *compose_root(Composer *c, Place *out_place, GError **error) {
    g_auto(yaml_event_t) stream = {0}, document = {0}, root = {0};
    if (!next_event(c, &stream, error) || !next_event(c, &document, error))
        return NULL;
    *out_place = place_of(&document);
    if (document.type == YAML_STREAM_END_EVENT)
        return json_null();
    if (!next_event(c, &root, error))
        return NULL;
    *out_place = place_of(&root);
    return compose(c, &root, error);
}

static bool expect_end(Composer *c, GError **error) {
    g_auto(yaml_event_t) document = {0}, stream = {0};
    if (!next_event(c, &document, error) || !next_event(c, &stream, error))
        return false;
    if (stream.type != YAML_DOCUMENT_START_EVENT)
        return true;
    document_error(c->document, place_of(&stream), error, "a second document begins here; a file may hold only one");
    return false;
}

json_t *yaml_compose(Document *document, const char *text, size_t size, Place *out_place, GError **error) {
    static const char bom[] = "\xEF\xBB\xBF";
    size_t skipped = size >= 3 && memcmp(text, bom, 3) == 0 ? 3 : 0;
    if (size > DOCUMENT_MAX_BYTES) {
        document_error(document, (Place){0}, error, "%zu bytes, at most %d are read", size, DOCUMENT_MAX_BYTES);
        return NULL;
    }
    g_auto(Composer) c = {.document = document, .size = size - skipped};
    /* libyaml takes no NULL, which an empty GBytes gives. */
    c.text = c.reached = size > 0 ? text + skipped : "";
    c.anchors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, anchor_free);
    yaml_parser_initialize(&c.parser);
    yaml_parser_set_encoding(&c.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&c.parser, (const unsigned char *)c.text, c.size);
    Place place;
    json_auto_t *root = compose_root(&c, &place, error);
    if (!root || !expect_end(&c, error))
        return NULL;
    *out_place = place;
    return json_incref(root);
}
