/* Code without a loop, to be run once: what the first execution of an instruction costs. */
#include <stdint.h>

#define STEP(a, b, c) (x ^= (x << (a)) + 0x9e37u * (c), y += (x >> (b)) ^ (y & 0x00ff00ffu * (a)))
#define STEPS(c) STEP(3, 7, c); STEP(5, 2, c + 1); STEP(9, 4, c + 2); STEP(1, 11, c + 3)
#define MANY(c) STEPS(c); STEPS(c + 4); STEPS(c + 8); STEPS(c + 12); STEPS(c + 16); STEPS(c + 20)

uint32_t straight(uint32_t x) {
    uint32_t y = x + 1;
    MANY(1);
    MANY(31);
    MANY(61);
    MANY(91);
    MANY(121);
    return x ^ y;
}
