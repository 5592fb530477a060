/* A program that registers functions and waits, as event-driven programs do. Its handlers are
 * static: the host has their addresses from the program itself, and needs no symbols. */
#include "handlers.h"

#include <simfw/guest.h>
#include <string.h>

struct notes {
    char text[64];
    size_t used;
    unsigned requests;
};

static struct notes *notes;     /* they are main's own, on its stack */

static void get_notes(const char *path) {
    notes->requests++;
    reply(strcmp(path, "/notes") == 0 ? notes->text : "not found");
}

static int post_note(const char *path, const void *body, size_t size) {
    notes->requests++;
    if (strcmp(path, "/notes") != 0) return 404;
    if (size + 2 > sizeof notes->text - notes->used) return 413;
    memcpy(notes->text + notes->used, body, size);
    notes->used += size;
    notes->text[notes->used++] = '\n';
    notes->text[notes->used] = '\0';
    return 201;
}

int main(void) {
    struct notes own = {.text = "", .used = 0};
    notes = &own;
    on_get(get_notes);
    on_post(post_note);
    wait();
    write(1, own.text, own.used);   /* all of it is still here */
    return (int)own.requests;
}
