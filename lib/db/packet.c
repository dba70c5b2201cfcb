/* Building packets of several statements. How one is sent is in db.c (write_packet). */
#include "db/packet.h"

#include "db/handle.h"
#include "db/statement.h"

struct text *db_packet_begin(struct db_packet *packet)
{
    if (packet->count++ > 0)
        text_puts(&packet->sql, "; ");
    return &packet->sql;
}

void db_packet_add(struct db_packet *packet, const char *sql, struct db_args args)
{
    statement_add(db_packet_begin(packet), sql, args);
}

void db_packet_expect(struct db_packet *packet, uint64_t rows, enum err refusal)
{
    text_addf(db_packet_begin(packet),
              "IF ROW_COUNT() <> %llu THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '%s'; END IF",
              (unsigned long long)rows, err_id(refusal));
    packet->count++; /* a condition alone is a compound statement, too */
}

void db_packet_add_once(struct db_packet *packet, const char *sql, struct db_args args,
                        enum err refusal)
{
    struct text *text = db_packet_begin(packet);

    text_addf(
        text,
        "BEGIN DECLARE EXIT HANDLER FOR 1062 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '%s'; ",
        err_id(refusal));
    statement_add(text, sql, args);
    text_puts(text, "; END");
    packet->count++;
}

void db_packet_free(struct db_packet *packet)
{
    text_free(&packet->sql);
    packet->count = 0;
}

static enum err end_packet(struct db_packet *packet, enum err rc)
{
    db_packet_free(packet);
    return rc;
}

enum err db_packet_run(struct db *db, struct db_packet *packet, struct db_rows rows[], size_t count)
{
    const struct places places = {.rows = rows, .count = count};

    if (packet->sql.full)
        return end_packet(packet, ERR_TOO_LARGE);
    return end_packet(
        packet, handle_packet(db, text_string(&packet->sql), packet->count > 1, false, places));
}

enum err db_packet_commit(struct db *db, struct db_packet *packet, struct db_rows rows[],
                          size_t count)
{
    const struct places places = {.rows = rows, .count = count};

    if (packet->sql.full)
        return end_packet(packet, ERR_TOO_LARGE);
    return end_packet(
        packet, handle_packet(db, text_string(&packet->sql), packet->count > 1, true, places));
}

enum err db_packet_read(struct db *db, struct db_packet *packet, struct db_rows rows[],
                        size_t count)
{
    const struct places places = {.rows = rows, .count = count};

    if (packet->sql.full)
        return end_packet(packet, ERR_TOO_LARGE);
    return end_packet(packet,
                      handle_read(db, text_string(&packet->sql), packet->count > 1, places));
}
