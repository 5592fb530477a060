/* Lets the host make every system call and every semihosting request. */
#include <simfw/guest.h>

char buffer[256];

SIMFW_EXPORT long ask(long number, long first, long second, long third, long fourth) {
    register long a0 __asm__("a0") = first;
    register long a1 __asm__("a1") = second;
    register long a2 __asm__("a2") = third;
    register long a3 __asm__("a3") = fourth;
    register long a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a7) : "memory");
    return a0;
}

SIMFW_EXPORT long request(long operation, unsigned long parameter) {
    register long a0 __asm__("a0") = operation;
    register unsigned long a1 __asm__("a1") = parameter;
    __asm__ volatile(
        ".balign 16\n"
        ".option push\n"
        ".option norvc\n"
        "slli x0, x0, 0x1f\n"
        "ebreak\n"
        "srai x0, x0, 7\n"
        ".option pop\n"
        : "+r"(a0) : "r"(a1) : "memory");
    return a0;
}

SIMFW_EXPORT unsigned long set_trap_vector(unsigned long address) {
    unsigned long now;
    __asm__ volatile("csrw mtvec, %1\ncsrr %0, mtvec" : "=r"(now) : "r"(address));
    return now;
}

int main(void) { return 0; }
