/* Functions that do what compilers do not: with the stack pointer, with return addresses. */

#include <simfw/guest.h>
#include <stdint.h>

#if __riscv_xlen == 64
#define STORE "sd"
#define LOAD "ld"
#else
#define STORE "sw"
#define LOAD "lw"
#endif

/* ASM(name, body): a function without prologue; `kept` holds a return address and a sp. */
#define ASM(name, body)                                                                          \
    __asm__(".text\n.globl " #name "\n.type " #name ", @function\n" #name ":\n" body             \
            "\n.size " #name ", . - " #name "\n")

uintptr_t kept[2];
volatile uint32_t cell;

ASM(crooked, "addi sp, sp, -16; ret");
ASM(keep, "lla t0, kept; " STORE " ra, 0(t0); " STORE " sp, 8(t0); li a0, 0; ret");
ASM(leap, "lla t0, kept; " LOAD " ra, 0(t0); " LOAD " sp, 8(t0); li a0, 1; ret");
ASM(leap_without_sp, "lla t0, kept; " LOAD " t1, 0(t0); addi sp, sp, -32; jr t1");
ASM(to_sentinel, "li t0, -4096; jr t0");
ASM(past_sentinel, "li t0, -4092; jr t0");
ASM(lose_ra, "li ra, 0; ret");
ASM(locked_add, "1: lr.w t0, (a0); add t0, t0, a1; sc.w t1, t0, (a0); bnez t1, 1b; ret");
/* Everything that a call must preserve, spoilt; the host restores it all the same. */
ASM(spoil, "li s0, -1; li s1, -1; li s2, -1; li s5, -1; li s11, -1; li gp, -1; li tp, -1; ret");
/* A return address with its lowest bit set, which a jump ignores. */
ASM(odd_return, "mv s0, ra; lla ra, 1f; addi ra, ra, 1; j host; 1: addi a0, a0, 5; jr s0");
ASM(frame_address, "mv a0, sp; ret");

extern int keep(void);
extern int leap(void);

SIMFW_EXPORT __attribute__((weak)) int32_t host(int32_t n) { return n; }
SIMFW_EXPORT int32_t add(int32_t a, int32_t b) { return a + b; }
SIMFW_EXPORT int32_t ask(int32_t n) { return host(n) + 1; }

/* 1 when the host came back, 2 when something leapt here instead. */
SIMFW_EXPORT int32_t returns_twice(int32_t n) {
    if (keep()) return 2;
    host(n);
    return 1;
}

SIMFW_EXPORT int32_t leaps(int32_t n) { return n ? leap() : 0; }

int main(void) { return 0; }
