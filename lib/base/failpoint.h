/* Where a process may be made to die, so that tests can see what a kill leaves behind at each step of a
 * flow: before and after every packet that writes, every commit, every message sent.
 *
 * Inert unless the environment variable TELLER_CRASH_AT names a file. The file holds "FLOW N": the
 * process that reaches the Nth point of that flow removes the file and kills itself (SIGKILL). Points
 * are counted, not named, so that a flow that gets another step has another point without anybody's
 * doing. Meant for one request at a time: flows that take turns in one process share the count. */
#ifndef BASE_FAILPOINT_H
#define BASE_FAILPOINT_H

/* Begins a flow: counting starts over.
 * name  a route's path or a job's name, without spaces; must outlive the flow */
void failpoint_flow(const char *name);

/* A point of the flow that has begun. */
void failpoint(void);

#endif
