/* The routes of the rate feeds. Their queries are not read: lang, vers and hcron change nothing. */
#include "fcgi/feed/feed.h"

#include <string.h>

#include "fcgi/feed/face.h"

/* Seconds after a change in which a file has no time by which to ask for it again: there may be another
 * one in the same second, or one that began before it and is not there yet. */
#define SETTLED_S 3

bool feed_tells(const struct desk_direction *direction, struct feed_item *out)
{
    out->direction = direction;
    return direction->in_feed && direction->state == DESK_ON &&
           desk_is_shown(direction, DESK_FOR_ALL) && desk_offer(direction, &out->offer) == ERR_OK;
}

void feed_each_label(const char *labels, void (*put)(const char *word, size_t len, void *arg),
                     void *arg)
{
    while (*labels != '\0') {
        size_t len = strcspn(labels, ",");
        if (len > 0)
            put(labels, len, arg);
        labels += len;
        labels += *labels == ',';
    }
}

static enum err answer(struct request *request, struct reply *reply, feed_write *write,
                       const char *maintenance)
{
    const struct desk_board *board;

    enum err rc = desk_board_take(request->db, &board);
    if (rc != ERR_OK)
        return rc;
    if (board->maintenance)
        text_puts(reply->writer.out, maintenance);
    else
        write(board, reply->writer.out);
    if (board->at - board->changed >= SETTLED_S)
        reply->modified_s = board->changed;
    desk_board_give(board);
    return ERR_OK;
}

#define XML_MAINTENANCE "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<error>Maintenance</error>\n"

static enum err handle_xml_1_0(struct request *request, struct reply *reply)
{
    return answer(request, reply, feed_xml_1_0, XML_MAINTENANCE);
}

static enum err handle_xml_1_1(struct request *request, struct reply *reply)
{
    return answer(request, reply, feed_xml_1_1, XML_MAINTENANCE);
}

static enum err handle_txt(struct request *request, struct reply *reply)
{
    return answer(request, reply, feed_txt, "Maintenance\n");
}

static enum err handle_json(struct request *request, struct reply *reply)
{
    return answer(request, reply, feed_json, "{\"error\":\"Maintenance\"}\n");
}

#define FEED_ROUTE(route_path, type, function, words)                                              \
    {                                                                                              \
        .methods = METHOD_GET, .path = (route_path), .auth = &auth_public, .effect = EFFECT_READS, \
        .cache = CACHE_PUBLIC_1S, .content_type = type "; charset=utf-8", .handler = (function),   \
        .help = (words)                                                                            \
    }

static const struct route rows[] = {
    FEED_ROUTE("/request-exportxml.xml", "text/xml", handle_xml_1_0,
               "Rates for monitoring sites, XML 1.0."),
    FEED_ROUTE("/exportxml.xml", "text/xml", handle_xml_1_0, "The same as request-exportxml.xml."),
    FEED_ROUTE("/request-exportnewxml.xml", "text/xml", handle_xml_1_1,
               "Rates for monitoring sites, XML 1.1."),
    FEED_ROUTE("/request-exporttxt.txt", "text/plain", handle_txt,
               "Rates for monitoring sites, a line each: from;to;in;out;amount;city;"
               " and nothing else."),
    FEED_ROUTE("/request-exportjson.json", "application/json", handle_json,
               "Rates for monitoring sites, JSON."),
};
ROUTE_TABLE(routes_feed, rows);
