#include "crc16.h"

uint16_t crc16_add(uint16_t crc, uint8_t byte) {
    crc ^= (uint16_t)(byte << 8);
    for (int bit = 0; bit < 8; bit++)
        crc = (uint16_t)(crc & 0x8000u ? crc << 1 ^ 0x1021u : crc << 1);
    return crc;
}

uint16_t crc16(const void *data, size_t size) {
    const uint8_t *bytes = data;
    uint16_t crc = CRC16_INIT;
    while (size--) crc = crc16_add(crc, *bytes++);
    return crc;
}
