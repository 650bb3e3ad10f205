import type { Call, Functions } from './call.ts';
import { fromJson } from './conversions.ts';

/** base64 and URIs. Text is UTF-8. */
export const encodingFunctions: Functions = {
  base64: { arity: [1, 1], run: call => Buffer.from(call.text(0), 'utf8').toString('base64') },
  base64ToString: { arity: [1, 1], run: call => fromBase64(call, call.text(0)) },
  base64ToJson: { arity: [1, 1], run: call => fromJson(call, fromBase64(call, call.text(0))) },
  dataUri: {
    arity: [1, 1],
    run: call => `data:text/plain;charset=utf8;base64,${Buffer.from(call.text(0), 'utf8').toString('base64')}`,
  },
  dataUriToString: {
    arity: [1, 1],
    run: call => {
      const [, head, data] = /^data:([^,]*),(.*)$/s.exec(call.text(0)) ?? [];
      if (head === undefined || data === undefined) throw call.invalid('argument 1 is no data URI');
      return /;\s*base64\s*$/i.test(head) ? fromBase64(call, data) : decode(data);
    },
  },
  uri: {
    arity: [2, 2],
    run: call => {
      const made = URL.parse(call.text(1), call.text(0));
      if (made === null) throw call.invalid('the two texts make no absolute URI');
      return made.href;
    },
  },
  uriComponent: { arity: [1, 1], run: call => encode(call.text(0)) },
  uriComponentToString: { arity: [1, 1], run: call => decode(call.text(0)) },
};

function fromBase64(call: Call, text: string): string {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text) || text.replace(/\s/g, '').length % 4 !== 0) {
    throw call.invalid('the text of argument 1 is not base64');
  }
  return Buffer.from(text, 'base64').toString('utf8');
}

/** Everything but letters, digits and `-._~` is escaped, which is more than `encodeURIComponent` does. */
function encode(text: string): string {
  const hex = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, hex);
}

/** What is no valid escape stays as it is. */
function decode(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, escapes => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}
