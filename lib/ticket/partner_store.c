/* Partners: who may be chosen, and the operator's changes. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ticket/store.h"

#define PARTNER_NAME_MAX 64
#define PARTNER_URL_MAX 512
#define PARTNER_TTL_MAX_S (31 * 86400)

enum err ticket_partners(struct db *db, int64_t user_id,
                         void (*row)(void *arg, const struct ticket_partner *partner), void *arg)
{
    struct db_rows rows = {0};
    struct ticket_partner partner;
    enum err rc =
        db_run(db,
               "SELECT p.id, p.name, p.url, p.verified_only, p.ttl_s, "
               "p.user_id <> u.id AND NOT (p.verified_only AND u.level = 'none') "
               "FROM partner AS p JOIN user AS u ON u.id = ? WHERE p.enabled ORDER BY p.name, p.id",
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
    if (len > PARTNER_URL_MAX ||
        (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0))
        return false;
    for (size_t i = 0; i < len; i++)
        if (url[i] <= ' ' || url[i] >= 127 || strchr("#\"<>\\^`{|}", url[i]) != NULL)
            return false;
    return true;
}

enum err ticket_partner_set(struct db *db, const char *id, int64_t user_id, const char *name,
                            const char *url, bool verified_only, int64_t ttl_s)
{
    size_t name_len = strlen(name);
    struct db_rows rows = {0};

    if (!ticket_partner_id_is_valid(id) || name_len == 0 || !text_is_utf8(name, name_len) ||
        text_utf8_length(name, name_len) > PARTNER_NAME_MAX || (url != NULL && !url_is_valid(url)))
        return ERR_INVALID;
    if (ttl_s < 1 || ttl_s > PARTNER_TTL_MAX_S)
        return ERR_OUT_OF_RANGE;
    enum err rc = db_run(db,
                         "SELECT (SELECT COUNT(*) FROM user WHERE id = ?), "
                         "(SELECT COUNT(*) FROM partner WHERE user_id = ? AND id <> ?)",
                         DB_ARGS(db_i64(user_id), db_i64(user_id), db_text(id)), &rows);
    if (rc == ERR_OK && db_next(&rows)) {
        if (db_get_u64(&rows, 0) == 0)
            rc = ERR_NOT_FOUND;
        else if (db_get_u64(&rows, 1) != 0)
            rc = ERR_USER_EXISTS;
    }
    db_rows_free(&rows);
    if (rc != ERR_OK)
        return rc;
    return db_run(db,
                  "INSERT INTO partner (id, user_id, name, url, verified_only, ttl_s) "
                  "VALUES (?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE name = VALUES(name), "
                  "url = VALUES(url), verified_only = VALUES(verified_only), ttl_s = VALUES(ttl_s)",
                  DB_ARGS(db_text(id), db_i64(user_id), db_text(name), db_text(url),
                          db_i64(verified_only), db_i64(ttl_s)),
                  NULL);
}
