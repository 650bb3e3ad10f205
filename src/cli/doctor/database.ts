import { KilnError } from '../../errors/kiln-error.ts';
import { hasMachineId } from '../../home/process-lock.ts';
import { reportDatabase } from '../../store/database-report.ts';
import { type Finding, fine, missing, type Patient, warning } from './finding.ts';

/** The database of the store: that it answers, and what is in it can be read by this Kiln. Nothing is made or changed. */
export async function checkDatabase({ home, config }: Patient): Promise<Finding> {
  const name = 'database';
  try {
    const report = await reportDatabase(home, config);
    if (report === undefined) return fine(name, `SQLite, to be made: ${home.database}`);
    const found = `${report.program}, ${report.name}`;
    if (report.tables === 'newer') return missing(name, `${found}, of a newer Kiln`, 'Use that Kiln.');
    if (report.doubts.length > 0) {
      const mend = 'What Kiln has said to be published may be lost or changed. Mend the settings of the server.';
      return warning(name, `${found}: ${report.doubts.join(', ')}`, mend);
    }
    if (config.database !== undefined && !hasMachineId()) {
      const mend = 'Have one in /etc/machine-id, of this machine’s own, before other machines use the same database.';
      return warning(name, `${found}; this machine has no id`, mend);
    }
    return fine(name, report.tables === 'none' ? `${found}, still empty` : found);
  } catch (error) {
    if (!(error instanceof KilnError)) throw error;
    return missing(name, error.message, error.todo);
  }
}
