/* JSON-RPC: one question a request, and answers told from silence. */
#include "provider/rpc.h"

#include <string.h>

#include "base/log.h"

#define CALL_ID "1"
#define BODY_MAX (16 << 20)

struct writer rpc_params(struct text *out)
{
    struct writer writer = {.out = out, .style = {.plain_slashes = true}};
    writer_list(&writer, NULL);
    return writer;
}

static void write_call(const char *method, const struct text *params, struct text *out)
{
    text_puts(out, "{\"jsonrpc\":\"2.0\",\"id\":" CALL_ID ",\"method\":\"");
    text_puts(out, method);
    text_puts(out, "\",\"params\":");
    text_puts(out, params != NULL ? text_string(params) : "[]");
    text_putc(out, '}');
}

static bool is_null(const struct value *value)
{
    return value == NULL || value->type == VALUE_NULL;
}

/* What a body says; one that is no answer to this call leaves the reply lost. */
static void read_reply(const struct text *body, struct rpc_reply *out)
{
    struct value *root;
    const char *where;
    int64_t code;

    if (value_parse_most(&out->arena, text_string(body), body->len, RPC_VALUES_MAX, &root,
                         &where) != ERR_OK)
        return;
    const struct value *id = value_member(root, "id"), *error = value_member(root, "error");
    const struct value *result = value_member(root, "result");
    if (is_null(error)) {
        if (id == NULL || strcmp(id->text, CALL_ID) != 0 || result == NULL)
            return;
        out->outcome = RPC_ANSWERED;
        out->result = result;
        return;
    }
    const struct value *number = value_member(error, "code");
    const struct value *message = value_member(error, "message");
    if (number == NULL || message == NULL || message->type != VALUE_TEXT ||
        !text_to_number(number->text, INT32_MIN, INT32_MAX, &code))
        return;
    out->outcome = RPC_REFUSED;
    out->code = (int)code;
    text_copy(out->message, sizeof(out->message), message->text);
}

/* Whether a call moves something: the rest only asks. */
static bool moves_something(const char *method)
{
    return strcmp(method, "eth_sendRawTransaction") == 0 ||
           strcmp(method, "sendrawtransaction") == 0;
}

static void note_call(const struct rpc_node *node, const char *method, const struct text *body,
                      const struct provider_answer *answer, const struct rpc_reply *reply)
{
    bool answered = reply->outcome == RPC_ANSWERED || reply->outcome == RPC_REFUSED;

    provider_guard_note(node->guard,
                        &(struct provider_noted){.kind = method,
                                                 .moves = moves_something(method),
                                                 .answered = answered,
                                                 .result = reply->outcome == RPC_REFUSED
                                                               ? "refused"
                                                               : http_result_name(answer->result),
                                                 .status = answer->status,
                                                 .latency_us = answer->latency_us,
                                                 .request_id = node->request_id,
                                                 .request = body,
                                                 .answer = &answer->body,
                                                 .problem = answer->problem});
}

enum err rpc_call(const struct rpc_node *node, const char *method, const struct text *params,
                  struct rpc_reply *out)
{
    const char *const headers[] = {node->authorization, NULL};
    struct text body = TEXT(BODY_MAX);
    struct provider_answer answer = {0};
    enum err rc = ERR_NO_MEMORY;

    *out = (struct rpc_reply){.outcome = RPC_UNSENT};
    if (!provider_guard_enter(node->guard)) {
        log_line(LOG_LEVEL_WARNING, "rpc", "method=%s result=held_back", method);
        return ERR_OK;
    }
    write_call(method, params, &body);
    if (!body.full) {
        const struct provider_request request = {.method = "POST",
                                                 .url = node->url,
                                                 .headers = headers,
                                                 .content_type = "application/json",
                                                 .body = body.data,
                                                 .body_len = body.len,
                                                 .request_id = node->request_id,
                                                 .answer_max = RPC_ANSWER_MAX,
                                                 .connect_timeout_ms = RPC_CONNECT_MS,
                                                 .timeout_ms = node->timeout_ms};
        rc = provider_call(node->client, &request, &answer);
        if (answer.sent)
            out->outcome = RPC_LOST;
        if (rc == ERR_OK && answer.result == HTTP_ANSWERED)
            read_reply(&answer.body, out);
        if (out->outcome == RPC_LOST || out->outcome == RPC_UNSENT)
            log_line(LOG_LEVEL_WARNING, "rpc", "method=%s result=%s status=%d problem=\"%s\"",
                     method, http_result_name(answer.result), answer.status, answer.problem);
        if (rc == ERR_OK)
            note_call(node, method, &body, &answer, out);
    }
    provider_answer_free(&answer);
    text_free(&body);
    return rc;
}

enum err rpc_read(const struct rpc_node *node, const char *method, const struct text *params,
                  struct rpc_reply *out)
{
    enum err rc = rpc_call(node, method, params, out);

    if (rc != ERR_OK || out->outcome == RPC_ANSWERED)
        return rc;
    if (out->outcome == RPC_REFUSED)
        log_line(LOG_LEVEL_WARNING, "rpc", "method=%s code=%d message=\"%s\"", method, out->code,
                 out->message);
    return ERR_NO_ANSWER;
}

void rpc_reply_free(struct rpc_reply *reply)
{
    arena_free(&reply->arena);
    reply->result = NULL;
}
