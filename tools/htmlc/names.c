/* Both tables are of what is allowed, since what is not known may be dangerous: HTML gets new attributes. What people are
 * likely to try gets a reason. */
#include "names.h"

#include <glib.h>
#include <string.h>

#define POLICY ": the pages' Content-Security-Policy has no "

static const char *const elements[] = {
    "html head title meta link script noscript template body slot",
    "header footer main nav section article aside address hgroup h1 h2 h3 h4 h5 h6 search",
    "p div span pre hr br wbr blockquote ol ul menu li dl dt dd figure figcaption details summary dialog",
    "a abbr b bdi bdo cite code data del dfn em i ins kbd mark q rp rt ruby s samp small strong sub sup time u var",
    "img picture source audio video track canvas map area",
    "table caption colgroup col thead tbody tfoot tr th td",
    "form fieldset legend label input button select optgroup option datalist textarea output progress meter",
    "svg g path circle ellipse rect line polyline polygon text tspan defs symbol use desc marker",
    "lineargradient radialgradient stop clippath mask pattern",
};

static const struct {
    const char *names, *reason;
} refused_elements[] = {
    {"style", POLICY "inline styles; write them into a style sheet"},
    {"iframe frame frameset object embed applet param portal fencedframe", ": no page shows what is not its own"},
    {"base", ": it would change where all links lead"},
    {"animate animatemotion animatetransform set mpath", ": it writes attributes at run time, links among them"},
    {"xmp listing plaintext noembed noframes", ": browsers read it by other rules; use <pre>"},
};

static const struct {
    const char *names, *reason;
} refused_attributes[] = {
    {"style", POLICY "inline styles; use a class"},
    {"srcdoc", ": no page shows what is not its own"},
    {"srcset imagesrcset", ": it is a list of URLs, which is not looked through; use src"},
    {"http-equiv", ", refresh neither: send a header of HTTP"},
    {"ping attributionsrc", ": it tells others who clicks"},
    {"background data manifest xlink:href", ": it is a URL of old; use href or src"},
    {"xml:base codebase", ": it would change where links lead"},
};

static const struct {
    const char *attributes, *elements; /* NULL: all */
    ValueKind kind;
} values[] = {
    {"class id title lang dir role tabindex", NULL, VALUE_PLAIN},
    {"alt width height", "img input video canvas area svg rect use symbol source", VALUE_PLAIN},
    {"value", "button data input li meter option output progress", VALUE_PLAIN},
    {"name", "button details fieldset input output select textarea", VALUE_PLAIN},
    {"for list placeholder min max step minlength maxlength rows cols size",
     "label output input textarea select meter progress", VALUE_PLAIN},
    {"low high optimum", "meter", VALUE_PLAIN},
    {"label", "optgroup option track", VALUE_PLAIN},
    {"datetime", "time del ins", VALUE_PLAIN},
    {"colspan rowspan headers scope abbr span start", "td th col colgroup ol", VALUE_PLAIN},
    {"content", "meta", VALUE_PLAIN},
    {"x y x1 y1 x2 y2 cx cy r rx ry d points viewbox transform", NULL, VALUE_PLAIN},
    {"href", "a area", VALUE_URL},
    {"href", "use", VALUE_BEHIND_URL}, /* a symbol of the page, and not of a file that somebody uploaded */
    {"src", "img input audio video source track", VALUE_URL},
    {"poster", "video", VALUE_URL},
    {"action", "form", VALUE_URL},
    {"formaction", "button input", VALUE_URL},
    {"cite", "blockquote q del ins", VALUE_URL},
};

static const char urls[] = "href src poster action formaction cite";

/* Whether a list of words has this one. */
static bool has_word(const char *list, const char *word) {
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

const char *names_element_refusal(const char *element) {
    for (size_t i = 0; i < G_N_ELEMENTS(elements); i++)
        if (has_word(elements[i], element))
            return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(refused_elements); i++)
        if (has_word(refused_elements[i].names, element))
            return refused_elements[i].reason;
    return ": it is not in the table of elements (tools/htmlc/names.c)";
}

const char *names_attribute_refusal(const char *attribute) {
    if (g_str_has_prefix(attribute, "on"))
        return POLICY "inline scripts; listen in a script of its own file";
    for (size_t i = 0; i < G_N_ELEMENTS(refused_attributes); i++)
        if (has_word(refused_attributes[i].names, attribute))
            return refused_attributes[i].reason;
    return NULL;
}

ValueKind names_value_kind(const char *element, const char *attribute) {
    if (g_str_has_prefix(attribute, "data-") || g_str_has_prefix(attribute, "aria-"))
        return VALUE_PLAIN;
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
        if (has_word(values[i].attributes, attribute) && (!values[i].elements || has_word(values[i].elements, element)))
            return values[i].kind;
    return VALUE_NEVER;
}

bool names_is_url(const char *attribute) {
    return has_word(urls, attribute);
}
