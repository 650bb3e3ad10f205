import { templateError } from '../errors/template.ts';
import { nearest } from '../template/did-you-mean.ts';
import { SIZE_TABLE, type VmSize } from './vm-size-table.ts';

/** Sizes that are chosen for hardware that a build machine here does not have: refused, not approximated. */
const SPECIAL: readonly (readonly [RegExp, string])[] = [
  [/^Standard_N/i, 'a GPU or FPGA'],
  [/^Standard_[DE]C/i, 'memory that is encrypted against its host (confidential computing)'],
  [/^Standard_(?:H|A[89]$)/i, 'an RDMA network'],
  [/^Standard_[BDE]\d+[a-z]*p[a-z]*_v\d+$/i, 'an Arm processor'],
];

const BY_NAME = new Map(SIZE_TABLE.map(size => [size.name.toLowerCase(), size]));

/**
 * What a size of Azure means in processors and memory. Names are compared without case.
 *
 * @throws KilnError `UnsupportedVmSize`, `UnknownVmSize`
 */
export function vmSize(name: string): VmSize {
  const found = lookUp(name.replace(/_Promo$/i, ''));
  if (found !== undefined) return found;
  const target = 'properties.vmProfile.vmSize';
  const special = SPECIAL.find(([pattern]) => pattern.test(name));
  if (special !== undefined) throw templateError('UnsupportedVmSize', { size: name, hardware: special[1] }, { target });
  const meant =
    nearest(
      name,
      [...SIZE_TABLE].map(size => size.name),
    ) ?? '';
  throw templateError('UnknownVmSize', { size: name, meant: meant === '' ? '' : `\`${meant}\`` }, { target });
}

/** `E8-4s_v5` is `E8s_v5` with half of its processors: such sizes exist with a half and a quarter. */
function lookUp(name: string): VmSize | undefined {
  const exact = BY_NAME.get(name.toLowerCase());
  const constrained = exact === undefined ? /^(.*\d)-(\d+)(.*)$/.exec(name) : null;
  if (constrained === null) return exact;
  const [, before = '', count = '', after = ''] = constrained;
  const whole = BY_NAME.get(`${before}${after}`.toLowerCase());
  const cpus = Number(count);
  if (whole === undefined || (whole.cpus !== cpus * 2 && whole.cpus !== cpus * 4)) return undefined;
  return { ...whole, name, cpus };
}
