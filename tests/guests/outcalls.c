/* Guest functions that the host replaces, with operands and results of every sort, and others
 * that call them. Weak, so that the compiler draws no conclusions from what they do here. */

#include <simfw/guest.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLACED SIMFW_EXPORT __attribute__((weak))

/* give_x is the host's; get_x shows what compiled code makes of its result. */
#define SCALAR(name, type, wide)                                                                 \
    REPLACED type give_##name(type value) { return value; }                                      \
    SIMFW_EXPORT wide get_##name(type value) { return give_##name(value); }

SCALAR(i8, int8_t, int64_t)
SCALAR(u8, uint8_t, uint64_t)
SCALAR(i16, int16_t, int64_t)
SCALAR(u16, uint16_t, uint64_t)
SCALAR(i32, int32_t, int64_t)
SCALAR(u32, uint32_t, uint64_t)
SCALAR(i64, int64_t, int64_t)
SCALAR(u64, uint64_t, uint64_t)
SCALAR(long, long, int64_t)
SCALAR(size, size_t, uint64_t)
SCALAR(bool, bool, uint64_t)
SCALAR(pointer, void *, void *)

REPLACED int32_t send(const char *text, const uint8_t *data, size_t size, bool flag,
                      uint32_t *out) {
    return 0;
}

volatile uint32_t result;
const uint8_t message[] = {1, 2, 3, 0, 255};

SIMFW_EXPORT int32_t sends(void) {
    uint32_t out = 7;
    int32_t status = send("h\xc3\xa9llo", message, sizeof message, true, &out);
    result = out;
    return status;
}

SIMFW_EXPORT int32_t sends_what(const char *text, const uint8_t *data, size_t size) {
    return send(text, data, size, false, (uint32_t *)&result);
}

REPLACED void nothing(void) {}
SIMFW_EXPORT int32_t calls_nothing(int32_t n) {
    nothing();
    return n + 1;
}

SIMFW_EXPORT int32_t loop(int32_t n) {
    int32_t sum = 0;
    for (int32_t i = 0; i < n; i++) sum += give_i32(i);
    return sum;
}

SIMFW_EXPORT long system_call(long number, long a, long b) {
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a7) : "memory");
    return a0;
}

static SIMFW_EXPORT int32_t triple(int32_t n) { return 3 * n; }
typedef int32_t (*handler)(int32_t);
REPLACED int32_t subscribe(handler function) { return 0; }
SIMFW_EXPORT int32_t subscribes(void) { return subscribe(triple); }

int main(void) { return give_i32(40) + 2; }
