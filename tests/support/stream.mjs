// Followers of the live stream: a websocket, and server-sent events over fetch.
import assert from 'node:assert/strict';
import { WebSocket } from 'ws';
import { until } from './teller.mjs';

const address = (query) => `/mtgox${query === '' ? '' : `?${query}`}`;

/** What both kinds share: the messages, parsed, in the order in which they came. Those of the second before the
    connection may come first: they are left out, as they belong to another test. */
class Follower {
  messages = [];

  constructor(since = Date.now()) {
    this.since = since;
  }

  /** Keeps a message; false where it is older than the connection. */
  keep(text) {
    const message = JSON.parse(text);
    const isNew = Number(message.stamp) / 1000 >= this.since;
    if (isNew) this.messages.push({ ...message, at: Date.now() });
    return isNew;
  }

  /** The messages of one type, or on one channel. */
  of(type) {
    return this.messages.filter((message) => message.private === type);
  }

  on(channel) {
    return this.messages.filter((message) => message.channel_name === channel);
  }

  /** Waits for a message that `fits`; gives it. */
  message(fits, seconds = 10) {
    return until(() => this.messages.find(fits), seconds, `a message like ${fits}`);
  }
}

export class Socket extends Follower {
  /** Connects; fails with the status and body of a refusal. `options` are those of ws. */
  static open(base, query = '', options = {}) {
    const follower = new Socket();
    const socket = new WebSocket(`${base.replace(/^http/, 'ws')}${address(query)}`, options);
    follower.socket = socket;
    socket.on('message', (data) => follower.keep(data));
    socket.on('close', (code) => { follower.closed = code; });
    return new Promise((resolve, reject) => {
      socket.on('open', () => resolve(follower));
      socket.on('error', reject);
      socket.on('unexpected-response', (request, reply) => {
        let body = '';
        reply.setEncoding('utf8').on('data', (data) => { body += data; });
        reply.on('end', () => reject(Object.assign(new Error(`${reply.statusCode} ${body}`),
          { status: reply.statusCode, body: JSON.parse(body) })));
      });
    });
  }

  close() {
    this.socket.close();
  }
}

export class Events extends Follower {
  /** Connects; `headers` may bring Last-Event-ID. */
  static async open(base, query = '', { headers = {}, since = undefined } = {}) {
    const follower = new Events(since);
    follower.ids = [];
    const reply = await fetch(`${base}${address(query)}`, { headers: { Accept: 'text/event-stream', ...headers } });
    assert.equal(reply.status, 200);
    follower.headers = reply.headers;
    follower.reader = reply.body.getReader();
    follower.read();
    return follower;
  }

  async read() {
    const decoder = new TextDecoder();
    let text = '';
    for (let part; !(part = await this.reader.read()).done;) {
      text += decoder.decode(part.value, { stream: true });
      for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) this.take(text.slice(0, end));
    }
  }

  take(event) {
    const field = (name) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(event)?.[1];
    if (field('data') === undefined || field('event') !== undefined) return;
    if (this.keep(field('data'))) this.ids.push(field('id'));
  }

  /** Ends the connection. Not by an AbortSignal: fetch of Node 18 forgets it when memory is collected. */
  close() {
    this.reader.cancel();
  }
}
