/* The table of statuses and of the ways between them. */
#include "desk/status.h"

#include <stddef.h>
#include <string.h>

static const struct {
    enum desk_stage stage;
    const char *en, *ru, *admin;
} statuses[DESK_STATUS_COUNT] = {
#define X(name, where, english, russian, operators) \
    [DESK_STATUS_##name] = {DESK_STAGE_##where, english, russian, operators},
    DESK_STATUSES(X)
#undef X
};

const char *const desk_status_names[DESK_STATUS_COUNT] = {
#define X(name, where, english, russian, operators) [DESK_STATUS_##name] = #name,
    DESK_STATUSES(X)
#undef X
};

const char *const desk_stage_names[] = {"none", "held", "paid", "done"};
const char *const desk_who_names[DESK_WHO_COUNT] = {"customer", "operator", "job", "payment"};

#define BIT(name) DESK_STATUS_BIT(name)

const desk_status_set desk_payable = BIT(new) | BIT(techpay);
const desk_status_set desk_payout_capable =
    BIT(payed) | BIT(coldpay) | BIT(partpay) | BIT(realpay) | BIT(verify);
const desk_status_set desk_active = BIT(coldnew) | BIT(new) | BIT(techpay) | BIT(payed) |
                                    BIT(coldpay) | BIT(partpay) | BIT(amlwait) | BIT(amlerror) |
                                    BIT(merchwait) | BIT(mercherror);

#define EXISTING (((UINT32_C(1) << DESK_STATUS_COUNT) - 1) & ~BIT(auto))
#define HOLDING                                                                             \
    (BIT(new) | BIT(coldnew) | BIT(techpay) | BIT(partpay) | BIT(amlwait) | BIT(amlerror) | \
     BIT(merchwait) | BIT(mercherror))

/* Who may set what, from where. */
static const struct {
    enum desk_who who;
    desk_status_set to, from;
} ways[] = {
    {DESK_CUSTOMER, BIT(cancel),
     BIT(new) | BIT(techpay) | BIT(coldnew) | BIT(amlwait) | BIT(merchwait)},
    {DESK_CUSTOMER, BIT(payed), BIT(new) | BIT(techpay)},
    {DESK_CUSTOMER, BIT(techpay), BIT(new)},
    {DESK_CUSTOMER, BIT(success), EXISTING},
    {DESK_OPERATOR, EXISTING, EXISTING},
    {DESK_JOB, BIT(delete), HOLDING},
    {DESK_PAYMENT, BIT(realpay), HOLDING | BIT(payed) | BIT(coldpay)},
    {DESK_PAYMENT, BIT(delete), HOLDING},
};

enum desk_stage desk_status_stage(enum desk_status status)
{
    return statuses[status].stage;
}

const char *desk_status_title(enum desk_status status, const char *language)
{
    return strcmp(language, "ru") == 0 ? statuses[status].ru : statuses[status].en;
}

const char *desk_status_admin_title(enum desk_status status)
{
    return statuses[status].admin;
}

bool desk_status_find(const char *name, enum desk_status *out)
{
    for (int i = 0; i < DESK_STATUS_COUNT; i++)
        if (strcmp(desk_status_names[i], name) == 0) {
            *out = (enum desk_status)i;
            return true;
        }
    return false;
}

bool desk_status_may(enum desk_who who, enum desk_status from, enum desk_status to)
{
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (ways[i].who == who && (ways[i].to >> to & 1) != 0 && (ways[i].from >> from & 1) != 0)
            return true;
    return false;
}
