#include "ring.h"

unsigned ring_count(const struct ring *ring) {
    return (uint8_t)(ring->written - ring->taken);
}

bool ring_put(struct ring *ring, uint8_t byte) {
    if (ring_count(ring) == RING_SIZE) return false;
    ring->bytes[ring->written % RING_SIZE] = byte;
    ring->written++;    /* last: from here on the other side sees the byte */
    return true;
}

uint8_t ring_peek(const struct ring *ring, unsigned index) {
    return ring->bytes[(ring->taken + index) % RING_SIZE];
}

void ring_drop(struct ring *ring, unsigned count) {
    ring->taken = (uint8_t)(ring->taken + count);
}
