import type { ErrorDetail, KilnError } from '../errors/kiln-error.ts';

interface Said {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
  readonly details?: readonly { readonly code: string; readonly message: string; readonly target?: string }[];
}

/** How a resource provider writes errors: one that once did it in a way of its own did so up to some version. */
export type ErrorStyle = 'flat' | 'envelope';

/** The body of an answer that says an error. What to do about it follows what happened. */
export function errorBody(error: KilnError, style: ErrorStyle = 'envelope'): object {
  const said = saidOf(error);
  return style === 'flat' ? said : { error: said };
}

/** The error as it stands in bodies: in an envelope, in the state of a resource, in the status of an operation. */
export function saidOf(error: KilnError): Said {
  return {
    code: error.code,
    message: error.todo === '' ? error.message : `${error.message} ${error.todo}`,
    ...(error.target === undefined ? {} : { target: error.target }),
    ...(error.details.length === 0 ? {} : { details: error.details.map(detailOf) }),
  };
}

function detailOf({ code, message, target, line, column }: ErrorDetail) {
  const where = line === undefined ? '' : ` (line ${line}${column === undefined ? '' : `, column ${column}`})`;
  return { code, message: `${message}${where}`, ...(target === undefined ? {} : { target }) };
}
