// Callbacks of the exchange desk, delivered by the retrier of the stack to a server of the test's own: in order per bid, signed,
// again until 2xx, explained and replayed as notifications are.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { Desk } from '../support/desk.mjs';
import { closeConnections, stack, until } from '../support/teller.mjs';

const PASSWORD = 'a password of the tests';

const desk = new Desk(stack);
let session, robot, other, pair, server, url;
const calls = [];
/** The status that a call is answered with. */
let answer = () => 204;

before(async () => {
  const user = await stack.user({ password: PASSWORD });
  [session, robot, other] = [await stack.signIn(user), await desk.key({ user }), await stack.signIn(await stack.user({ password: PASSWORD }))];
  const usd = await desk.system({ currency: 'USD', name: 'Dollars' });
  const eur = await desk.system({ currency: 'EUR', name: 'Euros', reserve: '1000', account_get: 0 });
  pair = await desk.direction(usd, eur, { rate: { get: '1' } });
  server = http.createServer(async (request, reply) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const call = { method: request.method, url: request.url, headers: request.headers, body, ...Object.fromEntries(new URLSearchParams(body)) };
    calls.push(call);
    reply.writeHead(answer(call)).end();
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  url = `http://127.0.0.1:${server.address().port}/cb?from=desk`;
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await desk.hide(pair);
  assert.equal(await stack.bugs(), '');
  await stack.audit();
  closeConnections();
});

const make = async (callback = url) => (await robot.json('create_bid', { direction_id: pair.id, calc_amount: 10, calc_action: 1, account1: '1234', callback_url: callback })).data;
const of = (bid) => calls.filter(({ bid_id: id }) => id === bid.id);
const got = (bid, count) => until(() => of(bid).length >= count && of(bid), 15, `${count} callbacks`);
/** The bid's events as the site shows them, the first in front. */
async function events(bid) {
  const [[uuid]] = await stack.sql(`SELECT LOWER(CONCAT_WS('-', SUBSTR(HEX(uuid), 1, 8), SUBSTR(HEX(uuid), 9, 4), SUBSTR(HEX(uuid), 13, 4), SUBSTR(HEX(uuid), 17, 4), SUBSTR(HEX(uuid), 21))) FROM desk_bid WHERE id = ${bid.id}`);
  return (await session.ok('GET', `/site/merchant/events?transaction=${uuid}`)).events.toReversed();
}
const delivered = (bid, count) => until(async () => {
  const list = await events(bid);
  return list.length === count && list.every(({ state }) => state === 'delivered') && list;
}, 15, 'the delivery');

test('each status after the first, in order: a plain form with Standard Webhooks headers beside', async () => {
  const { secret } = await session.ok('POST', '/site/merchant/secret', {});
  await new Promise((done) => { setTimeout(done, 2100); }); // what the retrier remembers of secrets is gone then
  const bid = await make();
  for (const method of ['pay_bid', 'success_bid']) assert.equal((await robot.json(method, { id: bid.id })).error, '0');
  const both = await got(bid, 2);
  assert.deepEqual(both.map(({ body }) => body), [`bid_id=${bid.id}&status=payed`, `bid_id=${bid.id}&status=success`]);
  for (const { method, url: path, headers, body } of both) {
    assert.deepEqual([method, path, headers['content-type'], headers['rest-sign']], ['POST', '/cb?from=desk', 'application/x-www-form-urlencoded', undefined]);
    const verify = (text) => {
      try {
        new Webhook(secret).verify(text, headers);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error; // it parses JSON once the signature holds; ours is a form
      }
    };
    verify(body);
    assert.throws(() => verify(`${body}x`), /signature/i);
  }
  await delivered(bid, 2);
});

test('again until 2xx, the same bytes, and nothing of that bid before; other bids are told meanwhile', async () => {
  let refusals = 2;
  const [bid, second] = [await make(), await make()];
  answer = ({ bid_id: id }) => (id === bid.id && refusals-- > 0 ? 500 : 200);
  await robot.json('pay_bid', { id: bid.id });
  await got(bid, 1);
  await robot.json('success_bid', { id: bid.id });
  await robot.json('pay_bid', { id: second.id });
  await got(second, 1);
  const [{ event }] = await events(bid);
  await until(async () => (await session.ok('GET', `/site/merchant/events/${event}`)).refused === 'the answer is not a status of 2xx');
  for (let count = 2; count <= 3; count++) {
    assert.ok(of(bid).every(({ status }) => status === 'payed'), 'in order');
    // Once the refusal is written down the next try is seconds away: it is made due.
    await until(async () => (await session.ok('GET', `/site/merchant/events/${event}`)).tries.filter(({ latency_us: took }) => took !== null).length === count - 1);
    await stack.sql(`UPDATE delivery SET next_at = NOW(6) WHERE state = 'pending' AND next_at IS NOT NULL AND subject = (SELECT uuid FROM desk_bid WHERE id = ${bid.id})`);
    await got(bid, count);
  }
  const all = await got(bid, 4);
  assert.deepEqual(all.map(({ status }) => status), ['payed', 'payed', 'payed', 'success']);
  assert.equal(new Set(all.slice(0, 3).map(({ body, headers }) => `${body} ${headers['webhook-id']}`)).size, 1);
  await delivered(bid, 2);
  const { tries } = await session.ok('GET', `/site/merchant/events/${event}`);
  assert.deepEqual(tries.map(({ status, result }) => [status, result]), [[500, 'refused'], [500, 'refused'], [200, 'acknowledged']]);
});

test('explained to its owner, and replayed', async () => {
  const bid = await make();
  answer = () => 200;
  await robot.json('cancel_bid', { id: bid.id });
  const [call] = await got(bid, 1);
  const [{ event }] = await delivered(bid, 1);
  const shown = await session.ok('GET', `/site/merchant/events/${event}`);
  assert.deepEqual([shown.body, shown.status, shown.url], [`bid_id=${bid.id}&status=cancel`, 'cancel', url]);
  assert.match(shown.curl, /^curl /);
  await other.refused(404, 'not_found', 'GET', `/site/merchant/events/${event}`);
  await session.ok('POST', '/site/merchant/events/replay', { event });
  const [, again] = await got(bid, 2);
  assert.deepEqual([again.body, again.headers['webhook-id']], [call.body, call.headers['webhook-id']]);
});

test('an address that is never called is told as such', async () => {
  const bid = await make('http://10.0.0.1/cb');
  await robot.json('cancel_bid', { id: bid.id });
  const [{ event }] = await until(async () => {
    const list = await events(bid);
    return list[0]?.attempts > 0 && list;
  });
  const shown = await session.ok('GET', `/site/merchant/events/${event}`);
  assert.equal(shown.tries[0].result, 'address_refused');
  await session.ok('POST', '/site/merchant/endpoints', { endpoint: '10.0.0.1:80', paused: true });
});
