/* desk list | set | text | changes | reserves | fill | empty | bids | bid | move: what operators do at the exchange
 * desk. Importing is in desk_import.c; affiliates' payouts and robots' keys are in desk_people.c. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "desk/bid.h"
#include "desk/operate.h"
#include "tools/tellerctl/ctl.h"
#include "tools/tellerctl/desk.h"

static bool find_thing(const char *word, enum desk_thing *out)
{
    for (int i = 0; i < DESK_THINGS; i++)
        if (strcmp(desk_thing_names[i], word) == 0) {
            *out = (enum desk_thing)i;
            return true;
        }
    return false;
}

static enum err read_thing(struct ctl *ctl, enum desk_thing *out)
{
    if (find_thing(ctl->args[0], out))
        return ERR_OK;
    ctl_fail_words(ctl, ERR_INVALID,
                   "things are system, direction, rate, feed, field, setting and partner");
    return ERR_INVALID;
}

static void write_raw(void *arg, const char *json)
{
    writer_raw(arg, NULL, json);
}

static int run_list(struct ctl *ctl)
{
    enum desk_thing thing;
    enum err rc = read_thing(ctl, &thing);

    if (rc != ERR_OK)
        return CTL_USAGE;
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    rc = desk_list(ctl->db, thing, ctl_option(ctl, "key"), write_raw, json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl_option(ctl, "key"));
    ctl_print(ctl);
    return CTL_DONE;
}

/* The properties of "a=1,b=2,3,c=4": what has no = belongs to the value before. Changes `text`. */
static bool split(char *text, struct desk_property *list, size_t *count)
{
    *count = 0;
    for (char *at = text; at != NULL;) {
        char *comma = strchr(at, ','), *equals = strchr(at, '=');
        if (equals == NULL || (comma != NULL && comma < equals) || *count == DESK_PROPERTIES_MAX)
            return false;
        /* the value ends before the comma behind which a name comes */
        char *next = comma;
        while (next != NULL) {
            size_t name = strspn(next + 1, "abcdefghijklmnopqrstuvwxyz_0123456789");
            if (name > 0 && next[1 + name] == '=')
                break;
            next = strchr(next + 1, ',');
        }
        if (next != NULL)
            *next = '\0';
        *equals = '\0';
        list[(*count)++] = (struct desk_property){at, equals + 1};
        at = next == NULL ? NULL : next + 1;
    }
    return true;
}

int desk_fail_property(struct ctl *ctl, enum err rc, const char *key, const char *field)
{
    struct text words = TEXT(512);

    text_addf(&words, "%s%s%s: %s", key, field == NULL ? "" : " ", field == NULL ? "" : field,
              err_text(rc));
    int status = ctl_fail_words(ctl, rc, text_string(&words));
    text_free(&words);
    return status;
}

static int print_thing(struct ctl *ctl, enum desk_thing thing, const char *key)
{
    enum err rc = desk_list(ctl->db, thing, key, write_raw, ctl_result(ctl));

    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, key);
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_set(struct ctl *ctl)
{
    struct desk_property list[DESK_PROPERTIES_MAX];
    const char *key = ctl->args[1], *field = NULL;
    char given[4097];
    size_t count;
    enum desk_thing thing;

    if (read_thing(ctl, &thing) != ERR_OK)
        return CTL_USAGE;
    text_copy(given, sizeof(given), ctl_option(ctl, "set"));
    if (!split(given, list, &count))
        return ctl_fail_words(ctl, ERR_INVALID, "--set takes NAME=VALUE");
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    enum err rc = desk_set(ctl->db, thing, key, list, count, ctl_operator(), NULL, &field);
    return rc == ERR_OK ? print_thing(ctl, thing, key) : desk_fail_property(ctl, rc, key, field);
}

static int run_text(struct ctl *ctl)
{
    const char *words = ctl_option(ctl, "words");
    enum desk_thing thing;

    if (read_thing(ctl, &thing) != ERR_OK)
        return CTL_USAGE;
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    enum err rc = desk_text_set(ctl->db, thing, ctl->args[1], ctl->args[2], ctl->args[3], words,
                                ctl_operator());
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->args[1]);
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_text(json, "name", ctl->args[2]);
    writer_text(json, "language", ctl->args[3]);
    writer_text(json, "words", words);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

static void write_json(struct writer *json, const char *key, const char *text)
{
    if (text == NULL)
        writer_null(json, key);
    else
        writer_raw(json, key, text);
}

static void write_change(void *arg, const struct desk_change *change)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    ctl_date(json, "at", change->at);
    writer_text(json, "who", change->who);
    writer_text(json, "what", change->what);
    writer_text(json, "subject", change->subject);
    write_json(json, "was", change->was);
    write_json(json, "became", change->became);
    writer_end(json);
}

static int run_changes(struct ctl *ctl)
{
    const char *limit = ctl_option(ctl, "limit");
    int64_t most = DESK_LIST_DEFAULT;

    if (limit != NULL && !text_to_number(limit, 1, DESK_LIST_MAX, &most))
        return ctl_fail(ctl, ERR_OUT_OF_RANGE, "limit");
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    enum err rc = desk_change_list(ctl->db, ctl_option(ctl, "what"), ctl_option(ctl, "subject"),
                                   most, write_change, json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, NULL);
    ctl_print(ctl);
    return CTL_DONE;
}

static void write_reserve(void *arg, const struct desk_reserve *reserve)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_text(json, "system", reserve->code);
    ctl_amount(json, "available", reserve->available);
    ctl_amount(json, "held", reserve->held);
    ctl_amount(json, "incoming", reserve->incoming);
    ctl_amount(json, "outside", reserve->outside);
    writer_end(json);
}

static int run_reserves(struct ctl *ctl)
{
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    enum err rc = desk_reserves(ctl->db, write_reserve, json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, NULL);
    ctl_print(ctl);
    return CTL_DONE;
}

/* Finds the currency of a system. */
struct counted {
    const char *code;
    const struct currency *currency;
};

static void find_counted(void *arg, const struct desk_reserve *reserve)
{
    struct counted *counted = arg;
    if (strcmp(reserve->code, counted->code) == 0)
        counted->currency = reserve->available.currency;
}

static int book(struct ctl *ctl, bool out)
{
    struct counted counted = {.code = ctl->args[0]};
    const char *text = ctl->args[1];
    struct amount amount;
    bool repeated = false;

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    enum err rc = desk_reserves(ctl->db, find_counted, &counted);
    if (rc == ERR_OK && counted.currency == NULL)
        rc = ERR_NOT_FOUND;
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, counted.code);
    rc = amount_parse(text, strlen(text), counted.currency, &amount);
    if (rc == ERR_OK)
        rc = desk_reserve_book(ctl->db, counted.code, amount, out, ctl_option(ctl, "reference"),
                               ctl_operator(), &repeated);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, counted.code);
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_text(json, "system", counted.code);
    ctl_amount(json, out ? "emptied" : "filled", amount);
    writer_bool(json, "repeated", repeated);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_fill(struct ctl *ctl)
{
    return book(ctl, false);
}

static int run_empty(struct ctl *ctl)
{
    return book(ctl, true);
}

static void write_bid_members(struct writer *json, const struct desk_bid *bid)
{
    writer_int(json, "id", bid->id);
    writer_text(json, "status", desk_status_names[bid->status]);
    writer_text(json, "give", bid->give_code);
    writer_text(json, "get", bid->get_code);
    ctl_amount(json, "to_receive", bid->sum1dc);
    ctl_amount(json, "to_pay", bid->sum2c);
    writer_some_text(json, "account", bid->account2);
    ctl_date(json, "created", bid->created);
    ctl_date(json, "changed", bid->changed);
    ctl_date(json, "expires", bid->expires);
}

static void write_bid(void *arg, const struct desk_bid *bid)
{
    writer_object(arg, NULL);
    write_bid_members(arg, bid);
    writer_end(arg);
}

static int run_bids(struct ctl *ctl)
{
    struct desk_bid_filter filter = {.limit = DESK_LIST_DEFAULT};
    const char *word = ctl_option(ctl, "status"), *limit = ctl_option(ctl, "limit");
    enum desk_status status;

    if (word != NULL && !desk_status_find(word, &status))
        return ctl_fail(ctl, ERR_INVALID, "status");
    if (word != NULL)
        filter.statuses = UINT32_C(1) << status;
    if (limit != NULL && !text_to_number(limit, 1, DESK_LIST_MAX, &filter.limit))
        return ctl_fail(ctl, ERR_OUT_OF_RANGE, "limit");
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    enum err rc = desk_bid_list(ctl->db, &filter, write_bid, json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, NULL);
    ctl_print(ctl);
    return CTL_DONE;
}

static void write_status(void *arg, int64_t bid_id, int64_t at, enum desk_status status,
                         enum desk_who who, const char *note)
{
    struct writer *json = arg;

    (void)bid_id;
    writer_object(json, NULL);
    ctl_date(json, "at", at);
    writer_text(json, "status", desk_status_names[status]);
    writer_text(json, "by", desk_who_names[who]);
    writer_some_text(json, "note", note);
    writer_end(json);
}

static enum err read_id(struct ctl *ctl, int64_t *out)
{
    if (text_to_number(ctl->args[0], 1, INT64_MAX, out))
        return ERR_OK;
    ctl_fail(ctl, ERR_INVALID, ctl->args[0]);
    return ERR_INVALID;
}

/* A bid with its fields, its history and what it stands at. */
static int print_bid(struct ctl *ctl, const struct desk_bid *bid)
{
    struct text fields = TEXT(DESK_FIELDS_TEXT_MAX);
    struct writer *json = ctl_result(ctl);

    enum err rc = desk_bid_fields(ctl->db, bid->id, &fields);
    writer_object(json, NULL);
    write_bid_members(json, bid);
    writer_text(json, "hash", bid->hash);
    writer_text(json, "stage", desk_stage_names[bid->stage]);
    writer_some_text(json, "from_account", bid->account1);
    writer_raw(json, "fields", rc == ERR_OK ? text_string(&fields) : "{}");
    ctl_amount(json, "given", bid->sum1);
    ctl_amount(json, "got", bid->sum2);
    writer_text(json, "course_give", bid->course_give);
    writer_text(json, "course_get", bid->course_get);
    writer_some_text(json, "api_id", bid->api_id);
    writer_int(json, "partner", bid->partner_id);
    if (bid->reward.currency != NULL)
        ctl_amount(json, "reward", bid->reward);
    writer_list(json, "history");
    if (rc == ERR_OK)
        rc = desk_bid_history(ctl->db, &bid->id, 1, write_status, json);
    writer_end(json);
    writer_end(json);
    text_free(&fields);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->args[0]);
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_bid(struct ctl *ctl)
{
    struct desk_bid_name name = {0};
    struct desk_bid bid;

    if (read_id(ctl, &name.id) != ERR_OK)
        return CTL_USAGE;
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    enum err rc = desk_bid_view(ctl->db, &name, &bid);
    return rc == ERR_OK ? print_bid(ctl, &bid) : ctl_fail(ctl, rc, ctl->args[0]);
}

static int run_move(struct ctl *ctl)
{
    struct desk_move move = {
        .who = DESK_OPERATOR, .note = ctl_option(ctl, "note"), .by = ctl_operator(), .trace = ""};
    struct desk_bid bid;

    if (read_id(ctl, &move.name.id) != ERR_OK)
        return CTL_USAGE;
    if (!desk_status_find(ctl->args[1], &move.to))
        return ctl_fail(ctl, ERR_INVALID, ctl->args[1]);
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    enum err rc = desk_bid_move(ctl->db, &move, &bid);
    return rc == ERR_OK ? print_bid(ctl, &bid) : ctl_fail(ctl, rc, ctl->args[0]);
}

const struct ctl_command desk_commands[] = {
    {.group = "desk",
     .verb = "list",
     .args = "THING",
     .help = "Shows the desk's things: system, direction, rate, feed, field, setting, partner.",
     .options = {{"key", "KEY", "only the one of that key", .required = false}},
     .run = run_list},
    {.group = "desk",
     .verb = "set",
     .args = "THING KEY",
     .help = "Makes a thing or changes what is named of it; directions are keyed GIVE/GET.",
     .options = {{"set", "NAME=VALUE", "a property, as `desk list` shows it", .required = true,
                  .repeats = true}},
     .run = run_set},
    {.group = "desk",
     .verb = "text",
     .args = "THING KEY NAME LANGUAGE",
     .help = "Sets a text of a system, direction, field or (setting desk) the desk, in en or ru.",
     .options = {{"words", "TEXT", "the text; '' takes it away", .required = true}},
     .run = run_text},
    {.group = "desk",
     .verb = "changes",
     .args = "",
     .help = "Shows who changed what of the desk, before and after, newest first.",
     .options = {{"what", "THING", "only of such things: bid, key, direction ...",
                  .required = false},
                 {"subject", "KEY", "only of that one", .required = false},
                 {"limit", "N", "how many, 100", .required = false}},
     .run = run_changes},
    {.group = "desk",
     .verb = "import",
     .args = "FILE",
     .help = "Makes or changes directions from a CSV file: a column direction, then properties.",
     .run = desk_import},
    {.group = "desk",
     .verb = "reserves",
     .args = "",
     .help = "Shows what is in the reserves, held, and on its way in.",
     .run = run_reserves},
    {.group = "desk",
     .verb = "fill",
     .args = "SYSTEM AMOUNT",
     .help = "Fills a reserve from outside; a reference books once.",
     .options = {{"reference", "TEXT", "names it: a bank's number, say", .required = true}},
     .run = run_fill},
    {.group = "desk",
     .verb = "empty",
     .args = "SYSTEM AMOUNT",
     .help = "Takes out of a reserve; a reference books once.",
     .options = {{"reference", "TEXT", "names it: a bank's number, say", .required = true}},
     .run = run_empty},
    {.group = "desk",
     .verb = "bids",
     .args = "",
     .help = "Lists bids, those that changed last in front.",
     .options = {{"status", "STATUS", "only those in it", .required = false},
                 {"limit", "N", "how many, 100", .required = false}},
     .run = run_bids},
    {.group = "desk",
     .verb = "bid",
     .args = "ID",
     .help = "Shows a bid with its history.",
     .run = run_bid},
    {.group = "desk",
     .verb = "move",
     .args = "ID STATUS",
     .help = "Sets a bid's status, with all that it moves of its money.",
     .options = {{"note", "TEXT", "kept in its history", .required = false}},
     .run = run_move},
    {0},
};
