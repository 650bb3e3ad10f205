import { authorizationProvider } from './authorization/provider.ts';
import { computeProvider } from './compute/provider.ts';
import { featuresProvider } from './features/provider.ts';
import { managedIdentityProvider } from './managed-identity/provider.ts';
import { networkProvider } from './network/provider.ts';
import type { Provider } from './provider.ts';
import { resourcesProvider } from './resources/provider.ts';
import type { ProviderServices } from './services.ts';
import { storageProvider } from './storage/provider.ts';
import { virtualMachineImages } from './virtual-machine-images/provider.ts';

/** The resource providers of a service. */
export function allProviders(services: ProviderServices): readonly Provider[] {
  const providers: readonly Provider[] = [
    virtualMachineImages(services),
    computeProvider(services),
    resourcesProvider(services, () => providers),
    managedIdentityProvider(services),
    authorizationProvider(services),
    networkProvider(services),
    storageProvider(services),
    featuresProvider(services),
  ];
  return providers;
}
