/** A text that gives a secret away, and how much of what stands around it belongs to it. */
export interface SecretForm {
  readonly text: string;
  /** The characters before and after it are made of bits of the secret, too: those of base64, with its `=`. */
  readonly base64: boolean;
}

/** A shorter one would blank ordinary text. */
const SHORTEST = 4;
/** A shorter one is encoded as what may well stand in ordinary text. */
const SHORTEST_ENCODED = 8;

/**
 * The texts by which a secret is known: as it is, inside of JSON, encoded for a URL, and within base64, whatever else was
 * encoded with it. Of a secret with several lines each line is one by itself, because output comes in lines.
 */
export function formsOf(secret: string): readonly SecretForm[] {
  const lines = secret.includes('\n') ? secret.split(/\r?\n/).map(line => line.trim()) : [];
  return [formsOfText(secret), ...lines.filter(line => line.length >= SHORTEST_ENCODED).map(formsOfText)].flat();
}

function formsOfText(secret: string): readonly SecretForm[] {
  if (secret.length < SHORTEST) return [];
  const plain = [secret, JSON.stringify(secret).slice(1, -1)];
  if (secret.length < SHORTEST_ENCODED) return once(plain).map(text => ({ text, base64: false }));
  return [
    ...once([...plain, ...urlForms(secret)]).map(text => ({ text, base64: false })),
    ...once(base64Forms(secret)).map(text => ({ text, base64: true })),
  ];
}

/** What encoders leave as it is differs, and so does the case of the digits. */
function urlForms(secret: string): readonly string[] {
  // A half of a surrogate pair is no character, and cannot be encoded.
  const component = encodeURIComponent(secret.toWellFormed());
  const strict = component.replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams([['', secret]]).toString().slice(1);
  const path = component.replaceAll('%2F', '/');
  const upper = [component, strict, form, path, strict.replaceAll('%2F', '/'), encodeURI(secret.toWellFormed())];
  return upper.flatMap(text => [text, text.replace(/%[0-9A-F]{2}/g, code => code.toLowerCase())]);
}

/**
 * In base64 three bytes are four characters, so a secret looks different by how many bytes stand before it. Of each of the
 * three looks this is what depends on the secret alone.
 */
function base64Forms(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].flatMap(before => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const core = encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

function once(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
