/* Driver of a temperature and humidity sensor on a serial line.
 *
 * The sensor sends frames, most significant bytes first:
 *
 *     A5 | length | payload, `length` bytes | CRC-16 of length and payload
 *
 * A payload of kind 01 is a reading: 01, temperature (int16), humidity (uint16), in hundredths.
 * Payloads of other kinds are counted and ignored.
 */
#ifndef SENSOR_H
#define SENSOR_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SENSOR_SYNC = 0xA5,
    SENSOR_KIND_READING = 0x01,
    SENSOR_KIND_REQUEST = 0x81,
    SENSOR_LONGEST = 32,        /* bytes of payload */
    SENSOR_PATIENCE_MS = 50,    /* how long the rest of a frame may take */
};

struct sensor_reading {
    uint32_t time_ms;
    int16_t temperature;    /* hundredths of a degree Celsius */
    uint16_t humidity;      /* hundredths of a percent */
};

struct sensor_counters {
    uint32_t readings;
    uint32_t ignored;       /* frames of another kind */
    uint32_t crc_errors;
    uint32_t skipped;       /* bytes between frames */
    uint32_t overruns;      /* bytes that found the queue full */
    uint32_t timeouts;      /* frames that did not end */
};

void sensor_init(void);
void sensor_request(uint8_t channel);       /* ask for a reading */
void sensor_uart_irq(void);                 /* interrupt handler: the line has bytes */
int sensor_poll(void);                      /* take in what came; the number of readings in it */
bool sensor_wait(uint32_t limit_ms);        /* poll until a reading came, or the time is over */
const struct sensor_reading *sensor_latest(void);       /* NULL before the first reading */
const struct sensor_counters *sensor_counters(void);

#endif
