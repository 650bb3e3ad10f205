// Runs in a network namespace that stands for a host: a name server on 127.0.0.1, routes as the test has set them.
// Says what a build's namespace finds there, as one JSON document.
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { hostNetwork } from '../../src/network/host-network.ts';
import { inGuestNetwork, routeQuestions } from './network-inside.ts';

const addresses = process.argv.slice(2);
const asked: string[] = [];
const names = createSocket('udp4');
names.on('message', (query, { port, address }) => {
  asked.push(address);
  // An answer without records is one.
  const answer = Buffer.from(query);
  answer.writeUInt16BE(0x8180, 2);
  names.send(answer, port, address);
});
await new Promise<void>(resolve => names.bind(53, '127.0.0.1', resolve));

const QUERY = '\\022\\064\\001\\000\\000\\001\\000\\000\\000\\000\\000\\000\\003abc\\002de\\000\\000\\001\\000\\001';
const script = `
printf '${QUERY}' | socat -t 2 - UDP4:192.0.0.53:53 | wc -c
${routeQuestions(addresses)}`;
const said = await inGuestNetwork(script);
const [answerBytes, ...routes] = said.split('\n');
names.close();
const result = { host: await hostNetwork(), interfaces: Object.keys(networkInterfaces()), asked, answerBytes, routes };
process.stdout.write(`${JSON.stringify(result)}\n`);
