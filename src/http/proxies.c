#include "http/proxies.h"

#include <string.h>

bool proxies_know(const HttpConfig *config, const char *peer) {
    uint8_t address[IP_BYTES];
    if (!ip_parse(peer, address))
        return false;
    for (size_t i = 0; i < config->n_proxies; i++)
        if (ip_block_has(&config->proxies[i], address))
            return true;
    return false;
}

/* "192.0.2.1:4711" and "[2001:db8::1]:4711", as some proxies say it, without the port. The caller frees it. */
static char *address_in(char *said) {
    char *host = g_strstrip(said), *bracket = strchr(host, ']'), *colon = strchr(host, ':');
    if (*host == '[' && bracket)
        return g_strndup(host + 1, (gsize)(bracket - host) - 1);
    return colon && !strchr(colon + 1, ':') ? g_strndup(host, (gsize)(colon - host)) : g_strdup(host);
}

char *proxies_find_client(const HttpConfig *config, const char *peer, const char *forwarded) {
    g_auto(GStrv) said = g_strsplit(forwarded ? forwarded : "", ",", -1);
    uint8_t unused[IP_BYTES];
    char *client = g_strdup(peer);
    for (guint left = g_strv_length(said); left > 0 && proxies_know(config, client); left--) {
        char *before = address_in(said[left - 1]);
        if (!ip_parse(before, unused)) {
            g_free(before);
            break;
        }
        g_free(client);
        client = before;
    }
    return client;
}
