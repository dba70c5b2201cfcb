/* Pieces of SQL about the market's tables for the stream, which tells of them, to be named as tables:
 * the server merges them into the statement around. */
#ifndef MARKET_SQL_H
#define MARKET_SQL_H

#define MARKET_SQL_MARKETS "(SELECT id, item_id, currency_id FROM market)"
#define MARKET_SQL_ORDERS                                                              \
    "(SELECT id, oid, user_id, side, price, stop_price, fee_percent, created_at FROM " \
    "market_order)"
#define MARKET_SQL_TRADES                                                                         \
    "(SELECT market_id, tid, journal_id, bid_id, ask_id, buyer_id, seller_id, taker, at_market, " \
    "price, amount FROM trade)"

#endif
