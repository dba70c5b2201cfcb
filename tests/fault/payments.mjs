// The load of payments: a merchant's orders, paid on the site by their buyers, with an account of every answer.
import assert from 'node:assert/strict';
import { unique } from '../support/teller.mjs';

/** One buyer who pays one unit after the other. Each order and each payment is asked for under one name until it is
 *  known: done once, whatever became of the answers. */
export class Buyer {
  constructor(merchant, session, login) {
    Object.assign(this, { merchant, session, login, paid: new Set(), calls: 0, unknown: 0, refusals: new Map() });
  }

  /** Tries `call` until something is known; gives its JSON. */
  async insist(call) {
    for (;;) {
      this.calls++;
      const reply = await call().catch(() => null);
      if (reply?.status === 200) return reply.json;
      assert.ok(reply === null || [500, 502, 503, 504].includes(reply.status), reply?.text);
      const word = reply?.json?.token ?? reply?.json?.error ?? 'no answer';
      this.refusals.set(word, (this.refusals.get(word) ?? 0) + 1);
      this.unknown++;
      await new Promise((done) => setTimeout(done, 50));
      if (this.over?.()) return null;
    }
  }

  async step() {
    const order = { currency: 'USD', amount: '1', return_success: 'https://shop.example/thanks' };
    const made = await this.insist(() => this.merchant.call('merchant/order/create', order));
    if (made === null) return;
    const { transaction } = made.return, key = unique();
    const paid = await this.insist(() => this.session.call('POST', `/site/pay/${transaction}`, {}, { 'Idempotency-Key': key }));
    if (paid === null) return;
    assert.equal(paid.status, 'paid', JSON.stringify(paid));
    this.paid.add(transaction);
  }

  async run(going) {
    this.over = () => !going();
    while (going()) await this.step();
  }
}

/** Every acknowledged payment is there, once, and the buyers have paid for what is there and nothing else. Gives how
 *  many were acknowledged. */
export async function checkPayments(stack, buyers, funds) {
  const stored = new Map((await stack.sql(`SELECT LOWER(HEX(p.order_id)), COUNT(*) FROM checkout_payment AS p GROUP BY p.order_id`)));
  const spent = new Map(await stack.sql(`SELECT u.login, COUNT(*) FROM checkout_payment AS p JOIN user AS u ON u.id = p.payer_id GROUP BY u.id`));
  let acknowledged = 0;
  for (const buyer of buyers) {
    for (const transaction of buyer.paid) assert.equal(stored.get(transaction.replaceAll('-', '')), '1', `the payment of ${transaction}`);
    acknowledged += buyer.paid.size;
    const { available } = await stack.balance(buyer.login);
    assert.equal(Number(available), funds - Number(spent.get(buyer.login) ?? 0), `what ${buyer.login} has left`);
  }
  return acknowledged;
}
