// Signing in and out.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BASE, TLS_BASE, assertAccessible, assertFits, done, launch, newPage, newUser, setUpOtp, shot, signIn, signInHere, totp } from './support.mjs';

let browser;
let user;
before(async () => {
  [browser, user] = await Promise.all([launch(), newUser()]);
});
after(() => browser.close());

test('a wrong password is refused next to its field and the focus goes there', async () => {
  const page = await newPage(browser);
  await page.goto(BASE);
  await page.getByLabel('Login or e-mail').fill(user.login);
  await page.getByLabel('Password', { exact: true }).fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('#password-error', { hasText: 'Login or password is wrong' }).waitFor();
  assert.equal(await page.locator('#password').getAttribute('aria-invalid'), 'true');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'password');
  await shot(page, 'sign-in-refused');
  await done(page);
});

test('empty fields are named without asking the server', async () => {
  const page = await newPage(browser);
  await page.goto(BASE);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('#login-error', { hasText: 'Please enter' }).waitFor();
  assert.equal(page.seen.filter((request) => request.method() === 'POST').length, 0);
  await done(page);
});

for (const [what, name] of [['login', () => user.login], ['e-mail', () => user.email]]) {
  test(`signing in with the ${what} leads to the account, signing out ends the session`, async () => {
    const page = await newPage(browser);
    await page.goto(BASE);
    for (let times = 0; times < 2; times++) {
      await signInHere(page, { login: name(), password: user.password });
      await page.getByRole('heading', { name: 'Balances' }).waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('You have signed out').waitFor();
    }
    await page.goto(`${BASE}/account`);
    await page.getByText('Please sign in to continue').waitFor();
    await done(page);
  });
}

test('the session is a cookie that scripts cannot read; the password is in no URL', async () => {
  const page = await newPage(browser);
  await page.goto(BASE);
  await signInHere(page, user);
  await page.getByRole('heading', { name: 'Balances' }).waitFor();
  const cookies = await page.context().cookies();
  const session = cookies.find(({ name }) => name.endsWith('session'));
  assert.equal(session.httpOnly, true);
  assert.match(session.sameSite, /Strict|Lax/);
  assert.equal(await page.evaluate(() => document.cookie), '');
  assert.deepEqual(page.seen.filter((request) => request.url().includes(user.password)), []);
  await done(page);
});

test('over TLS the cookie is bound to the host', { skip: !TLS_BASE && 'no TLS_BASE' }, async () => {
  const page = await newPage(browser);
  await page.goto(TLS_BASE);
  await signInHere(page, user);
  await page.getByRole('heading', { name: 'Balances' }).waitFor();
  const session = (await page.context().cookies()).find(({ name }) => name === '__Host-session');
  assert.deepEqual([session.secure, session.httpOnly, session.path], [true, true, '/']);
  await done(page);
});

test('with a one-time password, signing in asks for a code as well', async () => {
  const own = await newUser();
  const page = await newPage(browser);
  await signIn(page, own);
  const key = await setUpOtp(page, own);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You have signed out').waitFor();
  await signInHere(page, own);
  await page.locator('#otp-error', { hasText: 'needs a one-time password' }).waitFor();
  await page.getByLabel('One-time password').fill('000000');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('#otp-error', { hasText: 'wrong' }).waitFor();
  await page.getByLabel('One-time password').fill(totp(key));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Balances' }).waitFor();
  await done(page);
});

/** Uses the guesses at a login up, from this page's address. */
async function useGuessesUp(page, login) {
  for (let i = 0; i < 10; i++) {
    const answer = await page.request.post(`${BASE}/identity-service/session`, { data: { username: login, password: `guess ${i}` } });
    assert.equal(answer.status(), 401, await answer.text());
  }
}

test('after too many wrong guesses the time left is counted down, and the button waits for its end', async () => {
  const own = await newUser();
  const page = await newPage(browser, { viewport: { width: 360, height: 740 } });
  await page.clock.install();
  await page.goto(BASE);
  await useGuessesUp(page, own.login);
  await signInHere(page, own);
  const left = page.locator('[role="timer"] .left');
  await left.waitFor();
  const seconds = async () => {
    const [minutes, rest] = (await left.textContent()).split(':').map(Number);
    return minutes * 60 + rest;
  };
  const first = await seconds();
  assert.ok(first > 40 && first <= 60, `${first}`);
  assert.ok(await page.locator('#submit').isDisabled());
  await page.getByText('Too many wrong attempts.').waitFor();
  await assertFits(page, 'waiting');
  await assertAccessible(page, 'waiting');
  await shot(page, 'sign-in-waiting');
  await page.clock.fastForward(20000);
  assert.ok(await seconds() <= first - 19, await left.textContent());
  assert.ok(await page.locator('#submit').isDisabled());
  await page.getByLabel('Login or e-mail').press('Enter');
  assert.equal(page.seen.filter((request) => request.method() === 'POST').length, 1, 'nothing is sent meanwhile');

  await page.getByLabel('Login or e-mail').fill(user.login);
  assert.ok(await page.locator('#submit').isEnabled(), 'another login has guesses of its own');
  assert.equal(await left.count(), 0);
  await page.getByLabel('Login or e-mail').fill(own.login);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await left.waitFor();
  await page.clock.fastForward(61000);
  await left.waitFor({ state: 'detached' });
  assert.ok(await page.locator('#submit').isEnabled());
  assert.ok(await page.locator('#otp-field').isHidden());
  await done(page);
});

test('after too many wrong guesses the one-time password beside the password is let in at once', async () => {
  const own = await newUser();
  const page = await newPage(browser);
  await signIn(page, own);
  const key = await setUpOtp(page, own);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You have signed out').waitFor();
  await useGuessesUp(page, own.login);
  await signInHere(page, own);
  await page.getByText('enter it as well to sign in now').waitFor();
  assert.ok(await page.locator('#submit').isDisabled());
  await page.getByLabel('One-time password').fill('000000');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('#otp-error', { hasText: 'together were not right' }).waitFor();
  assert.ok(await page.locator('#submit').isDisabled());
  await shot(page, 'sign-in-second-way');
  await page.getByLabel('One-time password').fill(totp(key));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Balances' }).waitFor();
  await done(page);
});

test('a session that has ended leads back to the sign-in with a message, and on to where one was', async () => {
  const page = await newPage(browser);
  await signIn(page, user);
  await page.context().clearCookies();
  await page.getByRole('link', { name: 'Tickets' }).click();
  await page.getByText('Your session has ended').waitFor();
  await page.getByLabel('Login or e-mail').fill(user.login);
  await page.getByLabel('Password', { exact: true }).fill(user.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { level: 1, name: 'Tickets' }).waitFor();
  await done(page);
});

test('the next page is one of ours whatever the URL says', async () => {
  const page = await newPage(browser);
  await page.goto(`${BASE}/?next=https://example.org/`);
  await page.getByLabel('Login or e-mail').fill(user.login);
  await page.getByLabel('Password', { exact: true }).fill(user.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Balances' }).waitFor();
  assert.equal(new URL(page.url()).origin, BASE);
  await done(page);
});
