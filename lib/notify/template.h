/* Templates of mails: text with {names} in it, whose first line is the subject.
 *
 *     Subject: Payment received: {amount} {currency}
 *
 *     Hello {merchant},
 *
 * A line that names something without a value is left out, so that one template serves a payment
 * that still misses something and one that does not. A brace that no name follows stands for
 * itself. */
#ifndef NOTIFY_TEMPLATE_H
#define NOTIFY_TEMPLATE_H

#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

#define TEMPLATE_MAX 16384   /* bytes of a template */
#define TEMPLATE_NAME_MAX 32 /* bytes of a name in it */

struct template_value {
    const char *name;
    const char *value; /* UTF-8; NULL or "": there is none. Line ends in it become spaces. */
};

/* Reads a template and looks whether it can be filled.
 * path     the file: UTF-8, at most TEMPLATE_MAX bytes
 * names    every name that it may use, `count` of them; their values do not matter
 * out      out, cleared first: the template
 * problem  out: what is wrong with it, for an operator
 * ERR_CONFIG where there is no such file, its first line is not "Subject: ...", its second is not
 * empty, or it names what is not in `names`; ERR_NO_MEMORY. */
MUST_USE enum err template_read(const char *path, const struct template_value *names, size_t count,
                                struct text *out, struct text *problem);

/* Fills a template that template_read took.
 * subject, body  out, cleared first; `full` where there is no room */
void template_fill(const struct text *template, const struct template_value *values, size_t count,
                   struct text *subject, struct text *body);

#endif
