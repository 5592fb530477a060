/* Crossings of the border, in both directions. */
#include <stdint.h>

#ifdef __wasm__
#define FROM_HOST(name) __attribute__((import_module("env"), import_name(name)))
#else
#define FROM_HOST(name)
#endif

FROM_HOST("host_add") extern int32_t host_add(int32_t a, int32_t b);
FROM_HOST("host_descend") extern int32_t host_descend(int32_t depth);

int32_t add(int32_t a, int32_t b) {
    return a + b;
}

/* n calls of the host, each with two integers: 0 + 1 + … + n - 1. */
int32_t repeat(int32_t n) {
    int32_t sum = 0;
    for (int32_t i = 0; i < n; i++)
        sum = host_add(sum, i);
    return sum;
}

/* One level of nesting: the host's function calls this one again, with its argument. */
int32_t descend(int32_t depth) {
    return depth == 0 ? 0 : 1 + host_descend(depth - 1);
}
