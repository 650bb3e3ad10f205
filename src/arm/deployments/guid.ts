import { createHash } from 'node:crypto';

/** The namespace of Resource Manager's GUIDs: 11fb06fb-712d-4ddd-98c7-e71bbd588830. */
const NAMESPACE = Buffer.from('11fb06fb712d4ddd98c7e71bbd588830', 'hex');

/** Azure's `guid`: the name-based UUID (version 5, RFC 9562) of the texts, joined by hyphens, in Resource Manager's namespace. */
export function guid(texts: readonly string[]): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(texts.join('-'), 'utf8').digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
