// A FastCGI client, for tests that speak to a worker without a web server.
import net from 'node:net';

const [BEGIN, END, PARAMS, STDIN, STDOUT] = [1, 3, 4, 5, 6];
const PIECE = 65528; // bytes of content that a record takes here

/** A length as FastCGI writes it: one byte, or four with the highest bit set. */
function length(n) {
  if (n < 128) return Buffer.from([n]);
  const out = Buffer.alloc(4);
  out.writeUInt32BE(n + 0x80000000);
  return out;
}

function pair([name, value]) {
  const [key, text] = [Buffer.from(name), Buffer.from(value)];
  return Buffer.concat([length(key.length), length(text.length), key, text]);
}

/** A kept FastCGI connection: one request after the other, each gives what the worker writes. */
export class FastCgi {
  constructor(target) {
    this.socket = net.connect(target);
    this.input = Buffer.alloc(0);
    this.socket.on('data', (data) => { this.input = Buffer.concat([this.input, data]); this.look(); });
    this.socket.on('error', (error) => { this.error = error; this.look(); });
    this.socket.on('close', () => { this.error ??= new Error('the worker closed the connection'); this.look(); });
  }

  static record(type, content) {
    const header = Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]);
    return Buffer.concat([header, content]);
  }

  /** A stream in as many records as it takes, and its end. */
  static stream(type, content) {
    const records = [];
    for (let at = 0; at < content.length; at += PIECE) records.push(FastCgi.record(type, content.subarray(at, at + PIECE)));
    return Buffer.concat([...records, FastCgi.record(type, Buffer.alloc(0))]);
  }

  /** The answer, where it is whole. */
  answer() {
    let text = '';
    for (let at = 0; at + 8 <= this.input.length;) {
      const end = at + 8 + this.input.readUInt16BE(at + 4);
      if (this.input[at + 1] === STDOUT && end <= this.input.length) text += this.input.toString('utf8', at + 8, end);
      if (this.input[at + 1] === END) return text;
      at = end + this.input[at + 6];
    }
    return null;
  }

  look() {
    const text = this.answer();
    if (text !== null) this.settle?.resolve(text);
    else if (this.error) this.settle?.reject(this.error);
  }

  /** `variables` may be pairs as well, where one is there twice. */
  request(variables, body = '') {
    this.input = Buffer.alloc(0);
    const answered = new Promise((resolve, reject) => { this.settle = { resolve, reject }; });
    this.socket.write(Buffer.concat([FastCgi.record(BEGIN, Buffer.from([0, 1, 1, 0, 0, 0, 0, 0])),
      FastCgi.stream(PARAMS, Buffer.concat((Array.isArray(variables) ? variables : Object.entries(variables)).map(pair))), FastCgi.stream(STDIN, Buffer.from(body))]));
    if (this.error) this.look();
    return answered;
  }

  close() {
    this.socket.destroy();
  }
}
