#include "tools/stream/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "fcgi/server/reply.h"
#include "money/rate.h"

/* Without trailing zeros, "72.98274". */
static void format_short(struct amount amount, char out[AMOUNT_TEXT_SIZE])
{
    struct rate rate = {.coefficient = amount.units, .scale = amount.currency->decimals};
    rate_format(rate, out);
}

static void add_short(struct json_object *object, const char *key, struct amount amount)
{
    char digits[AMOUNT_TEXT_SIZE];
    format_short(amount, digits);
    reply_text(object, key, digits);
}

static void add_number(struct json_object *object, const char *key, struct amount amount)
{
    char digits[AMOUNT_TEXT_SIZE];
    format_short(amount, digits);
    reply_number(object, key, digits);
}

static void add_units(struct json_object *object, const char *key, struct amount amount)
{
    char digits[AMOUNT_TEXT_SIZE];
    amount_format_units(amount, digits);
    reply_text(object, key, digits);
}

static void add_uuid(struct json_object *object, const char *key, const struct uuid *id)
{
    char text[UUID_TEXT_SIZE];
    uuid_format(id, text);
    reply_text(object, key, text);
}

/* Microseconds are strings on this face. */
static void add_micros(struct json_object *object, const char *key, int64_t micros)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%" PRId64, micros);
    reply_text(object, key, digits);
}

struct json_object *message_level(const struct stream_row *row)
{
    struct json_object *object = json_object_new_object();

    add_short(object, "price", row->price);
    reply_int(object, "type", row->is_ask ? 1 : 2);
    reply_text(object, "type_str", row->is_ask ? "ask" : "bid");
    add_short(object, "volume", row->amount);
    add_units(object, "price_int", row->price);
    add_units(object, "volume_int", row->amount);
    reply_text(object, "item", row->market->item->code);
    reply_text(object, "currency", row->market->currency->code);
    add_micros(object, "now", row->at_us);
    add_units(object, "total_volume_int", row->total);
    return object;
}

struct json_object *message_trade(const struct stream_row *row)
{
    struct json_object *object = json_object_new_object();

    reply_text(object, "type", "trade");
    reply_int(object, "date", row->tid / 1000000);
    add_number(object, "amount", row->amount);
    add_number(object, "price", row->price);
    add_units(object, "amount_int", row->amount);
    add_units(object, "price_int", row->price);
    reply_text(object, "item", row->market->item->code);
    reply_text(object, "price_currency", row->market->currency->code);
    add_micros(object, "tid", row->tid);
    reply_text(object, "trade_type", row->is_ask ? "ask" : "bid");
    reply_text(object, "primary", "Y");
    reply_text(object, "properties", row->at_market ? "market" : "limit");
    return object;
}

struct json_object *message_order(const struct stream_row *row)
{
    struct json_object *object = json_object_new_object();

    add_uuid(object, "oid", &row->order);
    reply_text(object, "currency", row->market->currency->code);
    reply_text(object, "item", row->market->item->code);
    reply_text(object, "type", row->is_ask ? "ask" : "bid");
    reply_add(object, "amount", reply_money(row->amount));
    reply_add(object, "effective_amount", reply_money(row->total));
    if (row->price.currency != NULL)
        reply_add(object, "price", reply_money(row->price));
    if (row->stop.currency != NULL)
        reply_add(object, "stop", reply_money(row->stop));
    reply_text(object, "status", row->word);
    reply_int(object, "date", row->date);
    return object;
}

struct json_object *message_removed(const struct stream_row *row)
{
    struct json_object *object = json_object_new_object();

    add_uuid(object, "oid", &row->order);
    reply_text(object, "reason", row->word);
    return object;
}

/* The words of a wallet's line, as its history has them. */
static void add_info(struct json_object *object, const struct stream_row *row)
{
    struct text words = TEXT(LEDGER_INFO_SIZE);

    if (row->trade != NULL)
        ledger_trade_words(row->trade, row->word != NULL && strcmp(row->word, "fee") == 0, &words);
    reply_text(object, "info", row->trade == NULL ? row->info : text_string(&words));
    text_free(&words);
}

struct json_object *message_line(const struct stream_row *row)
{
    struct json_object *object = json_object_new_object();

    reply_text(object, "op", row->word);
    reply_add(object, "amount", reply_money(row->amount));
    add_info(object, row);
    if (row->has_ref)
        add_uuid(object, "ref", &row->order);
    else
        reply_text(object, "ref", NULL);
    reply_add(object, "balance", reply_money(row->total));
    return object;
}

struct json_object *message_lag(int64_t age_us, int64_t now_us)
{
    struct json_object *object = json_object_new_object();
    struct uuid qid = crypto_uuid4();

    add_uuid(object, "qid", &qid);
    add_micros(object, "stamp", now_us);
    reply_int(object, "age", age_us);
    return object;
}

void message_write(const struct envelope *envelope, struct json_object *content, struct text *out)
{
    struct json_object *message = json_object_new_object();

    reply_text(message, "op", "private");
    add_uuid(message, "channel", envelope->channel);
    reply_text(message, "channel_name", envelope->channel_name);
    reply_text(message, "origin", "broadcast");
    reply_text(message, "private", envelope->type);
    reply_add(message, envelope->type, json_object_get(content));
    add_micros(message, "stamp", envelope->at_us);
    reply_text(message, "id", envelope->id);
    reply_json(message, false, out);
    json_object_put(message);
}
