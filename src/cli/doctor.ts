import { type ResolveName, systemResolver } from '../artifacts/connector.ts';
import type { SiteConfig } from '../config/site-config.ts';
import type { KilnHome } from '../home/kiln-home.ts';
import { checkDatabase } from './doctor/database.ts';
import { type Finding, type Patient, SYSTEM_PATH } from './doctor/finding.ts';
import { checkAccelerator, checkDisk, checkFirmware, checkMemory, checkNode } from './doctor/host.ts';
import { checkNetwork } from './doctor/network.ts';
import { checkSandbox } from './doctor/sandbox.ts';
import { checkTools } from './doctor/tools.ts';
import type { Line } from './render/wording.ts';

export interface DoctorOptions {
  /** Directories to look for programs in, instead of the system's own. */
  readonly path?: string;
  readonly etc?: string;
  readonly resolve?: ResolveName;
  readonly signal?: AbortSignal;
}

export function patientOf(home: KilnHome, config: SiteConfig, options: DoctorOptions = {}): Patient {
  return {
    home,
    config,
    path: options.path ?? SYSTEM_PATH,
    etc: options.etc ?? '/etc',
    resolve: options.resolve ?? systemResolver,
    signal: options.signal ?? new AbortController().signal,
  };
}

/**
 * Looks at everything that a build needs of this machine, by doing it where that is possible. Takes a few seconds.
 * Nothing is changed, but that the answer about the accelerator is kept in the home if there is one.
 */
export async function runDoctor(home: KilnHome, config: SiteConfig, options: DoctorOptions = {}): Promise<Finding[]> {
  const patient = patientOf(home, config, options);
  const [tools, firmware, sandbox, accelerator, network, disk, memory, database] = await Promise.all([
    checkTools(patient),
    checkFirmware(),
    checkSandbox(patient),
    checkAccelerator(patient),
    checkNetwork(patient),
    checkDisk(patient),
    checkMemory(),
    checkDatabase(patient),
  ]);
  return [checkNode(), ...tools, firmware, ...sandbox, accelerator, ...network, disk, memory, database];
}

/** 3 when a build can't run here. */
export function doctorExitCode(findings: readonly Finding[]): 0 | 3 {
  return findings.some(finding => finding.ok === 'missing') ? 3 : 0;
}

const TONES = { ok: 'good', warning: 'warning', missing: 'bad' } as const;

/** One line for each finding, what to do below those that need it, and a last line that sums up. */
export function renderFindings(findings: readonly Finding[]): Line[] {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap(({ name, ok, found, mend }): Line[] => [
    { tone: TONES[ok], text: `${ok.padEnd(7)}  ${name.padEnd(width)}  ${found}` },
    ...mend
      .split('\n')
      .filter(line => line !== '')
      .map(line => ({ tone: 'plain', text: `         ${line}` }) as const),
  ]);
  return [...lines, { tone: 'title', text: summary(findings) }];
}

function summary(findings: readonly Finding[]): string {
  const count = (ok: Finding['ok']) => findings.filter(finding => finding.ok === ok).length;
  const warnings = `${count('warning')} ${count('warning') === 1 ? 'warning' : 'warnings'}`;
  if (count('missing') > 0) return `This machine can't build yet: ${count('missing')} missing, ${warnings}.`;
  return `This machine can build: ${warnings}.`;
}
