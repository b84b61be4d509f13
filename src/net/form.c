#include "net/form.h"

void form_add(GString *form, const char *name, const char *value) {
    if (!value)
        return;
    g_string_append_printf(form, "%s%s=", form->len > 0 ? "&" : "", name);
    g_string_append_uri_escaped(form, value, NULL, FALSE);
}

void form_add_number(GString *form, const char *name, int64_t number) {
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);
    form_add(form, name, text);
}
