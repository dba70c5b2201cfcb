/* The statuses of a bid, as data: what each means for its money, how it is called, and who may set it
 * from where (api/desk A7).
 *
 * The money of a bid follows its stage, never the status itself:
 *
 *     none  nothing is held, nothing came in
 *     held  sum2 of the reserve is held
 *     paid  ... and sum1dc came in on its rail, or from the customer's balance
 *     done  sum2dc went out, the rest of both sides is profit, rounding and reserve
 *
 * A change of status books what lies between the two stages, either way round, in one transaction. */
#ifndef DESK_STATUS_H
#define DESK_STATUS_H

#include <stdbool.h>
#include <stdint.h>

/* X(NAME, stage, title of its page in English, in Russian, for operators), in the order of the facts. */
#define DESK_STATUSES(X)                                                                           \
    X(auto, NONE, "Draft", "Черновик", "uncreated order (draft)")                                  \
    X(new, HELD, "How to make payment", "Как оплатить", "new order")                               \
    X(coldnew, HELD, "Application pending verification", "Заявка ожидает проверки",                \
      "application pending verification")                                                          \
    X(techpay, HELD, "How to make payment", "Как оплатить", "when user entered payment section")   \
    X(payed, PAID, "Order is paid", "Заявка оплачена", "user marked order as paid")                \
    X(coldpay, PAID, "Waiting for merchant confirmation", "Ожидание подтверждения мерчанта",       \
      "waiting for merchant confirmation")                                                         \
    X(partpay, HELD, "Partial paid", "Частичная оплата", "partial paid")                           \
    X(realpay, PAID, "Order is paid", "Заявка оплачена", "paid order")                             \
    X(verify, PAID, "Order is on checking", "Заявка на проверке", "order is on checking")          \
    X(amlwait, HELD, "Waiting for aml check", "Ожидание AML проверки", "waiting for aml check")    \
    X(amlerror, HELD, "Aml check failed", "Ошибка AML проверки", "aml check failed")               \
    X(merchwait, HELD, "Waiting for details from the merchant", "Ожидание реквизитов от мерчанта", \
      "waiting for details from the merchant")                                                     \
    X(mercherror, HELD, "Error", "Ошибка", "merchant error")                                       \
    X(error, NONE, "Error", "Ошибка", "error order")                                               \
    X(payouterror, PAID, "Auto payout error", "Ошибка автовыплаты", "automatic payout error")      \
    X(scrpayerror, PAID, "Auto payout error", "Ошибка автовыплаты",                                \
      "automatic payout error (payment system API)")                                               \
    X(coldsuccess, PAID, "Waiting for automatic payments module confirmation",                     \
      "Ожидание подтверждения модуля автовыплат",                                                  \
      "waiting for automatic payment module confirmation")                                         \
    X(partpayout, PAID, "Partial payout", "Частичная выплата", "partial payout")                   \
    X(success, DONE, "The order is completed", "Заявка выполнена", "successful order")             \
    X(cancel, NONE, "Refusal of payment", "Отказ от оплаты", "cancelled order by user")            \
    X(delete, NONE, "The order is deleted", "Заявка удалена", "deleted order")

enum desk_status {
#define X(name, stage, en, ru, admin) DESK_STATUS_##name,
    DESK_STATUSES(X)
#undef X
        DESK_STATUS_COUNT
};

/* In the order of desk_bid.stage. */
enum desk_stage { DESK_STAGE_NONE, DESK_STAGE_HELD, DESK_STAGE_PAID, DESK_STAGE_DONE };

/* Who sets a status, as desk_bid_history.who has it. */
enum desk_who { DESK_CUSTOMER, DESK_OPERATOR, DESK_JOB, DESK_PAYMENT, DESK_WHO_COUNT };

/* A set of statuses: one bit each. */
typedef uint32_t desk_status_set;
#define DESK_STATUS_BIT(name) (UINT32_C(1) << DESK_STATUS_##name)

/* Where a customer sees how to pay; from where a bid may be paid out; what is under way. */
extern const desk_status_set desk_payable, desk_payout_capable, desk_active;

/* Its word on the wire, "new"; by enum desk_stage and desk_who: the words in the schema. */
extern const char *const desk_status_names[DESK_STATUS_COUNT];
extern const char *const desk_stage_names[];
extern const char *const desk_who_names[DESK_WHO_COUNT];

/* What its money does. */
enum desk_stage desk_status_stage(enum desk_status status);

/* The heading of its page. `language` is "en" or "ru"; any other counts as "en". */
const char *desk_status_title(enum desk_status status, const char *language);

/* What operators call it. */
const char *desk_status_admin_title(enum desk_status status);

/* The status of that word; false where there is none. */
bool desk_status_find(const char *name, enum desk_status *out);

/* Whether `who` may change a bid from one status to the other (a table in status.c):
 *   customer  cancel from new techpay coldnew amlwait merchwait; payed from new techpay; techpay from
 *             new; success from any but auto, where their key has that method
 *   operator  any but auto, from any but auto
 *   job       delete from whatever holds and was not paid
 *   payment   realpay from whatever holds or waits to be confirmed; delete from whatever holds
 * Where an order pays a bid in, that decides besides (desk_checkout in desk/bid.h). */
bool desk_status_may(enum desk_who who, enum desk_status from, enum desk_status to);

#endif
