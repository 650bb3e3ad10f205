import { describe, expect, it } from 'vitest';
import { SIZE_TABLE } from './vm-size-table.ts';
import { vmSize } from './vm-sizes.ts';

describe('vmSize', () => {
  it.each([
    ['Standard_D1_v2', 1, 3.5],
    ['Standard_D2ds_v4', 2, 8],
    ['standard_d2S_V3', 2, 8],
    ['Standard_B2s', 2, 4],
    ['Standard_B1ls', 1, 0.5],
    ['Standard_DS3_v2', 4, 14],
    ['Standard_DS2_v2_Promo', 2, 7],
    ['Standard_D16s_v5', 16, 64],
    ['Standard_E64s_v3', 64, 432],
    ['Standard_E8-4s_v5', 4, 64],
    ['Standard_DS11-1_v2', 1, 14],
    ['Standard_F8s_v2', 8, 16],
    ['Standard_A2m_v2', 2, 16],
    ['Standard_M128ms', 128, 3892],
    ['Basic_A1', 1, 1.75],
  ])('%s has %i processors and %d GiB', (name, cpus, memoryGiB) => {
    expect(vmSize(name)).toMatchObject({ cpus, memoryMiB: memoryGiB * 1024 });
  });

  it.each([
    ['Standard_NC6s_v3', 'GPU'],
    ['Standard_NV12', 'GPU'],
    ['Standard_DC2s_v3', 'confidential'],
    ['Standard_EC4as_v5', 'confidential'],
    ['Standard_HB120rs_v3', 'RDMA'],
    ['Standard_A8', 'RDMA'],
    ['Standard_D4ps_v5', 'Arm'],
    ['Standard_B2pts_v2', 'Arm'],
  ])('refuses %s for what it promises', (name, hardware) => {
    expect(() => vmSize(name)).toThrow(hardware);
    expect(() => vmSize(name)).toThrow(expect.objectContaining({ code: 'UnsupportedVmSize', exit: 2 }));
  });

  it('suggests a size for an unknown one', () => {
    expect(() => vmSize('Standard_D2s_v33')).toThrow('Did you mean `Standard_D2s_v3`?');
    expect(() => vmSize('D4s_v3')).toThrow('Did you mean `Standard_D4s_v3`?');
    expect(() => vmSize('huge')).toThrow(expect.objectContaining({ code: 'UnknownVmSize', exit: 2 }));
    expect(() => vmSize('Standard_E8-3s_v5')).toThrow(expect.objectContaining({ code: 'UnknownVmSize' }));
  });

  it('has a table without doublets', () => {
    const names = SIZE_TABLE.map(size => size.name.toLowerCase());
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });
});
