/* Visits by affiliates' links: whose a visitor is, and how many of them a table takes. */
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "db/statement.h"
#include "desk/bid.h"
#include "desk/partner.h"
#include "desk/store.h"
#include "identity/networks.h"

#define TEXT_MAX 500 /* characters of a referrer and of a query */
#define BROWSER_MAX 255

/* The first characters of a text; what is not UTF-8 is not kept. */
static struct db_arg cut(const char *text, size_t max)
{
    size_t bytes = 0, points = 0;

    if (text == NULL || !text_is_utf8(text, strlen(text)))
        return db_text("");
    while (text[bytes] != '\0') {
        if (((unsigned char)text[bytes] & 0xc0) != 0x80 && points++ == max)
            break;
        bytes++;
    }
    return db_textn(text, bytes);
}

void desk_visitor_hash(const char *visitor, char out[DESK_VISITOR_HASH_SIZE])
{
    uint8_t hash[SHA256_SIZE];

    out[0] = '\0';
    if (visitor == NULL || !is_random_word(visitor))
        return;
    crypto_sha256(visitor, strlen(visitor), hash);
    hex_encode(hash, sizeof(hash), out);
}

/* What a visit depends on. */
struct reception {
    bool programme, affiliate, again;
    uint64_t days;
    int64_t by_address, by_partner; /* within DESK_VISITS_S */
};

#define WITHIN_VISITS_S "v.at > NOW(6) - INTERVAL ? SECOND"

static enum err receive(struct db *db, const struct desk_visit *visit, const uint8_t *group,
                        struct reception *out)
{
    struct db_rows rows = {0};
    enum err rc = db_run(
        db,
        "SELECT c.affiliates, EXISTS (SELECT 1 FROM desk_partner AS p WHERE p.user_id = ?), "
        "c.visitor_days, COALESCE((SELECT v.partner_id = ? AND " WITHIN_VISITS_S
        " FROM desk_visit AS v WHERE v.user_hash = ? AND v.user_hash <> '' ORDER BY v.at DESC "
        "LIMIT "
        "1), 0), (SELECT COUNT(*) FROM (SELECT 1 FROM desk_visit AS v WHERE v.address_group = ? "
        "AND " WITHIN_VISITS_S
        " LIMIT ?) AS a), (SELECT COUNT(*) FROM (SELECT 1 FROM desk_visit AS v "
        "WHERE v.partner_id = ? AND " WITHIN_VISITS_S
        " LIMIT ?) AS b) FROM desk_setting AS c WHERE "
        "c.id = 1",
        DB_ARGS(db_i64(visit->partner_id), db_i64(visit->partner_id), db_i64(DESK_VISIT_AGAIN_S),
                db_text(visit->user_hash), db_blob(group, NETWORKS_GROUP_SIZE),
                db_i64(DESK_VISITS_S), db_i64(DESK_VISITS_ADDRESS), db_i64(visit->partner_id),
                db_i64(DESK_VISITS_S), db_i64(DESK_VISITS_PARTNER)),
        &rows);

    if (rc == ERR_OK)
        rc = db_next(&rows) ? ERR_OK : ERR_INTERNAL;
    if (rc == ERR_OK)
        *out = (struct reception){.programme = db_get_i64(&rows, 0) != 0,
                                  .affiliate = db_get_i64(&rows, 1) != 0,
                                  .days = db_get_u64(&rows, 2),
                                  .again = db_get_i64(&rows, 3) != 0,
                                  .by_address = db_get_i64(&rows, 4),
                                  .by_partner = db_get_i64(&rows, 5)};
    db_rows_free(&rows);
    return rc;
}

static enum err write_visit(struct db *db, const struct desk_visit *visit, const uint8_t *group)
{
    return db_run(db,
                  "INSERT INTO desk_visit (partner_id, browser, ip, address_group, referrer, "
                  "user_hash, query) SELECT p.user_id, ?, ?, ?, ?, ?, ? FROM desk_partner AS p "
                  "WHERE p.user_id = ?",
                  DB_ARGS(cut(visit->browser, BROWSER_MAX), cut(visit->ip, 45),
                          db_blob(group, NETWORKS_GROUP_SIZE), cut(visit->referrer, TEXT_MAX),
                          db_text(visit->user_hash), cut(visit->query, TEXT_MAX),
                          db_i64(visit->partner_id)),
                  NULL);
}

void visit_of_bid(struct db_packet *packet, const struct desk_wish *wish, int64_t partner_id)
{
    uint8_t group[NETWORKS_GROUP_SIZE];
    char query[40];

    if (partner_id == 0 || wish->partner_id != partner_id)
        return; /* nobody's, or the visitor's cookie said so: that visit is known */
    networks_group(wish->ip, group);
    snprintf(query, sizeof(query), "partner_id=%lld", (long long)partner_id);
    db_packet_add(packet,
                  "INSERT INTO desk_visit (partner_id, browser, ip, address_group, referrer, "
                  "user_hash, query) VALUES (?, ?, ?, ?, '', '', ?)",
                  DB_ARGS(db_i64(partner_id), cut(wish->browser, BROWSER_MAX), cut(wish->ip, 45),
                          db_blob(group, sizeof(group)), db_text(query)));
}

enum err desk_visit_add(struct db *db, const struct desk_visit *asked, char visitor[DESK_HASH_SIZE],
                        uint64_t *days)
{
    struct desk_visit visit = *asked;
    struct reception reception = {0};
    char hash[DESK_VISITOR_HASH_SIZE];
    uint8_t group[NETWORKS_GROUP_SIZE];

    if (!is_random_word(visitor))
        random_word(visitor, DESK_HASH_SIZE);
    desk_visitor_hash(visitor, hash);
    visit.user_hash = hash;
    networks_group(visit.ip, group);
    enum err rc = receive(db, &visit, group, &reception);
    if (rc != ERR_OK)
        return rc;
    *days = reception.days;
    if (!reception.programme)
        return ERR_DESK_PARTNERS;
    if (!reception.affiliate)
        return ERR_NOT_FOUND;
    if (reception.again)
        return ERR_OK;
    if (reception.by_address >= DESK_VISITS_ADDRESS || reception.by_partner >= DESK_VISITS_PARTNER)
        return ERR_TOO_MANY_REQUESTS;
    return write_visit(db, &visit, group);
}

enum err desk_visit_list(struct db *db, const struct desk_visit_filter *filter,
                         void (*row)(void *arg, const struct desk_visit *visit), void *arg)
{
    struct db_rows rows = {0};
    int64_t since = filter->since, until = filter->until;

    if (!span_fits(&since, &until) || !is_ascii(filter->ip))
        return ERR_OK;
    enum err rc =
        db_run(db,
               "SELECT id, UNIX_TIMESTAMP(at) DIV 1, partner_id, browser, ip, referrer, query, "
               "user_hash FROM desk_visit WHERE partner_id = ? AND at >= FROM_UNIXTIME(?) AND "
               "(? = 0 OR at < FROM_UNIXTIME(? + 1)) AND (? IS NULL OR ip = ?) "
               "ORDER BY at DESC, id DESC LIMIT ?, ?",
               DB_ARGS(db_i64(filter->partner_id), db_i64(since), db_i64(until), db_i64(until),
                       db_text(filter->ip), db_text(filter->ip),
                       db_i64(list_offset(filter->offset)), db_i64(list_limit(filter->limit))),
               &rows);
    while (rc == ERR_OK && db_next(&rows))
        row(arg, &(struct desk_visit){.id = db_get_i64(&rows, 0),
                                      .at = db_get_i64(&rows, 1),
                                      .partner_id = db_get_i64(&rows, 2),
                                      .browser = db_get_text(&rows, 3),
                                      .ip = db_get_text(&rows, 4),
                                      .referrer = db_get_text(&rows, 5),
                                      .query = db_get_text(&rows, 6),
                                      .user_hash = db_get_text(&rows, 7)});
    db_rows_free(&rows);
    return rc;
}

enum err desk_visit_sweep(struct db *db, int64_t limit, int64_t *removed)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "DELETE FROM desk_visit WHERE at < NOW(6) - INTERVAL GREATEST(?, (SELECT "
                         "visitor_days FROM desk_setting WHERE id = 1)) DAY ORDER BY at LIMIT ?",
                         DB_ARGS(db_i64(DESK_VISIT_DAYS), db_i64(limit)), &rows);
    *removed = rc == ERR_OK ? (int64_t)rows.affected : 0;
    db_rows_free(&rows);
    return rc;
}
