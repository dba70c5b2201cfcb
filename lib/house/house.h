/* What the ground floors take from those above: every program that posts, or reads histories or
 * audits, begins with it. A new domain adds its lines in house.c. */
#ifndef HOUSE_HOUSE_H
#define HOUSE_HOUSE_H

/* Registers the audits of all domains, the words of their lines, and that the live stream is told of
 * journals; a second time changes nothing. */
void house_register(void);

#endif
