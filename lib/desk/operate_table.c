/* The properties of what operators set: for each the column, what it may hold, and how it is shown. */
#include <stddef.h>

#include "desk/operate_table.h"

const char *const desk_thing_names[DESK_THINGS] = {"system", "direction", "rate",   "feed",
                                                   "field",  "setting",   "partner"};

static const char *const pay_in_ways[] = {"hand", "balance", "checkout", NULL};
static const char *const pay_out_ways[] = {"hand", "balance", NULL};
static const char *const rules[] = {"text",    "card",     "iban",   "email", "phone",
                                    "bitcoin", "ethereum", "digits", NULL};
static const char *const states[] = {"on", "off", "frozen", NULL};
static const char *const accesses[] = {"all", "api", "site", NULL};
static const char *const sides[] = {"give", "get", NULL};
static const char *const rewards[] = {"percent", "off", "fixed", NULL};
static const char *const rate_kinds[] = {"fixed", "market", "feed", NULL};
static const char *const feed_formats[] = {"ecb", "coinbase", "bestchange", "json", "xml", NULL};
static const char *const field_types[] = {"text", "select", "textarea", "checkbox", NULL};
static const char *const api_modes[] = {"off", "all", "selected", NULL};
static const char *const bases[] = {"profit", "sum", NULL};

#define TEXT_OF(column, most, ...)                       \
    {                                                    \
#column, #column, OF_TEXT, 0, most, .__VA_ARGS__ \
    }
#define WORD(column, list, ...)                                        \
    {                                                                  \
#column, #column, OF_WORD, 0, 0, .words = (list), .__VA_ARGS__ \
    }
#define FLAG(column)                                     \
    {                                                    \
#column, #column, OF_FLAG, 0, 1, .needed = false \
    }
#define NUMBER(column, low, high, ...)                       \
    {                                                        \
#column, #column, OF_NUMBER, low, high, .__VA_ARGS__ \
    }
#define PERCENT(column, low, ...)                          \
    {                                                      \
#column, #column, OF_PERCENT, low, 0, .__VA_ARGS__ \
    }
#define UNITS(column, whose, ...)                                           \
    {                                                                       \
#column, #column, OF_UNITS, 0, 0, .currency = (whose), .__VA_ARGS__ \
    }
#define LATER needed = false

static const struct property system_properties[] = {
    TEXT_OF(name, 64, needed = true),
    {"currency", "currency_id", OF_CURRENCY, 0, 0, .needed = true},
    NUMBER(decimals, 0, 18, needed = true),
    {"rail", "rail", OF_RAIL, 1, 32, .needed = true},
    TEXT_OF(logo, 255, none = true),
    WORD(account_rule, rules, LATER),
    NUMBER(account_min, 0, 255, LATER),
    NUMBER(account_max, 1, 255, LATER),
    FLAG(account_give),
    FLAG(account_get),
    FLAG(give_on),
    FLAG(get_on),
    WORD(pay_in, pay_in_ways, LATER),
    WORD(pay_out, pay_out_ways, LATER),
    TEXT_OF(pay_account, 255, none = true),
    {"worth_rate", "worth_rate_id", OF_RATE, 0, 0, .none = true},
    FLAG(payout_on),
    PERCENT(payout_percent, 0, LATER),
    NUMBER(sort, -1000, 1000, LATER),
    {"give_fields", "give", OF_LIST, 0, 0, .list = LIST_FIELDS, .none = true},
    {"get_fields", "get", OF_LIST, 0, 0, .list = LIST_FIELDS, .none = true},
    {0},
};

static const struct property direction_properties[] = {
    {"rate", "rate_id", OF_RATE, 0, 0, .needed = true},
    WORD(state, states, LATER),
    WORD(access, accesses, LATER),
    PERCENT(margin_percent, -1000, LATER),
    {"margin_fixed", "margin_fixed", OF_DECIMAL, -1, 0, .needed = false},
    UNITS(step, OF_GIVE, none = true),
    UNITS(min_give, OF_GIVE, none = true),
    UNITS(max_give, OF_GIVE, none = true),
    UNITS(min_get, OF_GET, none = true),
    UNITS(max_get, OF_GET, none = true),
    UNITS(give_service_fixed, OF_GIVE, LATER),
    PERCENT(give_service, 0, LATER),
    UNITS(give_system_fixed, OF_GIVE, LATER),
    PERCENT(give_system, 0, LATER),
    UNITS(get_service_fixed, OF_GET, LATER),
    PERCENT(get_service, 0, LATER),
    UNITS(get_system_fixed, OF_GET, LATER),
    PERCENT(get_system, 0, LATER),
    UNITS(reserve_cap, OF_GET, none = true),
    WORD(profit_of, sides, LATER),
    UNITS(profit_fixed, OF_PROFIT, LATER),
    PERCENT(profit_percent, 0, LATER),
    WORD(reward, rewards, LATER),
    UNITS(reward_fixed, OF_DESK, LATER),
    UNITS(reward_min, OF_DESK, none = true),
    UNITS(reward_max, OF_DESK, none = true),
    PERCENT(reward_percent, 0, none = true),
    PERCENT(reward_percent_max, 0, none = true),
    TEXT_OF(labels, 120, LATER),
    TEXT_OF(city, 16, LATER),
    FLAG(in_feed),
    NUMBER(sort, -1000, 1000, LATER),
    {"tiers", "tiers", OF_LIST, 0, 0, .list = LIST_TIERS, .none = true},
    {"lives", "lives", OF_LIST, 0, 0, .list = LIST_LIVES, .none = true},
    {"fields", "", OF_LIST, 0, 0, .list = LIST_FIELDS, .none = true},
    {0},
};

static const struct property rate_properties[] = {
    WORD(kind, rate_kinds, needed = true),
    {"feed", "feed_id", OF_FEED, 0, 0, .none = true},
    TEXT_OF(path, 255, none = true),
    {"give", "give", OF_DECIMAL, 0, 0, .none = true},
    {"get", "get", OF_DECIMAL, 0, 0, .none = true},
    NUMBER(max_age_s, 1, 31536000, none = true),
    PERCENT(max_jump, 0, none = true),
    {0},
};

static const struct property feed_properties[] = {
    WORD(format, feed_formats, needed = true),
    TEXT_OF(url, 500, needed = true),
    NUMBER(every_s, 1, 86400, LATER),
    {0},
};

static const struct property field_properties[] = {
    WORD(type, field_types, LATER),
    WORD(rule, rules, LATER),
    FLAG(required),
    FLAG(in_calc),
    NUMBER(options, 0, 200, LATER),
    {0},
};

static const struct property setting_properties[] = {
    WORD(api_mode, api_modes, LATER),
    NUMBER(user_methods, 0, 65535, LATER),
    FLAG(log_calls),
    FLAG(maintenance),
    FLAG(affiliates),
    WORD(reward_base, bases, LATER),
    UNITS(min_payout, OF_DESK, LATER),
    UNITS(min_reward, OF_DESK, LATER),
    NUMBER(visitor_days, 0, 3650, LATER),
    {"merchant", "merchant_id", OF_USER, 0, 0, .none = true},
    {"levels", "levels", OF_LIST, 0, 0, .list = LIST_LEVELS, .none = true},
    {"lives", "lives", OF_LIST, 0, 0, .list = LIST_LIVES, .none = true},
    {0},
};

static const struct property partner_properties[] = {
    PERCENT(percent, 0, none = true),
    WORD(reward_base, bases, none = true),
    {0},
};

const struct thing things[DESK_THINGS] = {
    [DESK_SYSTEMS] = {"desk_system", system_properties},
    [DESK_DIRECTIONS] = {"desk_direction", direction_properties},
    [DESK_RATES] = {"desk_rate", rate_properties},
    [DESK_FEEDS] = {"desk_feed", feed_properties},
    [DESK_FIELDS] = {"desk_field", field_properties},
    [DESK_SETTINGS] = {"desk_setting", setting_properties},
    [DESK_PARTNERS] = {"desk_partner", partner_properties},
};
