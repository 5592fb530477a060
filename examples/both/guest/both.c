/* Hashes words that the host has. The same program in conAsm is both_belt.cas. */
#include "both.h"

uint32_t hash(const void *data, size_t size) {
    const uint8_t *bytes = data;
    uint32_t value = 0x811c9dc5;
    for (size_t i = 0; i < size; i++)
        value = (value ^ bytes[i]) * 16777619;
    return value;
}

int main(void) {
    static char word[16];
    uint32_t length;
    int count = 0;
    while ((length = next_word(word, sizeof word)) != 0) {
        report(word, hash(word, length));
        count++;
    }
    return count;
}
