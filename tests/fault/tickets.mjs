// The load of tickets: opened, settled, cancelled and told of, with an account of every answer.
import assert from 'node:assert/strict';
import { tonce } from '../support/teller.mjs';
import { callUnderFire, chance, pick } from './killing.mjs';

/**
 * One client of the load: opens tickets and does something with them. Keeps account of every answer:
 * an acknowledged change must last, one without an answer may have happened or not.
 */
export class Load {
  /** `definite`: a no of the database's is one, since no worker is killed (see callUnderFire). */
  constructor(customer, partners, { definite = false } = {}) {
    Object.assign(this, { customer, partners, definite, tickets: new Map(), left: [], unknown: 0, calls: 0, refusals: new Map() });
  }

  /** As callUnderFire. */
  async call(who, method, params) {
    this.calls++;
    const [outcome, value] = await callUnderFire(who, method, params, { definite: this.definite });
    if (outcome === 'refused' || outcome === 'none') this.refusals.set(value, (this.refusals.get(value) ?? 0) + 1);
    return [outcome, value];
  }

  async open() {
    const partner = pick(this.partners);
    const [outcome, made] = await this.call(this.customer, 'ticket/create', { partner: partner.id, amount: '1', currency: 'USD' });
    if (outcome === 'unknown') this.unknown++;
    if (outcome !== 'done') return null;
    const ticket = { ...made, partner, acknowledged: 'open', maybe: new Set(), updates: [] };
    this.tickets.set(made.ticket, ticket);
    return ticket;
  }

  /** Notes what an answer to a change of state says. */
  note(ticket, status, [outcome]) {
    if (outcome === 'done') ticket.acknowledged = status;
    if (outcome === 'unknown') ticket.maybe.add(status);
    return outcome === 'done';
  }

  /** Opens a ticket and goes on with it, or with one that was left open a while ago. */
  async step() {
    let ticket = await this.open();
    if (ticket === null) return;
    if (chance(0.4)) {
      this.left.push(ticket);
      if (this.left.length < 10 || chance(0.5)) return;
      [ticket] = this.left.splice(Math.floor(Math.random() * this.left.length), 1);
    }
    const id = { ticket: ticket.ticket, key: ticket.key };
    if (chance(0.3)) {
      this.note(ticket, 'cancelled', await this.call(this.customer, 'ticket/cancel', { ticket: ticket.ticket }));
      return;
    }
    if (!this.note(ticket, 'settled', await this.call(ticket.partner, 'ticket/settle', { ...id, description: 'paid' }))) return;
    if (chance(0.5)) {
      const message = `news ${tonce()}`;
      if ((await this.call(ticket.partner, 'ticket/update', { ...id, message }))[0] === 'done') ticket.updates.push(message);
    }
  }

  async run(going) {
    while (going()) await this.step();
  }
}

/** What the clients were told against what is stored. Gives how many tickets were acknowledged. */
export async function checkTickets(stack, loads) {
  const stored = new Map((await stack.sql(`SELECT LOWER(HEX(t.id)), t.status, u.login FROM ticket AS t JOIN user AS u ON u.id = t.customer_id`))
    .map(([id, status, login]) => [id, { status, login }]));
  const journals = await stack.sql('SELECT LOWER(HEX(ref)), kind, COUNT(*) FROM journal WHERE ref IS NOT NULL '
    + "AND kind LIKE 'ticket%' AND kind <> 'ticket_update' GROUP BY ref, kind");
  const twice = journals.filter(([, , count]) => count !== '1');
  assert.deepEqual(twice, [], 'a change that happened twice');
  const created = new Set(journals.filter(([, kind]) => kind === 'ticket_create').map(([id]) => id));
  assert.deepEqual([...stored.keys()].filter((id) => !created.has(id)), [], 'a ticket without the journal of its creation');
  const messages = new Map();
  for (const [message] of await stack.sql('SELECT message FROM ticket_update')) messages.set(message, (messages.get(message) ?? 0) + 1);

  let acknowledged = 0;
  for (const load of loads) {
    const own = [...stored.values()].filter((ticket) => ticket.login === load.customer.user.login).length;
    assert.ok(own >= load.tickets.size && own <= load.tickets.size + load.unknown,
      `${load.tickets.size} acknowledged, ${load.unknown} without an answer, ${own} there`);
    for (const ticket of load.tickets.values()) {
      acknowledged++;
      const there = stored.get(ticket.ticket.replaceAll('-', ''));
      assert.equal(there?.login, load.customer.user.login, `ticket ${ticket.ticket} is lost`);
      // Beyond its acknowledged state a ticket may have only what was asked without an answer, or its expiry.
      const allowed = ticket.acknowledged === 'open' ? ['open', 'expired', ...ticket.maybe] : [ticket.acknowledged];
      assert.ok(allowed.includes(there.status), `${ticket.ticket}: ${ticket.acknowledged} was acknowledged, it is ${there.status}`);
      for (const message of ticket.updates) assert.equal(messages.get(message), 1, message);
    }
  }
  const held = await stack.sql(`SELECT owner_id, balance, tickets FROM (
    SELECT a.owner_id, a.balance, COALESCE(SUM(t.amount), 0) AS tickets FROM account AS a
    LEFT JOIN ticket AS t ON t.customer_id = a.owner_id AND t.currency_id = a.currency_id AND t.status = 'open'
    WHERE a.purpose = 'held' GROUP BY a.id) AS sums WHERE balance <> tickets`);
  assert.deepEqual(held, [], 'held without an open ticket');
  return acknowledged;
}
