/* Every face of the worker: a new one is a folder with its face.c, and a line here. */
#ifndef FCGI_FACES_H
#define FCGI_FACES_H

#include "fcgi/server/face.h"

#define FACES(X)     \
    X(face_health)   \
    X(face_v1)       \
    X(face_desk)     \
    X(face_identity) \
    X(face_feed)     \
    X(face_wallet)   \
    X(face_site)

#define X(name) extern const struct face name;
FACES(X)
#undef X

/* All of them, in the order above; NULL-terminated. */
extern const struct face *const faces[];

#endif
