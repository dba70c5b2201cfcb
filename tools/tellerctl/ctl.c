/* What the command groups share: options, connection, failures and results. */
#include "tools/tellerctl/ctl.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "desk/bid.h"
#include "ledger/ledger.h"
#include "money/display.h"
#include "tools/tellerctl/people.h"

static const struct writer_style ctl_style = {.plain_slashes = true, .plain_utf8 = true};

const char *ctl_option(const struct ctl *ctl, const char *name)
{
    for (size_t i = 0; i < CTL_MAX_OPTIONS && ctl->command->options[i].name != NULL; i++)
        if (strcmp(ctl->command->options[i].name, name) == 0)
            return ctl->options[i] == NULL ? NULL : text_string(ctl->options[i]);
    return NULL;
}

const char *ctl_operator(void)
{
    static char name[65];
    const struct passwd *self = getpwuid(geteuid());

    text_copy(name, sizeof(name), self == NULL ? "operator" : self->pw_name);
    return name;
}

enum err ctl_connect(struct ctl *ctl)
{
    enum err rc = db_open_config(&ctl->config, false, &ctl->db);
    if (rc != ERR_OK) {
        struct text problem = TEXT(1024);
        config_secret_problem(ctl->config.database_password_file, &problem);
        ctl_fail_words(ctl, rc, text_string(&problem));
        text_free(&problem);
        return rc;
    }
    rc = ledger_load(ctl->db);
    if (rc == ERR_OK)
        rc = desk_start();
    if (rc != ERR_OK)
        ctl_fail(ctl, rc, db_problem(ctl->db));
    return rc;
}

enum err ctl_user(struct ctl *ctl, const char *login, struct user *out)
{
    enum err rc = user_by_login(ctl->db, login, out);
    if (rc == ERR_NOT_FOUND) {
        struct text words = TEXT(512);
        text_addf(&words, "there is no user \"%s\"", login);
        ctl_fail_words(ctl, rc, text_string(&words));
        text_free(&words);
    } else if (rc != ERR_OK) {
        ctl_fail(ctl, rc, login);
    }
    return rc;
}

enum err ctl_currency(struct ctl *ctl, const char *code, const struct currency **out)
{
    *out = currency_by_code(code, strlen(code));
    if (*out != NULL)
        return ERR_OK;
    ctl_fail(ctl, ERR_CURRENCY_UNKNOWN, code);
    return ERR_CURRENCY_UNKNOWN;
}

static bool is_usage(enum err rc)
{
    return rc == ERR_CONFIG || err_class(rc) == ERR_CLASS_INPUT;
}

int ctl_fail_words(struct ctl *ctl, enum err rc, const char *words)
{
    if (ctl->json) {
        struct text out = TEXT(CTL_RESULT_MAX);
        struct writer json = {.out = &out, .style = ctl_style};
        writer_object(&json, NULL);
        writer_text(&json, "error", err_id(rc));
        writer_text(&json, "message", words);
        writer_end(&json);
        fprintf(stderr, "%s\n", text_string(&out));
        text_free(&out);
    } else {
        fprintf(stderr, "tellerctl: %s\n", words);
    }
    return is_usage(rc) ? CTL_USAGE : CTL_FAILED;
}

int ctl_fail(struct ctl *ctl, enum err rc, const char *subject)
{
    struct text words = TEXT(4096);
    if (rc == ERR_DB_AWAY && ctl->db != NULL && db_refused(ctl->db))
        text_addf(&words, "%s: see user, password file and name in [database]",
                  db_problem(ctl->db));
    else if (subject == NULL || subject[0] == '\0')
        text_puts(&words, err_text(rc));
    else
        text_addf(&words, "%s: %s", subject, err_text(rc));
    int status = ctl_fail_words(ctl, rc, text_string(&words));
    text_free(&words);
    return status;
}

void ctl_amount(struct writer *json, const char *key, struct amount amount)
{
    char digits[AMOUNT_TEXT_SIZE], display[DISPLAY_SIZE];

    writer_object(json, key);
    writer_text(json, "currency", amount.currency->code);
    amount_format(amount, digits);
    writer_text(json, "value", digits);
    writer_units(json, "value_int", amount);
    display_full(amount, display);
    writer_text(json, "display", display);
    writer_end(json);
}

void ctl_date(struct writer *json, const char *key, int64_t unix_s)
{
    char date[CLOCK_TEXT_SIZE];
    clock_format(unix_s, date);
    writer_text(json, key, unix_s == 0 ? NULL : date);
}

struct writer *ctl_result(struct ctl *ctl)
{
    ctl->result.max = CTL_RESULT_MAX;
    text_clear(&ctl->result);
    ctl->writer = (struct writer){.out = &ctl->result, .style = ctl_style};
    return &ctl->writer;
}

void ctl_print(struct ctl *ctl)
{
    if (ctl->json || !people_print(&ctl->result))
        puts(text_string(&ctl->result));
}
