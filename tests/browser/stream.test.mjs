// A page of ours may follow the stream, both ways, over http and TLS: the content security policy lets it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BASE, launch, newPage } from './support.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const base of [BASE, process.env.TLS_BASE])
  test(`websocket and server-sent events: ${new URL(base).protocol}`, async () => {
    const page = await newPage(browser, { ignoreHTTPSErrors: true });
    await page.goto(`${base}/`);
    const opened = await page.evaluate(() => Promise.all([
      new Promise((resolve) => {
        const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/mtgox?Currency=USD`);
        socket.onopen = () => { socket.close(); resolve('open'); };
        socket.onerror = () => resolve('refused');
      }),
      new Promise((resolve) => {
        const events = new EventSource('/mtgox?Currency=USD');
        events.onopen = () => { events.close(); resolve('open'); };
        events.onerror = () => resolve('refused');
      })]));
    assert.deepEqual(opened, ['open', 'open']);
    await page.context().close();
  });
