/* How amounts look to people: symbols, thousands, rounding (api: money object; display and
 * display_short). */
#ifndef MONEY_DISPLAY_H
#define MONEY_DISPLAY_H

#include "money/amount.h"

#define DISPLAY_SIZE 96 /* any amount with separators, sign, symbol, NUL */

/* "$10,000.00000", "55,829.58960346\u00a0BTC": all decimals, comma for thousands. */
void display_full(struct amount amount, char out[DISPLAY_SIZE]);

/* The same with display_decimals digits, rounded half away from zero: "$99.00", "0.20\u00a0BTC". */
void display_short(struct amount amount, char out[DISPLAY_SIZE]);

#endif
