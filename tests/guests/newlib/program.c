/* A program as people write them for a C library; its first argument says what it does. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int counter = 41;

static int arguments(char **rest) {
    for (; *rest; rest++)
        printf("<%s>\n", *rest);
    return 0;
}

/* Takes memory until there is none; both ends of each block can be written. */
static int heap(void) {
    int blocks = 0;
    char *last = NULL, *block;
    while ((block = malloc(10000)) != NULL) {
        block[0] = block[9999] = (char)blocks++;
        last = block;
    }
    printf("ENOMEM %d, more than 9 blocks %d, the last one holds %d\n", errno == ENOMEM,
           blocks > 9, last[0] == (char)(blocks - 1) && last[0] == last[9999]);
    return 0;
}

static int sum(void) {
    int value, total = 0;
    while (scanf("%d", &value) == 1)
        total += value;
    printf("%d\n", total);
    return 0;
}

static int files(const char *mode) {
    FILE *file = fopen("/etc/passwd", mode);
    printf("%s\n", file ? "opened" : errno == ENOENT ? "ENOENT" : errno == EACCES ? "EACCES" : "?");
    return file != NULL;
}

static int bytes(void) {
    for (int byte = 0; byte < 256; byte++)
        putchar(byte);
    return 0;
}

static int run(const char *what, char **rest) {
    if (!strcmp(what, "arguments")) return arguments(rest);
    if (!strcmp(what, "heap")) return heap();
    if (!strcmp(what, "sum")) return sum();
    if (!strcmp(what, "open")) return files(rest[0]);
    if (!strcmp(what, "bytes")) return bytes();
    if (!strcmp(what, "exit")) exit(atoi(rest[0]));
    if (!strcmp(what, "abort")) abort();
    if (!strcmp(what, "time")) return time(NULL) < 1700000000;
    fprintf(stderr, "no %s here\n", what);
    return 2;
}

/* For the host to call. */
static char *duplicate(const char *text) {
    char *copy = malloc(strlen(text) + 1);
    return copy ? strcpy(copy, text) : NULL;
}

static void *const for_the_host[] = {
    (void *)duplicate, (void *)abs,    (void *)atoi,    (void *)calloc, (void *)free,
    (void *)malloc,    (void *)memchr, (void *)memcmp,  (void *)memcpy, (void *)memmove,
    (void *)memset,    (void *)qsort,  (void *)realloc, (void *)strchr, (void *)strcmp,
    (void *)strlen,    (void *)strncmp, (void *)strtol, (void *)strtoul,
};

int main(int argc, char **argv) {
    __asm__ volatile("" : : "r"(for_the_host)); /* keeps them in the program */
    /* Some versions of picolibc put a name of their own before the program's. */
    while (argc > 1 && !strstr(argv[0], ".elf"))
        argc--, argv++;
    if (argc > 1)
        return run(argv[1], argv + 2);
    printf("%s: %d\n", "hello", counter + 1);
    return 0;
}
