// Before each file of the `postgres` project: stores of tests are made on its server.
import { inject } from 'vitest';
import './server.ts';

process.env['KILN_TEST_POSTGRES'] = inject('postgres');
