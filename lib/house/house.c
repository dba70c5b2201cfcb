/* The domains, for the floors below that know none. */
#include "house/house.h"

#include "checkout/checkout.h"
#include "db/archive.h"
#include "deal/deal.h"
#include "deposit/deposit.h"
#include "desk/bid.h"
#include "ledger/audit.h"
#include "ledger/history.h"
#include "ledger/post.h"
#include "ledger/sql.h"
#include "market/line.h"
#include "market/market.h"
#include "notify/notify.h"
#include "notify/sql.h"
#include "payout/payout.h"
#include "rail/bitcoin_wallet.h"
#include "rail/ethereum_send.h"
#include "ticket/ticket.h"
#include "wallet/wallet.h"

void house_register(void)
{
    audit_register(&ledger_audit);
    audit_register(&ticket_audit);
    audit_register(&checkout_audit);
    audit_register(&market_audit);
    audit_register(&desk_audit);
    audit_register(&deal_audit);
    deal_register();
    audit_register(&deposit_audit);
    audit_register(&payout_audit);
    payout_rail_register(&bitcoin_payout_rail);
    audit_register(&wallet_audit);
    payout_rail_register(&ethereum_rail);
    archive_register(&market_archive);
    archive_register(&notify_archive);
    ledger_words_register(&market_words);
    ledger_tell_journals(NOTIFY_SQL_STREAM_JOURNAL(LEDGER_SQL_JOURNAL));
}
