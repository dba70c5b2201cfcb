/* A handful of answers by the call that they are for. A process has one set: what is in it is public. */
#include "fcgi/server/copies.h"

#include <string.h>

#include "fcgi/server/app.h"
#include "fcgi/server/route.h"

static struct copy copies[COPIES_COUNT];
static char making[APP_SLOTS][COPIES_KEY_MAX]; /* by slot; "" for none */

struct key {
    const struct request *request;
    struct text text;
};

/* Adds a parameter of the route: one that is absent differs from an empty one. */
static void add_parameter(const char *name, void *arg)
{
    struct key *key = arg;
    const struct value *param = request_param(key->request, name);
    if (param == NULL)
        return;
    text_addf(&key->text, "&%s=%zu:", name, param->len);
    text_add(&key->text, param->text, param->len);
}

/* What the answer depends on: the path, the parameters that the route reads and how it is written.
 * False where that is too long, or holds a NUL. */
static bool make_key(const struct request *request, char out[COPIES_KEY_MAX])
{
    struct key key = {.request = request, .text = {.max = COPIES_KEY_MAX - 1}};
    text_addf(&key.text, "%s?%d%d", request->path, request->raw, request->pretty);
    route_each_parameter(request->route, add_parameter, &key);
    bool good = !key.text.full && strlen(text_string(&key.text)) == key.text.len;
    if (good)
        memcpy(out, text_string(&key.text), key.text.len + 1);
    text_free(&key.text);
    return good;
}

const struct copy *copies_find(const struct request *request, int64_t now_s, bool large)
{
    char key[COPIES_KEY_MAX];
    if (!make_key(request, key))
        return NULL;
    for (size_t i = 0; i < COPIES_COUNT; i++)
        if (copies[i].second == now_s && strcmp(copies[i].key, key) == 0)
            return !large || copies[i].body.len >= COPIES_LARGE ? &copies[i] : NULL;
    return NULL;
}

void copies_begin(const struct request *request)
{
    if (!make_key(request, making[request->slot]))
        making[request->slot][0] = '\0';
}

void copies_end(const struct request *request)
{
    making[request->slot][0] = '\0';
}

bool copies_coming(const struct request *request, bool large)
{
    char key[COPIES_KEY_MAX];
    bool made = false, was_large = false;
    if (!make_key(request, key))
        return false;
    for (size_t i = 0; i < APP_SLOTS; i++)
        made = made || strcmp(making[i], key) == 0;
    for (size_t i = 0; i < COPIES_COUNT; i++)
        if (strcmp(copies[i].key, key) == 0)
            was_large = copies[i].body.len >= COPIES_LARGE;
    return made && (!large || was_large);
}

/* The place of the same call, or the oldest one; the bodies of all others are counted. */
static struct copy *choose(const char *key, size_t *others)
{
    struct copy *chosen = &copies[0];
    size_t total = 0;
    for (size_t i = 0; i < COPIES_COUNT; i++) {
        total += copies[i].body.room;
        if (strcmp(chosen->key, key) == 0)
            continue;
        if (strcmp(copies[i].key, key) == 0 || copies[i].second < chosen->second)
            chosen = &copies[i];
    }
    *others = total - chosen->body.room;
    return chosen;
}

void copies_keep(const struct request *request, int64_t now_s, const char *tag, int64_t modified_s,
                 const struct text *body)
{
    char key[COPIES_KEY_MAX];
    size_t others;
    if (!make_key(request, key))
        return;
    struct copy *copy = choose(key, &others);
    text_free(&copy->body);
    *copy = (struct copy){.body = {.max = body->len + 1}};
    if (others + body->len > COPIES_ROOM_MAX)
        return;
    text_add(&copy->body, text_string(body), body->len);
    if (copy->body.full)
        return;
    copy->second = now_s;
    copy->modified_s = modified_s;
    text_copy(copy->key, sizeof(copy->key), key);
    text_copy(copy->tag, sizeof(copy->tag), tag);
}

void copies_free(void)
{
    for (size_t i = 0; i < COPIES_COUNT; i++) {
        text_free(&copies[i].body);
        copies[i] = (struct copy){0};
    }
}
