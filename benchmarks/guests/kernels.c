/* Integer loops: each takes a size and returns a checksum, so that nothing can be left out. */
#include <stdint.h>

/* Calls and returns: the naive recursion. */
uint32_t fib(uint32_t n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

/* Byte stores with a stride, then byte loads: the number of primes below n, n up to 65536. */
uint32_t sieve(uint32_t n) {
    static uint8_t composite[65536];
    uint32_t count = 0;
    for (uint32_t i = 2; i < n; i++)
        composite[i] = 0;
    for (uint32_t i = 2; i * i < n; i++)
        if (!composite[i])
            for (uint32_t j = i * i; j < n; j += i)
                composite[j] = 1;
    for (uint32_t i = 2; i < n; i++)
        count += !composite[i];
    return count;
}

/* Shifts, xors and branches in registers: CRC-32 of the bytes 0, 1, 2 … n - 1 (mod 256). */
uint32_t crc32(uint32_t n) {
    uint32_t crc = 0xffffffff;
    for (uint32_t i = 0; i < n; i++) {
        crc ^= i & 0xff;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xedb88320 & -(crc & 1));
    }
    return ~crc;
}

/* Word loads, multiplications, nested loops: the sum of the elements of A·B, n up to 64. */
uint32_t matrix(uint32_t n) {
    static uint32_t a[64][64], b[64][64];
    uint32_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++) {
            a[i][j] = i + j;
            b[i][j] = i ^ j;
        }
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++) {
            uint32_t dot = 0;
            for (uint32_t k = 0; k < n; k++)
                dot += a[i][k] * b[k][j];
            sum += dot;
        }
    return sum;
}
