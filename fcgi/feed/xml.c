/* Rate feeds as XML 1.0 and 1.1, and as text (api/desk A11). */
#include <string.h>

#include "fcgi/feed/feed.h"

/* How a file is written: what is before and behind its items. */
struct format {
    const char *begin, *end;
    void (*item)(const struct feed_item *item, struct text *out);
};

#define XML_BEGIN "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static void put_amount(struct amount amount, struct text *out)
{
    char digits[AMOUNT_TEXT_SIZE];
    desk_amount_text(amount, digits);
    text_puts(out, digits);
}

static void put_rate(struct rate rate, struct text *out)
{
    char digits[AMOUNT_TEXT_SIZE];
    rate_format(rate, digits);
    text_puts(out, digits);
}

static void put_escaped(const char *string, size_t len, struct text *out)
{
    for (size_t i = 0; i < len; i++) {
        if (string[i] == '<')
            text_puts(out, "&lt;");
        else if (string[i] == '>')
            text_puts(out, "&gt;");
        else if (string[i] == '&')
            text_puts(out, "&amp;");
        else
            text_putc(out, string[i]);
    }
}

static void put_element(const char *name, const char *string, struct text *out)
{
    text_addf(out, "<%s>", name);
    put_escaped(string, strlen(string), out);
    text_addf(out, "</%s>", name);
}

static void put_rate_element(const char *name, struct rate rate, struct text *out)
{
    text_addf(out, "<%s>", name);
    put_rate(rate, out);
    text_addf(out, "</%s>", name);
}

/* unit  behind the number, with a blank; NULL for none */
static void put_amount_element(const char *name, struct amount amount, const char *unit,
                               struct text *out)
{
    text_addf(out, "<%s>", name);
    put_amount(amount, out);
    if (unit != NULL) {
        text_putc(out, ' ');
        put_escaped(unit, strlen(unit), out);
    }
    text_addf(out, "</%s>", name);
}

static void put_pair(const struct feed_item *item, struct text *out)
{
    text_puts(out, "<item>");
    put_element("from", item->direction->give->code, out);
    put_element("to", item->direction->get->code, out);
    put_rate_element("in", item->offer.give, out);
    put_rate_element("out", item->offer.get, out);
    put_amount_element("amount", item->offer.reserve, NULL, out);
}

/* `5 USD`, `2 %`: a fee that is both stands twice. */
static void put_fee(const char *name, const struct desk_fee *fee, const struct currency *currency,
                    struct text *out)
{
    if (fee->fixed != 0)
        put_amount_element(name, (struct amount){fee->fixed, currency}, currency->code, out);
    if (fee->percent.coefficient != 0) {
        text_addf(out, "<%s>", name);
        put_rate(fee->percent, out);
        text_addf(out, " %%</%s>", name);
    }
}

/* Clients read the least and the most amount of every item, so both are always there. */
static void put_item_1_0(const struct feed_item *item, struct text *out)
{
    const struct desk_direction *direction = item->direction;
    const struct currency *give = direction->give->currency;

    put_pair(item, out);
    put_amount_element("minamount", item->offer.min, give->code, out);
    put_amount_element("maxamount", item->offer.max, give->code, out);
    put_fee("fromfee", &item->offer.fee, give, out);
    put_fee("tofee", &item->offer.to_fee, direction->get->currency, out);
    if (direction->labels[0] != '\0')
        put_element("param", direction->labels, out);
    if (direction->city[0] != '\0')
        put_element("city", direction->city, out);
    text_puts(out, "</item>\n");
}

static void put_typed_fee(const char *name, const struct desk_fee *fee,
                          const struct currency *currency, struct text *out)
{
    if (fee->fixed != 0) {
        text_addf(out, "<%s type=\"abs\">", name);
        put_amount((struct amount){fee->fixed, currency}, out);
        text_addf(out, "</%s>", name);
    }
    if (fee->percent.coefficient != 0) {
        text_addf(out, "<%s type=\"%%\">", name);
        put_rate(fee->percent, out);
        text_addf(out, "</%s>", name);
    }
}

/* A label is an element's name here; one that cannot be is left out. */
static void put_flag(const char *word, size_t len, void *arg)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    if (strspn(word, letters) >= len)
        text_addf(arg, "<%.*s>true</%.*s>", (int)len, word, (int)len, word);
}

static void put_item_1_1(const struct feed_item *item, struct text *out)
{
    const struct desk_direction *direction = item->direction;

    put_pair(item, out);
    put_amount_element("frommin", item->offer.min, NULL, out);
    put_amount_element("frommax", item->offer.max, NULL, out);
    put_amount_element("tomin", item->offer.min_get, NULL, out);
    put_amount_element("tomax", item->offer.max_get, NULL, out);
    put_typed_fee("fromfee", &item->offer.fee, direction->give->currency, out);
    put_typed_fee("tofee", &item->offer.to_fee, direction->get->currency, out);
    if (direction->city[0] != '\0')
        put_element("city", direction->city, out);
    feed_each_label(direction->labels, put_flag, out);
    text_puts(out, "</item>\n");
}

/* from;to;in;out;amount;city; */
static void put_line(const struct feed_item *item, struct text *out)
{
    const struct desk_direction *direction = item->direction;

    text_addf(out, "%s;%s;", direction->give->code, direction->get->code);
    put_rate(item->offer.give, out);
    text_putc(out, ';');
    put_rate(item->offer.get, out);
    text_putc(out, ';');
    put_amount(item->offer.reserve, out);
    text_addf(out, ";%s;\n", direction->city);
}

static void write_items(const struct desk_board *board, const struct format *format,
                        struct text *out)
{
    struct feed_item item;

    text_puts(out, format->begin);
    for (size_t i = 0; i < board->direction_count; i++)
        if (feed_tells(&board->directions[i], &item))
            format->item(&item, out);
    text_puts(out, format->end);
}

void feed_xml_1_0(const struct desk_board *board, struct text *out)
{
    static const struct format format = {XML_BEGIN "<rates>\n", "</rates>\n", put_item_1_0};
    write_items(board, &format, out);
}

void feed_xml_1_1(const struct desk_board *board, struct text *out)
{
    static const struct format format = {XML_BEGIN "<rates version=\"1.1\">\n", "</rates>\n",
                                         put_item_1_1};
    write_items(board, &format, out);
}

void feed_txt(const struct desk_board *board, struct text *out)
{
    static const struct format format = {"", "", put_line};
    write_items(board, &format, out);
}
