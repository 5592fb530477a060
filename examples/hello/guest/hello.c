#include "hello.h"

uint32_t factorial(uint32_t n) {
    return n < 2 ? 1 : n * ask(n - 1);
}

int main(void) {
    say("Hello from RISC-V");
    return 0;
}
