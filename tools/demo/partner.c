/* A demo partner site: takes over a withdrawal ticket, shows it, settles it and posts updates.
 *
 * Runs under spawn-fcgi behind nginx. TELLER_URL and PARTNER_KEY_FILE in the environment say where
 * Teller is and where our API key is stored. Nothing is kept here: the ticket's key stays in an
 * HttpOnly cookie of the customer's browser, one per ticket, out of URLs and out of reach of
 * scripts. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "crypto/crypto.h"
#include "tools/demo/site.h"
#include "tools/demo/teller.h"

#define BODY_MAX 8192
#define TICKET_MAX 64
#define KEY_MAX 256
#define PARAMS_MAX 4

/* What a page may ask for: the path's last part, Teller's call, the fields passed on. */
struct action {
    const char *name;
    const char *method;
    const char *fields[2];
};

static const struct action ACTIONS[] = {
    {"ticket", "generic/ticket/info", {NULL}},
    {"settle", "generic/ticket/settle", {"description"}},
    {"update", "generic/ticket/update", {"message", "status"}},
    {"reject", "generic/ticket/reject", {"reason"}},
    {"refund", "generic/ticket/refund", {"reason"}},
};

/* Which ticket, and the secret that opens it. */
struct ticket {
    char id[TICKET_MAX];
    char key[KEY_MAX];
};

static struct teller teller;

/* Copies the characters of an id or key, up to one that neither may hold. Ids and keys need no
 * decoding: what would need it is not one of ours. False where nothing is left or it is too long.
 */
static bool copy_word(const char *from, char *to, size_t room)
{
    size_t len = 0;
    while (isalnum((unsigned char)from[len]) || from[len] == '-' || from[len] == '_')
        len++;
    if (len == 0 || len >= room)
        return false;
    memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

/* Finds `name=` at the start of one of the parts that `separators` divide. */
static const char *find_value(const char *list, const char *separators, const char *name)
{
    size_t len = strlen(name);
    while (*list != '\0') {
        list += strspn(list, separators);
        if (strncmp(list, name, len) == 0 && list[len] == '=')
            return list + len + 1;
        list += strcspn(list, separators);
    }
    return "";
}

/* The hand-over: the id comes in the query, the key in the body. The key moves into a cookie and
 * the browser on to a page that can be reloaded without sending it again. */
static void take_over(FCGX_Request *request)
{
    char body[BODY_MAX];
    struct ticket ticket;
    bool good = site_is_post(request) && site_body(request, body, sizeof body, NULL) &&
                copy_word(find_value(site_header(request, "QUERY_STRING"), "&", "ticket"),
                          ticket.id, sizeof ticket.id) &&
                copy_word(find_value(body, "&", "key"), ticket.key, sizeof ticket.key);
    FCGX_PutS("Status: 303 See Other\r\nCache-Control: no-store\r\n", request->out);
    if (good)
        FCGX_FPrintF(request->out,
                     "Set-Cookie: demo_%s=%s; Path=/demo-partner/; Max-Age=86400; HttpOnly; "
                     "SameSite=Strict%s\r\nLocation: /demo-partner/ticket.html?ticket=%s\r\n\r\n",
                     ticket.id, ticket.key,
                     site_header(request, "HTTPS")[0] != '\0' ? "; Secure" : "", ticket.id);
    else
        FCGX_PutS("Location: /demo-partner/ticket.html\r\n\r\n", request->out);
    crypto_wipe(body, sizeof body);
    crypto_wipe(&ticket, sizeof ticket);
}

static bool find_ticket(const FCGX_Request *request, struct ticket *ticket)
{
    char cookie[TICKET_MAX + 8];
    if (!copy_word(find_value(site_header(request, "QUERY_STRING"), "&", "ticket"), ticket->id,
                   sizeof ticket->id))
        return false;
    snprintf(cookie, sizeof cookie, "demo_%s", ticket->id);
    return copy_word(find_value(site_header(request, "HTTP_COOKIE"), "; ", cookie), ticket->key,
                     sizeof ticket->key);
}

/* Adds the fields that the page sent to the call; one that is absent or empty is left out. */
static size_t add_fields(const struct action *action, struct json_object *sent,
                         struct teller_param *params, size_t count)
{
    for (size_t i = 0; i < sizeof action->fields / sizeof action->fields[0]; i++) {
        struct json_object *value = NULL;
        if (action->fields[i] == NULL ||
            !json_object_object_get_ex(sent, action->fields[i], &value) ||
            json_object_get_string_len(value) == 0)
            continue;
        params[count++] = (struct teller_param){action->fields[i], json_object_get_string(value)};
    }
    return count;
}

static void relay(FCGX_Request *request, const struct action *action, const struct ticket *ticket,
                  struct json_object *sent)
{
    struct teller_param params[PARAMS_MAX] = {{"ticket", ticket->id}, {"key", ticket->key}};
    struct teller_answer answer;
    size_t count = add_fields(action, sent, params, 2);
    if (teller_call(&teller, action->method, params, count, &answer))
        site_reply(request, "200 OK",
                   json_object_to_json_string_ext(answer.value, JSON_C_TO_STRING_PLAIN));
    else
        site_refuse(request, "409 Conflict", answer.error, answer.message);
    teller_answer_free(&answer);
}

/* A page's call. Changes must be JSON, which no other site's form can send. */
static void act(FCGX_Request *request, const struct action *action)
{
    char body[BODY_MAX] = "";
    struct ticket ticket;
    struct json_object *sent = NULL;
    bool change = action->fields[0] != NULL;

    if (change != site_is_post(request)) {
        site_refuse(request, "405 Method Not Allowed", "method", "Use another method.");
    } else if (change &&
               (strncasecmp(site_header(request, "CONTENT_TYPE"), "application/json", 16) != 0 ||
                !site_body(request, body, sizeof body, NULL) ||
                (sent = json_tokener_parse(body)) == NULL)) {
        site_refuse(request, "400 Bad Request", "malformed", "The request is not understood.");
    } else if (!find_ticket(request, &ticket)) {
        site_refuse(request, "403 Forbidden", "no_key",
                    "We do not hold this ticket. Please open it from Teller again.");
    } else {
        relay(request, action, &ticket, sent);
        crypto_wipe(&ticket, sizeof ticket);
    }
    json_object_put(sent);
}

static void serve(FCGX_Request *request)
{
    static const char api[] = "/demo-partner/api/";
    const char *path = site_header(request, "SCRIPT_NAME");
    if (strcmp(path, "/demo-partner/withdraw") == 0) {
        take_over(request);
        return;
    }
    for (size_t i = 0;
         strncmp(path, api, sizeof api - 1) == 0 && i < sizeof ACTIONS / sizeof ACTIONS[0]; i++) {
        if (strcmp(path + sizeof api - 1, ACTIONS[i].name) == 0) {
            act(request, &ACTIONS[i]);
            return;
        }
    }
    site_refuse(request, "404 Not Found", "not_found", "There is nothing here.");
}

int main(void)
{
    teller.url = getenv("TELLER_URL");
    teller.key_file = getenv("PARTNER_KEY_FILE");
    if (teller.url == NULL || teller.key_file == NULL) {
        fputs("demo-partner: set TELLER_URL and PARTNER_KEY_FILE\n", stderr);
        return 2;
    }
    return site_run("demo-partner", serve);
}
