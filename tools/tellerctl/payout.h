/* What the files of `tellerctl payout` share. */
#ifndef TELLERCTL_PAYOUT_H
#define TELLERCTL_PAYOUT_H

#include "tools/tellerctl/ctl.h"

/* The commands `payout export` and `payout import`. */
int payout_export(struct ctl *ctl);
int payout_import(struct ctl *ctl);

#endif
