// Small wrong changes in what moves or guards money. `from` stands once in the file; `to` is wrong.
// `notice`: the parts of which one must fail, the quickest first: what tests/run takes as TESTS, then
// the names that SUITES (C programs) or FILES (scripts) take.
// A domain that is added brings its own.

const money = [
  ['amount_add mixes currencies', 'lib/money/amount.c',
    'if (a.currency != b.currency)\n        return ERR_CURRENCY_MISMATCH;\n    if (__builtin_add_overflow',
    'if (__builtin_add_overflow', ['unit amount']],
  ['amount_sub takes no notice of the range', 'lib/money/amount.c',
    '__builtin_sub_overflow(a.units, b.units, &difference) || !decimal_in_range(difference)',
    '__builtin_sub_overflow(a.units, b.units, &difference)', ['unit amount']],
  ['amount_compare is turned round', 'lib/money/amount.c', '(a.units > b.units) - (a.units < b.units)',
    '(a.units < b.units) - (a.units > b.units)', ['unit amount']],
  ['an amount loses a factor of ten', 'lib/money/amount.c', 'decimal_power(currency->decimals - scale)',
    'decimal_power(currency->decimals - scale + (scale == 1))', ['unit amount']],
  ['ROUND_UP rounds down', 'lib/money/rate.c', 'case ROUND_UP:\n        return true;', 'case ROUND_UP:\n        return false;', ['unit rate']],
  ['half up leaves the half', 'lib/money/rate.c', 'return half >= 0;', 'return half > 0;', ['unit rate']],
  ['half even takes the odd', 'lib/money/rate.c', '(half == 0 && mpz_odd_p(quotient))', '(half == 0 && mpz_even_p(quotient))', ['unit rate']],
  ['a negative quotient is rounded the other way', 'lib/money/rate.c', 'mpz_sub_ui(quotient, quotient, 1);', 'mpz_add_ui(quotient, quotient, 1);', ['unit rate']],
];

const fills = [
  ['a seller earns the cost rounded up', 'lib/market/fill_math.c', 'return amount * price / whole;\n', 'return (amount * price + whole - 1) / whole;\n', ['db matching', 'model']],
  ['a buyer spends the cost rounded down', 'lib/market/fill_math.c', 'return (amount * price + whole - 1) / whole;', 'return amount * price / whole;', ['unit', 'db matching']],
  ['a fee loses its fraction', 'lib/market/fill_math.c', 'amount % FILL_PERCENT_WHOLE * percent / FILL_PERCENT_WHOLE;', '0;', ['unit', 'db matching']],
  ['what can be spent is one more', 'lib/market/fill_math.c', '(rest - 1) / parts : -1', 'rest / parts : 0', ['unit', 'db matching']],
  ['a bid holds no fee', 'lib/market/fill_math.c', 'return cost + fill_fee(cost, percent);', 'return cost + 0 * fill_fee(cost, percent);', ['unit', 'db matching']],
];

const matching = [
  ['a change of a hold reserves nothing', 'lib/market/match.c', 'order->pays->reserved += hold - order->hold;', 'order->pays->reserved += 0;', ['db matching']],
  ['free money counts what is reserved', 'lib/market/match.c', 'return order->pays->balance - order->pays->reserved;', 'return order->pays->balance;', ['db market', 'db matching']],
  ['a funded part below the least amount rests', 'lib/market/match.c', ' || (funded < order->remaining && funded < rules->min_amount.units)', '', ['db market']],
  ['a funded part is not cut to the step', 'lib/market/match.c', 'funded -= funded % rules->amount_step.units;', 'funded -= 0;', ['db market', 'db matching']],
  ['a cancelled order keeps its hold', 'lib/market/match.c', 'order->changed = true;\n    reserve(order, 0);\n    if (open)', 'order->changed = true;\n    if (open)', ['db market']],
  ['one live order too many', 'lib/market/match.c', '->live < book->orders_max;', '->live <= book->orders_max;', ['db change']],
  ['an order that ends is counted on', 'lib/market/match.c', 'order->pays->live--;', '', ['db change']],
  ['a change does not count the ones before it', 'lib/market/match.c', 'book_placer(book, change->user_id)->live++;', '', ['db change']],
  ["a step of the fees takes no notice of the same transaction", 'lib/market/book.c', 'fee->volume <= traded->month + traded->added', 'fee->volume <= traded->month', ['db change', 'db matching']],
  ["a step of the fees begins behind its volume", 'lib/market/book.c', 'fee->volume <= traded->month + traded->added', 'fee->volume < traded->month + traded->added', ['db matching', 'db change']],
  ['a fee on top is taken of the item', 'lib/market/match.c', 'bid->fiat_fee ? 0 : fill->buyer_fee;', 'fill->buyer_fee;', ['db matching']],
  ["the seller's fee is not booked", 'lib/market/match.c', 'post_fee(book, fill, ask->gains, -fill->seller_fee);', 'post_fee(book, fill, ask->gains, 0);', ['db matching']],
  ["the seller's fee is the buyer's", 'lib/market/match.c', 'fill_fee(fill->earned, ask->percent)', 'fill_fee(fill->earned, bid->percent)', ['db matching', 'model']],
  ['rounding goes nowhere', 'lib/market/match.c', 'if (fill->spent > fill->earned)', 'if (fill->spent > fill->earned + 1)', ['db matching']],
  ['a bid spends more than a fill takes off its hold', 'lib/market/match.c', 'fill->spent = least_of(fill->spent, before - left);', 'fill->spent = least_of(fill->spent, before - left + fill->spent);', ['db matching', 'model']],
  ['a fill releases too little', 'lib/market/match.c', 'release = bid->hold - left - fill_fee(left, on_top(bid));', 'release = fill->spent;', ['db matching', 'model']],
  ['a maker with a rest is done', 'lib/market/match.c', 'if (maker->remaining == 0)\n        end_order', 'if (maker->funded == 0)\n        end_order', ['db market', 'model']],
  ['stops of bids trigger at the low', 'lib/market/match.c', 'order->stop > high : order->stop < low', 'order->stop > low : order->stop < high', ['db market', 'model']],
  ['a stop at its price does not trigger', 'lib/market/match.c', 'order->stop > high : order->stop < low', 'order->stop >= high : order->stop <= low', ['db market']],
  ['an own order is traded with', 'lib/market/match.c', 'if (maker->user_id == order->user_id) {', 'if (maker->user_id == order->user_id + 1) {', ['db matching']],
  ['a bid takes dearer asks', 'lib/market/match.c', 'price <= order->price : price >= order->price', 'price <= order->price + 1 : price >= order->price', ['db matching', 'model']],
  ['an ask takes cheaper bids', 'lib/market/match.c', 'price <= order->price : price >= order->price', 'price <= order->price : price >= order->price - 1', ['db matching', 'model']],
  ['a market order keeps its hold', 'lib/market/match.c', 'reserve(order, 0);\n        order->funded = 0;', 'order->funded = 0;', ['db matching', 'model']],
  ['a halted market takes orders', 'lib/market/match.c', 'if (market->halted)\n        return ERR_MARKET_HALTED;', '', ['db matching', 'db market']],
  ['too little is taken', 'lib/market/match.c', 'if (change->amount < rules->min_amount.units)', 'if (change->amount < rules->min_amount.units - 10)', ['db matching']],
  ['an amount off the step is taken', 'lib/market/match.c', 'if (change->amount % rules->amount_step.units != 0)\n        return ERR_AMOUNT_STEP;', '', ['db matching']],
  ["somebody else's order is cancelled", 'lib/market/match.c', 'change->kind == MARKET_CANCEL && order->user_id == change->user_id', 'change->kind == MARKET_CANCEL', ['db market', 'db change']],
];

const sales = [
  ['a quote has no margin', 'lib/sale/sale.c', '.coefficient = 5, .scale = 1', '.coefficient = 0, .scale = 1', ['db sale']],
  ["a leg's gross is rounded up", 'lib/market/convert.c', 'rate_apply(walk->left, all, kept, market->currency, ROUND_DOWN, &gross)', 'rate_apply(walk->left, all, kept, market->currency, ROUND_UP, &gross)', ['db sale']],
  ["a leg's part is rounded down", 'lib/market/convert.c', 'rate_apply(gross, one, price, market->item, ROUND_UP, part)', 'rate_apply(gross, one, price, market->item, ROUND_DOWN, part)', ['db sale']],
  ['a leg is not rounded up to the step', 'lib/market/convert.c', 'if (rc == ERR_OK && !buys)\n        rc = round_to_step(market, &leg->amount);', '', ['db sale']],
  ['a quote does not expire', 'lib/checkout/payment.c', 'if (rc == ERR_OK && expired)', 'if (rc == ERR_OK && expired && user_id < 0)', ['db sale']],
  ['a quote is used twice', 'lib/checkout/payment.c', '"DELETE FROM checkout_quote WHERE id = ?"', '"DELETE FROM checkout_quote WHERE id = ? AND FALSE"', ['db sale']],
  ['what is sold at once is off the step', 'lib/market/convert.c', 'amount.units -= amount.units % market->amount_step.units;\n    *unsold', '*unsold', ['db sale']],
  ['autosell sells to the bid below its floor', 'lib/market/convert.c', 'list[i].price.units < floor.units', 'list[i].price.units < floor.units - floor.units / 50', ['db sale']],
  ['autosell does not sell at its floor', 'lib/market/convert.c', 'list[i].price.units < floor.units', 'list[i].price.units <= floor.units', ['db sale']],
  ['one hour is enough for a reference', 'lib/market/convert.c', 'count < MARKET_REFERENCE_HOURS_MIN', 'count == 0', ['db sale']],
  ['the last price alone is the reference', 'lib/market/convert.c', 'last.units > median.units ? last : median', 'last.units > 0 ? last : median', ['db sale']],
  ['the last price is no reference', 'lib/market/convert.c', 'last.units > median.units ? last : median', 'last.units < 0 ? last : median', ['db sale']],
  ['what a quote paid is no reference', 'lib/sale/sale.c', 'quoted.units > kept->reference.units', 'false', ['db sale']],
  ['autosell sells where nothing says what is fair', 'lib/sale/sale.c', 'if (rc != ERR_OK || !found)', 'if (rc != ERR_OK)', ['db sale']],
  ['what is kept is not written down', 'lib/sale/sale.c', 'kept.amount.units > 0\n', 'kept.amount.units < 0\n', ['db sale']],
];

const ledger = [
  ['a posting need not be balanced', 'lib/ledger/post.c', 'if (sum.units != 0)\n            return false;', '', ['db ledger']],
  ['a posting without legs is one', 'lib/ledger/post.c', 'return posting->leg_count > 0;', 'return true;', ['db ledger']],
  ['an entry has the balance of the last one', 'lib/ledger/post.c', 'account->units -= leg->amount.units;', '', ['db ledger']],
  ['entries of one posting have one number', 'lib/ledger/post.c', 'account->legs--;', '', ['db ledger']],
  ['a hold ends twice', 'lib/ledger/post.c', "AND ref = ? AND state = 'open' \"", 'AND ref = ? "', ['db ledger']],
  ['a part of a hold is captured', 'lib/ledger/post.c', 'AND account_id = ? AND amount = ?', 'AND account_id = ? AND amount >= ?', ['db ledger']],
  ['what is captured is called released', 'lib/ledger/post.c', 'end_hold(posting, hold, "captured", to, type, info);', 'end_hold(posting, hold, "released", to, type, info);', ['db ledger']],
  ['what is released is called captured', 'lib/ledger/post.c', 'end_hold(posting, hold, "released", to, type, info);', 'end_hold(posting, hold, "captured", to, type, info);', ['db ledger']],
  ['a hold that does not fit is no matter', 'lib/ledger/post.c', 'db_packet_expect(packet, 1, ERR_DB_CONTENDED);', '', ['db ledger']],
  ['a request posts twice', 'lib/ledger/post.c', 'db_u64(i), db_i128(list[i].units)));', 'db_u64(i), db_i128(2 * list[i].units)));', ['db ledger']],
  ['a limit is over when it is reached', 'lib/ledger/limit.c', 'use->amount.units > limits->max[period]', 'use->amount.units >= limits->max[period]', ['db ledger', 'db ticket']],
  ['a single limit is none', 'lib/ledger/limit.c', 'for (enum ledger_period period = LEDGER_SINGLE; period < LEDGER_PERIODS; period++)\n        if (!limits->ruled', 'for (enum ledger_period period = LEDGER_DAY; period < LEDGER_PERIODS; period++)\n        if (!limits->ruled', ['db ledger']],
  ['a limit that is none limits', 'lib/ledger/limit.c', '(!limits->none[period] &&\n', '(\n', ['db ledger']],
  ['a day never ends', 'lib/ledger/limit.c', 'strncmp(limits->day, limits->today, same) != 0', 'strncmp(limits->day, limits->today, same) == 1000', ['db ticket']],
  ['a month is a year', 'lib/ledger/limit.c', 'sizeof("YYYY-MM") - 1', 'sizeof("YYYY") - 1', ['db ticket']],
  ['the day of a use before is forgotten', 'lib/ledger/limit.c', 'db_i128(used_in(limits, LEDGER_DAY) + use->amount.units)', 'db_i128(use->amount.units)', ['db ledger', 'db ticket']],
  ['the month of a use before is forgotten', 'lib/ledger/limit.c', 'db_i128(used_in(limits, LEDGER_MONTH) + use->amount.units)', 'db_i128(use->amount.units)', ['db ledger', 'db ticket']],
  ['a use of another day is given back today', 'lib/ledger/limit.c', 'IF(c.day = u.day, u.amount, 0)', 'u.amount', ['db ticket']],
  ['a use of another month is given back', 'lib/ledger/limit.c', 'AND LAST_DAY(c.day) = LAST_DAY(u.day)', '', ['db ticket']],
  ['a use is given back twice', 'lib/ledger/limit.c', 'AND NOT u.given_back AND', 'AND', ['db ledger']],
  ['the rest that is shown falls below zero', 'lib/ledger/ledger.c', 'limit.max.units > used ? limit.max.units - used : 0', 'limit.max.units - used', ['db ticket']],
  ['what was used this month is shown for today', 'lib/ledger/ledger.c', 'is_now(row, info, sizeof("YYYY-MM-DD") - 1)', 'is_now(row, info, sizeof("YYYY-MM") - 1)', ['db info', 'db ticket']],
  ['a fee is shown before its volume', 'lib/market/trader_store.c', 'fees[i].from > volume', 'fees[i].from > volume + 1', ['db info']],
  ['a fee is shown behind its volume', 'lib/market/trader_store.c', 'fees[i].from > volume', 'fees[i].from >= volume', ['db info']],
];

const tickets = [
  ['an expired ticket is settled', 'lib/ticket/ticket_store.c', "AND t.expires_at <= NOW(6), 'expired'", "AND FALSE, 'expired'", ['db ticket']],
  ['any key opens a ticket', 'lib/ticket/ticket.c', 'sizeof(key_hash)) ? ERR_OK : ERR_TICKET_KEY;', 'sizeof(key_hash)) ? ERR_OK : ERR_OK;', ['db ticket']],
  ["anybody's ticket is one's own", 'lib/ticket/ticket.c', 'row->ticket.customer_id : row->partner_user_id) != user_id)', 'row->ticket.customer_id : row->partner_user_id) != user_id && user_id < 0)', ['db ticket']],
  ['what was refunded is settled', 'lib/ticket/ticket.c', 'ticket->settled != 0 && !has_status(change, "refunded")', 'ticket->settled != 0', ['db ticket']],
  ['settling again is refused', 'lib/ticket/ticket.c', 'ticket->settled != 0 && !has_status(change, "refunded")', 'false', ['db ticket']],
  ['a refund keeps what the limits count', 'lib/ticket/ticket.c', 'ledger_limits_give_back(&change->packet, TICKET_HOLD, &row->ticket.id);', '', ['db ticket']],
  ['a release keeps what the limits count', 'lib/ticket/ticket.c', 'ledger_limits_give_back(packet, TICKET_HOLD, &row->ticket.id);', '', ['db ticket']],
  ['a settled ticket is rejected', 'lib/ticket/ticket.c', 'if (!has_status(change, "open"))\n        return refuse(change);\n    snprintf(why', 'snprintf(why', ['db ticket']],
  ['a partner withdraws through itself', 'lib/ticket/ticket_create.c', 'if (offer->partner_user_id == creation->actor->user_id)\n        return ERR_PARTNER_SELF;', '', ['db ticket']],
  ['an unverified customer is served', 'lib/ticket/ticket_create.c', 'offer->verified_only && strcmp', 'false && strcmp', ['db ticket']],
  ['a one-time password is not asked for', 'lib/ticket/ticket_create.c', 'offer->otp_required && creation->order->otp.device_id == 0', 'false', ['db ticket']],
  ['a withdrawal takes no notice of limits', 'lib/ticket/ticket_create.c', 'return ledger_limits_check(limits, &use);', '(void)limits;\n    (void)use;\n    return ERR_OK;', ['db ticket']],
];

const checkout = [
  ['more than is missing is paid', 'lib/checkout/payment.c', 'if (pay.units > order->missing.units)', 'if (pay.units > order->missing.units + 1)', ['db checkout', 'db sale']],
  ['a merchant pays an own order', 'lib/checkout/payment.c', 'if (order->merchant_id == user_id)', 'if (order->merchant_id == user_id + 1)', ['db sale']],
  ["the merchant's fee is cut off", 'lib/checkout/payment.c', 'ROUND_HALF_UP, &payment->fee', 'ROUND_DOWN, &payment->fee', ['db checkout']],
  ["the merchant's fee may pass what was paid", 'lib/checkout/payment.c', 'payment->fee.units > payment->earned.units', 'payment->fee.units > 2 * payment->earned.units', ['db checkout']],
  ['a fixed fee is none', 'lib/checkout/payment.c', 'amount_add(payment->fee, fixed, &payment->fee)', 'amount_add(payment->fee, (struct amount){0, fixed.currency}, &payment->fee)', ['db checkout']],
  ['a part is paid of what has to be whole', 'lib/checkout/payment.c', '(order->instant_only || order->multipay)', 'order->multipay', ['db checkout', 'http v1_merchant site_pay']],
  ["another's payment is cancelled", 'lib/checkout/checkout.c', 'ending->row.others > 0', 'ending->row.others > 1', ['db checkout', 'http site_pay']],
  ['more than was paid goes back', 'lib/checkout/refund.c', 'refund->amount.units > left.units ||', 'refund->amount.units > left.units + 1 ||', ['db checkout', 'http v1_merchant']],
];

const identity = [
  ['one guess more', 'schema/procedures/identity.sql', 'blocked_until = IF(v_failures < p_max, NULL', 'blocked_until = IF(v_failures <= p_max, NULL', ['db identity']],
  ['guesses are never forgotten', 'schema/procedures/identity.sql', 'SET v_failures = IF(v_ends > v_now, v_failures, 0) + 1;', 'SET v_failures = v_failures + 1;', ['db identity']],
  ['a one-time password works twice', 'schema/procedures/identity.sql', "UPDATE otp_device SET counter = p_step\n        WHERE id = p_device AND user_id = p_user AND counter < p_step AND status = 'active';", "UPDATE otp_device SET counter = p_step + 0 * RAND()\n        WHERE id = p_device AND user_id = p_user AND counter <= p_step + 1 AND status = 'active';", ['db identity', 'db checkout']],
  ['a tonce is good for minutes', 'schema/procedures/identity.sql', '* 1000000 AS SIGNED)) > 10000000 THEN', '* 1000000 AS SIGNED)) > 100000000 THEN', ['db api_key']],
  ['a nonce works twice', 'schema/procedures/identity.sql', 'AND nonce < p_nonce;', 'AND nonce <= p_nonce;', ['db api_key']],
  ['a tonce is swept while it is good', 'schema/procedures/identity.sql', 'NOW(6) - INTERVAL 1 MINUTE', 'NOW(6) - INTERVAL 5 SECOND', ['db api_key']],
  ['a session does not end', 'lib/identity/session.c', '"WHERE s.token_hash = ? AND s.expires_at > NOW(6)"', '"WHERE s.token_hash = ?"', ['db identity']],
  ['a right password leaves its guess', 'lib/identity/session.c', 'rc = attempt_clear(db, guess);', 'rc = ERR_OK;\n    (void)guess;', ['db identity']],
  ['a disabled user signs in', 'lib/identity/session.c', 'if (rc == ERR_OK && !user->enabled)', 'if (rc != ERR_OK && !user->enabled)', ['db identity', 'http identity']],
  ['the second way in needs no one-time password', 'lib/identity/session.c', '? otp_device_use(db, master, user->id, login->otp)\n                 : ERR_TOO_MANY_ATTEMPTS', '? (master == NULL ? ERR_DB : ERR_OK)\n                 : ERR_TOO_MANY_ATTEMPTS', ['db identity', 'http identity']],
];

const operating = [
  ['a key of another database starts', 'lib/db/canary.c', 'return refused ? ERR_CRYPTO : ERR_OK;', 'return ERR_OK;', ['http tellerctl']],
  ['a partner is renamed with whatever else changes', 'lib/ticket/partner_store.c', 'COALESCE(?, name)', 'COALESCE(?, id)', ['http tellerctl']],
  ['a full disk is written to', 'lib/db/deferred.c', '!space_is_short(db->connection->data_directory)', 'db->connection->data_directory[0] != 1', ['fault disk_full']],
  ['a lost trigger stays lost', 'lib/db/migrate.c', 'return rc == ERR_OK ? mend_triggers(run) : rc;', 'return rc == ERR_OK ? ((void)mend_triggers, rc) : rc;', ['http restore']],
  ['a damaged dump is restored', 'tools/tellerctl/backup.c', 'if (strcmp(hex, read_word(manifest, "sha256")) == 0)', 'if (true)', ['http restore']],
  ['a backup is restored over a database', 'tools/tellerctl/backup.c', 'db_get_u64(&rows, 0) != 0', 'false', ['http restore']],
  ['a backup is restored under another key', 'tools/tellerctl/backup.c', '!canary_opens(key, sealed)', 'false', ['http restore']],
  ['a job that stands still is alive', 'lib/watch/watch.c', ' && age_s <= JOB_LATE_S', '', ['http watch']],
  ['Apache gets 200 and nothing for the stream', 'fcgi/v1/stream.c', 'rc = ERR_NO_STREAM;', 'rc = ERR_OK;', ['http servers']],
];

const desk = [
  ['what is got is rounded up', 'lib/desk/calc.c', 'false, grid_of(&terms->get), false,\n                   &calculation->sum2)', 'false, grid_of(&terms->get), true,\n                   &calculation->sum2)', ['unit desk_calc']],
  ['a fee on what is given is rounded down', 'lib/desk/calc.c', 'sign > 0, &dc->units);', 'false, &dc->units);', ['unit desk_calc']],
  ['a tier begins behind its amount', 'lib/desk/calc.c', 'calculation->sum1 < terms->tiers[tier].from', 'calculation->sum1 <= terms->tiers[tier].from', ['unit desk_calc']],
  ['what cannot be given is filled up', 'lib/desk/calc.c', 'take_named(&calculation, &terms->give, false, named)', 'take_named(&calculation, &terms->give, true, named)', ['unit desk_calc']],
  ['what rounding leaves is nobody\'s', 'lib/desk/calc.c', 'calculation->sum1 > worth ? calculation->sum1 - worth : 0', '0', ['unit desk_calc', 'db desk']],
  ['a customer may say paid of anything', 'lib/desk/status.c', '{DESK_CUSTOMER, BIT(payed), BIT(new) | BIT(techpay)}', '{DESK_CUSTOMER, BIT(payed), EXISTING}', ['db desk']],
  ['a bid past its time is paid', 'lib/desk/bid.c', 'enum err rc = row->due ? bid_add_expiry(db, &change->packet, row) : ERR_OK;', 'enum err rc = ERR_OK;', ['db desk']],
  ['a bid takes more than the reserve', 'lib/desk/bid_create.c', 'if (direction->reserve < row->bid.sum2.units)', 'if (direction->reserve < row->bid.sum2.units / 2)', ['db desk']],
  ['a payment system\'s fee is kept', 'lib/desk/bid_book.c', 'to_balance(row) ? row->bid.sum2c.units : row->bid.sum2dc.units', 'row->bid.sum2c.units', ['db desk']],
  ['a reward has no ceiling', 'lib/desk/reward.c', 'if (terms->most >= 0 && reward->units > terms->most)\n        reward->units = terms->most;', '', ['db desk_people', 'db desk']],
  ['a reward taken back stays', 'lib/desk/reward.c', 'row->credit = (struct amount){-row->bid.reward.units, row->bid.reward.currency};', 'row->credit = (struct amount){0};', ['db desk_people', 'db desk']],
  ['a payout that was paid ends again', 'lib/desk/payout.c', 'if (paying->payout.status != DESK_PAYOUT_WAITS)\n        return ERR_DESK_ACTION;', '', ['db desk_people', 'db desk']],
  ['a robot calls from anywhere', 'lib/desk/key.c', 'if (!networks_hold(found.key.networks, address))\n        return ERR_DESK_IP_BLOCKED;', '(void)address;', ['db desk_people', 'http desk_direction']],
  ["a user's robot may do what no user's may", 'lib/desk/key.c', 'allowed &= found->user_methods;', 'allowed &= allowed;', ['db desk_people', 'http desk_direction']],
  ['any secret opens a robot', 'lib/desk/key.c', 'return right && open && !found->disabled', 'return (right || open) && open && !found->disabled', ['db desk_people', 'http desk_direction']],
];

const signing = [
  ['a day is not limited', 'tools/signer/budget.c', ' || sum > limit->per_day)', ')', ['fault signer']],
  ['a replacement gives its first budget back', 'tools/signer/budget.c', 'if (charge->units <= before)\n        return ERR_OK;', '', ['fault signer']],
  ['a signature is out before its record is on the disk', 'tools/signer/budget.c', 'if (rc == ERR_OK && lines.len > 0)', 'if (rc == ERR_OK && lines.len > 100000)', ['fault signer']],
  ['a restart takes the day\'s lines for old ones', 'tools/signer/budget.c', 'budget->stale = false; /* here is a line of that day */', '', ['fault signer']],
  ['a clock that goes back opens a budget', 'tools/signer/budget.c', 'if (day <= budget->day)\n        return;', 'if (day == budget->day)\n        return;', ['fault signer']],
  ['one request is not limited', 'tools/signer/sign_ethereum.c', 'if (sent > limit->per_request)', 'if (sent / 2 > limit->per_request)', ['fault signer']],
  ['fees have no cap', 'tools/signer/sign_ethereum.c', 'if (request->fee > request->coin->fee_per_request)\n        return ERR_FEE_CAP;', '', ['fault signer']],
  ['what is said to be ours is not looked at', 'tools/signer/sign_ethereum.c', '!ethereum_address_equal(&own, &request->payee) ? ERR_INVALID', 'ethereum_address_is_zero(&own) ? ERR_INVALID', ['fault signer']],
  ['any output is change', 'tools/signer/sign_bitcoin.c', '!bytes_equal(output->script, bitcoin_script_bytes(&script)) ? ERR_INVALID', 'output->script.len != script.len ? ERR_INVALID', ['fault signer']],
  ['an input is worth what is said', 'tools/signer/sign_bitcoin.c', 'memcmp(input->id, id, sizeof(id)) != 0 || ', '', ['fault signer']],
  ['change may be dust', 'lib/chain/bitcoin_plan.c', 'if (change >= bitcoin_dust(order->change)) {', 'if (change > 0) {', ['unit bitcoin_plan']],
  ['a plan may cost more than its cap', 'lib/chain/bitcoin_plan.c', 'return plan->fee > order->fee_max ? ERR_FEE_CAP : ERR_OK;', 'return ERR_OK;', ['unit bitcoin_plan']],
  ['a fee is rounded down', 'lib/chain/bitcoin_plan.c', '((int64_t)vsize * rate + 999) / 1000', '((int64_t)vsize * rate) / 1000', ['unit bitcoin_plan']],
  ['a high s is taken', 'lib/crypto/secp256k1.c', ' &&\n           !secp256k1_ecdsa_signature_normalize(context(), NULL, out)', '', ['unit secp256k1']],
  ['the case of an address is not looked at', 'lib/chain/ethereum_address.c', 'if (lower && upper && memcmp(proper, text, len) != 0)\n        return ERR_CHECKSUM;', '', ['unit ethereum']],
  ['a taproot address may have the old checksum', 'lib/chain/bitcoin_address.c', ' ||\n        (value->kind == BECH32) != (version == 0))', ')', ['unit bitcoin_address']],
  ['a token that says false has paid', 'lib/chain/erc20.c', '== ERR_OK && value == 1)', '== ERR_OK)', ['unit erc20']],
  ['any answer of the signer is believed', 'lib/net/signer.c', '!ethereum_tx_equal(&signed_tx, tx) ||', '', ['fault signer']],
];

/** Every change: its name, file, what it replaces by what, and who must notice. */
export const changes = [...money, ...fills, ...matching, ...sales, ...ledger, ...tickets, ...checkout, ...identity, ...operating, ...desk, ...signing]
  .map(([name, file, from, to, notice]) => ({ name, file, from, to, notice }));

/** Changes that were tried and change nothing: why. */
export const equivalent = [
  { name: 'a quote is used up by somebody else', reason: 'checkout_quote_view has found it by its user before, who never changes' },
  { name: "a quote's cost is not compared before it is traded", reason: 'what was taken is compared behind it, and the other way round' },
  { name: 'a conversion that brings too little stands', reason: 'its cost was worked out under the same locks, so that it never does' },
  { name: 'a bid from balance takes more than there is', reason: 'the CHECK of the account refuses the posting with the same error' },
  { name: 'a ticket is not refused for want of money beforehand', reason: 'the CHECK of the account refuses the posting with the same error' },
];
