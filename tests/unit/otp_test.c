/* One-time passwords by the vectors of RFC 4226 and RFC 6238. */
#include "identity/otp.h"

#include <string.h>

#include "tests/unit/unit.h"

/* The secret of the examples in RFC 4226 appendix D and RFC 6238 appendix B. */
static const char secret[] = "12345678901234567890";
#define SECRET_LEN 20

static void test_hotp_codes(void)
{
    static const char *const rows[] = {"755224", "287082", "359152", "969429", "338314",
                                       "254676", "287922", "162583", "399871", "520489"};
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char code[OTP_CODE_SIZE];
        UNIT_CHECK(rows[i], otp_code(secret, SECRET_LEN, i, code) == ERR_OK);
        UNIT_SAME(rows[i], code, rows[i]);
    }
}

/* The last six of RFC 6238's eight digits. */
static void test_totp(void)
{
    static const struct {
        const char *row;
        const char *code;
        int64_t now_s;
        int64_t last_step;
        enum err rc;
        int64_t step;
    } rows[] = {
        {"59 s", "287082", 59, 0, ERR_OK, 1},
        {"2005", "081804", 1111111109, 0, ERR_OK, 37037036},
        {"2005, next step", "050471", 1111111111, 0, ERR_OK, 37037037},
        {"2009", "005924", 1234567890, 0, ERR_OK, 41152263},
        {"2033", "279037", 2000000000, 0, ERR_OK, 66666666},
        {"2603", "353130", 20000000000, 0, ERR_OK, 666666666},
        {"one step late", "287082", 89, 0, ERR_OK, 1},
        {"two steps late", "287082", 90, 0, ERR_OTP_INVALID, 0},
        {"one step early", "081804", 1111111079, 0, ERR_OK, 37037036},
        {"two steps early", "081804", 1111111049, 0, ERR_OTP_INVALID, 0},
        {"first second", "081804", 1111111080, 0, ERR_OK, 37037036},
        {"used", "081804", 1111111109, 37037036, ERR_OTP_INVALID, 0},
        {"used, late", "081804", 1111111111, 37037036, ERR_OTP_INVALID, 0},
        {"later one used", "081804", 1111111111, 37037037, ERR_OTP_INVALID, 0},
        {"one before used", "081804", 1111111109, 37037035, ERR_OK, 37037036},
        {"all used", "081804", 1111111109, 37037037, ERR_OTP_INVALID, 0},
        {"far ahead", "081804", 1111111109, INT64_MAX - 1, ERR_OTP_INVALID, 0},
        {"never to come", "081804", 1111111109, INT64_MAX, ERR_OTP_INVALID, 0},
        {"wrong", "081805", 1111111109, 0, ERR_OTP_INVALID, 0},
        {"short", "81804", 1111111109, 0, ERR_OTP_INVALID, 0},
        {"long", "0818040", 1111111109, 0, ERR_OTP_INVALID, 0},
        {"eight digits", "07081804", 1111111109, 0, ERR_OTP_INVALID, 0},
        {"space", " 81804", 1111111109, 0, ERR_OTP_INVALID, 0},
        {"empty", "", 1111111109, 0, ERR_OTP_INVALID, 0},
        {"before 1970", "755224", -1000, -100, ERR_OTP_INVALID, 0},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        int64_t step = 0;
        enum err rc = otp_check_totp(secret, SECRET_LEN, rows[i].code, rows[i].now_s,
                                     rows[i].last_step, &step);
        UNIT_SAME(rows[i].row, err_id(rc), err_id(rows[i].rc));
        UNIT_CHECK(rows[i].row, step == rows[i].step);
    }
}

static void test_hotp(void)
{
    static const struct {
        const char *row;
        const char *code;
        uint64_t counter;
        enum err rc;
        uint64_t next;
    } rows[] = {
        {"expected", "755224", 0, ERR_OK, 1},
        {"one ahead", "287082", 0, ERR_OK, 2},
        {"nine ahead", "520489", 0, ERR_OK, 10},
        {"used", "755224", 1, ERR_OTP_INVALID, 0},
        {"used long ago", "755224", 9, ERR_OTP_INVALID, 0},
        {"wrong", "000000", 0, ERR_OTP_INVALID, 0},
        {"short", "75522", 0, ERR_OTP_INVALID, 0},
        {"empty", "", 0, ERR_OTP_INVALID, 0},
        {"counters are used up", "755224", UINT64_MAX, ERR_OTP_INVALID, 0},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        uint64_t next = 0;
        enum err rc = otp_check_hotp(secret, SECRET_LEN, rows[i].code, rows[i].counter, &next);
        UNIT_SAME(rows[i].row, err_id(rc), err_id(rows[i].rc));
        UNIT_CHECK(rows[i].row, next == rows[i].next);
    }

    /* The edge of the look-ahead, and that a code works once. */
    char code[OTP_CODE_SIZE];
    uint64_t next = 0;
    UNIT_CHECK("edge", otp_code(secret, SECRET_LEN, OTP_HOTP_LOOK_AHEAD, code) == ERR_OK);
    UNIT_CHECK("edge", otp_check_hotp(secret, SECRET_LEN, code, 0, &next) == ERR_OK);
    UNIT_CHECK("edge", next == OTP_HOTP_LOOK_AHEAD + 1);
    UNIT_CHECK("once", otp_check_hotp(secret, SECRET_LEN, code, next, &next) == ERR_OTP_INVALID);
    UNIT_CHECK("past it", otp_code(secret, SECRET_LEN, OTP_HOTP_LOOK_AHEAD + 1, code) == ERR_OK);
    UNIT_CHECK("past it", otp_check_hotp(secret, SECRET_LEN, code, 0, &next) == ERR_OTP_INVALID);
}

static void test_uri(void)
{
    static const struct {
        enum otp_kind kind;
        const char *issuer;
        const char *account;
        uint64_t counter;
        const char *expected;
    } rows[] = {
        {OTP_TOTP, "Teller", "ann", 0,
         "otpauth://totp/Teller:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Teller"
         "&algorithm=SHA1&digits=6&period=30"},
        {OTP_HOTP, "My Shop & Co", "ann:b@x.test", 7,
         "otpauth://hotp/My%20Shop%20%26%20Co:ann%3Ab%40x.test"
         "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=My%20Shop%20%26%20Co"
         "&algorithm=SHA1&digits=6&counter=7"},
        {OTP_TOTP, "a-b._~", "\u00e9?#/%+", 0,
         "otpauth://totp/a-b._~:%C3%A9%3F%23%2F%25%2B"
         "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=a-b._~"
         "&algorithm=SHA1&digits=6&period=30"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct text out = TEXT(500);
        UNIT_CHECK(rows[i].account,
                   otp_uri(rows[i].kind, rows[i].issuer, rows[i].account, (const uint8_t *)secret,
                           rows[i].counter, &out) == ERR_OK);
        UNIT_SAME(rows[i].account, text_string(&out), rows[i].expected);
        text_free(&out);
    }
    struct text small = TEXT(50);
    UNIT_CHECK("no room", otp_uri(OTP_TOTP, "Teller", "ann", (const uint8_t *)secret, 0, &small) ==
                              ERR_TOO_LONG);
    text_free(&small);
}

static const struct test_case cases[] = {
    {"codes of RFC 4226", test_hotp_codes},
    {"time-based", test_totp},
    {"counter-based", test_hotp},
    {"URI", test_uri},
    {NULL, NULL},
};
const struct test_suite suite_otp = {.name = "otp", .cases = cases};
