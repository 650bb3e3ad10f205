import {
  CompiledQuery,
  type DataTypeNode,
  type Dialect,
  Kysely,
  type OperationNode,
  PostgresAdapter,
  PostgresDriver,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely';
import { PATIENCE_SECONDS } from './patience.ts';
import { postgresPool } from './postgres-pool.ts';

/** The lock of all that write to one database of Kiln. PostgreSQL keeps such locks by database; the number only has to be nobody else's. */
const WRITERS = 0x6b696c6e;

type Connection = Parameters<PostgresDriver['rollbackTransaction']>[0];

/**
 * Connects to a PostgreSQL database (`postgres://...`). Nothing is sent before the first query.
 *
 * @param patience seconds that a writer waits for others
 */
export function openPostgres<T>(url: string, patience = PATIENCE_SECONDS): Kysely<T> {
  const dialect: Dialect = {
    createDriver: () => new WriterDriver(url, patience),
    createQueryCompiler: () => new BytewiseTextCompiler(),
    createAdapter: () => new WriterAdapter(),
    createIntrospector: db => new PostgresIntrospector(db),
  };
  return new Kysely<T>({ dialect });
}

class WriterDriver extends PostgresDriver {
  constructor(url: string, patience: number) {
    super({ pool: async () => postgresPool(url, patience) });
  }

  /**
   * The write lock is taken at once, and each statement after it sees what was committed until then: one writer at a time, as in SQLite. The
   * lock ends with the transaction, however that ends.
   */
  override async beginTransaction(connection: Connection): Promise<void> {
    const begin = `begin isolation level read committed; select pg_advisory_xact_lock(${WRITERS})`;
    try {
      await connection.executeQuery(CompiledQuery.raw(begin));
    } catch (error) {
      await this.rollbackTransaction(connection);
      throw error;
    }
  }

  /** Where the connection is lost the server has rolled back by itself: that must not hide the reason. */
  override async rollbackTransaction(connection: Connection): Promise<void> {
    await super.rollbackTransaction(connection).catch(() => undefined);
  }
}

class WriterAdapter extends PostgresAdapter {
  /** Migrations run in a transaction, which holds the write lock already. */
  override async acquireMigrationLock(): Promise<void> {}

  override async releaseMigrationLock(): Promise<void> {}
}

class BytewiseTextCompiler extends PostgresQueryCompiler {
  /** Text is compared by its bytes whatever the database's language is: keys are put in order and pages cut alike everywhere. */
  protected override visitDataType(node: DataTypeNode): void {
    super.visitDataType(node);
    const parent: OperationNode | undefined = this.parentNode;
    if (node.dataType === 'text' && parent?.kind === 'ColumnDefinitionNode') this.append(' collate "C"');
  }
}
