/* The parts of `tellerctl doctor`. */
#ifndef TELLERCTL_DOCTOR_H
#define TELLERCTL_DOCTOR_H

struct ctl;

/* The command `doctor`: prints a row per check. Returns CTL_FAILED where something is wrong. */
int ctl_doctor(struct ctl *ctl);

#endif
