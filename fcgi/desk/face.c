/* The face of the desk's user API, /api/userapi/v1/ (seed desk; api desk, A1 to A3): always status 200,
 * callers known before methods are, JSON bodies ignored. */
#include "fcgi/desk/face.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "fcgi/faces.h"
#include "fcgi/server/app.h"

#define LINK_MAX 1024 /* bytes of the address of something on this site */
#define LOG_MAX 16384 /* bytes of what is logged of a call */

static bool has_shape(const struct request *request, unsigned shape)
{
    return request->route != NULL && (request->route->shape & shape) != 0;
}

static size_t language_of(const struct request *request)
{
    const char *language = request_env(request, "HTTP_API_LANG");
    return language != NULL && strcmp(language, "ru_RU") == 0 ? 1 : 0;
}

/* clang-format off */
#define WORDS(name, en, ru) static const char *const name[] = {en, ru};
WORDS(disabled, "Api disabled", "Api отключен")
WORDS(blocked, "IP blocked", "IP заблокирован")
WORDS(unsupported, "Method not supported", "Метод не поддерживается")
WORDS(maintenance, "maintenance", "техническое обслуживание")
WORDS(mistake, "Error!", "Ошибка!")
WORDS(no_direction, "direction not found", "направление не найдено")
WORDS(direction_off, "Error! Exchange direction is disabled", "Ошибка! Направление обмена отключено")
WORDS(direction_api, "Error! Direction prohibited by settings API", "Ошибка! Направление запрещено настройками API")
WORDS(no_reserve, "Error! Not enough reserve for the exchange", "Ошибка! Недостаточно резерва для обмена")
WORDS(not_unique, "api id not unique", "api id не уникален")
WORDS(no_bid, "no bid exists", "заявка не существует")
WORDS(no_action, "action disabled", "действие отключено")
WORDS(no_partners, "no active partner program", "партнерская программа не активна")
WORDS(payout_system, "Error! Selected currency can not be ordered payment", "Ошибка! Для этой валюты нельзя заказать выплату")
WORDS(payout_account, "Error! Invalid wallet account", "Ошибка! Неверный номер счета")
WORDS(payout_reserve, "Error! You are unable to make a selected currency transaction", "Ошибка! Выплата в этой валюте невозможна")
WORDS(no_user, "Error! The key is of no user whose balance could be used", "Ошибка! Ключ не принадлежит пользователю с балансом")
WORDS(no_money, "Error! There is not enough money on your balance", "Ошибка! Недостаточно средств на балансе")
WORDS(bad_url, "Error! callback_url is not a public address", "Ошибка! callback_url не является публичным адресом")
WORDS(slow_down, "too many requests, please slow down", "слишком много запросов, подождите")
/* clang-format on */

static void write_head(struct writer *json, int number, bool as_int, const char *words)
{
    writer_object(json, NULL);
    if (as_int)
        writer_int(json, "error", number);
    else
        writer_digits(json, "error", number);
    writer_text(json, "error_text", words);
}

static void write_empty(struct writer *json, const char *key)
{
    writer_list(json, key);
    writer_end(json);
}

/* {"error":"0","error_text":"","error_fields":[],"data":...} */
static void begin_success(const struct request *request, struct writer *json)
{
    write_head(json, 0, has_shape(request, SHAPE_INT), "");
    if (has_shape(request, SHAPE_FIELDS))
        write_empty(json, "error_fields");
    writer_key(json, "data");
}

/* What is refused before a method is reached: a number as its code, and no data. */
static bool is_of_gateway(const struct request *request, enum err rc)
{
    return request->route == NULL || rc == ERR_DESK_API_DISABLED || rc == ERR_DESK_IP_BLOCKED ||
           rc == ERR_DESK_METHOD;
}

/* By field. Where there is only one its words are not those of the whole. */
static void write_faults(const struct request *request, const struct problem *problem,
                         struct writer *json)
{
    const struct field_reader *reader = &request->reader;
    bool read = reader->fault_count > 0;
    const struct field_fault *faults = read ? reader->faults : problem->faults;
    size_t count = read ? reader->fault_count : problem->fault_count;

    writer_object(json, "error_fields");
    for (size_t i = 0; i < count; i++)
        writer_text(json, faults[i].path, face_fault_words(request, &faults[i]));
    writer_end(json);
}

/* What a method tells otherwise than the others. */
static const struct {
    enum err rc;
    unsigned shape;
    int number;
    const char *const words[2]; /* none: the face's */
} exceptions[] = {
    {ERR_DESK_MAINTENANCE, SHAPE_INT, 1, {NULL}},
    {ERR_DESK_DIRECTION,
     SHAPE_CREATE,
     3,
     {"Error! The direction do not exist", "Ошибка! Направление не существует"}},
};

static void except(const struct request *request, enum err rc, int *number, const char **words)
{
    for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++) {
        const char *own = exceptions[i].words[language_of(request)];
        if (exceptions[i].rc != rc || !has_shape(request, exceptions[i].shape))
            continue;
        *number = exceptions[i].number;
        *words = own == NULL ? *words : own;
    }
}

/* {"error":"3","error_text":"Error!","error_fields":{...},"data":[]} */
static void write_error(const struct request *request, const struct problem *problem,
                        struct writer *json)
{
    bool gateway = is_of_gateway(request, problem->rc);
    int number = problem->answer.number;
    /* One parameter's words are for error_fields. */
    const char *words =
        request->reader.fault_count > 0 ? mistake[language_of(request)] : problem->text;

    except(request, problem->rc, &number, &words);
    write_head(json, number, gateway || has_shape(request, SHAPE_INT | SHAPE_PAYOUT), words);
    if (!gateway && has_shape(request, SHAPE_FIELDS))
        write_faults(request, problem, json);
    if (!gateway && has_shape(request, SHAPE_WORD))
        writer_text(json, "data", "");
    else if (!gateway)
        write_empty(json, "data");
    writer_end(json);
}

const char *desk_language(const struct request *request)
{
    return language_of(request) == 0 ? "en" : "ru";
}

static const char *const prefixes[] = {"/api/userapi", NULL};

static const struct route_table *const tables[] = {
#define X(table) &table,
    DESK_TABLES(X)
#undef X
        NULL};

static const struct face_error errors[] = {
    {ERR_DESK_API_DISABLED, {.number = 1, .words = disabled}},
    {ERR_DESK_IP_BLOCKED, {.number = 2, .words = blocked}},
    {ERR_NO_ROUTE, {.number = 3, .words = unsupported}},
    {ERR_METHOD, {.number = 3, .words = unsupported}},
    {ERR_DESK_METHOD, {.number = 3, .words = unsupported}},
    {ERR_DESK_MAINTENANCE, {.number = 2, .words = maintenance}},
    {ERR_DESK_DIRECTION, {.number = 1, .words = no_direction}},
    {ERR_DESK_DIRECTION_OFF, {.number = 3, .words = direction_off}},
    {ERR_DESK_DIRECTION_API, {.number = 3, .words = direction_api}},
    {ERR_DESK_RESERVE, {.number = 3, .words = no_reserve}},
    {ERR_DESK_API_ID, {.number = 3, .words = not_unique}},
    {ERR_DESK_BID, {.number = 1, .words = no_bid}},
    {ERR_DESK_ACTION, {.number = 2, .words = no_action}},
    {ERR_DESK_PARTNERS, {.number = 1, .words = no_partners}},
    {ERR_DESK_PAYOUT_SYSTEM, {.number = 1, .words = payout_system}},
    {ERR_DESK_PAYOUT_ACCOUNT, {.number = 1, .words = payout_account}},
    {ERR_DESK_PAYOUT_LOW, {.number = 1, .words = no_money}},
    {ERR_DESK_PAYOUT_RESERVE, {.number = 1, .words = payout_reserve}},
    {ERR_KEY_INVALID, {.number = 3, .words = no_user}},
    {ERR_INSUFFICIENT_FUNDS, {.number = 3, .words = no_money}},
    {ERR_URL, {.number = 3, .words = bad_url}},
    {ERR_TOO_MANY_REQUESTS, {.number = 1, .words = slow_down}},
};

/* Whether a header opens something, be it of another face. */
static bool is_secret(const char *line)
{
    static const char *const secrets[] = {
        "HTTP_API_KEY=", "HTTP_COOKIE=", "HTTP_AUTHORIZATION=", "HTTP_REST_SIGN=",
        "HTTP_AUTHENTICATEIT_IDENTITY_TICKET="};

    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        if (strncmp(line, secrets[i], strlen(secrets[i])) == 0)
            return true;
    return false;
}

/* The headers of a call, a line each, without secrets. */
static void put_headers(const struct request *request, struct text *out)
{
    static const char prefix[] = "HTTP_";
    for (char *const *line = request->env; line != NULL && *line != NULL; line++)
        if (strncmp(*line, prefix, sizeof(prefix) - 1) == 0 && !is_secret(*line))
            text_addf(out, "%s\n", *line + sizeof(prefix) - 1);
}

/* Keeps the call in the log of calls. */
static void log_call(struct request *request, enum err rc)
{
    struct text headers = TEXT(LOG_MAX), result = TEXT(LOG_MAX);
    struct problem problem;
    const char *slash = request->path == NULL ? NULL : strrchr(request->path, '/');
    const char *login = request_env(request, "HTTP_API_LOGIN");

    face_problem(request, rc, &problem);
    text_addf(&result, "%d %s", rc == ERR_OK ? 0 : problem.answer.number,
              rc == ERR_OK ? "" : problem.text);
    put_headers(request, &headers);
    struct desk_call call = {.login = login == NULL ? "" : login,
                             .method = slash == NULL ? "" : slash + 1,
                             .ip = request->remote,
                             .headers = text_string(&headers),
                             .params = (const char *)request->body,
                             .result = text_string(&result),
                             .key_id = request->caller.api_key_id};
    enum err logged = desk_call_add(request->db, &call);
    if (logged != ERR_OK)
        log_line(LOG_LEVEL_WARNING, "desk_call", "error=%s", err_id(logged));
    text_free(&headers);
    text_free(&result);
}

/* Whether calls are logged is asked of the board, which costs nothing. */
static void record(struct request *request, enum err rc)
{
    const struct desk_board *board;
    if (request->db == NULL || desk_board_take(request->db, &board) != ERR_OK)
        return;
    bool logged = board->logs_calls;
    desk_board_give(board);
    if (logged)
        log_call(request, rc);
}

const struct face face_desk = {
    .name = "desk",
    .prefixes = prefixes,
    .gate = &auth_desk,
    .inputs = INPUT_FORM | INPUT_MULTIPART | INPUT_SKIP_OTHERS,
    .all_errors = true,
    .language = language_of,
    .content_type = "application/json; charset=utf-8",
    .style = {.empty_map_as_list = true},
    /* Clients look at the body alone, and give up at any other status (api desk, A12). */
    .classes =
        {
            [ERR_CLASS_INPUT] = {.status = 200, .number = 3, .words = mistake},
            [ERR_CLASS_AUTH] = {.status = 200, .number = 1},
            [ERR_CLASS_RIGHT] = {.status = 200, .number = 3},
            [ERR_CLASS_NOT_FOUND] = {.status = 200, .number = 1},
            [ERR_CLASS_METHOD] = {.status = 200, .number = 3},
            [ERR_CLASS_STATE] = {.status = 200, .number = 3},
            [ERR_CLASS_TOO_LARGE] = {.status = 200, .number = 3},
            [ERR_CLASS_LIMIT] = {.status = 200, .number = 1},
            [ERR_CLASS_BUSY] = {.status = 200, .number = 2},
            [ERR_CLASS_BUG] = {.status = 200, .number = 2},
        },
    .errors = errors,
    .error_count = sizeof(errors) / sizeof(errors[0]),
    .begin_success = begin_success,
    .write_error = write_error,
    .record = record,
    .tables = tables,
};

/* --- what handlers share --------------------------------------------------------------------------- */

uint64_t desk_number(const char *text)
{
    int64_t number = 0;
    return text != NULL && text_to_number(text, 0, INT64_MAX, &number) ? (uint64_t)number : 0;
}

int64_t desk_moment(const char *text)
{
    return clock_for_db((int64_t)desk_number(text), 0);
}

struct rate desk_figure(const char *text)
{
    char digits[AMOUNT_TEXT_SIZE];
    struct rate rate = {0};

    if (text == NULL || strlen(text) >= sizeof(digits))
        return rate;
    text_copy(digits, sizeof(digits), text);
    char *comma = strchr(digits, ',');
    if (comma != NULL)
        *comma = '.';
    if (rate_parse(digits, strlen(digits), &rate) != ERR_OK)
        rate = (struct rate){0};
    return rate;
}

enum err desk_open_board(struct request *request, const struct desk_board **board)
{
    enum err rc = desk_board_take(request->db, board);
    if (rc != ERR_OK || !(*board)->maintenance)
        return rc;
    const char *words = desk_text(*board, DESK_TEXT_DESK, 0, "maintenance", desk_language(request));
    char *copy = words[0] == '\0' ? NULL : request_copy(request, words, strlen(words));
    return desk_give_back(*board, request_fail_text(request, NULL, ERR_DESK_MAINTENANCE, copy));
}

enum err desk_give_back(const struct desk_board *board, enum err rc)
{
    desk_board_give(board);
    return rc;
}

void desk_add_rate(struct writer *json, const char *key, struct rate rate)
{
    char digits[AMOUNT_TEXT_SIZE];
    rate_format(rate, digits);
    writer_text(json, key, digits);
}

void desk_add_link(const struct request *request, struct writer *json, const char *key,
                   const char *path)
{
    struct text link = TEXT(LINK_MAX);
    if (path[0] != '\0' && strncmp(path, "http", 4) != 0)
        text_puts(&link, request->app->config.site_base_url);
    text_puts(&link, path);
    writer_text(json, key, text_string(&link));
    text_free(&link);
}
