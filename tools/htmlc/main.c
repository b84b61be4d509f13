/* htmlc PAGE OUTPUT: compiles a page of HTML to C, for the build. */
#include "page.h"

static bool run(const char *page, const char *output, GError **error) {
    g_autofree char *text = NULL;
    size_t size = 0;
    g_autoptr(GString) c = g_string_new(NULL);
    return g_file_get_contents(page, &text, &size, error) && page_compile(text, size, page, c, error) &&
           g_file_set_contents(output, c->str, (gssize)c->len, error);
}

int main(int argc, char **argv) {
    g_autoptr(GError) error = NULL;
    if (argc != 3) {
        g_printerr("usage: htmlc PAGE OUTPUT\n");
        return 2;
    }
    if (!run(argv[1], argv[2], &error)) {
        g_printerr("%s\n", error->message);
        return 1;
    }
    return 0;
}
