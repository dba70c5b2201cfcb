/* The roles of users. A role is a word; what it allows is said by each face (struct face, roles), for its own
 * calls. Who signs in, and whose API key is used, may do what one of their roles may: whoever has none may do
 * nothing that asks for a right. */
#ifndef IDENTITY_ROLE_H
#define IDENTITY_ROLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "db/db.h"

#define ROLE_USER "user"         /* a customer, partner or merchant: has it from the beginning */
#define ROLE_VIEWER "viewer"     /* looks, and changes nothing */
#define ROLE_OPERATOR "operator" /* works for the house */

#define ROLES_TEXT_SIZE 128 /* all of a user's, with commas, and a NUL */

/* The words, NULL-terminated. */
extern const char *const role_names[];

/* SQL for the roles of `user AS u` as text with commas; NULL where there are none. */
#define ROLES_COLUMN \
    "(SELECT GROUP_CONCAT(r.role ORDER BY r.role) FROM user_role AS r WHERE r.user_id = u.id)"

/* Whether a role is among those with commas between them. */
bool roles_have(const char *roles, const char *role);

/* Gives a user a role, or takes it, from their next request on. Having it already, or not having it any more, is no
 * error. Returns ERR_INVALID for a word that is no role. */
MUST_USE enum err role_give(struct db *db, int64_t user_id, const char *role);
MUST_USE enum err role_take(struct db *db, int64_t user_id, const char *role);

#endif
