/* Not part of the firmware. It includes what `simfw headers` wrote beside the firmware's own
 * headers, so that the compiler compares the prototypes of firmware.cas with the real ones. */
#include "crc16.h"
#include "firmware.h"
#include "hal.h"
#include "sensor.h"
