/* What the files of `tellerctl desk` share. */
#ifndef TELLERCTL_DESK_H
#define TELLERCTL_DESK_H

#include "tools/tellerctl/ctl.h"

/* Says what is wrong with a property of a thing; `field` may be NULL. Returns the exit code. */
int desk_fail_property(struct ctl *ctl, enum err rc, const char *key, const char *field);

/* The command `desk import`. */
int desk_import(struct ctl *ctl);

#endif
