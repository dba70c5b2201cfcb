/* The web server's part of the routes: which pool takes a call, what may be kept for everybody and under
 * which key, and each face's words for what nginx answers by itself. teller.conf includes what this
 * writes. Paths are compared as they were sent: one that is spelt with percent signs is known to the
 * worker alone, is never kept, and goes to a pool where everything may be done. */
#include "fcgi/server/routes_nginx.h"

#include <string.h>

#include "fcgi/server/face.h"

#define PATTERN_MAX \
    3000 /* bytes of a line's alternatives: a word of nginx's configuration has 4096 */

/* What nginx answers by itself: its status, by which the map is called, and what that is to us. */
static const struct {
    const char *status;
    enum err rc;
} own_errors[] = {
    {"400", ERR_MALFORMED},         {"403", ERR_RIGHT},
    {"404", ERR_NO_ROUTE},          {"405", ERR_METHOD},
    {"412", ERR_PRECONDITION},      {"413", ERR_TOO_LARGE},
    {"414", ERR_URI_TOO_LONG},      {"429", ERR_TOO_MANY_REQUESTS},
    {"431", ERR_HEADERS_TOO_LARGE}, {"500", ERR_INTERNAL},
    {"502", ERR_NO_ANSWER},
};

/* What is collected of the rows of one pool, or of those that are kept. */
struct pattern {
    struct text *out;
    struct text alternatives;
    const char *methods, *value;
};

/* Adds a path as a regular expression: captures take a segment's letters, a segment that may be left out
 * is left out or not. */
static void put_path(const struct face *face, const char *path, struct text *out)
{
    const char *slash = face->merges_slashes ? "/+" : "/";
    size_t segment = 0;
    for (const char *p = path; *p != '\0'; p++) {
        if (*p == '/') {
            text_puts(out, slash);
            if (segment++ == face->dropped_segment && face->dropped_words != NULL) {
                text_puts(out, "(?:");
                for (const char *const *word = face->dropped_words; *word != NULL; word++)
                    text_addf(out, "%s%s%s", word == face->dropped_words ? "" : "|", *word, slash);
                text_puts(out, ")?");
            }
        } else if (*p == '{') {
            text_puts(out, "[^/?%]+");
            p = strchr(p, '}');
        } else {
            if (strchr(".+*?()[]|^$\\", *p) != NULL)
                text_putc(out, '\\');
            text_putc(out, *p);
        }
    }
    text_puts(out, face->merges_slashes ? "/*" : "/?");
}

static void put_line(struct pattern *pattern)
{
    if (pattern->alternatives.len > 0)
        text_addf(pattern->out, "    \"~^(?:%s) (?:%s)(?:\\?|$)\" %s;\n", pattern->methods,
                  text_string(&pattern->alternatives), pattern->value);
    text_clear(&pattern->alternatives);
}

static void put_row(struct pattern *pattern, const struct face *face, const struct route *route)
{
    if (pattern->alternatives.len > PATTERN_MAX)
        put_line(pattern);
    if (pattern->alternatives.len > 0)
        text_putc(&pattern->alternatives, '|');
    put_path(face, route->path, &pattern->alternatives);
}

/* Calls `visit` for each row. */
typedef void row_visit(const struct face *face, const struct route *route, void *arg);
static void each_row(const struct face *const *faces, row_visit *visit, void *arg)
{
    for (; *faces != NULL; faces++)
        for (const struct route_table *const *table = (*faces)->tables; *table != NULL; table++)
            for (size_t i = 0; i < (*table)->count; i++)
                visit(*faces, &(*table)->rows[i], arg);
}

static const struct {
    unsigned bit;
    const char *names;
} methods[] = {{METHOD_GET, "GET|HEAD"},
               {METHOD_POST, "POST"},
               {METHOD_PUT, "PUT"},
               {METHOD_DELETE, "DELETE"}};
#define METHOD_COUNT (sizeof(methods) / sizeof(methods[0]))

/* The rows of one method, and of one pool or one kind of caller. */
struct selection {
    struct pattern pattern;
    unsigned method;
    enum pool pool;
    bool is_public;
};

/* Adds the lines of those rows of a method that `visit` takes. */
static void put_selection(const struct face *const *faces, size_t method, const char *value,
                          row_visit *visit, struct selection *selection, struct text *out)
{
    selection->method = methods[method].bit;
    selection->pattern = (struct pattern){.out = out,
                                          .alternatives = {.max = 2 * PATTERN_MAX},
                                          .methods = methods[method].names,
                                          .value = value};
    each_row(faces, visit, selection);
    put_line(&selection->pattern);
    text_free(&selection->pattern.alternatives);
}

static void select_pool(const struct face *face, const struct route *route, void *arg)
{
    struct selection *selection = arg;
    if ((route->methods & selection->method) != 0 && route_pool(route) == selection->pool)
        put_row(&selection->pattern, face, route);
}

static void put_pools(const struct face *const *faces, struct text *out)
{
    text_puts(out, "map \"$request_method $request_uri\" $teller_pool {\n");
    for (size_t m = 0; m < METHOD_COUNT; m++)
        for (enum pool pool = POOL_MAIN; pool < POOL_COUNT; pool++) {
            struct selection selection = {.pool = pool};
            struct text value = TEXT(64);
            if (pool == (methods[m].bit == METHOD_GET ? POOL_READ : POOL_MAIN))
                continue; /* those are the rest */
            text_addf(&value, "teller_%s", route_pool_name(pool));
            put_selection(faces, m, text_string(&value), select_pool, &selection, out);
            text_free(&value);
        }
    text_puts(out, "    \"~^(?:GET|HEAD) [^?%]*(?:\\?|$)\" teller_read;\n"
                   "    default teller_main;\n}\n");
}

static void select_public(const struct face *face, const struct route *route, void *arg)
{
    struct selection *selection = arg;
    if ((route->methods & selection->method) != 0 &&
        (route->auth == &auth_public) == selection->is_public)
        put_row(&selection->pattern, face, route);
}

/* What anybody may call; also a path that only the worker can read. Somebody's own trades are below the
 * path of everybody's: those come first. */
static void put_public(const struct face *const *faces, struct text *out)
{
    text_puts(out, "map \"$request_method $request_uri\" $teller_public {\n");
    for (size_t m = 0; m < METHOD_COUNT; m++) {
        struct selection selection = {.is_public = false};
        put_selection(faces, m, "\"\"", select_public, &selection, out);
        selection.is_public = true;
        put_selection(faces, m, "1", select_public, &selection, out);
    }
    text_puts(out, "    \"~^[^?]*%\" 1;\n    default \"\";\n}\n");
}

static void select_kept(const struct face *face, const struct route *route, void *arg)
{
    if (route->cache != CACHE_NO_STORE && (route->methods & METHOD_GET) != 0)
        put_row(arg, face, route);
}

/* What is kept for everybody, and whether an answer depends on more than the path. */
static void put_cache(const struct face *const *faces, struct text *out)
{
    struct pattern pattern = {.out = out,
                              .alternatives = {.max = 2 * PATTERN_MAX},
                              .methods = "GET|HEAD",
                              .value = "teller_public"};
    text_puts(out, "map \"$request_method $request_uri\" $teller_kept {\n");
    each_row(faces, select_kept, &pattern);
    put_line(&pattern);
    text_free(&pattern.alternatives);
    text_puts(out, "    default off;\n}\n");
}

/* The names of all parameters of what is kept, each once. */
#define NAMES_MAX 64
struct names {
    char at[NAMES_MAX][ROUTE_NAME_MAX];
    size_t count;
};

static void add_name(const char *name, void *arg)
{
    struct names *names = arg;
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->at[i], name) == 0)
            return;
    if (names->count < NAMES_MAX)
        text_copy(names->at[names->count++], ROUTE_NAME_MAX, name);
}

static void collect_names(const struct face *face, const struct route *route, void *arg)
{
    (void)face;
    if (route->cache != CACHE_NO_STORE)
        route_each_parameter(route, add_name, arg);
}

/* The part of the query by which an answer is kept: the parameters that some kept route reads, and v1's
 * raw and pretty. What is spelt with percent or plus signs is kept as it stands: only the worker knows
 * what it means. So is what gives a parameter twice, which the worker refuses. */
static void put_key(const struct face *const *faces, struct text *out)
{
    struct names names = {.count = 0};
    add_name("raw", &names);
    add_name("pretty", &names);
    each_row(faces, collect_names, &names);
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.at[i];
        text_addf(out, "map $args $teller_arg_%s {\n", name);
        text_addf(out, "    \"~(?:^|&)%s=(?<teller_v_%s>[^&]*)\" \"=$teller_v_%s\";\n", name, name,
                  name);
        text_addf(out, "    \"~(?:^|&)%s(?:&|$)\" \"=\";\n    default \"\";\n}\n", name);
    }
    text_puts(out, "map $args $teller_kept_args {\n    \"~[%+]\" $args;\n    \"~(?:^|&)(");
    for (size_t i = 0; i < names.count; i++)
        text_addf(out, "%s%s", i == 0 ? "" : "|", names.at[i]);
    text_puts(out, ")(?:=[^&]*)?&(?:.*&)?\\1(?:=|&|$)\" $args;\n    default \"");
    for (size_t i = 0; i < names.count; i++)
        text_addf(out, "&$teller_arg_%s", names.at[i]);
    text_puts(out, "\";\n}\n");
}

/* A request line that nginx cannot take leaves no $request_uri: then its own words are looked at. */
static void put_faces(const struct face *const *faces, struct text *out)
{
    text_puts(out, "map \"$request_uri $request\" $teller_face {\n");
    for (const struct face *const *face = faces; *face != NULL; face++)
        for (const char *const *prefix = (*face)->prefixes; *prefix != NULL; prefix++)
            if ((*prefix)[0] != '\0')
                text_addf(out, "    \"~^(?: [^ ]+ )?%s(?:[/? ]|$)\" %s;\n", *prefix, (*face)->name);
    for (const struct face *const *face = faces; *face != NULL; face++)
        if (face_takes(*face, "") == 0)
            text_addf(out, "    default %s;\n", (*face)->name);
    text_puts(out, "}\n");
}

/* A face's answer as a word of nginx's configuration. */
static void put_quoted(const char *text, struct text *out)
{
    text_putc(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            text_putc(out, '\\');
        text_putc(out, *text);
    }
    text_putc(out, '\'');
}

/* The body that a face has for an error, and its status.
 * detail  words instead of the face's, or NULL */
static int put_answer(const struct face *face, enum err rc, const char *detail, struct text *out)
{
    const struct request request = {.face = face, .err_detail = detail};
    struct text body = TEXT(FACE_MESSAGE_MAX);
    struct reply reply = {.writer.out = &body};
    int status = face_end(&request, rc, &reply);
    put_quoted(text_string(&body), out);
    text_free(&body);
    return status;
}

static bool is_json(const struct face *face)
{
    return strncmp(face->content_type, "application/json", strlen("application/json")) == 0;
}

/* The words of each face that speaks JSON; the others get those of the one that takes everything. */
static void put_error(const struct face *const *faces, const char *name, enum err rc,
                      const char *detail, struct text *out)
{
    text_addf(out, "map $teller_face $teller_error_%s {\n", name);
    for (; *faces != NULL; faces++) {
        if (!is_json(*faces))
            continue;
        text_addf(out, "    %s ", face_takes(*faces, "") == 0 ? "default" : (*faces)->name);
        (void)put_answer(*faces, rc, detail, out);
        text_puts(out, ";\n");
    }
    text_puts(out, "}\n");
}

static void put_errors(const struct face *const *faces, struct text *out)
{
    for (size_t i = 0; i < sizeof(own_errors) / sizeof(own_errors[0]); i++)
        put_error(faces, own_errors[i].status, own_errors[i].rc, NULL, out);
    put_error(faces, "again", ERR_NO_ANSWER, "no answer from the service, please try again", out);
    text_puts(out, "map $teller_face $teller_always_200 {\n");
    for (; *faces != NULL; faces++) {
        struct text unused = TEXT(FACE_MESSAGE_MAX);
        if (put_answer(*faces, ERR_TOO_LARGE, NULL, &unused) == 200)
            text_addf(out, "    %s 1;\n", (*faces)->name);
        text_free(&unused);
    }
    text_puts(out, "    default \"\";\n}\n");
}

void routes_nginx(const struct face *const *faces, struct text *out)
{
    text_puts(out,
              "# Written by teller-worker --routes=nginx from the worker's table of routes.\n");
    put_faces(faces, out);
    put_pools(faces, out);
    put_public(faces, out);
    put_cache(faces, out);
    put_key(faces, out);
    put_errors(faces, out);
}
