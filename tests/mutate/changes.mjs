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
  ['a bid holds no fee', 'lib/market/fill_math.c', 'return cost + fill_fee(cost, percent);', 'return cost;', ['unit', 'db matching']],
];

const matching = [
  ['a change of a hold reserves nothing', 'lib/market/match.c', 'order->pays->reserved += hold - order->hold;', 'order->pays->reserved += 0;', ['db matching']],
  ['free money counts what is reserved', 'lib/market/match.c', 'return order->pays->balance - order->pays->reserved;', 'return order->pays->balance;', ['db market', 'db matching']],
  ['a funded part below the least amount rests', 'lib/market/match.c', ' || (funded < order->remaining && funded < rules->min_amount.units)', '', ['db market']],
  ['a funded part is not cut to the step', 'lib/market/match.c', 'funded -= funded % rules->amount_step.units;', 'funded -= 0;', ['db market', 'db matching']],
  ['a cancelled order keeps its hold', 'lib/market/match.c', 'order->changed = true;\n    reserve(order, 0);\n    if (open)', 'order->changed = true;\n    if (open)', ['db market']],
  ['a fee on top is taken of the item', 'lib/market/match.c', 'bid->fiat_fee ? 0 : fill->buyer_fee;', 'fill->buyer_fee;', ['db matching']],
  ["the seller's fee is not booked", 'lib/market/match.c', 'post_fee(book, fill, ask->gains, -fill->seller_fee);', 'post_fee(book, fill, ask->gains, 0);', ['db matching']],
  ["the seller's fee is the buyer's", 'lib/market/match.c', 'fill_fee(fill->earned, ask->percent)', 'fill_fee(fill->earned, bid->percent)', ['db matching', 'model']],
  ['rounding goes nowhere', 'lib/market/match.c', 'if (fill->spent > fill->earned)', 'if (fill->spent > fill->earned + 1)', ['db matching']],
  ['a bid spends more than a fill takes off its hold', 'lib/market/match.c', 'fill->spent = least_of(fill->spent, before - left);', '', ['db matching', 'model']],
  ['a fill releases too little', 'lib/market/match.c', 'release = bid->hold - left - fill_fee(left, on_top(bid));', 'release = fill->spent;', ['db matching', 'model']],
  ['a maker with a rest is done', 'lib/market/match.c', 'maker->remaining > 0 ? BOOK_INVALID : BOOK_DONE', 'BOOK_DONE', ['db market', 'model']],
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
  ['a quote costs what the market asks', 'lib/sale/sale.c', '(rc == ERR_OK && cost.units > quote->cost.units))\n        return ERR_QUOTE_EXCEEDED;', 'false)\n        return ERR_QUOTE_EXCEEDED;', ['db sale']],
  ["what was taken may pass the quote's cost", 'lib/sale/sale.c', ' || (rc == ERR_OK && sums->given.units > quote->cost.units)', '', ['db sale']],
  ['a quote has no margin', 'lib/sale/sale.c', '.coefficient = 5, .scale = 1', '.coefficient = 0, .scale = 1', ['db sale']],
  ["a leg's gross is rounded down", 'lib/market/convert.c', 'rate_apply(walk->left, all, kept, market->currency, ROUND_UP, &gross)', 'rate_apply(walk->left, all, kept, market->currency, ROUND_DOWN, &gross)', ['db sale']],
  ["a leg's part is rounded down", 'lib/market/convert.c', 'rate_apply(gross, one, price, market->item, ROUND_UP, part)', 'rate_apply(gross, one, price, market->item, ROUND_DOWN, part)', ['db sale']],
  ['a conversion that brings too little stands', 'lib/market/convert.c', 'if (rc == ERR_OK && done.gained.units < leg->needed.units)\n            rc = ERR_NO_LIQUIDITY;', '', ['db sale']],
  ['what is sold at once is off the step', 'lib/market/convert.c', 'placement.amount.units -= amount.units % market->amount_step.units;', '', ['db sale']],
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

/** Every change: its name, file, what it replaces by what, and who must notice. */
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

export const changes = [...money, ...fills, ...matching, ...sales, ...operating, ...signing]
  .map(([name, file, from, to, notice]) => ({ name, file, from, to, notice }));

/** Changes that were tried and change nothing: why. */
export const equivalent = [];
