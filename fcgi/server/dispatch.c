/* The steps of a request, from the accepted connection to the bytes of its reply. */
#include "fcgi/server/dispatch.h"

#include <fcgiapp.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/wait.h"
#include "crypto/crypto.h"
#include "fcgi/server/copies.h"
#include "fcgi/server/face.h"
#include "fcgi/server/idempotency.h"
#include "fcgi/server/router.h"

#define ETAG_BYTES 16       /* of the body's SHA-256 */
#define HEAD_MAX (16 << 10) /* of the header lines */
#define SECOND_US 1000000
#define COPY_STEP_MS 2                /* between looks for an answer that another request makes */
#define LIST_LIMIT_MS 5000            /* that one statement of a list may take */
#define LISTS_AT_ONCE (APP_SLOTS / 2) /* of one caller in a worker: the rest is for others */
#define KEEP_ROOM (64 << 10)          /* bytes of a buffer that are kept between requests */
#define DISCARD_MAX (8u << 20)        /* bytes of an unread body that are read away */

/* The memory of a request is used again by the next one in its slot. A handler may wait while it writes
 * its body, but no request waits between putting its answer together in `output` and sending it. */
static struct {
    const struct face *const *faces;
    struct router router;
    struct request requests[APP_SLOTS];
    struct text bodies[APP_SLOTS];
    struct text output;
} worker = {.output = {.max = HEAD_MAX + REPLY_BODY_CAP}};

/* Adds the rows of a table; each is below its own face's prefix. */
static enum err add_table(const struct face *face, const struct route_table *table)
{
    const char *problem = NULL;
    const struct route *row = NULL;
    enum err rc = router_add(&worker.router, face, table, &problem, &row);
    for (size_t i = 0; rc == ERR_OK && i < table->count; i++)
        if (face_of(worker.faces, table->rows[i].path) != face) {
            problem = "path belongs to another face";
            row = &table->rows[i];
            rc = ERR_INTERNAL;
        }
    if (rc != ERR_OK)
        log_line(LOG_LEVEL_BUG, "routes", "face=%s path=%s problem=\"%s\"", face->name,
                 row->path == NULL ? "-" : row->path, problem);
    return rc;
}

enum err dispatch_start(const struct face *const *faces)
{
    enum err rc = ERR_OK;
    worker.faces = faces;
    for (; rc == ERR_OK && *faces != NULL; faces++)
        for (const struct route_table *const *table = (*faces)->tables;
             rc == ERR_OK && *table != NULL; table++)
            rc = add_table(*faces, *table);
    return rc;
}

void dispatch_stop(void)
{
    router_free(&worker.router);
    for (size_t i = 0; i < APP_SLOTS; i++) {
        request_free(&worker.requests[i]);
        text_free(&worker.bodies[i]);
    }
    text_free(&worker.output);
    copies_free();
}

/* The path belongs to other methods: says which. */
static void allow_header(struct reply *reply, unsigned allowed)
{
    reply_header(reply, "Allow", "%s%s%s%s", (allowed & METHOD_GET) != 0 ? "GET, HEAD, " : "",
                 (allowed & METHOD_POST) != 0 ? "POST, " : "",
                 (allowed & METHOD_PUT) != 0 ? "PUT, " : "",
                 (allowed & METHOD_DELETE) != 0 ? "DELETE, " : "");
    char *value = reply->headers[reply->header_count - 1].value;
    value[strlen(value) - 2] = '\0';
}

/* The face whose contract the caller speaks, also where there is no such route. A path that is refused
 * still shows its beginning. */
static void find_face(struct request *request)
{
    const char *path = request->path;
    request->face =
        face_of(worker.faces, path != NULL ? path : request_env(request, "REQUEST_URI"));
    if (path == NULL && request->face->merges_slashes)
        request_set_path(request, true);
}

static enum err find_route(struct request *request, struct reply *reply)
{
    const struct face *face = request->face;
    struct router_result match;
    unsigned method = router_method(request->method);
    if (request->path == NULL)
        return ERR_NO_ROUTE;
    router_find(&worker.router, face, method, request->path, &match);
    if (match.allowed == 0 && face_drop_segment(face, request->path))
        router_find(&worker.router, face, method, request->path, &match);
    if (match.route == NULL && match.allowed == 0)
        return ERR_NO_ROUTE;
    if (match.route == NULL) {
        allow_header(reply, match.allowed);
        return ERR_METHOD;
    }
    request->route = match.route;
    failpoint_flow(match.route->path);
    for (size_t i = 0; i < match.capture_count; i++) {
        const struct router_capture *capture = &match.captures[i];
        char *value = request_copy(request, capture->value, capture->len);
        if (value == NULL)
            return ERR_NO_MEMORY;
        request->captures[i].name = capture->name;
        request->captures[i].value = value;
    }
    request->capture_count = match.capture_count;
    return ERR_OK;
}

/* Lets the caller prove who they are, once for each request. */
static enum err authenticate(struct request *request, const struct auth *auth)
{
    if (auth->check == NULL || request->proven == auth)
        return ERR_OK;
    enum err rc = auth->check(request);
    if (rc == ERR_OK)
        request->proven = auth;
    return rc;
}

/* The browser sends its cookie with every form of every site; only our pages know the token. */
static bool csrf_holds(const struct request *request)
{
    const char *expected = request->caller.csrf;
    const char *token = request_env(request, "HTTP_X_CSRF_TOKEN");
    if (request->route->effect != EFFECT_CHANGES || !request->caller.by_cookie)
        return true;
    size_t len = strlen(expected);
    return len > 0 && token != NULL && strlen(token) == len && crypto_equal(token, expected, len);
}

static enum err authorize(struct request *request)
{
    unsigned rights = request->route->rights;
    if (rights != 0 && (request->caller.rights & rights) == 0)
        return ERR_RIGHT;
    return csrf_holds(request) ? ERR_OK : ERR_CSRF;
}

/* Drops what the handler has written, and what it has found wrong. */
static void begin_reply(struct request *request, struct reply *reply)
{
    *reply = (struct reply){.writer.out = reply->writer.out};
    request->err_field = request->err_detail = NULL;
    request->reader.fault_count = 0;
    face_begin(request, reply);
}

static bool is_list(const struct request *request)
{
    return request->route != NULL && route_pool(request->route) == POOL_LIST;
}

/* Whether a caller has as many lists in hand here as one may. */
static bool has_lists_enough(const struct request *request)
{
    size_t count = 0;
    for (size_t i = 0; i < APP_SLOTS; i++) {
        const struct request *other = &worker.requests[i];
        if (other != request && other->listing && other->caller.user_id == request->caller.user_id)
            count++;
    }
    return count >= LISTS_AT_ONCE;
}

/* The handler of a list: what it reads is ended where it takes too long. */
static enum err run_list(struct request *request, struct reply *reply)
{
    if (has_lists_enough(request))
        return ERR_TOO_MANY_REQUESTS;
    request->listing = true;
    db_limit(request->db, LIST_LIMIT_MS);
    enum err rc = request->route->handler(request, reply);
    db_limit(request->db, 0);
    request->listing = false;
    return rc;
}

/* What is kept for everybody for a second may be some moments old: it is read from another server where one
 * is configured. ERR_DB_AWAY where none is, or where it cannot be asked now. */
static enum err read_elsewhere(struct request *request, struct reply *reply)
{
    struct db *writer = request->db;

    if (writer == NULL || request->route->cache != CACHE_PUBLIC_1S ||
        request->app->reader[request->slot] == NULL)
        return ERR_DB_AWAY;
    request->db = request->app->reader[request->slot];
    enum err rc = request->route->handler(request, reply);
    request->db = writer;
    if (rc == ERR_DB_AWAY || rc == ERR_DB_CONTENDED) {
        begin_reply(request, reply);
        return ERR_DB_AWAY;
    }
    return rc;
}

/* Whether nobody knows what a handler has brought about: its commit was lost on the way, or the server
 * went away after it. */
static bool in_doubt(const struct request *request, enum err rc, uint64_t commits)
{
    if (rc == ERR_DB_AWAY || rc == ERR_DB_CONTENDED)
        return request->db != NULL && db_commits(request->db) != commits;
    return rc == ERR_DB_UNKNOWN;
}

/* A handler that cannot tell whether its change was kept is run again where the change is found under its
 * name: it knows itself then, and gives the answer that was lost. */
static enum err handle(struct request *request, struct reply *reply)
{
    enum err elsewhere = read_elsewhere(request, reply);
    if (elsewhere != ERR_DB_AWAY)
        return elsewhere;
    if (is_list(request) && request->db != NULL)
        return run_list(request, reply);
    uint64_t commits = request->db == NULL ? 0 : db_commits(request->db);
    enum err rc = request->route->handler(request, reply);
    if (!in_doubt(request, rc, commits))
        return rc;
    rc = idempotency_look_up(request);
    if (rc != ERR_OK)
        return rc;
    begin_reply(request, reply);
    rc = request->route->handler(request, reply);
    return in_doubt(request, rc, commits) ? idempotency_doubt(request) : rc;
}

/* Caller, right, handler. What authentication queued (the nonce) is sent in any case: a refused
 * request must not be sent again with the same nonce, and its own refusal comes first. */
static enum err run(struct request *request, struct reply *reply)
{
    begin_reply(request, reply);
    enum err rc = authenticate(request, request->route->auth);
    if (rc == ERR_OK)
        rc = authorize(request);
    if (rc == ERR_OK && request->route->needs_key)
        rc = idempotency_take(request);
    if (rc == ERR_OK)
        rc = idempotency_settle(request, handle(request, reply));
    if (request->db != NULL) {
        enum err deferred = db_flush_deferred(request->db);
        if (deferred != ERR_OK && rc != ERR_DB_UNKNOWN)
            rc = deferred;
    }
    return rc;
}

/* No handler may leave a transaction open: the next request would be part of it. */
static enum err check_txn(struct request *request, enum err rc)
{
    if (request->db == NULL || !db_in_txn(request->db))
        return rc;
    log_line(LOG_LEVEL_BUG, "open_transaction", "route=%s", request->route->path);
    db_disconnect(request->db);
    return ERR_INTERNAL;
}

static enum err need_db(struct request *request)
{
    if (request->db != NULL)
        return ERR_OK;
    enum err rc = app_ready(request->app, request->slot);
    if (rc == ERR_OK)
        request->db = request->app->db[request->slot];
    return rc;
}

/* Where the face has a gate nobody passes it unknown, whatever they ask for. */
static enum err pass_gate(struct request *request)
{
    if (request->face->gate == NULL)
        return ERR_OK;
    enum err rc = request->face->gate->needs_no_db ? ERR_OK : need_db(request);
    if (rc == ERR_OK)
        rc = authenticate(request, request->face->gate);
    if (rc == ERR_OK && request->db != NULL)
        rc = db_flush_deferred(request->db);
    return rc;
}

/* The steps up to the handler, in order; the first error ends them. */
static enum err prepare(struct request *request, FCGX_Stream *in, struct reply *reply)
{
    enum err rc = pass_gate(request);
    if (rc == ERR_OK)
        rc = find_route(request, reply);
    if (rc != ERR_OK)
        return rc;
    const struct route *route = request->route;
    rc = request_read(request, in, route->body_cap == 0 ? REQUEST_BODY_CAP : route->body_cap);
    if (rc == ERR_OK)
        rc = request_parse(request);
    if (rc == ERR_OK && !route->needs_no_db)
        rc = need_db(request);
    return rc;
}

/* Reads away what is left of the body: the next request on this connection would begin in the middle of
 * it. Where there is too much of it the connection is not kept. */
static void discard_body(FCGX_Stream *in)
{
    char buffer[4096];
    size_t total = 0;
    while (total < DISCARD_MAX && in->isClosed == 0)
        total += (size_t)FCGX_GetStr(buffer, sizeof(buffer), in);
}

/* The handler, with all that is checked before it. */
static enum err answer(struct request *request, struct reply *reply)
{
    const struct route *route = request->route;
    if (route->cache == CACHE_PUBLIC_1S)
        copies_begin(request);
    enum err rc = run(request, reply);
    if (rc == ERR_KEY_CHANGED && route->auth->forget != NULL) {
        /* The key that we remembered is not the one in the database. The batch stopped at that
         * check, so that nothing was done yet. */
        route->auth->forget(request);
        request->caller = (struct caller){0};
        request->proven = NULL;
        rc = run(request, reply);
    }
    return check_txn(request, rc);
}

/* The same for everybody. */
static bool is_public(const struct request *request, enum err rc)
{
    return rc == ERR_OK && request->route->cache == CACHE_PUBLIC_1S;
}

/* How long the web server's cache may keep the body: no longer than the second in which it was asked
 * for, so that whatever is done now is seen in the next one. And a name for it, by which a caller
 * who has it already is told so. */
static void add_cache_headers(struct reply *reply, int64_t asked_s, const char *tag)
{
    char modified[CLOCK_HTTP_SIZE];
    clock_format_http(reply->modified_s, modified);
    if (reply->modified_s > 0)
        reply_header(reply, "Last-Modified", "%s", modified);
    reply_header(reply, "ETag", "\"%s\"", tag);
    reply_header(reply, "X-Accel-Expires", "@%lld", (long long)asked_s);
}

/* Names what was rendered, and keeps it for those who ask in the same second. */
static void keep_copy(const struct request *request, int64_t asked_s, struct reply *reply)
{
    const struct text *body = reply->writer.out;
    uint8_t hash[SHA256_SIZE];
    char tag[COPIES_TAG_SIZE];
    crypto_sha256(text_string(body), body->len, hash);
    hex_encode(hash, ETAG_BYTES, tag);
    copies_keep(request, asked_s, tag, reply->modified_s, body);
    add_cache_headers(reply, asked_s, tag);
}

/* Takes the body from a copy of the same second, where there is one. With POST, and for a caller whom the
 * face knows, what is small is made anew: they may want to see what they have just done. */
static bool take_copy(struct request *request, int64_t asked_s, struct reply *reply)
{
    const struct face *face = request->face;
    if (request->route->cache != CACHE_PUBLIC_1S)
        return false;
    bool fresh = router_method(request->method) != METHOD_GET ||
                 (face->knows != NULL && face->knows(request));
    const struct copy *copy;
    while ((copy = copies_find(request, asked_s, fresh)) == NULL && copies_coming(request, fresh) &&
           clock_now_us() / SECOND_US == asked_s)
        wait_ms(COPY_STEP_MS);
    if (copy == NULL)
        return false;
    text_clear(reply->writer.out);
    text_add(reply->writer.out, text_string(&copy->body), copy->body.len);
    reply->modified_s = copy->modified_s;
    add_cache_headers(reply, asked_s, copy->tag);
    return true;
}

static void write_output(const struct request *request, enum err rc, const struct reply *reply,
                         int status)
{
    const struct text *body = reply->writer.out;
    struct text *out = &worker.output;
    text_clear(out);
    const char *type = request->face->content_type;
    if (rc == ERR_OK && request->route->content_type != NULL)
        type = request->route->content_type;
    text_addf(out, "Status: %d %s\r\nContent-Type: %s\r\nCache-Control: %s\r\n", status,
              reply_status_words(status), type,
              is_public(request, rc) ? "public, max-age=1, stale-while-revalidate=1" : "no-store");
    text_addf(out, "Content-Length: %zu\r\nX-Request-Id: %s\r\n", body->len, request->id);
    for (size_t i = 0; i < reply->header_count; i++)
        text_addf(out, "%s: %s\r\n", reply->headers[i].name, reply->headers[i].value);
    text_puts(out, "\r\n");
    if (strcmp(request->method, "HEAD") != 0)
        text_add(out, text_string(body), body->len);
}

/* Gives large buffers back, when what they hold is of no use any more. */
static void trim(struct text *text)
{
    if (text->room > KEEP_ROOM)
        text_free(text);
}

static void log_request(const struct request *request, enum err rc, int status, int64_t started_us)
{
    bool bug = err_is_bug(rc) || status == 500;
    bool probe = request->route != NULL && request->route->needs_no_db && rc == ERR_OK;
    log_line(bug     ? LOG_LEVEL_BUG
             : probe ? LOG_LEVEL_DEBUG
                     : LOG_LEVEL_INFO,
             "request", "route=%s method=%s status=%d us=%lld user=%lld error=%s",
             request->route == NULL ? "-" : request->route->path, request->method, status,
             (long long)(clock_mono_us() - started_us), (long long)request->caller.user_id,
             rc == ERR_OK ? "-" : err_id(rc));
}

void dispatch_resume(size_t slot)
{
    log_set_request(worker.requests[slot].id);
}

/* Ends the body. Returns the outcome, which is another one where the body is too large. */
static enum err end_body(const struct request *request, enum err rc, struct reply *reply,
                         int *status)
{
    *status = face_end(request, rc, reply);
    if (reply->writer.out->full) {
        rc = ERR_INTERNAL;
        *status = face_end(request, rc, reply);
    }
    return rc;
}

const struct text *dispatch_serve(struct app *app, size_t slot, struct FCGX_Request *fcgx)
{
    struct request *request = &worker.requests[slot];
    struct text *body = &worker.bodies[slot];
    struct reply reply = {.writer.out = body};
    int64_t started_us = clock_mono_us(), asked_us = clock_now_us();

    trim(&worker.output);
    body->max = REPLY_BODY_CAP;
    request_start(request, app, fcgx->envp);
    request->slot = slot;
    request->matcher = app->matcher[slot];
    log_set_request(request->id);
    find_face(request);
    enum err rc = prepare(request, fcgx->in, &reply);
    discard_body(fcgx->in); /* which may wait: not once the reply is being written */
    int status = 200;
    if (rc != ERR_OK || !take_copy(request, asked_us / SECOND_US, &reply)) {
        if (rc == ERR_OK)
            rc = answer(request, &reply);
        if (request->face->record != NULL)
            request->face->record(request, rc);
        rc = end_body(request, rc, &reply, &status);
        if (is_public(request, rc))
            keep_copy(request, asked_us / SECOND_US, &reply);
        copies_end(request);
    }
    write_output(request, rc, &reply, status);
    log_request(request, rc, status, started_us);
    log_set_request(NULL);
    if (request->db != NULL)
        db_forget_deferred(request->db); /* which could not be sent */
    trim(body);
    return &worker.output;
}
