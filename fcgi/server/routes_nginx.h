/* The route rows as the maps of nginx's configuration (nginx/teller.conf.in includes them). */
#ifndef FCGI_SERVER_ROUTES_NGINX_H
#define FCGI_SERVER_ROUTES_NGINX_H

#include "base/text.h"

struct face;

/* Adds the maps of the faces (NULL-terminated): $teller_face, $teller_pool, $teller_public,
 * $teller_kept, $teller_kept_args, $teller_always_200 and the words for nginx's own errors. */
void routes_nginx(const struct face *const *faces, struct text *out);

#endif
