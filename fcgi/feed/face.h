/* The rows of the rate feeds. */
#ifndef FCGI_FEED_FACE_H
#define FCGI_FEED_FACE_H

#include "fcgi/server/route.h"

extern const struct route_table routes_feed;

#endif
