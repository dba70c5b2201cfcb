/* Rights and their names, and what roles allow. */
#include "fcgi/faces.h"
#include "fcgi/site/face.h"
#include "identity/rights.h"
#include "identity/role.h"

#include <string.h>

#include "tests/unit/unit.h"

static void test_names(void)
{
    unsigned i = 0;
    for (; rights_names[i] != NULL; i++)
        UNIT_CHECK(rights_names[i],
                   rights_bit(rights_names, rights_names[i], strlen(rights_names[i])) == 1u << i);
    UNIT_CHECK("all of them", 1u << i == 2u * RIGHT_PARTNER);
}

static void test_bit(void)
{
    static const struct {
        const char *name;
        unsigned expected;
    } rows[] = {
        {"get_info", RIGHT_GET_INFO},
        {"trade", RIGHT_TRADE},
        {"deposit", RIGHT_DEPOSIT},
        {"withdraw", RIGHT_WITHDRAW},
        {"merchant", RIGHT_MERCHANT},
        {"partner", RIGHT_PARTNER},
        {"", 0},
        {"trad", 0},
        {"trades", 0},
        {"Trade", 0},
        {"withdraw_mgmt", 0},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        UNIT_CHECK(rows[i].name, rights_bit(rights_names, rows[i].name, strlen(rows[i].name)) ==
                                     rows[i].expected);
}

static void test_parse(void)
{
    static const struct {
        const char *list;
        bool valid;
        unsigned expected;
    } rows[] = {
        {"trade", true, RIGHT_TRADE},
        {"trade,get_info", true, RIGHT_TRADE | RIGHT_GET_INFO},
        {"trade,trade", true, RIGHT_TRADE},
        {"get_info,trade,deposit,withdraw,merchant,partner", true, 63},
        {"", false, 0},
        {",", false, 0},
        {"trade,", false, 0},
        {",trade", false, 0},
        {"trade, deposit", false, 0},
        {"trade;deposit", false, 0},
        {"trade,none", false, 0},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        unsigned rights = 0;
        UNIT_CHECK(rows[i].list,
                   rights_parse(rights_names, rows[i].list, &rights) == rows[i].valid);
        UNIT_CHECK(rows[i].list, rights == rows[i].expected);
    }
}

/* What a key may be allowed depends on the face that it is for. */
static void test_scopes(void)
{
    unsigned rights = 0, i = 0;
    for (; scope_names[i] != NULL; i++)
        UNIT_CHECK(scope_names[i],
                   rights_bit(scope_names, scope_names[i], strlen(scope_names[i])) == 1u << i);
    UNIT_CHECK("all of them", 1u << i == 2u * SCOPE_CREATE_CONTRACT);
    UNIT_CHECK("of wallet", rights_of("wallet") == scope_names);
    UNIT_CHECK("of v1", rights_of("v1") == rights_names);
    UNIT_CHECK("a list",
               rights_parse(scope_names, "Execute Withdrawals,View Deposit Address", &rights) &&
                   rights == (SCOPE_WITHDRAW | SCOPE_VIEW_ADDRESS));
    UNIT_CHECK("as it is written", !rights_parse(scope_names, "execute withdrawals", &rights) &&
                                       !rights_parse(scope_names, "get_info", &rights));
}

/* Whole words alone count, and a face that says nothing of roles allows nothing. */
static void test_roles(void)
{
    static const struct {
        const char *roles;
        bool user;
        unsigned v1, site;
    } rows[] = {
        {"user", true, RIGHT_ANY, SITE_ALL},
        {"", false, 0, 0},
        {"viewer", false, RIGHT_GET_INFO, SITE_LOOK},
        {"operator,user", true, RIGHT_ANY, SITE_ALL},
        {"users,superuser,use", false, 0, 0},
        {"operator,viewer", false, RIGHT_GET_INFO, SITE_LOOK},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        UNIT_CHECK(rows[i].roles, roles_have(rows[i].roles, ROLE_USER) == rows[i].user);
        UNIT_CHECK(rows[i].roles, face_rights(&face_v1, rows[i].roles) == rows[i].v1);
        UNIT_CHECK(rows[i].roles, face_rights(&face_site, rows[i].roles) == rows[i].site);
        UNIT_CHECK(rows[i].roles, face_rights(&face_health, rows[i].roles) == 0);
    }
}

static const struct test_case cases[] = {
    {"names", test_names},   {"bits", test_bit},    {"lists", test_parse},
    {"scopes", test_scopes}, {"roles", test_roles}, {NULL, NULL},
};
const struct test_suite suite_rights = {.name = "rights", .cases = cases};
