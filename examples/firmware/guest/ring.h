/* A queue of bytes between an interrupt handler, which puts, and everything else, which takes. */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stdint.h>

#define RING_SIZE 64u   /* a power of two, at most 128 */

/* Both positions count on without end, modulo 256: their difference is what is in the queue. Each
 * has one writer, so that no interrupt has to be disabled. */
struct ring {
    volatile uint8_t written;
    volatile uint8_t taken;
    volatile uint8_t bytes[RING_SIZE];
};

unsigned ring_count(const struct ring *ring);
bool ring_put(struct ring *ring, uint8_t byte);             /* false: full, the byte is lost */
uint8_t ring_peek(const struct ring *ring, unsigned index); /* index < ring_count(ring) */
void ring_drop(struct ring *ring, unsigned count);          /* count <= ring_count(ring) */

#endif
