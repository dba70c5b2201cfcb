// Affiliates on the site: a visit by a link with its cookie, whose the visitor is, and the affiliate's own calls.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Desk } from '../support/desk.mjs';
import { closeConnections, stack, until } from '../support/teller.mjs';

const PASSWORD = 'a password of the tests';

const desk = new Desk(stack);
let session, rid, usd, eur, pair;

before(async () => {
  const user = await stack.user({ password: PASSWORD });
  [session, rid] = [await stack.signIn(user), await desk.userId(user)];
  usd = await desk.system({ currency: 'USD', name: 'Dollars', payout_on: 1, payout_percent: '2.5', reserve: '100', account_rule: 'digits' });
  eur = await desk.system({ currency: 'EUR', name: 'Euros', reserve: '1000', account_get: 0 });
  pair = await desk.direction(usd, eur, { rate: { get: '1' }, profit_percent: '10' });
  await until(async () => (await stack.request('GET', `/site/desk/direction?direction=${pair.id}`)).json?.id === pair.id);
});
after(async () => {
  await desk.hide(pair);
  assert.equal(await stack.bugs(), '');
  await stack.audit();
  closeConnections();
});

const visit = (body, headers = {}) => stack.request('POST', '/site/desk/visits',
  { headers: { 'Content-Type': 'application/json', 'User-Agent': 'Browser/2', ...headers }, body: JSON.stringify(body) });
const exchange = async (amount, cookie) => {
  const reply = await stack.request('POST', '/site/desk/bids', { headers: { 'Content-Type': 'application/json', ...(cookie ? { Cookie: cookie } : {}) },
    body: JSON.stringify({ direction: pair.id, amount, account1: '1234' }) });
  assert.equal(reply.status, 200, reply.text);
  return reply.json;
};
const done = (bid) => stack.ctl('desk', 'move', bid.id, 'success');
let cookie;

test('who never joined has no link, and is told so; joining twice is joining once', async () => {
  assert.deepEqual(await session.ok('GET', '/site/affiliate'), { joined: false });
  assert.deepEqual([(await visit({ rid })).status, (await visit({ rid })).json.field], [404, 'rid']);
  for (let i = 0; i < 2; i++) {
    const { joined, link, balance, currency, percent, visits, bids, payable, payable_in: ways } = await session.ok('POST', '/site/affiliate', {});
    assert.deepEqual([joined, balance, currency, percent, visits, bids, payable, ways], [true, '0', 'USD', '30', 0, 0, false, []]);
    assert.match(link, new RegExp(`^https?://[^/]+/\\?rid=${rid}$`));
  }
  for (const name of ['visits', 'exchanges', 'payouts']) assert.deepEqual(await session.ok('GET', `/site/affiliate/${name}`), { items: [], more: false });
});

test('a visit sets a cookie that scripts do not see; the page again keeps it', async () => {
  const reply = await visit({ rid, referrer: 'https://blog.example/', query: `rid=${rid}&utm=1` });
  assert.equal(reply.text, '{}');
  const [set] = reply.headers['set-cookie'];
  assert.match(set, /^visitor=[0-9A-Za-z]{32}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=7776000$/);
  cookie = set.split(';')[0];
  assert.equal((await visit({ rid }, { Cookie: cookie })).headers['set-cookie'][0], set);
  const { items } = await session.ok('GET', '/site/affiliate/visits');
  assert.deepEqual(items.map(({ browser, ip, referrer, query }) => [browser, ip, referrer, query]),
    [['Browser/2', '127.0.0.1', 'https://blog.example/', `rid=${rid}&utm=1`]]);
  // What others see is no cookie.
  const [[hash]] = await stack.sql(`SELECT user_hash FROM desk_visit WHERE partner_id = ${rid}`);
  assert.equal(hash, createHash('sha256').update(cookie.split('=')[1]).digest('hex'));
});

test('refused: no such affiliate, what another site sends, a broken rid', async () => {
  for (const [body, headers, status, error] of [[{ rid: 999999999 }, {}, 404, 'not_found'], [{ rid }, { 'Sec-Fetch-Site': 'cross-site' }, 403, 'csrf'],
    [{}, {}, 400, 'missing_parameter'], [{ rid: 'x' }, {}, 400, 'invalid_parameter'], [{ rid: -1 }, {}, 400, null]]) {
    const reply = await visit(body, headers);
    assert.equal(reply.status, status, reply.text);
    if (error) assert.equal(reply.json.error, error);
    assert.equal(reply.headers['set-cookie'], undefined);
  }
});

test('the visitor’s exchange earns once it is done; a stranger’s and one’s own do not', async () => {
  const [mine, stranger] = [await exchange('50', cookie), await exchange('50')];
  await done(mine);
  await done(stranger);
  const { items } = await session.ok('GET', '/site/affiliate/exchanges');
  assert.deepEqual(items.map(({ id, give, get, amount, status, reward }) => [id, give, get, amount, status, reward]),
    [[mine.id, 'Dollars', 'Euros', '50', 'success', '1.5']]);
  const own = await session.ok('POST', '/site/desk/bids', { direction: pair.id, amount: '50', account1: '1234' }, { Cookie: `${session.cookie ?? ''}; ${cookie}` });
  await done(own);
  const seen = await session.ok('GET', '/site/affiliate');
  assert.deepEqual([seen.balance, seen.bids, seen.done, seen.payable], ['1.5', 1, 1, true]);
  assert.deepEqual(seen.payable_in.filter(({ id }) => id === usd.id),
    [{ id: usd.id, name: 'Dollars', currency: 'USD', amount: '1.46', to_balance: false, label: '', hint: '' }]);
});

test('a payout: refused at its field, asked for, taken back, and not by others', async () => {
  await session.refused(400, 'desk_payout_account', 'POST', '/site/affiliate/payouts', { system: usd.id, account: 'me' }, { field: 'account' });
  await session.refused(400, 'desk_payout_system', 'POST', '/site/affiliate/payouts', { system: eur.id, account: '1' }, { field: 'system' });
  const asked = await session.ok('POST', '/site/affiliate/payouts', { system: usd.id, account: '4711' });
  assert.deepEqual([asked.taken, asked.taken_currency, asked.paid, asked.account, asked.status], ['1.5', 'USD', '1.46', '4711', 'waiting']);
  await session.refused(409, 'desk_payout_low', 'POST', '/site/affiliate/payouts', { system: usd.id, account: '4711' });
  const other = await stack.signIn(await stack.user({ password: PASSWORD }));
  await other.refused(404, 'not_found', 'POST', `/site/affiliate/payouts/${asked.id}/cancel`, {});
  assert.equal((await session.ok('POST', `/site/affiliate/payouts/${asked.id}/cancel`, {})).status, 'withdrawn');
  assert.equal((await session.ok('GET', '/site/affiliate')).balance, '1.5');
  assert.deepEqual((await session.ok('GET', '/site/affiliate/payouts')).items.map(({ status }) => status), ['withdrawn']);
});

test('a list goes on behind its page', async () => {
  await stack.sql(`INSERT INTO desk_visit (partner_id, browser, ip, referrer, user_hash, query) SELECT ${rid}, seq, '192.0.2.1', '', '', '' FROM seq_1_to_25`);
  const [first, rest] = [await session.ok('GET', '/site/affiliate/visits'), await session.ok('GET', '/site/affiliate/visits?offset=20')];
  assert.deepEqual([first.items.length, first.more, rest.items.length, rest.more], [20, true, 6, false]);
});
