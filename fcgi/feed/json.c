/* Rate feeds as JSON (api/desk A11): {version, currencies: {list, amounts}, exchange: {ID: {to: {ID: ...}}}},
 * by the ids of payment systems. Figures are exact numbers. */
#include <stdio.h>
#include <string.h>

#include "fcgi/feed/feed.h"
#include "json/writer.h"

static void write_rate(struct writer *writer, const char *key, struct rate rate)
{
    char digits[AMOUNT_TEXT_SIZE];
    rate_format(rate, digits);
    writer_number(writer, key, digits);
}

static void write_amount(struct writer *writer, const char *key, struct amount amount)
{
    char digits[AMOUNT_TEXT_SIZE];
    desk_amount_text(amount, digits);
    writer_number(writer, key, digits);
}

/* One number for a rate: what is given for one that is got, where that is more than one; else what is
 * got for one that is given, below zero. */
static void write_single_rate(struct writer *writer, const struct desk_offer *offer)
{
    struct rate rate;
    if (rate_divide(offer->give, offer->get, &rate) != ERR_OK)
        rate = (struct rate){0};
    if (rate.coefficient <= decimal_power(rate.scale) &&
        rate_divide(offer->get, offer->give, &rate) == ERR_OK)
        rate.coefficient = -rate.coefficient;
    write_rate(writer, "xr", rate);
}

/* A list of `5 USD`, `2 %`. */
static void write_fee(struct writer *writer, const char *key, const struct desk_fee *fee,
                      const struct currency *currency)
{
    char digits[AMOUNT_TEXT_SIZE], words[AMOUNT_TEXT_SIZE + CURRENCY_CODE_SIZE];

    writer_list(writer, key);
    if (fee->fixed != 0) {
        desk_amount_text((struct amount){fee->fixed, currency}, digits);
        snprintf(words, sizeof(words), "%s %s", digits, currency->code);
        writer_text(writer, NULL, words);
    }
    if (fee->percent.coefficient != 0) {
        rate_format(fee->percent, digits);
        snprintf(words, sizeof(words), "%s %%", digits);
        writer_text(writer, NULL, words);
    }
    writer_end(writer);
}

static void write_word(const char *word, size_t len, void *arg)
{
    struct writer *writer = arg;
    writer_bytes(writer, NULL, word, len);
}

static void write_words(struct writer *writer, const char *key, const char *words)
{
    writer_list(writer, key);
    feed_each_label(words, write_word, writer);
    writer_end(writer);
}

static void write_id(struct writer *writer, uint64_t id)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)id);
    writer_key(writer, digits);
}

static void write_target(struct writer *writer, const struct feed_item *item)
{
    const struct desk_direction *direction = item->direction;

    write_id(writer, direction->get->id);
    writer_object(writer, NULL);
    write_single_rate(writer, &item->offer);
    write_amount(writer, "amount", item->offer.reserve);
    write_amount(writer, "min", item->offer.min);
    write_amount(writer, "max", item->offer.max);
    write_fee(writer, "inFee", &item->offer.fee, direction->give->currency);
    write_fee(writer, "outFee", &item->offer.to_fee, direction->get->currency);
    write_words(writer, "options", direction->labels);
    write_words(writer, "cities", direction->city);
    writer_end(writer);
}

static void write_currencies(struct writer *writer, const struct desk_board *board)
{
    writer_object(writer, "currencies");
    writer_object(writer, "list");
    for (size_t i = 0; i < board->system_count; i++) {
        write_id(writer, board->systems[i].id);
        writer_text(writer, NULL, board->systems[i].code);
    }
    writer_end(writer);
    writer_object(writer, "amounts");
    for (size_t i = 0; i < board->system_count; i++) {
        const struct desk_system *system = &board->systems[i];
        char digits[AMOUNT_TEXT_SIZE];
        desk_amount_text((struct amount){system->reserve, system->currency}, digits);
        write_id(writer, system->id);
        writer_number(writer, NULL, digits);
    }
    writer_end(writer);
    writer_end(writer);
}

/* Closes the object of the payment system that is given; 0 before the first. */
static void end_run(struct writer *writer, uint64_t give_id)
{
    if (give_id == 0)
        return;
    writer_end(writer);
    writer_end(writer);
}

/* Directions from the same payment system stand in one run. */
static void write_exchange(struct writer *writer, const struct desk_board *board)
{
    struct feed_item item;
    uint64_t give_id = 0;

    writer_object(writer, "exchange");
    for (size_t i = 0; i < board->direction_count; i++) {
        if (!feed_tells(&board->directions[i], &item))
            continue;
        if (give_id != item.direction->give->id) {
            end_run(writer, give_id);
            give_id = item.direction->give->id;
            write_id(writer, give_id);
            writer_object(writer, NULL);
            writer_object(writer, "to");
        }
        write_target(writer, &item);
    }
    end_run(writer, give_id);
    writer_end(writer);
}

void feed_json(const struct desk_board *board, struct text *out)
{
    struct writer writer = {.out = out};

    writer_object(&writer, NULL);
    writer_text(&writer, "version", "1.3");
    write_currencies(&writer, board);
    write_exchange(&writer, board);
    writer_end(&writer);
    text_putc(out, '\n');
}
