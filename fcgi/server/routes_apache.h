/* Each face's words for what Apache answers by itself (nginx/apache/teller.conf includes them). */
#ifndef FCGI_SERVER_ROUTES_APACHE_H
#define FCGI_SERVER_ROUTES_APACHE_H

#include "base/text.h"

struct face;

/* Adds an ErrorDocument for each face that speaks JSON and each status. Below which paths the services are
 * is in Apache's variable TELLER_SERVICES ("api|site").
 * faces  NULL-terminated */
void routes_apache(const struct face *const *faces, struct text *out);

#endif
