import type { ArmRequest } from '../provider.ts';
import { NAMESPACE } from './places.ts';

/** Where a client asks how an operation is getting on. */
export function operationUrl(request: ArmRequest, location: string, operationId: string): string {
  const subscription = request.params['subscriptionId'] ?? '';
  const path = `/subscriptions/${subscription}/providers/${NAMESPACE}/locations/${location}/operations/${operationId}`;
  return `${request.baseUrl}${path}?api-version=${request.apiVersion}`;
}
