/* Idempotency-Key: reading it, and what a request asks for as one number. */
#include "fcgi/server/idempotency.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "crypto/crypto.h"
#include "fcgi/server/app.h"
#include "fcgi/server/route.h"
#include "identity/request.h"

#define DIGEST_INPUT_MAX (4 << 20) /* bytes of path and parameters: more than any body may have */

/* Parameters that prove who asks, and may differ when the same is asked for again. */
static bool is_proof(const char *name)
{
    return strcmp(name, "otp") == 0 || strcmp(name, "nonce") == 0 || strcmp(name, "tonce") == 0;
}

/* Adds a part with its length, so that no two lists of parts come out alike. */
static void add_part(struct text *out, const char *part, size_t len)
{
    text_addf(out, "%zu:", len);
    text_add(out, part, len);
}

/* How much of a value counts. 10 and 10.00 are one amount: zeros behind a fraction do not. */
static size_t length_that_counts(const struct value *value)
{
    static const char *const numbers[] = {"amount", "price", "stop"};
    size_t len = value->len;

    for (size_t i = 0; value->name != NULL && i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strcmp(value->name, numbers[i]) != 0 || memchr(value->text, '.', len) == NULL ||
            strspn(value->text, "0123456789.") != len)
            continue;
        while (value->text[len - 1] == '0')
            len--;
        len -= value->text[len - 1] == '.';
    }
    return len;
}

/* Adds a parameter with all that it holds: an object is told apart from a list and from a text. */
static void add_value(struct text *out, const struct value *value)
{
    bool nested = value->type == VALUE_OBJECT || value->type == VALUE_LIST;
    add_part(out, value->name == NULL ? "" : value->name,
             value->name == NULL ? 0 : strlen(value->name));
    add_part(out, value->text, length_that_counts(value));
    if (nested)
        text_addf(out, "%c%zu", value->type == VALUE_OBJECT ? '{' : '[', value->count);
    for (const struct value *child = value->first; child != NULL; child = child->next)
        add_value(out, child);
}

/* The parameters in the order of their names: the order in which they are sent does not matter. */
static size_t sort_params(const struct request *request,
                          const struct value *sorted[REQUEST_MAX_PARAMS])
{
    size_t count = 0;
    for (const struct value *value = request->params.first; value != NULL; value = value->next) {
        if (is_proof(value->name) || value->type == VALUE_NULL)
            continue;
        size_t at = count++;
        for (; at > 0 && strcmp(sorted[at - 1]->name, value->name) > 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = value;
    }
    return count;
}

static enum err digest_request(const struct request *request, uint8_t out[SHA256_SIZE])
{
    struct text input = TEXT(DIGEST_INPUT_MAX);
    const struct value *sorted[REQUEST_MAX_PARAMS];
    size_t count = sort_params(request, sorted);

    add_part(&input, request->method, strlen(request->method));
    add_part(&input, request->route->path, strlen(request->route->path));
    for (size_t i = 0; i < request->capture_count; i++)
        add_part(&input, request->captures[i].value, strlen(request->captures[i].value));
    for (size_t i = 0; i < count; i++)
        add_value(&input, sorted[i]);
    enum err rc = input.full ? ERR_TOO_LARGE : ERR_OK;
    if (rc == ERR_OK)
        crypto_sha256(input.data, input.len, out);
    if (input.data != NULL)
        crypto_wipe(input.data, input.len);
    text_free(&input);
    return rc;
}

void idempotency_name(const char *key, char out[CALLER_REQUEST_KEY_SIZE])
{
    snprintf(out, CALLER_REQUEST_KEY_SIZE, "i:%s", key);
}

enum err idempotency_check(struct request *request, const char *field, const char *key)
{
    size_t len = strlen(key);
    if (len > IDEMPOTENCY_KEY_MAX)
        return request_fail(request, field, ERR_TOO_LONG);
    for (size_t i = 0; i < len; i++)
        if (key[i] < ' ' || key[i] > '~')
            return request_fail(request, field, ERR_INVALID);
    return ERR_OK;
}

enum err idempotency_take(struct request *request)
{
    struct caller *caller = &request->caller;
    const char *key;

    enum err rc = request_header(request, IDEMPOTENCY_HEADER, &key);
    if (rc != ERR_OK)
        return rc;
    if (key == NULL || *key == '\0')
        return request_fail(request, IDEMPOTENCY_HEADER, ERR_MISSING);
    rc = idempotency_check(request, IDEMPOTENCY_HEADER, key);
    if (rc != ERR_OK)
        return rc;
    idempotency_name(key, caller->request_key);
    caller->repeatable = caller->digested = true;
    return digest_request(request, caller->digest);
}

/* The name by which a caller can ask for the request again, or NULL where only we know it. */
static const char *asked_name(const struct caller *caller)
{
    const char *name = strchr(caller->request_key, ':');
    return name == NULL || caller->request_key[0] == 'r' ? NULL : name + 1;
}

/* What is said where nobody knows: under which name to ask. */
static const char *doubt_words(struct request *request)
{
    static const char format[] =
        "it is not known whether this was done, please look before you repeat it: "
        "request/%s says what was done";
    const char *name = asked_name(&request->caller);
    size_t size = sizeof(format) + CALLER_REQUEST_KEY_SIZE;
    char *words = name == NULL ? NULL : request_alloc(request, size);
    if (words != NULL)
        snprintf(words, size, format, name);
    return words;
}

enum err idempotency_doubt(struct request *request)
{
    return request_fail_text(request, NULL, ERR_DB_UNKNOWN, doubt_words(request));
}

enum err idempotency_look_up(struct request *request)
{
    struct caller *caller = &request->caller;
    const struct app *app = request->app;
    struct request_done done;
    enum err rc = ERR_NOT_FOUND;

    if (app->find_request != NULL && caller->request_key[0] != '\0')
        rc = app->find_request(request->db, app->master_key, caller->user_id, caller->request_key,
                               &done);
    log_line(LOG_LEVEL_WARNING, "doubtful_commit", "route=%s key=%s look_up=%s",
             request->route->path, caller->request_key, err_id(rc));
    if (rc == ERR_OK) {
        caller->repeatable = true;
        return ERR_OK;
    }
    return idempotency_doubt(request);
}

enum err idempotency_settle(struct request *request, enum err rc)
{
    const struct actor actor = request_actor(request);

    if (rc == ERR_DB_UNKNOWN && actor.repeatable && request->err_detail == NULL)
        return request_fail_text(request, NULL, rc,
                                 "it is not known whether this was done, please send the same "
                                 "again under the same key");
    if (rc == ERR_OK || !actor.repeatable || err_is_bug(rc) || err_class(rc) == ERR_CLASS_BUSY)
        return rc;
    enum err checked = request_check(request->db, &actor);
    if (checked == ERR_IDEMPOTENCY_CONFLICT)
        return request_fail(request, IDEMPOTENCY_HEADER, checked);
    return rc;
}
