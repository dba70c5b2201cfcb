// A FastCGI client, for tests that speak to a worker without a web server.
import assert from 'node:assert/strict';
import net from 'node:net';
import { until } from './teller.mjs';

/** A kept FastCGI connection: one request after the other, each gives what the worker writes. */
export class FastCgi {
  constructor(target) {
    this.socket = net.connect(target);
    this.input = Buffer.alloc(0);
    this.socket.on('data', (data) => { this.input = Buffer.concat([this.input, data]); });
    this.socket.on('error', (error) => { this.error = error; });
  }

  static record(type, content) {
    const header = Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]);
    return Buffer.concat([header, content]);
  }

  async request(variables, body = '') {
    const pair = ([name, value]) => Buffer.concat([Buffer.from([name.length, value.length]), Buffer.from(name + value)]);
    const [BEGIN, END, PARAMS, STDIN, STDOUT] = [1, 3, 4, 5, 6];
    this.input = Buffer.alloc(0);
    this.socket.write(Buffer.concat([FastCgi.record(BEGIN, Buffer.from([0, 1, 1, 0, 0, 0, 0, 0])),
      FastCgi.record(PARAMS, Buffer.concat(Object.entries(variables).map(pair))), FastCgi.record(PARAMS, Buffer.alloc(0)),
      ...(body === '' ? [] : [FastCgi.record(STDIN, Buffer.from(body))]), FastCgi.record(STDIN, Buffer.alloc(0))]));
    return until(() => {
      assert.equal(this.error, undefined);
      let text = '';
      for (let at = 0; at + 8 <= this.input.length;) {
        const end = at + 8 + this.input.readUInt16BE(at + 4);
        if (this.input[at + 1] === STDOUT) text += this.input.toString('utf8', at + 8, end);
        if (this.input[at + 1] === END) return text;
        at = end + this.input[at + 6];
      }
      return null;
    }, 20, 'the end of the answer');
  }
}
