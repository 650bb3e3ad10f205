// A process with a machine: `stop`s it, `keep`s it for some seconds, or `wait`s for its own end.
import { qemuDriver } from '../../src/machine/qemu/driver.ts';
import { machineFixture } from './machine-fixture.ts';

const [what = '', parent = ''] = process.argv.slice(2);
const fixture = await machineFixture(parent);
const driver = qemuDriver({ home: fixture.home, allow: [] });
const machine = await driver.start(fixture.spec(), new AbortController().signal);
process.stdout.write(`${fixture.files.root}\n`);
if (what === 'stop') await machine.stop();
if (what === 'keep') await machine.keep(4);
if (what === 'wait') await machine.ended;
if (what === 'stop') await fixture.remove();
