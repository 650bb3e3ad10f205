import { join } from 'node:path';

/** The image that the job starts from, as the template names it. */
export const SOURCE = 'Debian:debian-12:12-gen2';

/** The job's files: what each tool reads, and what the job uploads. */
const here = import.meta.dirname;
export const KILN_TEMPLATE = join(here, 'template.json');
export const PACKER_TEMPLATE = join(here, 'packer.json');
export const UPLOAD = join(here, 'app.conf');

/** Kiln's command line of this checkout. */
export const KILN = join(here, '../../kiln');
