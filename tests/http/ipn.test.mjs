// Notifications end to end: a shop of the test's own is called by the retrier of the stack. Both
// signatures are verified by code that is not ours.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { closeConnections, inParallel, stack, unique, until } from '../support/teller.mjs';

const PASSWORD = 'a password of the tests';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A shop: keeps what it was posted and answers as `answer` says ({status, body}, or never for null). */
class Shop {
  calls = [];
  answer = () => ({ status: 200, body: '[OK]' });

  static async open() {
    const shop = new Shop();
    shop.server = http.createServer(async (request, reply) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = Buffer.concat(chunks).toString('latin1');
      const call = { at: Date.now(), method: request.method, url: request.url, headers: request.headers, body,
        fields: Object.fromEntries(new URLSearchParams(body)) };
      shop.calls.push(call);
      const answer = shop.answer(call, shop.calls.length);
      if (answer === null) return;
      reply.writeHead(answer.status, answer.headers ?? {}).end(answer.body);
    });
    await new Promise((done) => { shop.server.listen(0, '127.0.0.1', done); });
    shop.port = shop.server.address().port;
    shop.endpoint = `127.0.0.1:${shop.port}`;
    shop.url = `http://${shop.endpoint}/ipn?shop=1`;
    return shop;
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Waits until so many calls (about one transaction) came. */
  got(count, transaction = undefined) {
    const about = () => this.calls.filter((call) => transaction === undefined || call.fields.id === transaction);
    return until(() => about().length >= count && about(), 15, `${count} calls`);
  }
}

const shops = [];
async function openShop() {
  const shop = await Shop.open();
  shops.push(shop);
  return shop;
}

let buyer, merchant, session;
before(async () => {
  const user = await stack.user({ password: PASSWORD, funds: { USD: '100000' } });
  buyer = await stack.signIn(user);
  const owner = await stack.user({ password: PASSWORD });
  merchant = Object.assign(await stack.key(owner.login, 'get_info,merchant'), { user: owner });
  session = await stack.signIn(owner);
});
after(async () => {
  for (const shop of shops) shop.close();
  await stack.audit();
  closeConnections();
});

const pay = (transaction, body = {}) =>
  buyer.ok('POST', `/site/pay/${transaction}`, body, { 'Idempotency-Key': unique() });
const show = (event, who = merchant) => who.ok('merchant/event/show', { event });
const list = (params = {}, who = merchant) => who.ok('merchant/event/list', params);
const eventOf = async (transaction, who = merchant) => (await list({ transaction }, who)).result[0];

/** An order with this shop, paid. */
async function paid(shop, params = {}, who = merchant) {
  const transaction = await who.order({ ipn: shop.url, ...params });
  await pay(transaction);
  return transaction;
}

test('a payment is told within a second, both signatures hold', async () => {
  const shop = await openShop();
  const data = 'a:2:{s:2:"id";i:17;} &=+% \u00e9';
  const { secret } = await merchant.ok('merchant/secret/rotate');
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  await new Promise((done) => { setTimeout(done, 2100); }); // what the retrier remembers of the old secret is gone then
  const transaction = await merchant.order({ ipn: shop.url, data });
  const before = Date.now();
  await pay(transaction);
  const [call] = await shop.got(1);
  assert.ok(call.at - before < 1500, `${call.at - before} ms`);
  assert.deepEqual([call.method, call.url], ['POST', '/ipn?shop=1']);
  assert.equal(call.headers['content-type'], 'application/x-www-form-urlencoded');
  assert.equal(call.headers['user-agent'], 'Teller');
  assert.deepEqual(Object.keys(call.fields),
    ['id', 'payment_id', 'status', 'amount', 'currency', 'method', 'date', 'data', 'aonce']);
  assert.match(call.fields.payment_id, UUID);
  assert.match(call.fields.date, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  assert.ok(Math.abs(Date.parse(`${call.fields.date.replace(' ', 'T')}Z`) - before) < 5000);
  assert.deepEqual({ ...call.fields, payment_id: '', date: '', aonce: '' }, { id: transaction, payment_id: '', status: 'paid',
    amount: '10000000', currency: 'USD', method: 'MTGOXUSD', date: '', data, aonce: '' });

  // Standard Webhooks, by its own package.
  const { body, headers } = call;
  assert.match(headers['webhook-id'], UUID);
  const parsed = Buffer.from(body);
  const webhook = new Webhook(secret);
  const verify = (text) => {
    try {
      webhook.verify(text, headers);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error; // it parses JSON once the signature holds; ours is a form
    }
  };
  verify(parsed.toString());
  assert.throws(() => webhook.verify(`${body}x`, headers), /signature/i);
  assert.throws(() => new Webhook(Buffer.alloc(32, 1).toString('base64')).verify(body, headers), /signature/i);

  // The old header, by openssl.
  assert.equal(headers['rest-key'], merchant.key);
  const hex = Buffer.from(merchant.secret, 'base64').toString('hex');
  const mac = execFileSync('openssl', ['dgst', '-sha512', '-mac', 'HMAC', '-macopt', `hexkey:${hex}`, '-binary'], { input: body });
  assert.equal(headers['rest-sign'], mac.toString('base64'));

  const event = await until(async () => {
    const found = await eventOf(transaction);
    return found.state === 'delivered' && found;
  });
  assert.equal(event.event, headers['webhook-id']);
  assert.equal(String(event.number), call.fields.aonce);
});

test('what is not acknowledged comes again: same bytes, same id, new time', async () => {
  const shop = await openShop();
  const answers = [{ status: 500, body: '[OK]' }, { status: 200, body: `no ${merchant.secret}` }, { status: 200, body: ' \r\n[OK]<html>' }];
  shop.answer = (_, n) => answers[n - 1];
  const transaction = await paid(shop);
  const calls = await shop.got(3);
  for (const call of calls) {
    assert.equal(call.body, calls[0].body);
    assert.equal(call.headers['webhook-id'], calls[0].headers['webhook-id']);
    assert.equal(call.headers['rest-sign'], calls[0].headers['rest-sign']);
  }
  assert.ok(Number(calls[2].headers['webhook-timestamp']) > Number(calls[0].headers['webhook-timestamp']));
  const event = await until(async () => {
    const found = await eventOf(transaction);
    return found.state === 'delivered' && found;
  });
  const { tries, refused } = await show(event.event);
  assert.deepEqual(tries.map(({ number, status, result }) => [number, status, result]),
    [[1, 500, 'refused'], [2, 200, 'refused'], [3, 200, 'acknowledged']]);
  assert.equal(refused, null);
  assert.equal(tries[0].answer, '[OK]');
  assert.equal(tries[1].answer, `no ${'*'.repeat(merchant.secret.length)}`);
  assert.equal(tries[2].answer, ' \r\n[OK]<html>');
  assert.ok(tries.every((attempt) => attempt.latency_us > 0 && attempt.address === shop.endpoint));
});

test('one transaction in order, a dead one delays no other', async () => {
  const shop = await openShop();
  const first = await merchant.order({ ipn: shop.url });
  shop.answer = (call, n) => (call.fields.id === first && n < 3 ? { status: 503, body: '' } : { status: 200, body: '[OK]' });
  await pay(first, { amount: '40' });
  await pay(first, { amount: '60' });
  const second = await paid(shop);
  await shop.got(1, second);
  const calls = await shop.got(3, first);
  const statuses = calls.map((call) => call.fields.status);
  assert.equal(statuses.at(-1), 'paid');
  assert.ok(statuses.slice(0, -1).every((status) => status === 'partial'), String(statuses));
  assert.deepEqual(['amount', 'amount_valid', 'amount_pending', 'amount_total'].map((name) => calls[0].fields[name]),
    ['4000000', '4000000', '6000000', '10000000']);
});

test('cancelled and refunded orders are told as well', async () => {
  const shop = await openShop();
  const cancelled = await merchant.order({ ipn: shop.url });
  await merchant.ok('merchant/order/cancel', { transaction: cancelled });
  const [call] = await shop.got(1, cancelled);
  assert.deepEqual(Object.keys(call.fields), ['id', 'payment_id', 'status', 'date', 'aonce']);
  assert.match(call.fields.payment_id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(call.fields.payment_id, cancelled);
  assert.equal(call.fields.status, 'cancelled');
  const refunded = await paid(shop);
  await merchant.ok('merchant/order/refund', { transaction: refunded, amount: '25', reason: 'late' });
  const calls = await shop.got(2, refunded);
  assert.deepEqual(calls.map(({ fields }) => [fields.status, fields.amount]), [['paid', '10000000'], ['refunded', '2500000']]);
});

test('failures are kept by name: connection, time-out, redirect', async () => {
  const shop = await openShop();
  const nobody = await Shop.open();
  nobody.close();
  const lost = await paid(nobody);
  shop.answer = () => ({ status: 302, body: '[OK]', headers: { Location: shop.url } });
  const moved = await paid(shop);
  const result = async (transaction) => {
    const { event } = await eventOf(transaction);
    return until(async () => {
      const shown = await show(event);
      return shown.tries.some((attempt) => attempt.latency_us !== null) && shown;
    });
  };
  const gone = await result(lost);
  assert.equal(gone.tries[0].result, 'no_connection');
  assert.match(gone.refused, /no connection/);
  const redirected = await result(moved);
  assert.deepEqual([redirected.tries[0].status, redirected.tries[0].result], [302, 'refused']);
  await merchant.ok('merchant/endpoint/pause', { endpoint: nobody.endpoint });
  await merchant.ok('merchant/endpoint/pause', { endpoint: shop.endpoint });
});

test('an address that is never called is recorded as such', async () => {
  for (const [url, address] of [['http://10.0.0.1/ipn', '10.0.0.1:80'], ['http://169.254.169.254/latest', '169.254.169.254:80']]) {
    const { event } = await merchant.ok('merchant/event/test', { url });
    const shown = await until(async () => {
      const found = await show(event);
      return found.refused !== null && found;
    });
    assert.deepEqual([shown.tries[0].result, shown.tries[0].address, shown.address], ['address_refused', address, address]);
    assert.match(shown.refused, /never called/);
    await merchant.ok('merchant/endpoint/pause', { endpoint: address });
  }
});

test('show explains: bytes, signatures and a command line that does the same', async () => {
  const shop = await openShop();
  const { event } = await merchant.ok('merchant/event/test', { url: shop.url });
  const [call] = await shop.got(1);
  assert.equal(call.fields.status, 'test');
  const shown = await until(async () => {
    const found = await show(event);
    return found.state === 'delivered' && found;
  });
  assert.equal(shown.body, call.body);
  assert.equal(shown.headers['Rest-Sign'], call.headers['rest-sign']);
  assert.equal(shown.webhook_signed,
    `${shown.headers['webhook-id']}.${shown.headers['webhook-timestamp']}.${shown.body}`);
  await promisify(execFile)('sh', ['-c', `${shown.curl} -s -o /dev/null --max-time 5`]);
  const again = (await shop.got(2))[1];
  assert.equal(again.body, call.body);
  assert.equal(again.headers['webhook-signature'], shown.headers['webhook-signature']);
});

test('show looks up where a try of now would lead', async () => {
  const shop = await openShop();
  const rows = [[shop.url, shop.endpoint, null], [`http://10.1.2.3/ipn`, '10.1.2.3:80', /never called/],
    ['http://shop.invalid/ipn', null, /no address|in time/]];
  for (const [url, address, refused] of rows) {
    const { event } = await merchant.ok('merchant/event/test', { url });
    assert.equal((await show(event)).look_up, undefined, 'only where it is asked for');
    for (const found of [(await merchant.ok('merchant/event/show', { event, look_up: 1 })).look_up,
      (await session.ok('GET', `/site/merchant/events/${event}?look_up=1`)).look_up]) {
      assert.equal(found.address, address);
      if (refused === null) assert.equal(found.refused, null);
      else assert.match(found.refused, refused);
    }
    const { look_up: result, look_up_address: to } = await stack.ctl('ipn', 'show', event);
    assert.deepEqual([result === 'allowed', to], [refused === null, address ?? '']);
    if (refused !== null) await merchant.ok('merchant/endpoint/pause', { endpoint: new URL(url).host.replace(/^([^:]*)$/, '$1:80') });
  }
});

test('pause, resume, replay', async () => {
  const shop = await openShop();
  const first = await paid(shop);
  await shop.got(1);
  assert.deepEqual(await merchant.ok('merchant/endpoint/pause', { endpoint: shop.endpoint }), { endpoint: shop.endpoint, paused: true });
  await new Promise((done) => { setTimeout(done, 1500); }); // a pause is known everywhere within a second
  const second = await paid(shop);
  await new Promise((done) => { setTimeout(done, 1200); });
  assert.equal(shop.calls.length, 1);
  assert.deepEqual([(await eventOf(second)).paused, (await eventOf(second)).state], [true, 'pending']);
  const page = await session.ok('GET', '/site/merchant/events');
  assert.deepEqual(page.endpoints.find(({ endpoint }) => endpoint === shop.endpoint).paused, true);
  await session.ok('POST', '/site/merchant/endpoints', { endpoint: shop.endpoint, paused: false });
  await shop.got(1, second);
  const { event, cursor } = await until(async () => {
    const found = await eventOf(first);
    return found.state === 'delivered' && found;
  });
  assert.deepEqual(await merchant.ok('merchant/event/replay', { event }), { replayed: 1 });
  const calls = await shop.got(2, first);
  assert.equal(calls[1].body, calls[0].body);
  await until(async () => (await eventOf(second)).state === 'delivered');
  assert.deepEqual(await session.ok('POST', '/site/merchant/events/replay', { first: cursor, last: cursor + 1 }), { replayed: 2 });
  await shop.got(3, first);
  await shop.got(2, second);
  await merchant.refused('not_found', 'merchant/endpoint/resume', { endpoint: shop.endpoint });
  await merchant.refused('not_found', 'merchant/endpoint/pause', { endpoint: 'nobody.example:80' });
});

test('rotated secrets overlap', async () => {
  const shop = await openShop();
  const old = await session.ok('POST', '/site/merchant/secret', {});
  const { secret, overlap_until: overlap } = await merchant.ok('merchant/secret/rotate');
  assert.notEqual(secret, old.secret);
  assert.ok(Math.abs(overlap - Date.now() / 1000 - 86400) < 60);
  await new Promise((done) => { setTimeout(done, 2100); });
  await merchant.ok('merchant/event/test', { url: shop.url });
  const [{ body, headers }] = await shop.got(1);
  for (const each of [secret, old.secret])
    assert.throws(() => new Webhook(each).verify(body, headers), SyntaxError); // the signature holds; the body is no JSON
});

test('somebody else sees nothing and changes nothing', async () => {
  const shop = await openShop();
  const transaction = await paid(shop);
  const { event } = await eventOf(transaction);
  const stranger = await stack.key((await stack.user()).login, 'get_info,merchant');
  await stranger.refused('not_found', 'merchant/event/show', { event });
  await stranger.refused('not_found', 'merchant/event/replay', { event });
  await stranger.refused('not_found', 'merchant/endpoint/pause', { endpoint: shop.endpoint });
  assert.deepEqual((await list({ transaction }, stranger)).result, []);
  assert.deepEqual(await stranger.ok('merchant/event/replay', { first: 1, last: 1000 }), { replayed: 0 });
  const rightless = await stack.key(merchant.user.login, 'get_info');
  for (const method of ['event/list', 'event/show', 'event/replay', 'event/test', 'secret/rotate', 'endpoint/pause', 'endpoint/resume', 'events'])
    await rightless.refused('missing_right', `merchant/${method}`, {}, { status: 403 });
});

test('a host and a path as people write them: called by the names that machines know', async () => {
  const shop = await openShop();
  const url = new URL(shop.url);
  await merchant.ok('merchant/event/test', { url: `http://bücher.localhost:${url.port}/süß?q=ä` });
  const [{ headers, url: target }] = await shop.got(1);
  assert.deepEqual([headers.host, target], [`xn--bcher-kva.localhost:${url.port}`, '/s%C3%BC%C3%9F?q=%C3%A4']);
  await merchant.refused('not_host', 'merchant/event/test', { url: 'http://ü..example/' }, { error: 'Invalid parameter "url" (names a host that is no domain name)' });
});

test('wrong input is refused with its name', async () => {
  const rows = [
    ['event/list', { status: 'late' }, 'invalid_parameter'], ['event/list', { page: 0 }, 'out_of_range'],
    ['event/list', { transaction: 'x' }, 'not_uuid'], ['event/show', {}, 'missing_parameter'],
    ['event/show', { event: '00000000-0000-4000-8000-000000000000' }, 'not_found'],
    ['event/replay', {}, 'missing_parameter'], ['event/replay', { first: 1 }, 'missing_parameter'],
    ['event/replay', { first: 2, last: 1 }, 'out_of_range'], ['event/replay', { first: 1, last: 100000 }, 'out_of_range'],
    ['event/test', {}, 'missing_parameter'], ['event/test', { url: 'ftp://shop.example/' }, 'not_url'],
    ['event/test', { url: 'http://u:p@shop.example/' }, 'not_url'], ['endpoint/pause', {}, 'missing_parameter'],
    ['events', { after: -1 }, 'out_of_range'], ['events', { wait: 26 }, 'out_of_range'], ['events', { limit: 101 }, 'out_of_range'],
  ];
  for (const [method, params, token] of rows) await merchant.refused(token, `merchant/${method}`, params);
  const keyless = await stack.signIn(await stack.user({ password: PASSWORD }));
  await keyless.refused(400, 'invalid_parameter', 'POST', '/site/merchant/test', { url: 'https://shop.example/' }, { field: 'url' });
  await session.refused(404, 'not_found', 'GET', '/site/merchant/events/00000000-0000-4000-8000-000000000000');
});

test('list: filters and pages; the site shows the same', async () => {
  const shop = await openShop();
  const owner = await stack.user({ password: PASSWORD });
  const who = await stack.key(owner.login, 'merchant');
  const transactions = await inParallel(4, Array.from({ length: 53 }, () => () => who.order({ ipn: shop.url })));
  await inParallel(4, transactions.map((transaction) => () => who.ok('merchant/order/cancel', { transaction })));
  const first = await list({}, who);
  assert.deepEqual([first.records, first.result.length, first.current_page, first.max_page, first.max_results], ['53', 50, 1, 2, 50]);
  const second = await list({ page: 2 }, who);
  const cursors = [...first.result, ...second.result].map(({ cursor }) => cursor);
  assert.deepEqual(cursors, Array.from({ length: 53 }, (_, i) => 53 - i));
  assert.deepEqual((await list({ status: 'paid' }, who)).records, '0');
  assert.deepEqual((await list({ status: 'cancelled', channel: 'ipn', endpoint: shop.endpoint }, who)).records, '53');
  const page = await (await stack.signIn(owner)).ok('GET', '/site/merchant/events?status=cancelled&page=2');
  assert.deepEqual([page.records, page.events.length, page.current_page, page.max_page], [53, 3, 2, 2]);
  assert.deepEqual(Object.keys(page.events[0]), Object.keys(second.result[0]));
});

test('the feed: cursor, limit, long poll; a waiting shop ties up nobody', async () => {
  const owner = await stack.user();
  const who = await stack.key(owner.login, 'merchant');
  assert.deepEqual(await who.ok('merchant/events'), { events: [], cursor: 0, more: false });
  const ids = [];
  for (let i = 0; i < 3; i++) ids.push(await who.order());
  for (const transaction of ids) await who.ok('merchant/order/cancel', { transaction });
  const some = await who.ok('merchant/events', { after: 0, limit: 2 });
  assert.deepEqual([some.events.map(({ transaction }) => transaction), some.cursor, some.more], [ids.slice(0, 2), 2, true]);
  assert.deepEqual([some.events[0].channel, some.events[0].state], ['feed', 'none']);
  const rest = await who.ok('merchant/events', { after: some.cursor });
  assert.deepEqual([rest.events.map(({ transaction }) => transaction), rest.cursor, rest.more], [ids.slice(2), 3, false]);

  const began = Date.now();
  assert.deepEqual((await who.ok('merchant/events', { after: 3, wait: 1 })).events, []);
  assert.ok(Date.now() - began >= 950, `${Date.now() - began} ms`);
  const waiting = who.ok('merchant/events', { after: 3, wait: 20 });
  const transaction = await who.order();
  const changed = Date.now();
  await who.ok('merchant/order/cancel', { transaction });
  assert.equal((await waiting).events[0].transaction, transaction);
  assert.ok(Date.now() - changed < 1500, `${Date.now() - changed} ms`);

  // More shops wait than there are workers: those that wait make room, and nobody else notices.
  const many = inParallel(12, Array.from({ length: 12 }, () => async () => {
    const started = Date.now();
    const key = await stack.key(owner.login, 'merchant');
    await key.ok('merchant/events', { after: 4, wait: 3 });
    return Date.now() - started;
  }));
  const start = Date.now();
  for (let i = 0; i < 10; i++) await merchant.ok('merchant/event/list');
  assert.ok(Date.now() - start < 3000);
  assert.ok((await many).every((ms) => ms < 10000));
});

test('the operator lists, shows, replays, pauses', async () => {
  const shop = await openShop();
  const transaction = await paid(shop);
  await shop.got(1);
  const { number, event } = await until(async () => {
    const found = await eventOf(transaction);
    return found.state === 'delivered' && found;
  });
  const rows = await stack.ctl('ipn', 'list', '--merchant', merchant.user.login, '--state', 'delivered');
  assert.ok(rows.some((row) => row.number === number && row.event === event));
  assert.equal((await stack.ctl('ipn', 'show', String(number))).tries[0].answer, '[OK]');
  await stack.ctl('ipn', 'replay', event);
  await shop.got(2);
  assert.deepEqual(await stack.ctl('ipn', 'pause', shop.endpoint), [{ endpoint: shop.endpoint, paused: true }]);
  await merchant.refused('not_found', 'merchant/endpoint/resume', { endpoint: shop.endpoint });
  const page = await session.ok('GET', '/site/merchant/events');
  assert.equal(page.endpoints.find(({ endpoint }) => endpoint === shop.endpoint).paused_by_operator, true);
  await stack.ctl('ipn', 'resume', shop.endpoint);
  for (const args of [['show', '999999999'], ['replay', 'x'], ['resume', 'nobody.example']])
    assert.equal((await stack.ctlResult(['ipn', ...args])).code, 1, args.join(' '));
});
