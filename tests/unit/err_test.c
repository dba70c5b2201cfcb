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
    for (size_t i = 0; i < UNIT_COUNT(rows); i++)
        UNIT_CHECK(rows[i].id, err_from_id(rows[i].id) == rows[i].expected);
}

static const struct unit_case cases[] = {
    {"every row is complete", test_registry},
    {"errors by id", test_from_id},
    {NULL, NULL},
};
const struct unit_suite suite_err = {"err", cases};
