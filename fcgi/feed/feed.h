/* The rates of the desk as the files that monitoring sites read (api/desk A11). */
#ifndef FCGI_FEED_FEED_H
#define FCGI_FEED_FEED_H

#include "base/text.h"
#include "desk/offer.h"

/* What is told of one direction. */
struct feed_item {
    const struct desk_direction *direction;
    struct desk_offer offer;
};

/* Whether a direction is told: on, meant for the feeds, and there is an amount that can be exchanged. */
bool feed_tells(const struct desk_direction *direction, struct feed_item *out);

/* Calls `put` for each word of a list that is parted by commas. */
void feed_each_label(const char *labels, void (*put)(const char *word, size_t len, void *arg),
                     void *arg);

/* Write a whole file; out->full where it did not fit. Figures are exact, without exponent. */
typedef void feed_write(const struct desk_board *board, struct text *out);
feed_write feed_xml_1_0, feed_xml_1_1, feed_txt, feed_json;

#endif
