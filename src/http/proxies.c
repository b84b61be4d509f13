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

char *proxies_find_client(const HttpConfig *config, const char *peer, const char *forwarded) {
    g_auto(GStrv) said = g_strsplit(forwarded ? forwarded : "", ",", -1);
    uint8_t unused[IP_BYTES];
    const char *client = peer;
    for (guint left = g_strv_length(said); left > 0 && proxies_know(config, client); left--) {
        const char *before = g_strstrip(said[left - 1]);
        if (!ip_parse(before, unused))
            break;
        client = before;
    }
    return g_strdup(client);
}
