/* The log of robots' calls. */
#include <string.h>

#include "base/text.h"
#include "db/statement.h"
#include "desk/key.h"
#include "desk/store.h"

#define HEADERS_MAX 8192 /* bytes that are kept */
#define PARAMS_MAX 16384

/* The first `max` bytes of a text, whole characters of it; what is not UTF-8 is not kept. */
static struct db_arg cut(const char *text, size_t max)
{
    size_t len = text == NULL ? 0 : strlen(text);

    if (len > max)
        for (len = max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
            len--;
    return len > 0 && text_is_utf8(text, len) ? db_textn(text, len) : db_text("");
}

enum err desk_call_add(struct db *db, const struct desk_call *call)
{
    return db_run(db,
                  "INSERT INTO desk_call (login, key_id, method, ip, headers, params, result) "
                  "SELECT ?, ?, ?, ?, ?, ?, ? FROM desk_setting WHERE id = 1 AND log_calls",
                  DB_ARGS(cut(call->login, 64),
                          call->key_id == 0 ? db_null() : db_i64(call->key_id),
                          cut(call->method, 32), cut(call->ip, 45), cut(call->headers, HEADERS_MAX),
                          cut(call->params, PARAMS_MAX), cut(call->result, 255)),
                  NULL);
}

enum err desk_call_list(struct db *db, const struct desk_call_filter *filter,
                        void (*row)(void *arg, const struct desk_call *call), void *arg)
{
    struct db_rows rows = {0};
    int64_t since = filter->since, until = filter->until;

    if (!span_fits(&since, &until) || !is_ascii(filter->ip))
        return ERR_OK;
    enum err rc = db_run(
        db,
        "SELECT id, UNIX_TIMESTAMP(at) DIV 1, login, key_id, method, ip, headers, params, result "
        "FROM desk_call WHERE (? = 0 OR key_id IN (SELECT id FROM desk_key WHERE user_id = ?)) AND "
        "(? "
        "IS NULL OR login = ?) AND (? IS NULL OR ip = ?) AND at >= FROM_UNIXTIME(?) AND (? = 0 OR "
        "at "
        "< FROM_UNIXTIME(? + 1)) ORDER BY id DESC LIMIT ?, ?",
        DB_ARGS(db_i64(filter->user_id), db_i64(filter->user_id), db_text(filter->login),
                db_text(filter->login), db_text(filter->ip), db_text(filter->ip), db_i64(since),
                db_i64(until), db_i64(until), db_i64(list_offset(filter->offset)),
                db_i64(filter->limit <= 0 ? DESK_CALLS : filter->limit)),
        &rows);
    while (rc == ERR_OK && db_next(&rows))
        row(arg, &(struct desk_call){.id = db_get_i64(&rows, 0),
                                     .at = db_get_i64(&rows, 1),
                                     .login = db_get_text(&rows, 2),
                                     .key_id = db_get_i64(&rows, 3),
                                     .method = db_get_text(&rows, 4),
                                     .ip = db_get_text(&rows, 5),
                                     .headers = db_get_text(&rows, 6),
                                     .params = db_get_text(&rows, 7),
                                     .result = db_get_text(&rows, 8)});
    db_rows_free(&rows);
    return rc;
}

enum err desk_call_sweep(struct db *db, int64_t limit, int64_t *removed)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "DELETE FROM desk_call WHERE at < NOW(6) - INTERVAL ? DAY ORDER BY at "
                         "LIMIT ?",
                         DB_ARGS(db_i64(DESK_CALL_DAYS), db_i64(limit)), &rows);
    *removed = rc == ERR_OK ? (int64_t)rows.affected : 0;
    db_rows_free(&rows);
    return rc;
}
