import { armError } from '../../errors/arm.ts';
import { findResource } from '../../store/resources.ts';
import type { StoreTransaction } from '../../store/store.ts';
import type { ImageTemplate } from '../../template/model.ts';
import type { TemplateState } from './stored-template.ts';

/**
 * The user-assigned identities of a template, by their keys.
 *
 * @throws KilnError `InvalidParameter` for one that does not exist
 */
export async function findIdentities(
  db: Pick<StoreTransaction, 'selectFrom'>,
  template: Pick<ImageTemplate, 'identities'>,
  tenantId: string,
): Promise<TemplateState['identities']> {
  const found: Record<string, { principalId: string; clientId: string }> = {};
  for (const id of template.identities) {
    const resource = await findResource(db, id);
    const properties = (resource?.body['properties'] ?? {}) as Record<string, unknown>;
    const { principalId, clientId } = properties;
    if (typeof principalId !== 'string' || typeof clientId !== 'string') {
      const reason = `there is no user-assigned identity ${id} in tenant ${tenantId}`;
      throw armError('InvalidParameter', { name: 'identity.userAssignedIdentities', reason }, { target: 'identity' });
    }
    found[id.toLowerCase()] = { principalId, clientId };
  }
  return found;
}
