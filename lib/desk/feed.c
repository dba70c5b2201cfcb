/* Finding a rate in what a feed answers: JSON by json-c, XML by libxml2. Neither loads anything, and XML
 * with a document type is refused, so that no entity can grow. */
#include <json-c/json.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <stdio.h>
#include <string.h>

#include "desk/calc.h"
#include "desk/rate.h"

#define NUMBER_MAX 128 /* characters of a number */
#define PATH_MAX_BYTES 320
#define JSON_DEPTH 32

static enum err complain(struct text *problem, enum err rc, const char *words, const char *what)
{
    text_addf(problem, "%s: %s", words, what);
    return rc;
}

/* Reads a number, cut to the decimals that a rate may have. White space around it is fine. */
static enum err read_number(const char *text, const char *path, struct rate *out,
                            struct text *problem)
{
    char number[NUMBER_MAX + 1];
    size_t skipped = strspn(text, " \t\r\n"), len = strcspn(text + skipped, " \t\r\n");
    __int128 coefficient;
    unsigned scale;

    if (len == 0 || len > NUMBER_MAX)
        return complain(problem, ERR_INVALID, "no number", path);
    memcpy(number, text + skipped, len);
    number[len] = '\0';
    /* Digits beyond the last one are left off as text: they are below what any rate can say. */
    char *point = strchr(number, '.');
    if (point != NULL && strpbrk(number, "eE") == NULL && strlen(point + 1) > DESK_RATE_SCALE_MAX)
        point[1 + DESK_RATE_SCALE_MAX] = '\0';
    if (decimal_parse(number, strlen(number), DESK_RATE_SCALE_MAX, &coefficient, &scale) !=
            ERR_OK ||
        coefficient <= 0)
        return complain(problem, ERR_INVALID, "no number above zero", path);
    *out = (struct rate){.coefficient = coefficient, .scale = (uint8_t)scale};
    return ERR_OK;
}

/* The member or item that a part of a path names. */
static struct json_object *step_into(struct json_object *at, const char *name)
{
    struct json_object *found = NULL;
    int64_t number;

    if (json_object_is_type(at, json_type_array))
        return text_to_number(name, 0, INT32_MAX, &number)
                   ? json_object_array_get_idx(at, (size_t)number)
                   : NULL;
    return json_object_is_type(at, json_type_object) && json_object_object_get_ex(at, name, &found)
               ? found
               : NULL;
}

static enum err find_json(const char *body, size_t len, const char *path, struct rate *out,
                          struct text *problem)
{
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH);
    char parts[PATH_MAX_BYTES], *rest = parts, *name;
    enum err rc = ERR_OK;

    if (tokener == NULL)
        return ERR_NO_MEMORY;
    struct json_object *root = json_tokener_parse_ex(tokener, body, (int)len), *at = root;
    if (json_tokener_get_error(tokener) != json_tokener_success)
        rc = complain(problem, ERR_MALFORMED, "not JSON",
                      json_tokener_error_desc(json_tokener_get_error(tokener)));
    text_copy(parts, sizeof(parts), path);
    while (rc == ERR_OK && at != NULL && (name = strsep(&rest, ".")) != NULL)
        at = step_into(at, name);
    if (rc == ERR_OK && at == NULL)
        rc = complain(problem, ERR_NOT_FOUND, "nothing at", path);
    if (rc == ERR_OK)
        rc = read_number(json_object_get_string(at), path, out, problem);
    json_object_put(root);
    json_tokener_free(tokener);
    return rc;
}

/* Nothing is written to standard error. */
static void keep_quiet(void *arg, const char *format, ...)
{
    (void)arg, (void)format;
}

static enum err read_xml(const char *body, size_t len, xmlDocPtr *out, struct text *problem)
{
    xmlSetGenericErrorFunc(NULL, keep_quiet);
    *out = xmlReadMemory(body, (int)len, NULL, NULL,
                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (*out == NULL)
        return complain(problem, ERR_MALFORMED, "not XML", "cannot be parsed");
    return xmlGetIntSubset(*out) == NULL
               ? ERR_OK
               : complain(problem, ERR_MALFORMED, "not XML", "it has a document type");
}

/* The string of an XPath expression, as a number. */
static enum err find_at(xmlXPathContextPtr context, const char *expression, const char *path,
                        struct rate *out, struct text *problem)
{
    xmlXPathObjectPtr found = xmlXPathEval((const xmlChar *)expression, context);
    enum err rc = ERR_OK;

    if (found == NULL)
        rc = complain(problem, ERR_INVALID, "not an XPath expression", path);
    else if (found->type == XPATH_NODESET &&
             (found->nodesetval == NULL || found->nodesetval->nodeNr == 0))
        rc = complain(problem, ERR_NOT_FOUND, "nothing at", path);
    if (rc == ERR_OK) {
        xmlChar *text = xmlXPathCastToString(found);
        rc = text == NULL ? ERR_NO_MEMORY : read_number((const char *)text, path, out, problem);
        xmlFree(text);
    }
    xmlXPathFreeObject(found);
    return rc;
}

/* Codes go into an expression of ours: only what cannot end a string there. */
static bool is_code(const char *text, size_t len)
{
    return len > 0 && len <= 24 &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") >= len;
}

static enum err find_ecb(xmlXPathContextPtr context, const char *path, struct desk_worth *out,
                         struct text *problem)
{
    char expression[128];

    if (!is_code(path, strlen(path)))
        return complain(problem, ERR_INVALID, "not a currency", path);
    snprintf(expression, sizeof(expression), "//*[@currency='%s']/@rate", path);
    return find_at(context, expression, path, &out->get, problem);
}

static enum err find_bestchange(xmlXPathContextPtr context, const char *path,
                                struct desk_worth *out, struct text *problem)
{
    const char *slash = strchr(path, '/');
    size_t from = slash == NULL ? 0 : (size_t)(slash - path);
    char expression[160];

    if (slash == NULL || !is_code(path, from) || !is_code(slash + 1, strlen(slash + 1)))
        return complain(problem, ERR_INVALID, "not FROM/TO", path);
    snprintf(expression, sizeof(expression), "//item[from='%.*s'][to='%s'][1]/in", (int)from, path,
             slash + 1);
    enum err rc = find_at(context, expression, path, &out->give, problem);
    if (rc != ERR_OK)
        return rc;
    snprintf(expression, sizeof(expression), "//item[from='%.*s'][to='%s'][1]/out", (int)from, path,
             slash + 1);
    return find_at(context, expression, path, &out->get, problem);
}

static enum err find_in_xml(const char *format, const char *body, size_t len, const char *path,
                            struct desk_worth *out, struct text *problem)
{
    xmlDocPtr document = NULL;
    xmlXPathContextPtr context = NULL;

    enum err rc = read_xml(body, len, &document, problem);
    if (rc == ERR_OK) {
        context = xmlXPathNewContext(document);
        rc = context == NULL ? ERR_NO_MEMORY : ERR_OK;
    }
    if (rc == ERR_OK && strcmp(format, "ecb") == 0)
        rc = find_ecb(context, path, out, problem);
    else if (rc == ERR_OK && strcmp(format, "bestchange") == 0)
        rc = find_bestchange(context, path, out, problem);
    else if (rc == ERR_OK)
        rc = find_at(context, path, path, &out->get, problem);
    xmlXPathFreeContext(context);
    xmlFreeDoc(document);
    return rc;
}

static enum err find_coinbase(const char *body, size_t len, const char *path,
                              struct desk_worth *out, struct text *problem)
{
    char full[PATH_MAX_BYTES];

    snprintf(full, sizeof(full), "data.rates.%s", path);
    return find_json(body, len, full, &out->get, problem);
}

enum err desk_feed_find(const char *format, const char *body, size_t len, const char *path,
                        struct desk_worth *out, struct text *problem)
{
    struct desk_worth worth = {.give = {.coefficient = 1}, .get = {.coefficient = 1}};
    bool json = strcmp(format, "json") == 0, xml = strcmp(format, "xml") == 0;
    bool inverse = (json || xml) && strncmp(path, "1/", 2) == 0;
    enum err rc;

    if (len > DESK_FEED_BODY_MAX || strlen(path) >= PATH_MAX_BYTES - 16)
        return complain(problem, ERR_MALFORMED, "too large", path);
    if (inverse)
        path += 2;
    if (json)
        rc = find_json(body, len, path, &worth.get, problem);
    else if (strcmp(format, "coinbase") == 0)
        rc = find_coinbase(body, len, path, &worth, problem);
    else
        rc = find_in_xml(format, body, len, path, &worth, problem);
    if (rc != ERR_OK)
        return rc;
    *out = inverse ? (struct desk_worth){.give = worth.get, .get = worth.give} : worth;
    return ERR_OK;
}
