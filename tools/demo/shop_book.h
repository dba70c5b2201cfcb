/* The demo shop's book: each notification that it understood, one JSON object per line, in a file
 * that only grows. Several processes may write to it. */
#ifndef DEMO_SHOP_BOOK_H
#define DEMO_SHOP_BOOK_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

/* Enters the notification in the form-encoded `body`, once whatever Teller repeats: entries with the
 * same aonce are the same notification.
 * path     of the file; created where it is missing
 * refusals a notification is turned down so many times before it is entered; each refusal is a line
 *          as well, {"refused": n, "aonce": ...}
 * accepted out, false where it was turned down
 * False where the body is no notification or the file cannot be written: nothing is known then. */
bool shop_book_enter(const char *path, const char *body, size_t len, int refusals, bool *accepted);

/* The entries whose member data is `data`, in the order of their arrival. Owned by the caller. */
struct json_object *shop_book_find(const char *path, const char *data);

#endif
