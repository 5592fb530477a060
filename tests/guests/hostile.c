/* What a guest must not do, each in a function of its own. Those in assembly do it with their
 * first instruction, so that a test can name the place. */

#include <simfw/guest.h>
#include <stddef.h>
#include <stdint.h>

#define ASM(name, body)                                                                          \
    __asm__(".text\n.globl " #name "\n.type " #name ", @function\n.balign 4\n" #name ":\n" body  \
            "\n.size " #name ", . - " #name "\n")

volatile uint32_t counter[4];
const uint32_t constant = 0x12345678;

ASM(load_8, "lbu a0, 0(a0); ret");
ASM(load_16, "lhu a0, 0(a0); ret");
ASM(load_32, "lw a0, 0(a0); ret");
ASM(store_8, "sb a1, 0(a0); ret");
ASM(store_16, "sh a1, 0(a0); ret");
ASM(store_32, "sw a1, 0(a0); ret");
ASM(swap, "amoswap.w a0, a1, (a0); ret");
ASM(reserve, "lr.w a0, (a0); ret");
ASM(conditional, "sc.w a0, a1, (a0); ret");
ASM(jump, "jr a0");
ASM(zeros, ".4byte 0");
ASM(ones, ".4byte -1");
ASM(reserved_word, ".4byte 0x0000705b; ret");
ASM(stop_point, "ebreak; ret");
ASM(read_csr, "csrr a0, mstatus; ret");
ASM(write_counter, "csrw cycle, a0; ret");
ASM(wait_for_interrupt, "wfi; ret");
ASM(return_from_trap, "mret");
ASM(wild_stack, "mv sp, a0; addi sp, sp, -16; sw ra, 0(sp); ret");
ASM(spin, "1: j 1b");

SIMFW_EXPORT int32_t add(int32_t a, int32_t b) { return a + b; }

static SIMFW_EXPORT int32_t leaf(uint32_t *place) { return *(volatile uint32_t *)place + 1; }
SIMFW_EXPORT int32_t middle(uint32_t *place) { return leaf(place) + 1; }
SIMFW_EXPORT int32_t top(uint32_t *place) { return middle(place) + 1; }

SIMFW_EXPORT int32_t dig(int32_t depth) {
    volatile int32_t room[16];
    room[depth & 15] = depth;
    return dig(depth + 1) + room[depth & 15];
}

SIMFW_EXPORT int32_t through(int32_t (*function)(int32_t), int32_t n) { return function(n) + 1; }

SIMFW_EXPORT long call_host(long number, long a, long b) {
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a7) : "memory");
    return a0;
}

int main(void) { return dig(0); }
