/* Cookies: found in a request, set in a reply. */
#include "fcgi/server/cookie.h"

#include <stdio.h>
#include <string.h>

#include "fcgi/server/app.h"

#define NAME_SIZE 64
#define AGE_SIZE 40

/* Browsers refuse a __Host- cookie on http. */
static void full_name(const struct request *request, const char *name, char out[NAME_SIZE])
{
    snprintf(out, NAME_SIZE, "%s%s", request->https ? "__Host-" : "", name);
}

bool cookie_possible(const struct request *request)
{
    return request->https || request->app->config.site_allow_http;
}

static void copy_value(const char *value, size_t len, char *out, size_t size)
{
    if (len >= size)
        len = 0;
    memcpy(out, value, len);
    out[len] = '\0';
}

bool cookie_find(const struct request *request, const char *name, char *out, size_t size)
{
    const char *header = request_env(request, "HTTP_COOKIE");
    char full[NAME_SIZE];

    out[0] = '\0';
    if (header == NULL || !cookie_possible(request))
        return false;
    full_name(request, name, full);
    size_t name_len = strlen(full);
    while (*header != '\0') {
        header += strspn(header, " ;");
        size_t len = strcspn(header, ";");
        if (len > name_len && strncmp(header, full, name_len) == 0 && header[name_len] == '=') {
            copy_value(header + name_len + 1, len - name_len - 1, out, size);
            return len > name_len + 1;
        }
        header += len;
    }
    return false;
}

void cookie_set(const struct request *request, struct reply *reply, const char *name,
                const char *value, const char *same_site, int64_t max_age_s)
{
    char full[NAME_SIZE], age[AGE_SIZE] = "";

    full_name(request, name, full);
    if (max_age_s >= 0)
        snprintf(age, sizeof(age), "; Max-Age=%lld", (long long)max_age_s);
    reply_header(reply, "Set-Cookie", "%s=%s; Path=/; HttpOnly; SameSite=%s%s%s", full, value,
                 same_site, request->https ? "; Secure" : "", age);
}
