// The peer: a bare Fastify route that answers with given bytes, over TLS with the service's own certificate.
import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
import { z } from 'zod';

const given = z
  .object({ certificate: z.string(), key: z.string(), bodies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(process.argv[2] ?? ''));

const app = Fastify({
  https: { cert: readFileSync(given.certificate), key: readFileSync(given.key), minVersion: 'TLSv1.2' },
});
for (const [path, file] of Object.entries(given.bodies)) {
  const bytes = readFileSync(file);
  app.all(path, async (_request, reply) => reply.type('application/json; charset=utf-8').send(bytes));
}
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
console.log(JSON.stringify({ port: typeof address === 'object' ? address?.port : undefined }));
