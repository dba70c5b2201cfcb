// Every page, at desktop and phone width, light and dark: accessible, and nothing sticks out.
import { after, before, test } from 'node:test';
import { BASE, assertAccessible, assertFits, done, fillWithdrawal, launch, newPage, newPartner, newUser, section, shot,
  signIn } from './support.mjs';

let browser;
let partner;
let user;
before(async () => {
  [browser, partner, user] = await Promise.all([launch(), newPartner(),
    newUser({ credit: [['USD', '12345.67891'], ['BTC', '1.5'], ['JPY', '250000']] })]);
  const page = await newPage(browser);
  await signIn(page, user);
  await fillWithdrawal(page, partner, '77.5');
  await page.getByRole('button', { name: 'Confirm withdrawal' }).click();
  await page.waitForURL(/\/demo-partner\//);
  await page.context().close();
});
after(() => browser.close());

const STEPS = {
  partner: async () => {},
  amount: async (page) => {
    await page.getByRole('radio', { name: partner.id }).check();
    await page.getByRole('button', { name: 'Continue' }).click();
  },
  terms: async (page) => {
    await page.getByLabel('Currency', { exact: true }).selectOption('USD');
    await page.getByLabel('Amount', { exact: true }).fill('234.5');
    await page.getByRole('button', { name: 'Continue' }).click();
  },
  confirm: async (page) => {
    await page.getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Continue' }).click();
  },
};

const VIEWS = [
  ['desktop', {}],
  ['desktop-dark', { colorScheme: 'dark' }],
  ['phone', { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }],
  ['phone-dark', { viewport: { width: 360, height: 740 }, colorScheme: 'dark', isMobile: true, hasTouch: true }],
];

for (const [view, options] of VIEWS) {
  test(`all pages: ${view}`, async () => {
    const page = await newPage(browser, options);
    const check = async (what) => {
      await assertFits(page, what);
      await assertAccessible(page, what);
      await shot(page, `${view}-${what}`);
    };
    await page.goto(BASE);
    await check('sign-in');
    await signIn(page, user);
    for (const name of ['balances', 'history', 'tickets', 'keys', 'robots', 'security']) {
      await section(page, name);
      await check(name);
    }
    await page.getByRole('button', { name: 'Set up' }).click();
    await page.locator('.qr').waitFor();
    await check('security-qr');
    await page.goto(`${BASE}/withdraw`);
    await page.locator('#withdraw').waitFor();
    for (const [name, take] of Object.entries(STEPS)) {
      await take(page);
      await page.locator(`[data-step=${name}]`).waitFor();
      await check(`withdraw-${name}`);
    }
    await done(page);
  });
}

test('pages that are not there say so', async () => {
  const page = await newPage(browser);
  await page.goto(`${BASE}/no/such/page`);
  await page.getByRole('heading', { name: 'Not found' }).waitFor();
  await assertAccessible(page, 'not found');
  await done(page, '404');
});
