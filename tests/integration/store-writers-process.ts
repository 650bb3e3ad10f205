// A process of its own that counts in a store: `node store-writers-process.ts <home> <task>`.
import { setTimeout as sleep } from 'node:timers/promises';
import { kilnHome } from '../../src/home/kiln-home.ts';
import { openStore, type StoreTransaction } from '../../src/store/store.ts';

const [, , root = '', task = ''] = process.argv;
const HOLDER = 'run:counter';
const store = await openStore(kilnHome({ KILN_HOME: root }), { regions: {}, database: process.env['KILN_DATABASE'] });

async function countOne(trx: StoreTransaction): Promise<void> {
  const { digest } = await trx
    .selectFrom('blob_pins')
    .selectAll()
    .where('holder', '=', HOLDER)
    .executeTakeFirstOrThrow();
  await trx
    .updateTable('blob_pins')
    .set({ digest: String(Number(digest) + 1) })
    .where('holder', '=', HOLDER)
    .execute();
}

if (task === 'count') {
  // Several at once from one process, and more than it has connections.
  for (let left = 200; left > 0; left -= 20) {
    await Promise.all(Array.from({ length: 20 }, () => store.write(countOne)));
  }
} else {
  await store.write(async trx => {
    await countOne(trx);
    process.stdout.write('counted\n');
    await sleep(600_000);
  });
}
await store.close();
