/* Functions whose arguments and results are where the psABI puts them. Each stores what it got,
 * widened by its type as C widens it, so that a wrong extension shows. */

#include <simfw/guest.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLACED SIMFW_EXPORT __attribute__((weak))

volatile int64_t got[16];

SIMFW_EXPORT bool is_big(uint32_t value) { return value >= 0x80000000u; }
SIMFW_EXPORT bool below(uint32_t a, uint32_t b) { return a < b; }
SIMFW_EXPORT uint64_t widened(uint32_t value) { return value; }
SIMFW_EXPORT int64_t negated(int8_t a, int16_t b, int32_t c, int64_t d) { return -((int64_t)a + b + c + d); }

SIMFW_EXPORT int64_t nine(int a, int b, int c, int d, int e, int f, int g, int h, int i) {
    return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f + 1000000 * g +
           10000000 * h + 100000000LL * i;
}

#define STORE(index, value) got[index] = (int64_t)(value)

SIMFW_EXPORT void sixteen(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f,
                          int64_t g, uint64_t h, bool i, int8_t j, uint16_t k, int32_t l,
                          uint32_t m, int64_t n, void *o, int64_t p) {
    STORE(0, a); STORE(1, b); STORE(2, c); STORE(3, d); STORE(4, e); STORE(5, f); STORE(6, g);
    STORE(7, h); STORE(8, i); STORE(9, j); STORE(10, k); STORE(11, l); STORE(12, m);
    STORE(13, n); STORE(14, (uintptr_t)o); STORE(15, p);
}

/* On RV32 the 64-bit argument has its low half in a7 and its high half on the stack. */
SIMFW_EXPORT int64_t split(int a, int b, int c, int d, int e, int f, int g, int64_t h, int i) {
    STORE(0, g);
    STORE(1, i);
    return h;
}

/* On RV32 it is aligned to eight bytes behind the ninth argument. */
SIMFW_EXPORT int64_t aligned(int a, int b, int c, int d, int e, int f, int g, int h, int i,
                             int64_t j, int k) {
    STORE(0, i);
    STORE(1, k);
    return j;
}

/* Registers need no even pair: a1 and a2. */
SIMFW_EXPORT int64_t odd(int a, int64_t b) { return b - a; }

#define ENTRY(name)                                                                              \
    __asm__(".text\n.globl " #name "\n.type " #name ", @function\n" #name ": mv a0, sp\n ret\n"  \
            ".size " #name ", . - " #name "\n")
ENTRY(stack_at_entry);

/* The register itself. */
__asm__(".text\n.globl as_passed\n.type as_passed, @function\nas_passed: ret\n"
        ".size as_passed, . - as_passed\n");

#define RESULT(name, type, value)                                                                \
    volatile type name##_value = value;                                                          \
    SIMFW_EXPORT type name(void) { return name##_value; }
RESULT(gives_i8, int8_t, -128)
RESULT(gives_u8, uint8_t, 255)
RESULT(gives_i16, int16_t, -32768)
RESULT(gives_u16, uint16_t, 65535)
RESULT(gives_i32, int32_t, -2147483647 - 1)
RESULT(gives_u32, uint32_t, 4294967295u)
RESULT(gives_i64, int64_t, -9223372036854775807LL - 1)
RESULT(gives_u64, uint64_t, 0xFEDCBA9876543210u)
RESULT(gives_bool, bool, true)
SIMFW_EXPORT const char *gives_text(void) { return "text"; }
SIMFW_EXPORT size_t length_of(const char *text) {
    size_t size = 0;
    while (text[size]) size++;
    return size;
}

/* The same the other way: what the guest passes to the host. */
REPLACED int64_t host_sixteen(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f,
                              int64_t g, uint64_t h, bool i, int8_t j, uint16_t k, int32_t l,
                              uint32_t m, int64_t n, void *o, int64_t p) { return 0; }
REPLACED int64_t host_split(int a, int b, int c, int d, int e, int f, int g, int64_t h, int i) {
    return 0;
}
REPLACED int64_t host_aligned(int a, int b, int c, int d, int e, int f, int g, int h, int i,
                              int64_t j, int k) { return 0; }

SIMFW_EXPORT int64_t calls_sixteen(void) {
    return host_sixteen(-1, 255, -2, 65535, -3, 0xF0000000u, -4000000000LL, 0xFEDCBA9876543210u,
                        true, -5, 65534, -6, 0x80000000u, -5000000000LL, (void *)got,
                        0x123456789ABCDEFLL) + 1;
}
SIMFW_EXPORT int64_t calls_split(void) {
    return host_split(1, 2, 3, 4, 5, 6, 7, -0x123456789LL, 9) + 1;
}
SIMFW_EXPORT int64_t calls_aligned(void) {
    return host_aligned(1, 2, 3, 4, 5, 6, 7, 8, 9, 0x7654321076543210LL, 11) + 1;
}

int main(void) { return 0; }
