/** The purchase plan of a Marketplace image, with the names that definitions and images give to its parts. */
export interface PurchasePlan {
  readonly name: string;
  readonly product: string;
  readonly publisher: string;
}

/** Whether two plans are one, which is also so for none and none. */
export function isSamePlan(a: PurchasePlan | undefined, b: PurchasePlan | undefined): boolean {
  return planText(a).toLowerCase() === planText(b).toLowerCase();
}

/** How a plan is said to people: `name/product/publisher`. */
export function planText(plan: PurchasePlan | undefined): string {
  return plan === undefined ? 'no purchase plan' : `plan ${plan.name}/${plan.product}/${plan.publisher}`;
}

/** A plan as a column of the database. */
export function planColumn(plan: PurchasePlan | undefined): string | null {
  return plan === undefined ? null : JSON.stringify(plan);
}

export function planOf(column: string | null): PurchasePlan | undefined {
  return column === null ? undefined : (JSON.parse(column) as PurchasePlan);
}
