/* The table of errors: ids are unique, texts are there. */
#include "base/err.h"

#include <string.h>

#include "tests/unit/unit.h"

static void test_registry(void)
{
    for (int i = 0; i < ERR_COUNT; i++) {
        enum err rc = (enum err)i;
        const char *id = err_id(rc);
        UNIT_CHECK(id, id[0] != '\0');
        UNIT_CHECK(id, strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(id));
        UNIT_CHECK(id, err_text(rc)[0] != '\0');
        UNIT_CHECK(id, (err_class(rc) == ERR_CLASS_NONE) == (rc == ERR_OK));
        UNIT_CHECK(id, err_is_bug(rc) == (err_class(rc) == ERR_CLASS_BUG));
        /* Ids are unique, so that each finds its own way back. */
        UNIT_CHECK(id, err_from_id(id) == (rc == ERR_OK ? ERR_INTERNAL : rc));
    }
}

static void test_from_id(void)
{
    static const struct {
        const char *id;
        enum err expected;
    } rows[] = {
        {"insufficient_funds", ERR_INSUFFICIENT_FUNDS},
        {"not_found", ERR_NOT_FOUND},
        {"otp_invalid", ERR_OTP_INVALID},
        {"Insufficient_Funds", ERR_INTERNAL},
        {"no_such_error", ERR_INTERNAL},
        {"", ERR_INTERNAL},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        UNIT_CHECK(rows[i].id, err_from_id(rows[i].id) == rows[i].expected);
}

static void test_classes(void)
{
    static const struct {
        enum err rc;
        enum err_class expected;
    } rows[] = {
        {ERR_AMOUNT_RANGE, ERR_CLASS_INPUT},
        {ERR_NONCE_INVALID, ERR_CLASS_AUTH},
        {ERR_RIGHT, ERR_CLASS_RIGHT},
        {ERR_TICKET_UNKNOWN, ERR_CLASS_NOT_FOUND},
        {ERR_TICKET_KEY, ERR_CLASS_STATE},
        {ERR_TICKET_SETTLED, ERR_CLASS_STATE},
        {ERR_TOO_MANY_ATTEMPTS, ERR_CLASS_LIMIT},
        {ERR_DB_AWAY, ERR_CLASS_BUSY},
        {ERR_OVERFLOW, ERR_CLASS_BUG},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        UNIT_CHECK(err_id(rows[i].rc), err_class(rows[i].rc) == rows[i].expected);
}

static const struct test_case cases[] = {
    {"every row is complete", test_registry},
    {"errors by id", test_from_id},
    {"classes", test_classes},
    {NULL, NULL},
};
const struct test_suite suite_err = {.name = "err", .cases = cases};
