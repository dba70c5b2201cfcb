/* What the commands about the whole database share. */
#ifndef TELLERCTL_DATABASE_H
#define TELLERCTL_DATABASE_H

#include "tools/tellerctl/ctl.h"

/* The commands `backup` and `restore`: see backup.c. A restored copy is audited. */
int ctl_backup(struct ctl *ctl);
int ctl_restore(struct ctl *ctl);

/* Brings the schema up to date, and seals the words that tell a wrong master key.
 * owner    connection of the schema's owner
 * said     called with each file that was applied; may be NULL
 * arg      passed to it
 * problem  out, what went wrong
 * Returns as migrate_run and canary_write. */
MUST_USE enum err ctl_migrate(struct ctl *ctl, struct db *owner,
                              void (*said)(void *arg, const char *file), void *arg,
                              struct text *problem);

/* The command `audit`: prints the report. Returns CTL_FAILED where something differs. For another command
 * everything is audited, closed months included. */
int ctl_audit(struct ctl *ctl);

/* The command `close`. */
int ctl_close(struct ctl *ctl);

/* The command `archive`. */
int ctl_archive(struct ctl *ctl);

/* A list of words that come one by one, counted. */
struct ctl_words {
    struct writer writer; /* in their list */
    struct text text;
    size_t count;
};

/* Begins such a list; ctl_word adds to it (`arg` is the list); ctl_words_end makes it a member of the
 * result. */
void ctl_words_begin(struct ctl_words *words, struct ctl *ctl);
void ctl_word(void *arg, const char *word);
void ctl_words_end(struct ctl_words *words, struct writer *json, const char *key);

#endif
