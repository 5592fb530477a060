/* RISC-V only: the functions that the host replaces. Their own results are wrong on purpose. */
#include <stdint.h>

int32_t host_add(int32_t a, int32_t b) {
    return a - b;
}

int32_t host_descend(int32_t depth) {
    return -depth;
}
