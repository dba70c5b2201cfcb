#include "tools/tellerctl/ctl.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ledger/ledger.h"
#include "money/display.h"

const char *ctl_option(const struct ctl *ctl, const char *name)
{
    for (size_t i = 0; i < CTL_MAX_OPTIONS && ctl->command->options[i].name != NULL; i++)
        if (strcmp(ctl->command->options[i].name, name) == 0)
            return ctl->options[i] == NULL ? NULL : text_string(ctl->options[i]);
    return NULL;
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
        struct json_object *error = json_object_new_object();
        ctl_text(error, "error", err_id(rc));
        ctl_text(error, "message", words);
        fprintf(stderr, "%s\n",
                json_object_to_json_string_ext(error, JSON_C_TO_STRING_PLAIN |
                                                          JSON_C_TO_STRING_NOSLASHESCAPE));
        json_object_put(error);
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

struct json_object *ctl_amount(struct amount amount)
{
    char digits[AMOUNT_TEXT_SIZE], display[DISPLAY_SIZE];
    struct json_object *object = json_object_new_object();

    ctl_text(object, "currency", amount.currency->code);
    amount_format(amount, digits);
    ctl_text(object, "value", digits);
    amount_format_units(amount, digits);
    ctl_text(object, "value_int", digits);
    display_full(amount, display);
    ctl_text(object, "display", display);
    return object;
}

void ctl_text(struct json_object *object, const char *key, const char *value)
{
    json_object_object_add(object, key, value == NULL ? NULL : json_object_new_string(value));
}

void ctl_int(struct json_object *object, const char *key, int64_t value)
{
    json_object_object_add(object, key, json_object_new_int64(value));
}

void ctl_date(struct json_object *object, const char *key, int64_t unix_s)
{
    char date[CLOCK_TEXT_SIZE];
    clock_format(unix_s, date);
    ctl_text(object, key, unix_s == 0 ? NULL : date);
}

void ctl_bool(struct json_object *object, const char *key, bool value)
{
    json_object_object_add(object, key, json_object_new_boolean(value));
}

/* A value in one line for people: amounts as their display, lists with commas. */
static void add_plain(struct text *out, struct json_object *value)
{
    struct json_object *display;

    switch (json_object_get_type(value)) {
    case json_type_null:
        text_putc(out, '-');
        break;
    case json_type_boolean:
        text_puts(out, json_object_get_boolean(value) ? "yes" : "no");
        break;
    case json_type_array:
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            text_puts(out, i > 0 ? ", " : "");
            add_plain(out, json_object_array_get_idx(value, i));
        }
        break;
    case json_type_object:
        if (json_object_object_get_ex(value, "display", &display))
            add_plain(out, display);
        break;
    case json_type_double:
    case json_type_int:
    case json_type_string:
        text_puts(out, json_object_get_string(value));
        break;
    }
}

/* Columns of a cell, for padding. */
static int cell_width(struct json_object *value)
{
    struct text cell = TEXT(4096);
    add_plain(&cell, value);
    int width = (int)text_utf8_length(text_string(&cell), cell.len);
    text_free(&cell);
    return width;
}

static void print_cell(struct json_object *value, int width, bool last)
{
    struct text cell = TEXT(4096);
    add_plain(&cell, value);
    int pad = width - (int)text_utf8_length(text_string(&cell), cell.len);
    printf("%s%*s%s", text_string(&cell), last || pad < 0 ? 0 : pad, "", last ? "\n" : "  ");
    text_free(&cell);
}

static int column_width(struct json_object *rows, const char *key)
{
    int width = (int)strlen(key);
    struct json_object *cell;
    for (size_t i = 0; i < json_object_array_length(rows); i++)
        if (json_object_object_get_ex(json_object_array_get_idx(rows, i), key, &cell) &&
            cell_width(cell) > width)
            width = cell_width(cell);
    return width;
}

/* An array of objects with the same keys: a heading and a line for each. */
static void print_table(struct json_object *rows)
{
    size_t count = json_object_array_length(rows);
    if (count == 0 || !json_object_is_type(json_object_array_get_idx(rows, 0), json_type_object)) {
        struct text line = TEXT(4096);
        add_plain(&line, rows);
        printf("%s\n", line.len > 0 ? text_string(&line) : "none");
        text_free(&line);
        return;
    }
    struct json_object *first = json_object_array_get_idx(rows, 0);
    int left = json_object_object_length(first);
    json_object_object_foreach(first, key, ignored)
    {
        (void)ignored;
        left--;
        printf("%-*s%s", left == 0 ? 0 : column_width(rows, key), key, left == 0 ? "\n" : "  ");
    }
    for (size_t i = 0; i < count; i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);
        left = json_object_object_length(row);
        json_object_object_foreach(row, name, cell)
        {
            left--;
            print_cell(cell, column_width(rows, name), left == 0);
        }
    }
}

static void print_members(struct json_object *object)
{
    int width = 0;
    json_object_object_foreach(object, key, ignored)
    {
        (void)ignored;
        if ((int)strlen(key) > width)
            width = (int)strlen(key);
    }
    json_object_object_foreach(object, name, value)
    {
        bool table = json_object_is_type(value, json_type_array) &&
                     json_object_array_length(value) > 0 &&
                     json_object_is_type(json_object_array_get_idx(value, 0), json_type_object);
        printf("%-*s  ", width, name);
        if (table) {
            putchar('\n');
            print_table(value);
        } else if (json_object_is_type(value, json_type_array) &&
                   json_object_array_length(value) == 0) {
            puts("none");
        } else {
            print_cell(value, 0, true);
        }
    }
}

void ctl_print(struct ctl *ctl, struct json_object *value)
{
    if (ctl->json)
        puts(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
                                                       JSON_C_TO_STRING_NOSLASHESCAPE));
    else if (json_object_is_type(value, json_type_array))
        print_table(value);
    else
        print_members(value);
    json_object_put(value);
}
