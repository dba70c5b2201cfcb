/* What feeds answer, and the rates found in it. */
#include <stdio.h>
#include <string.h>

#include "desk/rate.h"
#include "tests/unit/unit.h"

static const char ecb[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gesmes:Envelope xmlns:gesmes=\""
    "http://www.gesmes.org/xml/2002-08-01\" xmlns=\"http://www.ecb.int/vocabulary/2002-08-01/"
    "eurofxref\"><gesmes:subject>Reference rates</gesmes:subject><Cube><Cube time='2026-07-30'>"
    "<Cube currency='USD' rate='1.0823'/><Cube currency='JPY' rate='162.57'/></Cube></Cube>"
    "</gesmes:Envelope>";
static const char coinbase[] =
    "{\"data\":{\"currency\":\"BTC\",\"rates\":{\"USD\":\"63912.345\",\"EUR\":\"58000\"}}}";
static const char bestchange[] =
    "<rates><item><from>BTC</from><to>SBERRUB</to><in>1</in><out>5970000.5</out></item>"
    "<item><from>SBERRUB</from><to>BTC</to><in>6012345.5</in><out>1</out></item></rates>";
static const char json[] = "{\"a\":{\"list\":[{\"p\":1.5},{\"p\":\"0.00003281383074281\"}],"
                           "\"e\":6.5e4,\"big\":1.123456789012345678901234567890,\"none\":null,"
                           "\"zero\":0,\"minus\":-5,\"word\":\"x\"}}";
static const char xml[] = "<a><b c=\"2.50\"> 7.25 </b><d>x</d></a>";

static void test_find(void)
{
    static const struct {
        const char *format, *body, *path, *give, *get;
        enum err rc;
    } rows[] = {
        {"ecb", ecb, "USD", "1", "1.0823", ERR_OK},
        {"ecb", ecb, "JPY", "1", "162.57", ERR_OK},
        {"ecb", ecb, "RUB", NULL, NULL, ERR_NOT_FOUND},
        {"ecb", ecb, "U'D", NULL, NULL, ERR_INVALID},
        {"ecb", json, "USD", NULL, NULL, ERR_MALFORMED},
        {"coinbase", coinbase, "USD", "1", "63912.345", ERR_OK},
        {"coinbase", coinbase, "GBP", NULL, NULL, ERR_NOT_FOUND},
        {"coinbase", ecb, "USD", NULL, NULL, ERR_MALFORMED},
        {"bestchange", bestchange, "BTC/SBERRUB", "1", "5970000.5", ERR_OK},
        {"bestchange", bestchange, "SBERRUB/BTC", "6012345.5", "1", ERR_OK},
        {"bestchange", bestchange, "BTC", NULL, NULL, ERR_INVALID},
        {"bestchange", bestchange, "BTC/ETH", NULL, NULL, ERR_NOT_FOUND},
        {"json", json, "a.list.0.p", "1", "1.5", ERR_OK},
        {"json", json, "a.list.1.p", "1", "0.00003281383074281", ERR_OK},
        {"json", json, "1/a.list.0.p", "1.5", "1", ERR_OK},
        {"json", json, "a.e", "1", "65000", ERR_OK},
        {"json", json, "a.big", "1", "1.1234567890123456789", ERR_OK},
        {"json", json, "a.none", NULL, NULL, ERR_NOT_FOUND},
        {"json", json, "a.zero", NULL, NULL, ERR_INVALID},
        {"json", json, "a.minus", NULL, NULL, ERR_INVALID},
        {"json", json, "a.word", NULL, NULL, ERR_INVALID},
        {"json", json, "a.list.2.p", NULL, NULL, ERR_NOT_FOUND},
        {"json", json, "a.list", NULL, NULL, ERR_INVALID},
        {"json", "{", "a", NULL, NULL, ERR_MALFORMED},
        {"xml", xml, "/a/b/@c", "1", "2.5", ERR_OK},
        {"xml", xml, "/a/b", "1", "7.25", ERR_OK},
        {"xml", xml, "1//a/b", "7.25", "1", ERR_OK},
        {"xml", xml, "number(/a/b) * 2", "1", "14.5", ERR_OK},
        {"xml", xml, "/a/d", NULL, NULL, ERR_INVALID},
        {"xml", xml, "/a/e", NULL, NULL, ERR_NOT_FOUND},
        {"xml", xml, "/a/[", NULL, NULL, ERR_INVALID},
        {"xml", "<!DOCTYPE a [<!ENTITY e 'ee'>]><a>&e;</a>", "/a", NULL, NULL, ERR_MALFORMED},
        {"xml", "", "/a", NULL, NULL, ERR_MALFORMED},
    };

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct desk_worth worth;
        struct text problem = TEXT(1024);
        char row[64], give[AMOUNT_TEXT_SIZE], get[AMOUNT_TEXT_SIZE];
        snprintf(row, sizeof(row), "%s %s", rows[i].format, rows[i].path);
        enum err rc = desk_feed_find(rows[i].format, rows[i].body, strlen(rows[i].body),
                                     rows[i].path, &worth, &problem);
        UNIT_SAME(row, err_id(rc), err_id(rows[i].rc));
        UNIT_CHECK(row, (rc == ERR_OK) == (problem.len == 0));
        if (rc == ERR_OK) {
            rate_format(worth.give, give);
            rate_format(worth.get, get);
            UNIT_SAME(row, give, rows[i].give);
            UNIT_SAME(row, get, rows[i].get);
        }
        text_free(&problem);
    }
}

static const struct test_case cases[] = {
    {"what is found", test_find},
    {NULL, NULL},
};
const struct test_suite suite_desk_feed = {.name = "desk_feed", .cases = cases};
