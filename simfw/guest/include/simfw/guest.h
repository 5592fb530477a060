/* What a bare guest gets from its start-up code. Programs for Linux have these from their libc.
 *
 *   _exit, exit   end the program with a status (ecall 93); nothing is run or flushed
 *   write         write `size` bytes to the console: 1 is the output, 2 the error output (ecall 64)
 */
#ifndef SIMFW_GUEST_INCLUDED
#define SIMFW_GUEST_INCLUDED

#if defined(__linux__)
#include <stdlib.h>
#include <unistd.h>
#else

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

__attribute__((noreturn)) void _exit(int status);
__attribute__((noreturn)) void exit(int status);
ptrdiff_t write(int file, const void *data, size_t size);

#ifdef __cplusplus
}
#endif

#endif

/* Keeps a function that only the host calls: from the compiler, and from the linker. */
#define SIMFW_EXPORT __attribute__((used, retain, noinline))

/* For a function that the host may replace: the compiler then makes every call of it, and draws no
 * conclusions from the body. Not for static functions. */
#ifndef SIMFW_REPLACEABLE
#define SIMFW_REPLACEABLE __attribute__((weak, noinline))
#endif

#endif
