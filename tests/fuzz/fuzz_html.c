/* Anybody's text as the value in every place of a page (tests/unit/places.html): to a parser of HTML the page has the
 * elements and attributes that it has with an innocent value, leads to the web only, and where the value is text that is
 * to be seen, it is there unchanged. */

#include "fuzz/fuzz.h"
#include "fuzz/structure.h"
#include "unit/places.h"

#include <stdbool.h>
#include <string.h>

static GBytes *page_with(const char *value) {
    g_autoptr(Html) page = html_new();
    places_page(page, value, 2, "checked");
    return html_end(g_steal_pointer(&page));
}

/* Whether the value has nothing that is shown as U+FFFD, or that libxml2 leaves out. */
static bool is_plain(const char *value) {
    if (!g_utf8_validate(value, -1, NULL))
        return false;
    for (const char *at = value; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if ((g_unichar_iscntrl(c) && c != '\t' && c != '\n') || (c & 0xfffe) == 0xfffe)
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autofree char *value = g_strndup((const char *)data, size);
    g_autoptr(GBytes) innocent_page = page_with("innocent");
    g_autoptr(GBytes) page = page_with(value);
    g_autofree char *innocent = structure_of(innocent_page, NULL);
    g_autofree char *structure = structure_of(page, NULL);
    g_assert_cmpstr(structure, ==, innocent);
    g_autofree char *text = structure_text(page, "p");
    if (is_plain(value))
        g_assert_cmpstr(text, ==, value);
    g_assert_true(g_utf8_validate(g_bytes_get_data(page, NULL), (gssize)g_bytes_get_size(page), NULL));
    return 0;
}
