/* The part of <string.h> that bare guests have without a C library. */
#ifndef SIMFW_STRING_INCLUDED
#define SIMFW_STRING_INCLUDED

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#define restrict
#endif

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *left, const void *right, size_t size);
size_t strlen(const char *text);
int strcmp(const char *left, const char *right);

#ifdef __cplusplus
#undef restrict
}
#endif

#endif
