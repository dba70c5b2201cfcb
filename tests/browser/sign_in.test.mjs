// Signing in and out.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BASE, TLS_BASE, done, launch, newPage, newUser, setUpOtp, shot, signIn, signInHere, totp } from './support.mjs';

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
