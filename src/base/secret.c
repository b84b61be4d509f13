#include "base/secret.h"

#include <string.h>

bool secret_equals(const char *a, const char *b) {
    size_t length = strlen(a);
    if (strlen(b) != length)
        return false;
    int difference = 0;
    for (size_t i = 0; i < length; i++)
        difference |= a[i] ^ b[i];
    return difference == 0;
}
