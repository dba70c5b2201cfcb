// The withdrawal through the demo partner, from the choice of the partner to the partner's updates.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BASE, TLS_BASE, assertAccessible, done, fillWithdrawal, launch, newDemoPartner, newPage, newPartner, newUser,
  section, shot, signIn, tabTo, totp } from './support.mjs';

const KEY = /^key=([\w-]{20,})$/;

let browser;
let partner;
before(async () => {
  [browser, partner] = await Promise.all([launch(), newDemoPartner()]);
});
after(() => Promise.all([browser.close(), partner.restore()]));

const confirmButton = (page) => page.getByRole('button', { name: 'Confirm withdrawal' });

async function customer(options) {
  const user = await newUser(options);
  const page = await newPage(browser);
  await signIn(page, user, '/withdraw');
  return { user, page };
}

async function atPartner(page) {
  await page.waitForURL(/\/demo-partner\/ticket\.html/);
  await page.locator('#status').waitFor();
}

/** The key as it went to the partner, and the request that carried it. */
function handOver(page) {
  const requests = page.seen.filter((request) => new URL(request.url()).pathname === '/demo-partner/withdraw');
  assert.equal(requests.length, 1);
  assert.equal(requests[0].method(), 'POST');
  return { request: requests[0], key: KEY.exec(requests[0].postData())[1] };
}

test('a withdrawal is accepted, settled and updated by the partner; the account shows each step', async () => {
  const { page } = await customer();
  await fillWithdrawal(page, partner, '123.45');
  await shot(page, 'withdraw-confirm');
  await confirmButton(page).click();
  await atPartner(page);
  await page.getByText('$123.45').first().waitFor();
  await assertAccessible(page, 'the partner site');
  await shot(page, 'partner-open');

  await page.getByLabel('Description').fill('Bank transfer to account 4711');
  await page.getByRole('button', { name: 'Accept and settle' }).click();
  await page.locator('#status', { hasText: 'settled' }).waitFor();
  await page.getByLabel('Message').fill('Your transfer is on its way');
  await page.getByLabel('New status').selectOption('processing');
  await page.getByRole('button', { name: 'Post update' }).click();
  await page.locator('#status', { hasText: 'processing' }).waitFor();
  await page.getByLabel('Message').fill('Paid out');
  await page.getByLabel('New status').selectOption('completed');
  await page.getByRole('button', { name: 'Post update' }).click();
  await page.locator('#status', { hasText: 'completed' }).waitFor();
  await shot(page, 'partner-completed');

  await section(page, 'tickets');
  const ticket = page.locator('.ticket').first();
  await ticket.getByText('Bank transfer to account 4711').waitFor();
  await ticket.getByText('Your transfer is on its way').waitFor();
  assert.equal(await ticket.locator('.ticket-head .badge').textContent(), 'Completed');
  await shot(page, 'tickets-completed');
  await section(page, 'history');
  await page.getByRole('cell', { name: '−$123.45' }).waitFor();
  for (const text of ['Bank transfer to account 4711', 'Your transfer is on its way', 'Paid out'])
    await page.getByRole('cell', { name: text }).first().waitFor();
  await shot(page, 'history');
  await section(page, 'balances');
  await page.locator('.balance', { hasText: '$876.55' }).waitFor();
  await done(page);
});

test('the link back leads to the ticket', { skip: !TLS_BASE && 'no TLS_BASE' }, async () => {
  const page = await newPage(browser);
  await signIn(page, await newUser(), '/withdraw', TLS_BASE);
  await fillWithdrawal(page, partner, '9.5', 'USD', TLS_BASE);
  await confirmButton(page).click();
  await atPartner(page);
  await page.getByRole('button', { name: 'Accept and settle' }).click();
  await page.locator('#status', { hasText: 'settled' }).waitFor();
  await page.getByRole('link', { name: 'Back to Teller' }).click();
  await page.locator('.ticket h2:focus', { hasText: '$9.50' }).waitFor();
  assert.equal(new URL(page.url()).origin, TLS_BASE);
  await done(page);
});

test('the key is in no URL, history, referrer or storage, and no longer in the page', async () => {
  const { page } = await customer();
  await fillWithdrawal(page, partner, '10');
  await confirmButton(page).click();
  await atPartner(page);
  const { request, key } = handOver(page);
  assert.match(request.url(), /\?ticket=[\w-]+$/);
  await page.getByRole('button', { name: 'Accept and settle' }).click();
  await page.locator('#status', { hasText: 'settled' }).waitFor();

  const headers = await Promise.all(page.seen.map(async (one) => (await one.allHeaders()).referer ?? ''));
  assert.deepEqual([...page.seen.map((one) => one.url()), ...headers].filter((text) => text.includes(key)), []);
  const tools = await page.context().newCDPSession(page);
  const { entries } = await tools.send('Page.getNavigationHistory');
  assert.ok(entries.length > 1);
  assert.ok(!JSON.stringify(entries).includes(key));
  const stored = () => page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state,
    document.cookie]));
  assert.ok(!(await stored()).includes(key));
  assert.ok(!(await page.content()).includes(key));
  await page.goBack();
  await page.locator('main').waitFor();
  assert.ok(!(await page.content()).includes(key));
  assert.ok(!(await stored()).includes(key));
  await done(page);
});

test('the customer reads exactly what the partner learns, and must accept it', async () => {
  const { page, user } = await customer();
  await page.getByRole('radio', { name: partner.id }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('Amount', { exact: true }).fill('25.5');
  await page.getByRole('button', { name: 'Continue' }).click();
  const terms = await page.locator('#disclosed').innerText();
  for (const text of [user.login, user.email, 'Account id', 'Verified', '25.5 USD', 'Request date', 'Expiry date'])
    assert.ok(terms.includes(text), `the terms name ${text}`);
  await shot(page, 'withdraw-terms');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.locator('#terms-error', { hasText: 'Please accept' }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'accept_terms');
  await done(page);
});

test('a double click makes one ticket', async () => {
  const { page } = await customer();
  await fillWithdrawal(page, partner, '11');
  await confirmButton(page).dblclick();
  await atPartner(page);
  await section(page, 'tickets');
  assert.equal(await page.locator('.ticket').count(), 1);
  await done(page);
});

test('asking again after a lost answer makes one ticket', async () => {
  const { page } = await customer();
  await fillWithdrawal(page, partner, '12');
  let lost = 0;
  await page.route('**/site/tickets', async (route) => {
    if (lost++) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await confirmButton(page).click();
  await page.getByText('The server could not be reached').waitFor();
  await confirmButton(page).click();
  await atPartner(page);
  await section(page, 'tickets');
  assert.equal(await page.locator('.ticket').count(), 1);
  await done(page, 'ERR_FAILED');
});

for (const [amount, problem] of [['', 'enter an amount'], ['0', 'more than zero'], ['1,500', 'could be 1500 or 1.500'],
  ['-1', 'plain number'], ['1.123456', 'at most 5 decimals'], ['99999999', 'more than your available']]) {
  test(`the amount "${amount}" is refused next to its field`, async () => {
    const { page } = await customer();
    await page.getByRole('radio', { name: partner.id }).check();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByLabel('Amount', { exact: true }).fill(amount);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.locator('#amount-error', { hasText: problem }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'amount');
    await done(page);
  });
}

test('what only the server can know is shown at the step that it is about', async () => {
  const { page } = await customer({ credit: [['USD', '100']] });
  await fillWithdrawal(page, partner, '60');
  const other = await page.context().newPage();
  await fillWithdrawal(other, partner, '50');
  await confirmButton(other).click();
  await atPartner(other);
  await confirmButton(page).click();
  await page.locator('#amount-error', { hasText: 'Not enough funds' }).waitFor();
  await done(page);
});

test('an open ticket can be cancelled; the money is back', async () => {
  const { page } = await customer();
  await fillWithdrawal(page, partner, '40');
  await confirmButton(page).click();
  await atPartner(page);
  await section(page, 'balances');
  await page.locator('.held', { hasText: '$40.00' }).waitFor();
  await shot(page, 'balances-held');
  await section(page, 'tickets');
  await page.getByRole('button', { name: 'Cancel ticket' }).click();
  await page.getByRole('dialog').waitFor();
  await shot(page, 'ticket-cancel');
  await page.getByRole('button', { name: 'Cancel the ticket' }).click();
  await page.locator('.ticket .badge', { hasText: 'Cancelled' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Continue to partner' }).count(), 0);
  await section(page, 'balances');
  await page.locator('.balance', { hasText: '$1,000.00' }).waitFor();
  await done(page);
});

test('an open ticket can be taken to the partner again', async () => {
  const { page } = await customer();
  await fillWithdrawal(page, partner, '41');
  await confirmButton(page).click();
  await atPartner(page);
  await page.context().clearCookies({ name: /^demo_/ });
  await section(page, 'tickets');
  await page.getByRole('button', { name: 'Continue to partner' }).click();
  await atPartner(page);
  await page.getByRole('button', { name: 'Decline' }).click();
  await page.locator('#status', { hasText: 'rejected' }).waitFor();
  await section(page, 'balances');
  await page.locator('.balance', { hasText: '$1,000.00' }).waitFor();
  await done(page);
});

test('a settled ticket can be refunded by the partner', async () => {
  const { page } = await customer();
  await fillWithdrawal(page, partner, '42');
  await confirmButton(page).click();
  await atPartner(page);
  await page.getByRole('button', { name: 'Accept and settle' }).click();
  await page.locator('#status', { hasText: 'settled' }).waitFor();
  await page.getByRole('button', { name: 'Refund' }).click();
  await page.locator('#status', { hasText: 'refunded' }).waitFor();
  await section(page, 'balances');
  await page.locator('.balance', { hasText: '$1,000.00' }).waitFor();
  await done(page);
});

test('a partner for verified customers only cannot be chosen by others, who read why', async () => {
  const strict = await newPartner({ verifiedOnly: true });
  const { page } = await customer({ verified: 'none' });
  assert.equal(await page.getByRole('radio', { name: strict.id }).isDisabled(), true);
  await page.locator('.choice.off', { hasText: strict.id }).getByText('your account is not verified').waitFor();
  await shot(page, 'withdraw-partner');
  await done(page);
});

test('without a web page of the partner, the customer gets ticket and key to hand over', async () => {
  const { page } = await customer();
  await fillWithdrawal(page, await newPartner({ url: null }), '13');
  await confirmButton(page).click();
  await page.getByRole('heading', { name: 'Your ticket is ready' }).waitFor();
  assert.match(await page.locator('.secret code').textContent(), /^[\w-]{20,}$/);
  await assertAccessible(page, 'the hand-over');
  await shot(page, 'hand-over');
  await done(page);
});

test('with an empty account there is nothing to withdraw', async () => {
  const { page } = await customer({ credit: [] });
  await page.getByText('Nothing to withdraw').waitFor();
  await done(page);
});

test('a one-time password is set up, asked for at the withdrawal and removed', async () => {
  const { page, user } = await customer();
  await section(page, 'security');
  await page.getByRole('button', { name: 'Set up' }).click();
  const qr = page.getByRole('img', { name: /QR code/ });
  await qr.waitFor();
  assert.ok(await qr.evaluate((image) => image.decode().then(() => image.naturalWidth > 0)));
  await shot(page, 'otp-setup');
  const key = (await page.locator('.secret code').textContent()).replaceAll(' ', '');
  await page.getByLabel('Your password, once more').fill(user.password);
  await page.getByLabel('Code from the device').fill('000000');
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.locator('#s-code-error', { hasText: 'wrong' }).waitFor();
  await page.getByLabel('Code from the device').fill(totp(key, -1));
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText('asks for a code').waitFor();
  await shot(page, 'otp-on');

  await fillWithdrawal(page, partner, '20');
  await confirmButton(page).click();
  await page.locator('#otp-error', { hasText: 'enter the code' }).waitFor();
  await page.getByLabel('One-time password').fill('000000');
  await confirmButton(page).click();
  await page.locator('#otp-error', { hasText: 'wrong' }).waitFor();
  await page.getByLabel('One-time password').fill(totp(key));
  await confirmButton(page).click();
  await atPartner(page);

  await section(page, 'security');
  await page.getByLabel('Code from the device').fill(totp(key, 1));
  await page.getByRole('button', { name: 'Turn off' }).click();
  await page.getByRole('button', { name: 'Set up' }).waitFor();
  await done(page);
});

test('a withdrawal works with the keyboard alone', async () => {
  const { page } = await customer();
  await page.locator('#withdraw').waitFor();
  const press = (key) => page.keyboard.press(key);
  await tabTo(page, '.skip');
  await press('Enter');
  await tabTo(page, 'input[name=partner]');
  for (let i = 0; i < 50; i++) {
    if (await page.getByRole('radio', { name: partner.id }).isChecked()) break;
    await press('ArrowDown');
  }
  await press('Enter');
  await page.locator('#step-amount:focus').waitFor();
  await tabTo(page, '#amount');
  await page.keyboard.type('15.25');
  await press('Enter');
  await page.locator('#step-terms:focus').waitFor();
  await tabTo(page, '#accept_terms');
  await press('Space');
  await press('Enter');
  await page.locator('#step-confirm:focus').waitFor();
  await tabTo(page, '#next');
  await press('Enter');
  await atPartner(page);
  await tabTo(page, '#field-description');
  await press('Enter');
  await page.locator('#status', { hasText: 'settled' }).waitFor();
  assert.ok(page.url().startsWith(BASE));
  await done(page);
});
