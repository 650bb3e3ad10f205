// The process that works on one run of the queue: `run-worker.ts <run id>`, with KILN_HOME in its environment. It belongs to no
// service: the one that started it may end, and another one find it at work. SIGTERM hands the run back to the queue.
import { buildServices } from '../build/open-services.ts';
import { loadSiteConfig } from '../config/site-config.ts';
import { kilnHome } from '../home/kiln-home.ts';
import { openStore } from '../store/store.ts';
import { workOnRun } from './work-on-run.ts';

const handBack = new AbortController();
process.on('SIGTERM', () => handBack.abort());
for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => undefined);
// What Kiln writes in its home is read by tools that run as another user; what is secret is made 0600 by name.
process.umask(0o022);

const [runId = ''] = process.argv.slice(2);
const home = kilnHome();
const config = loadSiteConfig(home);
const store = await openStore(home, config);
try {
  await workOnRun(runId, buildServices({ home, config, store }), handBack.signal);
} finally {
  await store.close();
}
