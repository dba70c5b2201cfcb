/* Results for people. */
#ifndef TELLERCTL_PEOPLE_H
#define TELLERCTL_PEOPLE_H

#include <stdbool.h>

#include "base/text.h"

/* Prints JSON on standard output as people read it: a list of objects with the same members as a table, an
 * object as a line for each member, amounts as their display.
 * False, and nothing printed, where it is too large to be laid out. */
bool people_print(const struct text *json);

#endif
