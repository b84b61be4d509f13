#include "http/microhttpd.h"

#include "base/library.h"

#include <pthread.h>

Microhttpd mhd;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static GError *why_not; /* it could not be loaded */

static void load(void) {
#define SYMBOL(name) {#name, &mhd.name},
    const LibrarySymbol symbols[] = {MICROHTTPD_FUNCTIONS(SYMBOL)};
    (void)!library_load("libmicrohttpd.so.12", "libmicrohttpd12", symbols, G_N_ELEMENTS(symbols), &why_not);
}

bool microhttpd_load(GError **error) {
    pthread_once(&once, load);
    if (why_not)
        g_propagate_error(error, g_error_copy(why_not));
    return !why_not;
}
