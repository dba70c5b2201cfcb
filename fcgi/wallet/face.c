/* The face of the viewer API, /viewer/ and /api/v3/ (seed withdrawals; api wallet, B1 to B5). */
#include "fcgi/wallet/face.h"

#include "fcgi/faces.h"
#include "identity/role.h"

static bool has_shape(const struct request *request, unsigned shape)
{
    return request->route != NULL && (request->route->shape & shape) != 0;
}

/* {"code":0,"message":"","data":...} */
static void begin_success(const struct request *request, struct writer *json)
{
    if (has_shape(request, SHAPE_BARE))
        return;
    writer_object(json, NULL);
    writer_int(json, "code", 0);
    if (!has_shape(request, SHAPE_LIST))
        writer_text(json, "message",
                    has_shape(request, SHAPE_SUBMITTED) ? "cancel request submitted" : "");
    writer_key(json, "data");
}

/* {"code":10007,"message":"Parameter error: \"amount\" is required"} */
static void write_error(const struct request *request, const struct problem *problem,
                        struct writer *json)
{
    struct text message = TEXT(FACE_MESSAGE_MAX);

    if (request->err_field != NULL && err_class(problem->rc) == ERR_CLASS_INPUT)
        text_addf(&message, "Parameter error: \"%s\" %s", request->err_field, problem->text);
    else
        face_message(request, problem, &message);
    writer_object(json, NULL);
    writer_int(json, "code", problem->answer.number);
    writer_text(json, "message", text_string(&message));
    writer_end(json);
    text_free(&message);
}

/* "/api//v3": a client puts its paths together with two slashes. */
static const char *const prefixes[] = {"/api/v3", "/api//v3", "/api/contract/v2", "/viewer", NULL};

static const struct face_role roles[] = {
    {ROLE_USER, WALLET_ALL},
    {ROLE_VIEWER, SCOPE_VIEW_BALANCE | SCOPE_VIEW_ORDERS | SCOPE_VIEW_TRADES | SCOPE_VIEW_ADDRESS |
                      SCOPE_VIEW_DEPOSITS | SCOPE_VIEW_WITHDRAWALS},
    {NULL, 0},
};

static const struct route_table *const tables[] = {
#define X(table) &table,
    WALLET_TABLES(X)
#undef X
        NULL};

#define WORDS(name, text) static const char *const name[] = {text};
WORDS(unauthorized, "Unauthorized")
WORDS(invalid_token, "Invalid token")
WORDS(header, "Unexpected request header")
WORDS(denied, "Permission denied")
WORDS(too_many, "Too many requests")
WORDS(internal, "Internal error")
WORDS(not_found, "Resource not found")
WORDS(insufficient, "Insufficient funds")
WORDS(already, "already requested")

static const struct face_error errors[] = {
    {ERR_TOKEN_EXPIRED, {.number = 40106, .words = invalid_token}},
    {ERR_NONCE_INVALID, {.number = 40106, .words = invalid_token}},
    {ERR_TOKEN_SCHEME, {.number = 40107}},
    {ERR_CONTENT_TYPE, {.number = 40107, .words = header}},
    {ERR_ADDRESS_REFUSED, {.status = 403, .number = 10403, .words = denied}},
    {ERR_INSUFFICIENT_FUNDS, {.number = 10014, .words = insufficient}},
    {ERR_IDEMPOTENCY_CONFLICT, {.number = 40302, .words = already}},
    {ERR_REPLAYED, {.number = 40302, .words = already}},
    /* what the house does not let go */
    {ERR_ADDRESS_UNTRUSTED, {.status = 403, .number = 40301}},
    {ERR_RAIL_OFF, {.status = 403, .number = 40301}},
    {ERR_RAIL_PAUSED, {.status = 403, .number = 40301}},
    {ERR_CURRENCY_DISABLED, {.status = 403, .number = 40301}},
    {ERR_OVER_SINGLE_LIMIT, {.status = 403, .number = 40301}},
    {ERR_OVER_DAILY_LIMIT, {.status = 403, .number = 40301}},
    {ERR_OVER_MONTHLY_LIMIT, {.status = 403, .number = 40301}},
};

const struct face face_wallet = {
    .name = "wallet",
    .prefixes = prefixes,
    .merges_slashes = true,
    .rights_names = scope_names,
    .roles = roles,
    .inputs = INPUT_QUERY | INPUT_QUERY_TOO | INPUT_JSON,
    .content_type = "application/json; charset=utf-8",
    .style = {.plain_slashes = true, .plain_utf8 = true},
    .classes =
        {
            [ERR_CLASS_INPUT] = {.number = 10007},
            [ERR_CLASS_AUTH] = {.number = 40004, .words = unauthorized},
            [ERR_CLASS_RIGHT] = {.number = 10403, .words = denied},
            [ERR_CLASS_NOT_FOUND] = {.number = 10013, .words = not_found},
            [ERR_CLASS_METHOD] = {.number = 10007},
            [ERR_CLASS_STATE] = {.status = 400, .number = 10007},
            [ERR_CLASS_TOO_LARGE] = {.number = 10007},
            [ERR_CLASS_LIMIT] = {.number = 10429, .words = too_many},
            [ERR_CLASS_BUSY] = {.number = 10005},
            [ERR_CLASS_BUG] = {.number = 10005, .words = internal},
        },
    .errors = errors,
    .error_count = sizeof(errors) / sizeof(errors[0]),
    .begin_success = begin_success,
    .write_error = write_error,
    .tables = tables,
};

/* --- what handlers share --------------------------------------------------------------------------- */

unsigned wallet_rights(unsigned scopes)
{
    return (scopes & SCOPE_VIEW_BALANCE) != 0 ? scopes | WALLET_MOVE : scopes;
}
