import { sourceError } from '../errors/sources.ts';
import { isSamePlan, type PurchasePlan } from '../galleries/purchase-plan.ts';
import type { PlanInfo } from '../template/model.ts';
import type { FoundImage } from './find-image.ts';

/** A plan as images and definitions have it, from a template's or a catalogue's `planInfo`. */
export function purchasePlan(info: PlanInfo | undefined): PurchasePlan | undefined {
  if (info === undefined) return undefined;
  return { name: info.planName, product: info.planProduct, publisher: info.planPublisher };
}

/**
 * A template states the purchase plan of an image that has one, and none of an image that has none, as Azure demands it.
 *
 * @throws KilnError `VMMarketplaceInvalidInput`.
 */
export function checkPlanInfo(given: PlanInfo | undefined, image: Pick<FoundImage, 'name' | 'planInfo'>): void {
  if (isSamePlan(purchasePlan(given), purchasePlan(image.planInfo))) return;
  throw sourceError(
    'VMMarketplaceInvalidInput',
    { image: image.name, given: text(given), wanted: text(image.planInfo) },
    { target: 'properties.source.planInfo' },
  );
}

function text(info: PlanInfo | undefined): string | undefined {
  return info && `${info.planName} (product ${info.planProduct}, publisher ${info.planPublisher})`;
}
