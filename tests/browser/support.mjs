// What the browser tests share: users, a browser whose every request and complaint is recorded, and
// the checks that hold on each page.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { chromium } from 'playwright-core';

export const { BASE, TLS_BASE, TELLERCTL, RUN_DIR, CHROMIUM = '/usr/bin/chromium' } = process.env;

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

/** Runs tellerctl and gives what it printed as JSON. */
export async function tellerctl(args, input = '') {
  const child = spawn(TELLERCTL, [...args, '--json'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const read = async (stream) => (await stream.toArray()).join('');
  child.stdin.on('error', () => { /* it ended first, and its exit code says why */ });
  child.stdin.end(input);
  const [out, complaint, code] = await Promise.all([read(child.stdout), read(child.stderr),
    new Promise((resolve, reject) => { child.on('close', resolve); child.on('error', reject); })]);
  assert.equal(code, 0, `tellerctl ${args.join(' ')}: ${complaint}`);
  return out.trim() ? JSON.parse(out) : {};
}

const unique = () => randomBytes(5).toString('hex');

/** A new customer with 1,000 dollars. */
export async function newUser({ verified = 'full', credit = [['USD', '1000']] } = {}) {
  const login = `web-${unique()}`;
  const user = { login, email: `${login}@example.org`, password: `pass-${unique()}` };
  await tellerctl(['user', 'add', login, '--email', user.email, '--password-stdin', '--verified', verified],
    `${user.password}\n`);
  for (const [currency, amount] of credit)
    await tellerctl(['credit', login, currency, amount, '--note', 'Opening deposit']);
  return user;
}

/** A new partner; its id doubles as its name where it has no other. `url` is null where customers are sent nowhere. */
export async function newPartner({ url = `${BASE}/demo-partner/withdraw`, verifiedOnly = false, name = null } = {}) {
  const id = `partner-${unique()}`;
  const owner = await newUser({ credit: [] });
  await tellerctl(['partner', 'add', id, '--user', owner.login, ...(url ? ['--url', url] : []),
    ...(name ? ['--name', name] : []),
    ...(verifiedOnly ? ['--verified-only'] : [])]);
  return { id, owner };
}

/** A new partner whose key the demo partner site uses from now on. `restore` gives the old key back. */
export async function newDemoPartner() {
  const file = path.join(RUN_DIR, 'demo', 'partner-key.json');
  const before = await readFile(file).catch(() => null);
  const partner = await newPartner();
  const write = async (content) => {
    await writeFile(`${file}.new`, content, { mode: 0o600 });
    await rename(`${file}.new`, file);
  };
  await write(JSON.stringify(await tellerctl(['key', 'add', partner.owner.login, '--face', 'v1', '--rights',
    'get_info,partner'])));
  return { ...partner, restore: () => (before ? write(before) : undefined) };
}

/** A new merchant with an API key. */
export async function newMerchant() {
  const user = await newUser({ credit: [] });
  return { ...user, key: await tellerctl(['key', 'add', user.login, '--face', 'v1', '--rights', 'get_info,merchant']) };
}

/** Makes an order as the merchant's shop would; gives its transaction. */
export async function newOrder(merchant, params = {}) {
  const reply = await signedCall(merchant.key, 'generic/merchant/order/create', { currency: 'USD', amount: '24.5',
    description: 'Coffee beans, 1 kg', return_success: `${BASE}/demo-shop/thanks?order=1`,
    return_failure: `${BASE}/demo-shop/cancelled?order=1`, ...params });
  assert.equal(reply.result, 'success', JSON.stringify(reply));
  return reply.return.transaction;
}

/** A headless browser. */
export const launch = () => chromium.launch({ executablePath: CHROMIUM, args: FLAGS });

/**
 * A page in a context of its own. `page.seen` records each request, `page.complaints` what the
 * console says of errors and broken content policies; an answer that refuses an API call is not one.
 */
export async function newPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 850 }, timezoneId: 'Europe/Zurich',
    ignoreHTTPSErrors: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30000);
  page.seen = [];
  page.complaints = [];
  page.on('request', (request) => page.seen.push(request));
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('console', (message) => {
    const refused = /status of 4\d\d/.test(message.text())
      && /\/(identity-service|site)\//.test(message.location().url);
    if (['error', 'warning'].includes(message.type()) && !refused) page.complaints.push(message.text());
  });
  await page.addInitScript(() => document.addEventListener('securitypolicyviolation',
    (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)));
  return page;
}

/**
 * Ends a page's context; the page must have had nothing to complain about but what the test brought
 * about itself: a complaint is forgiven that holds one of the texts in `expected`.
 */
export async function done(page, ...expected) {
  await page.context().close();
  assert.deepEqual(page.complaints.filter((line) => !expected.some((text) => line.includes(text))), []);
}

/** Signs in as the sign-in page does, without looking at it, and opens a page. */
export async function signIn(page, user, next = '/account', base = BASE) {
  const answer = await page.request.post(`${base}/identity-service/session`,
    { data: { username: user.login, password: user.password } });
  assert.equal(answer.status(), 200, await answer.text());
  await page.goto(`${base}${next}`);
  await page.locator('#login', { hasText: user.login }).waitFor();
}

/** Signs in by the form of the page that is shown. */
export async function signInHere(page, user) {
  await page.getByLabel('Login or e-mail').fill(user.login);
  await page.getByLabel('Password', { exact: true }).fill(user.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

let opened = 0;

/** Opens a page at a part of it, afresh even where it is there already, and waits for the content. */
export async function openAt(page, path, hash) {
  await page.goto(`${BASE}${path}?fresh=${++opened}#${hash}`);
  await page.locator('#content[aria-busy=false]').waitFor();
}

/** Opens a section of the account page and waits for its content. */
export const section = (page, name) => openAt(page, '/account', name);

/** Sets up a time-based one-time password with the code of the step before; gives its base32 key. */
export async function setUpOtp(page, user) {
  await section(page, 'security');
  await page.getByRole('button', { name: 'Set up' }).click();
  const key = (await page.locator('.secret code').textContent()).replaceAll(' ', '');
  await page.getByLabel('Code from the device').fill(totp(key, -1));
  await page.getByLabel('Your password, once more').fill(user.password);
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText('asks for a code').waitFor();
  return key;
}

/** Walks the withdrawal up to its confirmation. */
export async function fillWithdrawal(page, partner, amount, currency = 'USD', base = BASE) {
  await page.goto(`${base}/withdraw`);
  await page.getByRole('radio', { name: partner.id }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('Amount', { exact: true }).fill(amount);
  await page.getByLabel('Currency', { exact: true }).selectOption(currency);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Confirm the withdrawal' }).waitFor();
}

/** Keeps a picture for people to look at, where SHOTS names a directory. */
export async function shot(page, name) {
  const { SHOTS } = process.env;
  if (!SHOTS) return;
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SHOTS, `${name}.png`), fullPage: true });
}

/** No serious or critical accessibility problem (axe). */
export async function assertAccessible(page, what) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const bad = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => [id, ...nodes.map(({ target, any }) => `${target} ${any[0]?.message ?? ''}`)].join(' | '));
  assert.deepEqual(bad, [], `accessibility of ${what}`);
}

/** Nothing sticks out to the right. */
export async function assertFits(page, what) {
  const { inner, outer } = await page.evaluate(() =>
    ({ inner: document.documentElement.scrollWidth, outer: document.documentElement.clientWidth }));
  assert.ok(inner <= outer, `${what} is ${inner} px wide on ${outer} px`);
}

function decode32(text) {
  let bits = '';
  for (const letter of text) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

/** The time-based one-time password (RFC 6238) of a base32 key, `ahead` steps from now. */
export function totp(key, ahead = 0) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + ahead));
  const mac = createHmac('sha1', decode32(key)).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1e6).padStart(6, '0');
}

let lastTonce = 0;

/** Calls the v1 face with a key, as a program would. */
export async function signedCall({ key, secret }, method, params = {}) {
  lastTonce = Math.max(lastTonce + 1, Date.now() * 1000);
  const body = new URLSearchParams({ tonce: String(lastTonce), ...params }).toString();
  const sign = createHmac('sha512', Buffer.from(secret, 'base64')).update(body).digest('base64');
  const response = await fetch(`${BASE}/api/1/${method}`, { method: 'POST', body,
    headers: { 'Rest-Key': key, 'Rest-Sign': sign, 'Content-Type': 'application/x-www-form-urlencoded' } });
  return response.json();
}

/** Presses Tab until the element that `selector` names has the focus. */
export async function tabTo(page, selector) {
  for (let presses = 0; presses < 40; presses++) {
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not reach ${selector}`);
}
