/* What compilers call on their own (gcc manual, "Standards"), and what nearly every guest uses.
 * Built with -fno-builtin, or the loops would become calls of themselves. */

#include <string.h>

#define WEAK __attribute__((weak))

WEAK void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    unsigned char *target = to;
    const unsigned char *source = from;
    while (size--) *target++ = *source++;
    return to;
}

WEAK void *memmove(void *to, const void *from, size_t size) {
    unsigned char *target = to;
    const unsigned char *source = from;
    if (target <= source) return memcpy(to, from, size);
    while (size--) target[size] = source[size];
    return to;
}

WEAK void *memset(void *to, int value, size_t size) {
    unsigned char *target = to;
    while (size--) *target++ = (unsigned char)value;
    return to;
}

WEAK int memcmp(const void *left, const void *right, size_t size) {
    const unsigned char *a = left, *b = right;
    for (; size--; a++, b++)
        if (*a != *b) return *a - *b;
    return 0;
}

WEAK size_t strlen(const char *text) {
    size_t length = 0;
    while (text[length]) length++;
    return length;
}

WEAK int strcmp(const char *left, const char *right) {
    for (; *left && *left == *right; left++, right++) continue;
    return (unsigned char)*left - (unsigned char)*right;
}
