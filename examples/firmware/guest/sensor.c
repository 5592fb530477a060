#include "sensor.h"

#include <stddef.h>

#include "crc16.h"
#include "hal.h"
#include "ring.h"

enum { HEADER = 2, CHECKSUM = 2 };

static struct ring received;
static struct sensor_reading latest;
static struct sensor_counters counters;
static uint32_t waiting_since;      /* when the beginning of an unfinished frame was seen */
static bool is_waiting;

void sensor_init(void) {
    ring_drop(&received, ring_count(&received));
    counters = (struct sensor_counters){0};
    is_waiting = false;
    gpio_write(PIN_DRIVE, false);
    gpio_write(PIN_FAULT, false);
}

void sensor_request(uint8_t channel) {
    const uint8_t body[] = {2, SENSOR_KIND_REQUEST, channel};
    uint16_t crc = crc16(body, sizeof body);
    gpio_write(PIN_DRIVE, true);
    uart_write(SENSOR_SYNC);
    for (size_t i = 0; i < sizeof body; i++) uart_write(body[i]);
    uart_write((uint8_t)(crc >> 8));
    uart_write((uint8_t)crc);
    gpio_write(PIN_DRIVE, false);
}

void sensor_uart_irq(void) {
    /* A line that never falls silent must not keep us here. */
    for (unsigned i = 0; i < RING_SIZE; i++) {
        int byte = uart_read();
        if (byte < 0) return;
        if (!ring_put(&received, (uint8_t)byte)) counters.overruns++;
    }
}

static uint16_t word_at(unsigned index) {
    return (uint16_t)(ring_peek(&received, index) << 8 | ring_peek(&received, index + 1));
}

static bool checksum_is_right(unsigned length) {
    uint16_t crc = CRC16_INIT;
    for (unsigned i = 1; i < HEADER + length; i++) crc = crc16_add(crc, ring_peek(&received, i));
    return crc == word_at(HEADER + length);
}

static bool take_payload(unsigned length) {
    if (length != 5 || ring_peek(&received, HEADER) != SENSOR_KIND_READING) {
        counters.ignored++;
        return false;
    }
    latest.time_ms = timer_ms();
    latest.temperature = (int16_t)word_at(HEADER + 1);
    latest.humidity = word_at(HEADER + 3);
    counters.readings++;
    gpio_write(PIN_FAULT, false);
    return true;
}

/* Whether an unfinished frame may still go on; if so, poll leaves it in the queue. */
static bool is_patient(void) {
    if (!is_waiting) {
        is_waiting = true;
        waiting_since = timer_ms();
    }
    return timer_ms() - waiting_since < SENSOR_PATIENCE_MS;
}

/* Give up what looked like the beginning of a frame. Only its first byte goes: the real beginning
 * may be among the bytes behind it. */
static void resynchronise(uint32_t *counter) {
    ++*counter;
    ring_drop(&received, 1);
    is_waiting = false;
}

int sensor_poll(void) {
    int readings = 0;
    for (;;) {
        unsigned count = ring_count(&received);
        if (count == 0) return readings;
        if (ring_peek(&received, 0) != SENSOR_SYNC) {
            resynchronise(&counters.skipped);
            continue;
        }
        unsigned length = count < HEADER ? 0 : ring_peek(&received, 1);
        if (count >= HEADER && (length == 0 || length > SENSOR_LONGEST)) {
            resynchronise(&counters.skipped);
        } else if (count < HEADER + length + CHECKSUM) {
            if (is_patient()) return readings;
            resynchronise(&counters.timeouts);
        } else if (!checksum_is_right(length)) {
            gpio_write(PIN_FAULT, true);
            resynchronise(&counters.crc_errors);
        } else {
            readings += take_payload(length);
            ring_drop(&received, HEADER + length + CHECKSUM);
            is_waiting = false;
        }
    }
}

bool sensor_wait(uint32_t limit_ms) {
    uint32_t start = timer_ms();
    do {
        if (sensor_poll() > 0) return true;
    } while (timer_ms() - start < limit_ms);
    return false;
}

const struct sensor_reading *sensor_latest(void) {
    return counters.readings ? &latest : NULL;
}

const struct sensor_counters *sensor_counters(void) {
    return &counters;
}
