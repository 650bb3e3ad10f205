import { promises as dns, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { artifactError } from '../errors/artifacts.ts';
import type { KilnError } from '../errors/kiln-error.ts';
import type { AddressGuard } from './address-guard.ts';
import { shownUri } from './shown-uri.ts';

/** All addresses of a host name. */
export type ResolveName = (hostname: string) => Promise<readonly LookupAddress[]>;

export const systemResolver: ResolveName = hostname => dns.lookup(hostname, { all: true });

export interface EgressRules {
  readonly guard: AddressGuard;
  /** The configuration that opens addresses, for messages. */
  readonly configFile: string;
  readonly resolve: ResolveName;
}

/**
 * Connects to addresses that the guard lets pass and to no other. The address that was judged is the one that is
 * connected to: names are resolved once, here.
 */
export function guardedConnector(rules: EgressRules, timeout: number): buildConnector.connector {
  return (options, callback) => {
    const origin = `${options.protocol}//${options.host ?? options.hostname}/`;
    const denial = literalDenial(options.hostname, origin, rules);
    if (denial !== undefined) {
      callback(denial, null);
      return;
    }
    const connect = buildConnector({ timeout, allowH2: false, lookup: guardedLookup(rules, origin) });
    connect(options, callback);
  };
}

/** Why a URL whose host is an address, or a name of this machine itself, may not be fetched. */
export function literalDenial(hostname: string, uri: string, rules: EgressRules): KilnError | undefined {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  const addresses = isIP(bare) > 0 ? [bare] : /(^|\.)localhost\.?$/i.test(bare) ? ['127.0.0.1', '::1'] : [];
  return denialOfAll(addresses, uri, rules);
}

function guardedLookup(rules: EgressRules, origin: string): LookupFunction {
  return (hostname, options, callback) => {
    rules.resolve(hostname).then(
      found => {
        const open = found.filter(({ address }) => rules.guard(address) === undefined);
        const [first] = open;
        if (first === undefined) {
          const denial = denialOfAll(
            found.map(entry => entry.address),
            origin,
            rules,
          );
          callback(denial ?? noAddress(hostname), '');
        } else if (options.all === true) callback(null, [...open]);
        else callback(null, first.address, first.family);
      },
      (cause: NodeJS.ErrnoException) => callback(cause, ''),
    );
  };
}

function denialOfAll(addresses: readonly string[], uri: string, rules: EgressRules): KilnError | undefined {
  const denials = addresses.map(address => ({ address, range: rules.guard(address) }));
  const [first] = denials;
  if (first?.range === undefined || denials.some(({ range }) => range === undefined)) return undefined;
  const { address, range } = first;
  return artifactError('AddressDenied', { uri: shownUri(uri), address, range, config: rules.configFile });
}

function noAddress(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
}
