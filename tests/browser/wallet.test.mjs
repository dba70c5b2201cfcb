// The wallet page: transfer, deposit, withdraw with one-time password and trusted address, live status, cancel.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { assertAccessible, assertFits, done, launch, newPage, newUser, setUpOtp, shot, signIn, tellerctl, totp } from './support.mjs';
import { stack } from '../support/teller.mjs';

const XPUB = 'tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M';
const TRON = 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8';

let browser;
before(async () => {
  browser = await launch();
  await tellerctl(['rail', 'set', 'Tron', '--set', 'kind=on_chain']);
  await tellerctl(['rail', 'asset', 'Tron', 'USD', '--set', 'decimals=6', '--set', 'min_withdrawal=2', '--set', 'fee=0.5', '--set', 'memo_needed=yes']);
  await stack.sql(`INSERT IGNORE INTO deposit_rail (rail, format, path, xpub) VALUES ('bitcoin', 'bitcoin_regtest', "m/84'/1'/0'", '${XPUB}')`);
});
after(() => browser.close());

const card = (page, symbol) => page.locator('.wallets > li', { has: page.locator('h2', { hasText: new RegExp(`^${symbol}\\b`) }) });
const panel = (page) => page.locator('#panel');

/** Moves all of the dollars to FUND, by keyboard alone. */
async function toFund(page) {
  await page.getByRole('button', { name: 'Transfer USD', exact: true }).focus();
  await page.keyboard.press('Enter');
  await panel(page).getByLabel('Direction').selectOption('SPOT');
  await panel(page).getByLabel('Amount, USD').fill('1000');
  await page.keyboard.press('Enter');
  await card(page, 'USD').locator('.balance', { hasText: '$1,000.00' }).waitFor();
}

test('money goes to FUND and out, with what it costs and what arrives; its state is live; it can be taken back', async () => {
  const user = await newUser();
  const page = await newPage(browser);
  await signIn(page, user);
  const key = await setUpOtp(page, user);
  await page.goto(`${new URL(page.url()).origin}/wallet`);
  await toFund(page);
  await page.getByRole('button', { name: 'Add an address' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Cold store');
  await dialog.getByLabel('Way').selectOption('Tron');
  await dialog.getByLabel('Address', { exact: true }).fill(TRON);
  await dialog.getByLabel('Memo').fill('4711');
  await dialog.getByLabel('One-time password').fill(totp(key));
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await page.locator('#trusted-title ~ ul', { hasText: 'Cold store' }).waitFor();
  await page.getByRole('button', { name: 'Withdraw USD', exact: true }).click();
  await panel(page).getByLabel('Way').selectOption('Tron');
  await panel(page).getByText('Without the right one the money is lost').waitFor();
  await panel(page).getByLabel('Trusted address').selectOption({ index: 1 });
  assert.equal(await panel(page).getByLabel('Address', { exact: true }).inputValue(), TRON);
  assert.equal(await panel(page).getByLabel('Memo').inputValue(), '4711');
  await panel(page).getByLabel('Amount, USD').fill('100.5');
  await panel(page).locator('.limits', { hasText: '100 USD' }).waitFor();
  await assertAccessible(page, 'the withdrawal');
  await shot(page, 'wallet-withdraw');
  await panel(page).getByRole('button', { name: 'Withdraw', exact: true }).click();
  await panel(page).locator('#w-otp-error', { hasText: 'code' }).waitFor();
  await panel(page).getByLabel('One-time password').fill(totp(key, 1));
  await panel(page).getByRole('button', { name: 'Withdraw', exact: true }).click();
  const move = page.locator('#moves li', { hasText: 'Withdrawal of' });
  await move.locator('.badge', { hasText: 'Waits to be sent' }).waitFor();
  await card(page, 'USD').getByText('On its way out').waitFor();
  await page.getByRole('button', { name: /^Cancel the withdrawal/ }).click();
  await move.locator('.badge', { hasText: 'Cancelled' }).waitFor();
  await done(page);
});

test('a deposit has an address with its code, and counts its confirmations up', async () => {
  const user = await newUser({ credit: [['BTC', '1']] });
  const page = await newPage(browser, { viewport: { width: 375, height: 800 }, colorScheme: 'dark' });
  await signIn(page, user, '/wallet');
  await page.getByRole('button', { name: 'Deposit BTC', exact: true }).click();
  await panel(page).locator('.secret code', { hasText: /^bcrt1q/ }).waitFor();
  await panel(page).getByRole('img', { name: /QR code/ }).waitFor();
  await assertAccessible(page, 'the deposit');
  await assertFits(page, 'the deposit');
  const txid = randomBytes(32).toString('hex');
  const of = `FROM deposit_address AS a JOIN user AS u ON u.id = a.user_id JOIN currency AS c ON c.code = 'BTC' WHERE u.login = '${user.login}'`;
  await stack.sql(`INSERT INTO deposit (uuid, rail, txid, output, path_index, user_id, currency_id, amount, chain_amount, needed, state, height, block_hash)
    SELECT UNHEX(MD5('${txid}')), a.rail, UNHEX('${txid}'), 0, a.path_index, a.user_id, c.id, 150000000, 150000000, 6, 'pending', 100, REPEAT('b', 32) ${of}`);
  for (const [height, confirms] of [[100, 1], [102, 3]]) {
    await stack.sql(`UPDATE deposit_rail SET height = ${height}, hash = REPEAT('b', 32) WHERE rail = 'bitcoin'`);
    await page.locator('#moves .confirms', { hasText: `${confirms} of 6 confirmations` }).waitFor();
  }
  await shot(page, 'wallet-deposit');
  await assertFits(page, 'the wallet');
  await panel(page).getByRole('button', { name: 'Close' }).click();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'deposit-BTC');
  await stack.sql(`DELETE FROM deposit WHERE txid = UNHEX('${txid}'); UPDATE deposit_rail SET height = NULL, hash = NULL WHERE rail = 'bitcoin'`);
  await done(page);
});
