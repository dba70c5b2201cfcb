/* What the stream says of each kind of event. */
#include "tools/stream/message.h"

#include <string.h>

#include "crypto/crypto.h"
#include "fcgi/views/market.h"

void message_level(struct writer *json, const void *data)
{
    const struct stream_row *row = data;

    writer_object(json, NULL);
    writer_short(json, "price", row->price);
    writer_int(json, "type", row->is_ask ? 1 : 2);
    writer_text(json, "type_str", row->is_ask ? "ask" : "bid");
    writer_short(json, "volume", row->amount);
    writer_units(json, "price_int", row->price);
    writer_units(json, "volume_int", row->amount);
    writer_text(json, "item", row->market->item->code);
    writer_text(json, "currency", row->market->currency->code);
    writer_digits(json, "now", row->at_us);
    writer_units(json, "total_volume_int", row->total);
    writer_end(json);
}

void message_trade(struct writer *json, const void *data)
{
    const struct stream_row *row = data;

    writer_object(json, NULL);
    writer_text(json, "type", "trade");
    writer_int(json, "date", row->tid / 1000000);
    writer_short_number(json, "amount", row->amount);
    writer_short_number(json, "price", row->price);
    writer_units(json, "amount_int", row->amount);
    writer_units(json, "price_int", row->price);
    writer_text(json, "item", row->market->item->code);
    writer_text(json, "price_currency", row->market->currency->code);
    writer_digits(json, "tid", row->tid);
    writer_text(json, "trade_type", row->is_ask ? "ask" : "bid");
    writer_text(json, "primary", "Y");
    writer_text(json, "properties", row->at_market ? "market" : "limit");
    writer_end(json);
}

void message_order(struct writer *json, const void *data)
{
    const struct stream_row *row = data;

    writer_object(json, NULL);
    writer_uuid(json, "oid", &row->order);
    writer_text(json, "currency", row->market->currency->code);
    writer_text(json, "item", row->market->item->code);
    writer_text(json, "type", row->is_ask ? "ask" : "bid");
    writer_money(json, "amount", row->amount);
    writer_money(json, "effective_amount", row->total);
    if (row->price.currency != NULL)
        writer_money(json, "price", row->price);
    if (row->stop.currency != NULL)
        writer_money(json, "stop", row->stop);
    writer_text(json, "status", row->word);
    writer_int(json, "date", row->date);
    writer_end(json);
}

void message_removed(struct writer *json, const void *data)
{
    const struct stream_row *row = data;

    writer_object(json, NULL);
    writer_uuid(json, "oid", &row->order);
    writer_text(json, "reason", row->word);
    writer_end(json);
}

/* The words of a wallet's line, as its history has them. */
static void write_info(struct writer *json, const struct stream_row *row)
{
    struct text words = TEXT(LEDGER_INFO_SIZE);

    if (row->trade != NULL)
        market_line_write(row->trade, row->word, &words);
    writer_text(json, "info", row->trade == NULL ? row->info : text_string(&words));
    text_free(&words);
}

void message_line(struct writer *json, const void *data)
{
    const struct stream_row *row = data;

    writer_object(json, NULL);
    writer_text(json, "op", row->word);
    writer_money(json, "amount", row->amount);
    write_info(json, row);
    if (row->has_ref)
        writer_uuid(json, "ref", &row->order);
    else
        writer_null(json, "ref");
    writer_money(json, "balance", row->total);
    writer_end(json);
}

void message_payout(struct writer *json, const void *data)
{
    const struct stream_row *row = data;

    writer_object(json, NULL);
    writer_int(json, "id", row->payout);
    writer_uuid(json, "uuid", &row->order);
    writer_text(json, "state", row->word);
    writer_int(json, "confirmations", (int64_t)row->confirmations);
    writer_some_text(json, "reference", row->info);
    writer_end(json);
}

void message_lag(struct writer *json, const void *data)
{
    const struct lag *lag = data;
    struct uuid qid = crypto_uuid4();

    writer_object(json, NULL);
    writer_uuid(json, "qid", &qid);
    writer_digits(json, "stamp", lag->now_us);
    writer_int(json, "age", lag->age_us);
    writer_end(json);
}

void message_ticker(struct writer *json, const void *data)
{
    const struct ticker_row *row = data;

    writer_object(json, NULL);
    market_write_ticker(json, row->market, row->ticker);
    writer_text(json, "item", row->market->item->code);
    writer_end(json);
}

void message_write(const struct envelope *envelope, message_content *content, const void *data,
                   struct text *out)
{
    struct writer writer = {.out = out}, *json = &writer;

    writer_object(json, NULL);
    writer_text(json, "op", "private");
    writer_uuid(json, "channel", envelope->channel);
    writer_text(json, "channel_name", envelope->channel_name);
    writer_text(json, "origin", "broadcast");
    writer_text(json, "private", envelope->type);
    writer_key(json, envelope->type);
    content(json, data);
    writer_digits(json, "stamp", envelope->at_us);
    writer_text(json, "id", envelope->id);
    writer_end(json);
}
