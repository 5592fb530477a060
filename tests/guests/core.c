/* What most tests of the machine run: small functions with results that a reader can check. */

#include <simfw/guest.h>
#include <stddef.h>
#include <stdint.h>

typedef uintptr_t word;

volatile uint32_t counter;
volatile uint32_t words[16];

/* Bodies that the host replaces; each result of its own shows when it was not. Weak, or the
 * compiler would draw conclusions from what they do here. */
#define REPLACED SIMFW_EXPORT __attribute__((weak))
REPLACED int32_t host(int32_t n) { return n - 1000; }
REPLACED void notify(void) { counter += 100; }

SIMFW_EXPORT int32_t add(int32_t a, int32_t b) { return a + b; }
SIMFW_EXPORT int32_t bump(void) { return (int32_t)++counter; }
SIMFW_EXPORT int32_t identity(int32_t n) { return n; }

SIMFW_EXPORT uint32_t sum_to(uint32_t n) {
    uint32_t sum = 0;
    for (uint32_t i = 1; i <= n; i++) {
        words[i & 15] = i;
        sum += words[i & 15];
    }
    return sum;
}

SIMFW_EXPORT void forever(void) {
    for (;;) counter++;
}

/* Guest → host → guest, as deep as the host's function goes. */
SIMFW_EXPORT int32_t ask(int32_t n) { return host(n) + 1; }
SIMFW_EXPORT int32_t ask_twice(int32_t n) { return host(n) * 100 + host(n + 1); }
SIMFW_EXPORT int32_t outer(int32_t n) { return ask(n) + 10; }
SIMFW_EXPORT int32_t tail(int32_t n) { return host(n + 1); }

SIMFW_EXPORT uint32_t checksum(const uint8_t *data, size_t size) {
    uint32_t sum = 0;
    for (size_t i = 0; i < size; i++) sum = sum * 31 + data[i];
    return sum;
}

SIMFW_EXPORT int32_t quit(int32_t status) {
    counter = 77;
    exit(status);
}

/* Twelve values that live in saved registers and in the frame while the host is asked. */
SIMFW_EXPORT int32_t keeps(int32_t n) {
    volatile int32_t frame[8];
    for (int32_t i = 0; i < 8; i++) frame[i] = n + i;
    int32_t a = frame[0], b = frame[1], c = frame[2], d = frame[3];
    host(n);
    int32_t sum = 0;
    for (int32_t i = 0; i < 8; i++) sum += frame[i];
    return sum + a + 2 * b + 3 * c + 4 * d;
}

static SIMFW_EXPORT int32_t hidden(int32_t n) { return 3 * n; }

SIMFW_EXPORT int32_t apply(int32_t (*function)(int32_t), int32_t n) { return function(n) + 1; }
SIMFW_EXPORT word pointer_to_hidden(void) { return (word)hidden; }

SIMFW_EXPORT word stack_pointer(void) {
    word sp;
    __asm__ volatile("mv %0, sp" : "=r"(sp));
    return sp;
}

int main(int argc, char **argv) {
    volatile uint32_t locals[4] = {0x11111111, 0x22222222, 0x33333333, 0x44444444};
    (void)argv;
    counter = 5;
    int32_t answer = host(argc);
    notify();
    exit(locals[3] == 0x44444444 ? answer : 99);
}
