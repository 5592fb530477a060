/* The hardware that the driver needs. A board has these functions in its support package; under
 * test they are Python functions. */
#ifndef HAL_H
#define HAL_H

#include <stdbool.h>
#include <stdint.h>

enum { PIN_DRIVE = 2, PIN_FAULT = 13 };

int uart_read(void);                        /* the next received byte, or -1 if there is none */
void uart_write(uint8_t byte);              /* send a byte */
void gpio_write(uint8_t pin, bool level);   /* set an output pin */
uint32_t timer_ms(void);                    /* milliseconds since some time; it wraps around */

#endif
