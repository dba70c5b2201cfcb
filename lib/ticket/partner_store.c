/* Partners: who may be chosen, and the operator's changes. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "identity/sql.h"
#include "ticket/store.h"

enum err ticket_partners(struct db *db, int64_t user_id,
                         void (*row)(void *arg, const struct ticket_partner *partner), void *arg)
{
    struct db_rows rows = {0};
    struct ticket_partner partner;
    enum err rc = db_run(db,
                         "SELECT p.id, p.name, p.url, p.verified_only, p.ttl_s, "
                         "p.user_id <> u.id AND NOT (p.verified_only AND u.level = 'none') "
                         "FROM partner AS p JOIN " IDENTITY_SQL_USERS
                         " AS u ON u.id = ? WHERE p.enabled ORDER BY p.name, p.id",
                         DB_ARGS(db_i64(user_id)), &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        partner = (struct ticket_partner){.verified_only = db_get_u64(&rows, 3) != 0,
                                          .ttl_s = db_get_i64(&rows, 4),
                                          .eligible = db_get_u64(&rows, 5) != 0};
        text_copy(partner.id, sizeof(partner.id), db_get_text(&rows, 0));
        text_copy(partner.name, sizeof(partner.name), db_get_text(&rows, 1));
        text_copy(partner.url, sizeof(partner.url), db_get_text(&rows, 2));
        row(arg, &partner);
    }
    db_rows_free(&rows);
    return rc;
}

bool ticket_partner_id_is_valid(const char *id)
{
    size_t len = strlen(id);
    return len >= 1 && len <= TICKET_PARTNER_ID_MAX &&
           strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

/* Printable ASCII without a fragment, so that the ticket can be added to its query. */
static bool url_is_valid(const char *url)
{
    size_t len = strlen(url);
    if (len > TICKET_PARTNER_URL_MAX ||
        (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0))
        return false;
    for (size_t i = 0; i < len; i++)
        if (url[i] <= ' ' || url[i] >= 127 || strchr("#\"<>\\^`{|}", url[i]) != NULL)
            return false;
    return true;
}

static enum err check_name(const char *name)
{
    size_t len = strlen(name);

    if (len == 0)
        return ERR_EMPTY;
    if (!text_is_utf8(name, len))
        return ERR_NOT_UTF8;
    return text_utf8_length(name, len) > TICKET_PARTNER_NAME_MAX ? ERR_TOO_LONG : ERR_OK;
}

/* Checks what is given of a change. */
static enum err check_change(const struct ticket_partner_change *change)
{
    enum err rc = change->name != NULL ? check_name(change->name) : ERR_OK;

    if (rc == ERR_OK && change->url != NULL && change->url[0] != '\0' && !url_is_valid(change->url))
        rc = ERR_URL;
    if (rc == ERR_OK && change->ttl_s != NULL &&
        (*change->ttl_s < 1 || *change->ttl_s > TICKET_PARTNER_TTL_MAX_S))
        rc = ERR_OUT_OF_RANGE;
    return rc;
}

/* Whether the user is there and free to be this partner's. */
static enum err check_user(struct db *db, const char *id, int64_t user_id)
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(db,
               "SELECT (SELECT COUNT(*) FROM " IDENTITY_SQL_USERS " AS user WHERE id = ?), "
               "(SELECT COUNT(*) FROM partner WHERE user_id = ? AND id <> ?)",
               DB_ARGS(db_i64(user_id), db_i64(user_id), db_text(id)), &rows);

    if (rc == ERR_OK && db_next(&rows)) {
        if (db_get_u64(&rows, 0) == 0)
            rc = ERR_NOT_FOUND;
        else if (db_get_u64(&rows, 1) != 0)
            rc = ERR_USER_EXISTS;
    }
    db_rows_free(&rows);
    return rc;
}

enum err ticket_partner_add(struct db *db, const char *id, int64_t user_id, const char *name,
                            const char *url, bool verified_only, int64_t ttl_s)
{
    const struct ticket_partner_change all = {.name = name, .url = url, .ttl_s = &ttl_s};
    struct db_rows rows = {0};
    enum err rc = ticket_partner_id_is_valid(id) ? check_change(&all) : ERR_INVALID;

    if (rc == ERR_OK)
        rc = check_user(db, id, user_id);
    if (rc != ERR_OK)
        return rc;
    rc = db_run(db,
                "INSERT INTO partner (id, user_id, name, url, verified_only, ttl_s) "
                "VALUES (?, ?, ?, NULLIF(?, ''), ?, ?) ON DUPLICATE KEY UPDATE id = id",
                DB_ARGS(db_text(id), db_i64(user_id), db_text(name), db_text(url),
                        db_i64(verified_only), db_i64(ttl_s)),
                &rows);
    if (rc == ERR_OK && rows.affected == 0)
        rc = ERR_PARTNER_EXISTS;
    db_rows_free(&rows);
    return rc;
}

enum err ticket_partner_set(struct db *db, const char *id,
                            const struct ticket_partner_change *change)
{
    struct ticket_partner before;
    int64_t user_id;
    enum err rc = check_change(change);

    if (rc == ERR_OK)
        rc = ticket_partner_by_id(db, id, &user_id, &before);
    if (rc != ERR_OK)
        return rc;
    return db_run(
        db,
        "UPDATE partner SET name = COALESCE(?, name), url = IF(? IS NULL, url, NULLIF(?, '')), "
        "verified_only = COALESCE(?, verified_only), ttl_s = COALESCE(?, ttl_s) WHERE id = ?",
        DB_ARGS(db_text(change->name), db_text(change->url), db_text(change->url),
                change->verified_only != NULL ? db_i64(*change->verified_only) : db_null(),
                change->ttl_s != NULL ? db_i64(*change->ttl_s) : db_null(), db_text(id)),
        NULL);
}

enum err ticket_partner_by_id(struct db *db, const char *id, int64_t *user_id,
                              struct ticket_partner *out)
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(db, "SELECT user_id, name, url, verified_only, ttl_s FROM partner WHERE id = ?",
               DB_ARGS(db_text(id)), &rows);

    *out = (struct ticket_partner){0};
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_PARTNER_UNKNOWN;
    if (rc == ERR_OK) {
        *user_id = db_get_i64(&rows, 0);
        text_copy(out->id, sizeof(out->id), id);
        text_copy(out->name, sizeof(out->name), db_get_text(&rows, 1));
        text_copy(out->url, sizeof(out->url), db_get_text(&rows, 2));
        out->verified_only = db_get_u64(&rows, 3) != 0;
        out->ttl_s = db_get_i64(&rows, 4);
    }
    db_rows_free(&rows);
    return rc;
}
