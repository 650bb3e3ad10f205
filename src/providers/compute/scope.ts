import { type Expression, type SqlBool, sql } from 'kysely';

/** A condition for rows with a `key`: those in the resource group of a request's path, or in its subscription. */
export function rowsOfScope(params: Readonly<Record<string, string>>): Expression<SqlBool> {
  const { subscriptionId, resourceGroupName } = params;
  const scope =
    resourceGroupName === undefined
      ? `/subscriptions/${subscriptionId}/`
      : `/subscriptions/${subscriptionId}/resourcegroups/${resourceGroupName}/`;
  const key = scope.toLowerCase();
  return sql<SqlBool>`substr(${sql.ref('key')}, 1, ${sql.lit(key.length)}) = ${key}`;
}
