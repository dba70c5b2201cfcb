// Between Teller and a node: passes JSON-RPC on and does to it what networks do.
import http from 'node:http';
import { once } from 'node:events';

/** A proxy on a free port. `proxy.plan(method, how, times)`: of the next calls of that method
 *   lost       the node gets it, and its answer is lost: the connection is closed
 *   dropped    it never reaches the node
 *   twice      the node gets it twice
 *   cut        the answer ends in the middle
 *   slow       the answer comes after `delayMs`
 * "*" is any method. `away = true`: nobody takes connections' requests. */
export class Proxy {
  static async start(target) {
    const self = new Proxy();
    Object.assign(self, { target, plans: [], calls: [], away: false, delayMs: 500 });
    self.server = http.createServer((request, reply) => self.pass(request, reply).catch(() => request.socket.destroy()));
    self.server.listen(0, '127.0.0.1');
    await once(self.server, 'listening');
    self.url = `http://127.0.0.1:${self.server.address().port}`;
    return self;
  }

  plan(method, how, times = 1) {
    this.plans.push({ method, how, times });
  }

  take(method) {
    const plan = this.plans.find((each) => each.times > 0 && (each.method === '*' || each.method === method));
    if (plan) plan.times--;
    return plan?.how;
  }

  async pass(request, reply) {
    let body = '';
    for await (const data of request.setEncoding('utf8')) body += data;
    const { method } = JSON.parse(body);
    this.calls.push(method);
    const how = this.away ? 'dropped' : this.take(method);
    if (how === 'dropped') return request.socket.destroy();
    if (how === 'twice') await this.ask(request, body);
    const { status, text } = await this.ask(request, body);
    if (how === 'lost') return request.socket.destroy();
    if (how === 'slow') await new Promise((done) => { setTimeout(done, this.delayMs); });
    reply.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    if (how === 'cut') return reply.write(text.slice(0, text.length / 2), () => request.socket.destroy());
    return reply.end(text);
  }

  /** The node's own answer. */
  ask(request, body) {
    return new Promise((done, failed) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      if (request.headers.authorization) headers.authorization = request.headers.authorization;
      const call = http.request(this.target, { method: 'POST', agent: false, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (data) => { text += data; }).on('error', failed).on('end', () => done({ status: answer.statusCode, text }));
      });
      call.on('error', failed).end(body);
    });
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
