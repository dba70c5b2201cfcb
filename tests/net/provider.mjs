// A provider over HTTPS, for provider_test.c: node provider.mjs PORT KEY CERTIFICATE
//   /echo    200, the request as JSON          /status/503  that status, with a Retry-After
//   /big/N   200 and N bytes                   /slow/MS     200 after that time
//   /close   reads the request, then closes    /hang        no answer
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const [port, key, cert] = process.argv.slice(2);
createServer({ key: readFileSync(key), cert: readFileSync(cert) }, async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const [, word, value] = request.url.split('/');
  switch (word) {
    case 'big': return response.end('x'.repeat(Number(value)));
    case 'status': return response.writeHead(Number(value), { 'Retry-After': ' 7 ' }).end('later');
    case 'slow': return setTimeout(() => response.end('slow'), Number(value));
    case 'close': return request.socket.destroy();
    case 'hang': return undefined;
    default: {
      const { method, url, headers } = request;
      return response.end(JSON.stringify({ method, url, body: Buffer.concat(parts).toString(), type: headers['content-type'] ?? null,
        length: headers['content-length'] ?? null, id: headers['x-request-id'] ?? null, key: headers['x-key'] ?? null,
        agent: headers['user-agent'] }));
    }
  }
}).listen(Number(port), '127.0.0.1');
