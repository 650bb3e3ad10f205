import { createFetcher } from '../../../src/artifacts/fetcher.ts';
import { parseSiteConfig } from '../../../src/config/site-config.ts';
import { KilnError } from '../../../src/errors/kiln-error.ts';
import { kilnHome } from '../../../src/home/kiln-home.ts';

/** To be run by node with HOME URL DESTINATION: one download in a process of its own. */
export const DOWNLOAD_PROCESS = import.meta.filename;

if (import.meta.main) await main(process.argv.slice(2));

/** Prints the result, or the error, as JSON. */
async function main([root = '', url = '', destination = '']: readonly string[]): Promise<void> {
  const home = kilnHome({ KILN_HOME: root });
  const config = parseSiteConfig('network: { allow: [127.0.0.1] }', home.config);
  const limits = { attempts: 2, pause: 5 };
  const fetcher = createFetcher({ home, config, limits, emit: () => undefined, environment: {} });
  try {
    const result = await fetcher.download({ url, destination, signal: new AbortController().signal });
    console.log(JSON.stringify(result));
  } catch (error) {
    console.log(JSON.stringify(error instanceof KilnError ? error : String(error)));
  }
}
