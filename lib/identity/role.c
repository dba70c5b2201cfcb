/* Giving and taking roles. */
#include "identity/role.h"

#include <string.h>

const char *const role_names[] = {ROLE_USER, ROLE_VIEWER, ROLE_OPERATOR, NULL};

bool roles_have(const char *roles, const char *role)
{
    size_t len = strlen(role);
    while (*roles != '\0') {
        size_t next = strcspn(roles, ",");
        if (next == len && strncmp(roles, role, len) == 0)
            return true;
        roles += next + (roles[next] == ',');
    }
    return false;
}

static bool is_role(const char *role)
{
    for (size_t i = 0; role_names[i] != NULL; i++)
        if (strcmp(role, role_names[i]) == 0)
            return true;
    return false;
}

enum err role_give(struct db *db, int64_t user_id, const char *role)
{
    if (!is_role(role))
        return ERR_INVALID;
    return db_txn_call(
        db, "INSERT INTO user_role (user_id, role) VALUES (?, ?) ON DUPLICATE KEY UPDATE at = at",
        DB_ARGS(db_i64(user_id), db_text(role)), NULL, NULL);
}

enum err role_take(struct db *db, int64_t user_id, const char *role)
{
    if (!is_role(role))
        return ERR_INVALID;
    return db_txn_call(db, "DELETE FROM user_role WHERE user_id = ? AND role = ?",
                       DB_ARGS(db_i64(user_id), db_text(role)), NULL, NULL);
}
