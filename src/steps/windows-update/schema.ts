import { z } from 'zod';
import { stepName } from '../schema-fields.ts';
import type { WindowsUpdateStep } from './windows-update.ts';

const DEFAULT_SEARCH_CRITERIA = 'BrowseOnly=0 and IsInstalled=0';
const DEFAULT_UPDATE_LIMIT = 1000;

/** A WindowsUpdate customizer as a template writes it. */
export const windowsUpdateSchema = z
  .object({
    type: z.literal('WindowsUpdate'),
    name: stepName,
    searchCriteria: z.string().default(''),
    filters: z.array(z.string().min(1, 'must not be empty')).default([]),
    updateLimit: z.int().min(0).max(2147483647).default(0),
  })
  .transform(
    (given): WindowsUpdateStep => ({
      ...given,
      searchCriteria: given.searchCriteria || DEFAULT_SEARCH_CRITERIA,
      updateLimit: given.updateLimit || DEFAULT_UPDATE_LIMIT,
    }),
  );
