// The account page: history filters, API keys, empty states.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BASE, assertAccessible, done, launch, newMerchant, newOrder, newPage, newPartner, newUser, section, shot, signIn,
  signedCall, tellerctl } from './support.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function customer(options) {
  const user = await newUser(options);
  const page = await newPage(browser);
  await signIn(page, user);
  return { user, page };
}

test('balances of several currencies with their limits', async () => {
  const { page } = await customer({ credit: [['USD', '1250.5'], ['BTC', '0.12345678'], ['EUR', '99.9']] });
  await section(page, 'balances');
  await page.locator('.balance', { hasText: '$1,250.50' }).waitFor();
  await page.locator('.balance', { hasText: '0.12345678' }).waitFor();
  assert.equal(await page.getByText('Nothing held').count(), 3);
  assert.equal(await page.getByText('Withdrawal limits').count(), 3);
  await shot(page, 'balances');
  await done(page);
});

test('a new account has designed empty states', async () => {
  const { page } = await customer({ credit: [] });
  for (const [name, text] of [['balances', 'No balances yet'], ['history', 'No history yet'],
    ['tickets', 'No tickets yet'], ['keys', 'No API keys yet'], ['robots', 'No robots yet']]) {
    await section(page, name);
    await page.getByText(text).waitFor();
    await shot(page, `empty-${name}`);
  }
  await done(page);
});

test('the history is filtered by currency, type and date', async () => {
  const { page } = await customer({ credit: [['USD', '10'], ['EUR', '20'], ['USD', '30']] });
  await section(page, 'history');
  const rows = page.locator('tbody tr');
  await page.locator('caption', { hasText: 'All currencies: 3 entries' }).waitFor();
  for (const amount of ['+$10.00', '+20.00\u00a0€', '+$30.00']) await page.getByRole('cell', { name: amount }).waitFor();
  const found = async (count) => {
    await page.locator('caption', { hasText: count === 1 ? ': 1 entry' : `: ${count} entries` }).waitFor();
    assert.equal(await rows.count(), count);
  };
  await page.getByLabel('Currency').selectOption('USD');
  await found(2);
  await page.getByLabel('Currency').selectOption('EUR');
  await found(1);
  await page.getByLabel('Type').selectOption('fee');
  await page.getByText('Nothing found').waitFor();
  await page.getByLabel('Type').selectOption('deposit');
  await found(1);
  await page.getByLabel('To (UTC day)').fill('2001-01-01');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByText('Nothing found').waitFor();
  await done(page);
});

test('a long history comes in parts', async () => {
  const { page, user } = await customer({ credit: [] });
  for (let i = 1; i <= 51; i++) await tellerctl(['credit', user.login, 'USD', '1', '--note', `Deposit ${i}`]);
  await section(page, 'history');
  await page.getByText('the newest 50 of 51 entries').waitFor();
  assert.equal(await page.locator('tbody tr').count(), 50);
  await page.getByRole('button', { name: 'Older entries' }).click();
  await page.getByText(': 51 entries').waitFor();
  assert.equal(await page.locator('tbody tr').count(), 51);
  await page.getByRole('cell', { name: 'Deposit 1', exact: true }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Older entries' }).count(), 0);
  await done(page);
});

/** Calls a route of the site as the page does. */
const call = (page, path, body) => page.evaluate(async ([to, what]) => {
  const { api } = await import('/js/api.js');
  return api('POST', to, { headers: { 'Idempotency-Key': crypto.randomUUID() }, body: what });
}, [path, body]);

test('the trades and fees of one order are one line, which opens; nobody else is in it', async () => {
  await tellerctl(['market', 'add', 'BTC', 'DKK']).catch(() => { /* from a run before */ });
  await tellerctl(['market', 'resume', 'BTCDKK']);
  const { page: seller } = await customer({ credit: [['BTC', '5']] });
  for (const [amount, price] of [['0.1', '100'], ['0.2', '101'], ['0.3', '102']])
    await call(seller, '/site/market/orders', { market: 'BTCDKK', type: 'ask', amount, price });
  const { page } = await customer({ credit: [['DKK', '1000']] });
  await call(page, '/site/market/orders', { market: 'BTCDKK', type: 'bid', amount: '0.6', price: '102' });
  await section(page, 'history');
  await page.locator('caption', { hasText: 'All currencies: 10 entries' }).waitFor();
  const rows = page.locator('tbody tr');
  assert.equal(await rows.count(), 2, 'the order, and the deposit');
  const order = rows.filter({ hasText: 'One order: 3 trades, 3 fees' });
  // 0.6 less 0.6 %; 10 and 20.2 and 30.6
  assert.deepEqual(await order.locator('.value .money').allTextContents(), ['+0.5964\u00a0BTC', '−60.80\u00a0kr']);
  assert.deepEqual(await order.locator('.after .money').allTextContents(), ['0.5964\u00a0BTC', '939.20\u00a0kr']);
  assert.equal(await order.locator('.type').textContent(), 'Bought');
  assert.equal(await order.locator('li').first().isVisible(), false);
  await order.locator('summary').click();
  assert.equal(await order.locator('li:visible').count(), 9);
  await assertAccessible(page, 'an order in the history');
  await shot(page, 'history-order');
  await section(seller, 'history');
  assert.equal(await seller.locator('tbody tr').count(), 4, 'three orders, and the deposit');
  await page.getByLabel('Currency').selectOption('DKK');
  await page.locator('caption', { hasText: 'DKK: 4 entries' }).waitFor();
  assert.deepEqual(await order.locator('.value .money').allTextContents(), []);
  assert.deepEqual(await rows.first().locator('.value').textContent(), '−60.80\u00a0kr');
  await done(seller);
  await done(page);
});

test('what came back is a refund, not a deposit', async () => {
  const { page } = await customer();
  const partner = await newPartner({ url: null });
  const { ticket } = await call(page, '/site/tickets', { partner: partner.id, amount: '5', currency: 'USD', accept_terms: true });
  await call(page, `/site/tickets/${ticket}/cancel`, {});
  const merchant = await newMerchant();
  const transaction = await newOrder(merchant, { amount: '7' });
  await call(page, `/site/pay/${transaction}`, {});
  await signedCall(merchant.key, 'generic/merchant/order/refund', { transaction });
  await section(page, 'history');
  await page.locator('caption', { hasText: ': 5 entries' }).waitFor();
  assert.deepEqual(await page.locator('tbody .type').allTextContents(), ['Refund', 'Spent', 'Refund', 'Withdrawal', 'Deposit']);
  await done(page);
});

test('an API key works, shows its secret once, is edited and revoked', async () => {
  const { page, user } = await customer();
  await section(page, 'keys');
  await page.getByRole('checkbox', { name: 'Withdraw money' }).check();
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.locator('#new-key').waitFor();
  await shot(page, 'key-created');
  const [key, secret] = await page.locator('#new-key .secret code').allTextContents();
  const info = await signedCall({ key, secret }, 'generic/info');
  assert.equal(info.result, 'success', JSON.stringify(info));
  assert.equal(info.return.Login, user.login);
  assert.deepEqual([...info.return.Rights].sort(), ['get_info', 'withdraw']);

  await page.getByRole('button', { name: 'I have stored it' }).click();
  assert.ok(!(await page.content()).includes(secret));
  await section(page, 'keys');
  await page.locator('.key', { hasText: key }).waitFor();
  assert.ok(!(await page.content()).includes(secret));

  await page.getByRole('button', { name: /^Edit key/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Allowed addresses').fill('not an address');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.locator('.error, .form-error').filter({ hasText: /\w/ }).waitFor();
  await dialog.getByLabel('Allowed addresses').fill('192.0.2.7\n2001:db8::/32');
  await shot(page, 'key-edit');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.locator('.key', { hasText: '192.0.2.7' }).waitFor();
  assert.equal((await signedCall({ key, secret }, 'generic/info')).result, 'error');

  await page.getByRole('button', { name: /^Revoke key/ }).click();
  await page.getByRole('button', { name: 'Revoke the key' }).click();
  await page.locator('.key', { hasText: 'Revoked' }).waitFor();
  await done(page);
});

test('a wallet key has scopes, and needs a one-time password', async () => {
  const { page } = await customer();
  await section(page, 'keys');
  await page.getByLabel('For').selectOption('wallet');
  assert.equal(await page.getByRole('checkbox', { name: 'Withdraw money' }).count(), 0);
  await page.getByRole('checkbox', { name: 'Execute Withdrawals' }).check();
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.locator('.form-error, .error').filter({ hasText: 'one-time password first' }).waitFor();
  await done(page);
});

test('a robot\'s key is made by keyboard, shown once, calls, is edited and revoked', async () => {
  const { page } = await customer({ credit: [] });
  await section(page, 'robots');
  await page.getByText('No robots yet').waitFor();
  await page.locator('#content input[value=add_partner_payout]').uncheck();
  await page.getByRole('button', { name: 'Make a robot’s key' }).focus();
  await page.keyboard.press('Enter');
  await page.locator('#new-robot').waitFor();
  await assertAccessible(page, 'the new robot');
  await shot(page, 'robot-new');
  const [login, key] = await page.locator('#new-robot .secret code').allTextContents();
  const call = async (method) => (await page.request.post(`${BASE}/api/userapi/v1/${method}`, { headers: { 'API-LOGIN': login, 'API-KEY': key } })).json();
  assert.equal((await call('test')).error, 0);
  assert.equal((await call('add_partner_payout')).error_text, 'Method not supported');
  await page.getByRole('button', { name: 'I have stored it' }).click();
  assert.ok(!(await page.content()).includes(key));
  await page.getByRole('button', { name: /^Edit robot/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Allowed addresses').fill('nowhere');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.locator('#e-networks-error:not(:empty)').waitFor();
  await dialog.getByLabel('Allowed addresses').fill('192.0.2.7');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.locator('.key', { hasText: '192.0.2.7' }).waitFor();
  await page.getByRole('button', { name: /^Revoke robot/ }).click();
  await page.getByRole('button', { name: 'Revoke the key' }).click();
  await page.locator('.key', { hasText: 'Revoked' }).waitFor();
  await done(page);
});

test('a key without rights is refused next to the rights', async () => {
  const { page } = await customer();
  await section(page, 'keys');
  await page.getByRole('checkbox', { name: 'Read the account' }).uncheck();
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.locator('#k-rights-error', { hasText: 'at least one right' }).waitFor();
  await done(page);
});

test('a server that does not answer can be asked again', async () => {
  const { page } = await customer();
  await page.route('**/site/account', (route) => route.fulfill({ status: 503, body: '<html></html>' }));
  await section(page, 'balances');
  await page.getByText('not available right now').waitFor();
  await shot(page, 'unavailable');
  await page.unroute('**/site/account');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.locator('.balance').waitFor();
  await done(page, '503');
});
