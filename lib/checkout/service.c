/* Services of the house that orders are made for, and what they are told. */
#include <stdlib.h>
#include <string.h>

#include "checkout/store.h"

#define SERVICES_MAX 4

static const struct checkout_service *services[SERVICES_MAX];

void checkout_service_register(const struct checkout_service *service)
{
    size_t i = 0;

    while (i < SERVICES_MAX && services[i] != NULL && services[i] != service)
        i++;
    if (i == SERVICES_MAX)
        abort(); /* our bug */
    services[i] = service;
}

static bool is_paid(const struct checkout_order *order)
{
    return strcmp(order->status, "paid") == 0;
}

static bool is_ended(const struct checkout_order *order)
{
    return strcmp(order->status, "cancelled") == 0 || strcmp(order->status, "closed") == 0;
}

enum err checkout_tell_service(struct db *db, const struct checkout_row *row, const char *trace)
{
    const struct checkout_order *order = &row->order;

    if (row->service[0] == '\0' || !(is_paid(order) || is_ended(order)))
        return ERR_OK;
    for (size_t i = 0; i < SERVICES_MAX && services[i] != NULL; i++)
        if (strcmp(services[i]->name, row->service) == 0)
            return (is_paid(order) ? services[i]->paid : services[i]->ended)(db, order, trace);
    return ERR_INTERNAL; /* this process does not know it: nothing is changed behind its back */
}

enum err checkout_run(struct db *db, struct db_packet *packet, const struct checkout_row *row,
                      const char *trace)
{
    enum err rc = db_packet_run(db, packet, NULL, 0);
    return rc == ERR_OK ? checkout_tell_service(db, row, trace) : rc;
}

enum err checkout_commit(struct db *db, struct db_packet *packet, const struct checkout_row *row,
                         const char *trace)
{
    return row->service[0] == '\0' ? db_packet_commit(db, packet, NULL, 0)
                                   : checkout_run(db, packet, row, trace);
}
