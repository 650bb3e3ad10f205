/** Codes of problems: Resource Manager's where it has one. */
export type DeploymentCode =
  | 'InvalidTemplate'
  | 'DeploymentOutputEvaluationFailed'
  | 'ResourceNotFound'
  | 'DeploymentFeatureUnsupported';

/** The expression that failed, and whether it could be read at all. */
export interface FailedExpression {
  readonly text: string;
  readonly phase: 'parse' | 'process';
}

/** A place where evaluation cannot go on. Never seen outside of the room: `Problems` makes a KilnError of it. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: DeploymentCode;
  /** 1-based position in the expression, when it is known. */
  readonly position: number | undefined;
  readonly expression: FailedExpression | undefined;

  constructor(
    message: string,
    more: { readonly code?: DeploymentCode; readonly position?: number; readonly expression?: FailedExpression } = {},
  ) {
    super(message);
    this.code = more.code ?? 'InvalidTemplate';
    this.position = more.position;
    this.expression = more.expression;
  }

  /** The same failure with its position, unless it has one that is nearer to the cause. */
  at(position: number): Failure {
    if (this.position !== undefined || this instanceof Consequence || this instanceof Exhausted) return this;
    return new Failure(this.message, { code: this.code, position });
  }

  /** The same failure with the expression that it belongs to, unless it has one that is nearer to the cause. */
  in(text: string, phase: FailedExpression['phase']): Failure {
    if (this.expression !== undefined || this instanceof Consequence || this instanceof Exhausted) return this;
    const position = this.position === undefined ? {} : { position: this.position };
    return new Failure(this.message, { code: this.code, expression: { text, phase }, ...position });
  }
}

/** A failure because of another one that is reported already. */
export class Consequence extends Failure {
  constructor() {
    super('This follows from another problem.');
  }
}

/** The deployment has used up its steps: nothing of it is evaluated any further. */
export class Exhausted extends Failure {
  constructor() {
    super('The template needs too many steps to evaluate.');
  }
}

/** A failure because of something that Kiln does not have: named, never ignored. */
export function unsupported(message: string): Failure {
  return new Failure(message, { code: 'DeploymentFeatureUnsupported' });
}

/** Evaluation has to wait until the resource with this id exists. No failure: the same expression is evaluated again later. */
export class Waits extends Error {
  override readonly name = 'Waits';
  readonly id: string;

  constructor(id: string) {
    super(`the state of ${id} is not known yet`);
    this.id = id;
  }
}
