// A process that holds a command, as Kiln holds a machine: `wait` until it is killed, `keep` and end.
import { holdProcess } from '../../src/machine/qemu/holder.ts';

const [what = '', marker = '', log = '', seconds = '0'] = process.argv.slice(2);
const held = holdProcess(['sh', '-c', 'sleep 1000 & sleep 1000; :', marker], log);
process.stdout.write(`${held.pid}\n`);
if (what === 'keep') held.keep(Number(seconds));
else await held.ended;
