import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import type { JsonObject } from '../../../arm/deployments/json-value.ts';
import type { Output } from '../../../arm/deployments/outputs.ts';
import { deploymentError } from '../../../errors/deployments.ts';
import { KilnError } from '../../../errors/kiln-error.ts';
import type { DeploymentBody } from './deployment-body.ts';
import type { DeploymentView, EvaluationInput, EvaluationReply, EvaluationRequest } from './evaluation-protocol.ts';

type Asked = Omit<EvaluationRequest, 'number'>;

/** In a package the files have another ending than in a checkout. */
const PROGRAM = new URL(`./evaluation-process${extname(import.meta.url)}`, import.meta.url);
const MAX_MEMORY_MIB = 512;
/** A template that makes up an id from another's state, and so on, ends somewhere. */
const MOST_ROUNDS = 50;

interface Question {
  readonly request: EvaluationRequest;
  resolve(reply: EvaluationReply): void;
  reject(error: Error): void;
}

/**
 * The process in which templates are evaluated, one question at a time. It starts with the first. What is asked of it when it dies, by a
 * template that takes all its memory, is asked once more, each question alone in a process of its own: only the one that it dies of
 * fails.
 */
export class EvaluationProcess {
  readonly #memoryMiB: number;
  #child: ChildProcess | undefined;
  #number = 0;
  readonly #waiting = new Map<number, Question>();
  /** The questions that are asked again, one after the other: each process may take as much memory as the first. */
  #again: Promise<void> = Promise.resolve();

  constructor(memoryMiB = MAX_MEMORY_MIB) {
    this.#memoryMiB = memoryMiB;
  }

  /** @throws KilnError those of `deploymentBody`, and `DeploymentTooLarge` */
  async request(text: string): Promise<DeploymentBody> {
    const nothing = { session: '', input: undefined, existing: [], runtime: [], at: [] };
    const { request, error, defect } = await this.ask({ ...nothing, ask: { what: 'request', text } });
    if (error !== undefined) throw restored(error);
    if (request === undefined) throw new Error(`A deployment could not be read: ${defect}`);
    return request;
  }

  /** @throws KilnError `DeploymentTooLarge` */
  ask(asked: Asked): Promise<EvaluationReply> {
    this.#number += 1;
    const request: EvaluationRequest = { number: this.#number, ...asked };
    return new Promise((resolve, reject) => {
      const child = this.#started();
      this.#waiting.set(request.number, { request, resolve, reject });
      keepAlive(child, true);
      send(child, request);
    });
  }

  #started(): ChildProcess {
    if (this.#child !== undefined) return this.#child;
    const child = this.#newChild();
    this.#child = child;
    child.on('message', (reply: EvaluationReply) => {
      this.#waiting.get(reply.number)?.resolve(reply);
      this.#waiting.delete(reply.number);
      // It keeps no process alive that has nothing else to do.
      if (this.#waiting.size === 0) keepAlive(child, false);
    });
    onEnd(child, () => {
      this.#child = undefined;
      const unanswered = [...this.#waiting.values()];
      this.#waiting.clear();
      for (const question of unanswered) this.#again = this.#again.then(() => this.#askAlone(question));
    });
    return child;
  }

  /** Never rejects: the question does. */
  async #askAlone({ request, resolve, reject }: Question): Promise<void> {
    const child = this.#newChild();
    const answered = new Promise<EvaluationReply>((answer, died) => {
      child.on('message', (reply: EvaluationReply) => answer(reply));
      onEnd(child, how => {
        if (how === 'SIGABRT') died(deploymentError('DeploymentTooLarge', { memoryMiB: this.#memoryMiB }));
        else died(new Error(`the process that evaluates templates ended: ${how}`));
      });
      send(child, request);
    });
    await answered.then(resolve, reject);
    child.kill('SIGKILL');
  }

  #newChild(): ChildProcess {
    return fork(PROGRAM, [], {
      execArgv: [`--max-old-space-size=${this.#memoryMiB}`],
      serialization: 'advanced',
      // What V8 prints when it runs out of memory is told as an error.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // Ctrl-C is for the service, which ends it.
      detached: true,
    });
  }
}

/** Where it has died already, its end is what tells. */
function send(child: ChildProcess, request: EvaluationRequest): void {
  child.send(request, () => undefined);
}

function keepAlive(child: ChildProcess, alive: boolean): void {
  for (const one of [child, child.channel]) {
    if (alive) one?.ref();
    else one?.unref();
  }
}

/** @param ended once, with the signal or the exit code or what kept it from starting; running out of memory is `SIGABRT` */
function onEnd(child: ChildProcess, ended: (how: string) => void): void {
  let told = false;
  const tell = (how: string): void => {
    if (told) return;
    told = true;
    ended(how);
  };
  child.on('error', error => tell(error.message));
  child.on('exit', (code, signal) => tell(signal ?? (code === 134 ? 'SIGABRT' : `exit code ${code}`)));
}

/** One deployment in the evaluation process, as it goes on. */
export class Evaluation {
  readonly #process: EvaluationProcess;
  readonly #input: EvaluationInput;
  readonly #session: string;
  readonly #read: (id: string, apiVersion: string | undefined) => Promise<unknown>;
  readonly #existing = new Map<string, unknown>();
  readonly #runtime = new Map<string, unknown>();
  /** States that the process has not been told yet. */
  #untold = new Set<string>();

  /**
   * @param session a name that no other evaluation has
   * @param read the state of a resource outside of the template; `undefined` when there is none
   */
  constructor(
    process: EvaluationProcess,
    session: string,
    input: EvaluationInput,
    read: (id: string, apiVersion: string | undefined) => Promise<unknown>,
  ) {
    this.#process = process;
    this.#session = session;
    this.#input = input;
    this.#read = read;
  }

  /** Notes the state of a resource that was deployed. */
  add(id: string, state: unknown): void {
    this.#runtime.set(id.toLowerCase(), state);
    this.#untold.add(id.toLowerCase());
  }

  /** @throws KilnError those of `evaluateDeployment` */
  async template(at: readonly string[] = []): Promise<DeploymentView> {
    const { view } = await this.#ask(at, { what: 'template' });
    if (view === undefined) throw new Error('no template came back');
    return view;
  }

  /** A resource as its provider takes it, once what it depends on exists. */
  async body(at: readonly string[], id: string): Promise<JsonObject> {
    const { body } = await this.#ask(at, { what: 'body', id });
    if (body === undefined) throw new Error('no body came back');
    return body;
  }

  async outputs(at: readonly string[] = []): Promise<Readonly<Record<string, Output>>> {
    const { outputs } = await this.#ask(at, { what: 'outputs' });
    if (outputs === undefined) throw new Error('no outputs came back');
    return outputs;
  }

  /** Lets the process forget it. */
  async close(): Promise<void> {
    await this.#process.ask({ ...this.#nothing([]), ask: { what: 'close' } }).catch(() => undefined);
  }

  async #ask(at: readonly string[], ask: EvaluationRequest['ask']): Promise<EvaluationReply> {
    let whole = false;
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const told = [...this.#untold];
      const reply = await this.#process.ask({
        ...this.#nothing(at),
        ask,
        existing: [...this.#existing],
        runtime: whole ? [...this.#runtime] : told.map(id => [id, this.#runtime.get(id)] as const),
        ...(whole ? { input: this.#input } : {}),
      });
      if (reply.unknown) {
        whole = true;
        continue;
      }
      for (const id of told) this.#untold.delete(id);
      if (reply.defect !== undefined) throw new Error(`A template could not be evaluated: ${reply.defect}`);
      if (reply.error !== undefined) throw restored(reply.error);
      if (reply.unread === undefined) return reply;
      const ids = new Map(reply.unread.map(one => [one.id.toLowerCase(), one]));
      const states = await Promise.all(
        [...ids].map(async ([key, { id, apiVersion }]) => [key, await this.#read(id, apiVersion)] as const),
      );
      // `null` is what is known not to exist.
      for (const [key, state] of states) this.#existing.set(key, state ?? null);
    }
    throw new Error('a template asks for the state of ever more resources');
  }

  #nothing(at: readonly string[]): Omit<Asked, 'ask'> {
    return { session: this.#session, input: undefined, existing: [], runtime: [], at };
  }
}

/** A template that is not right is a bad request, whatever is not found: the address is that of the deployment. */
function restored({ code, exit, message, todo, target, ...more }: NonNullable<EvaluationReply['error']>): KilnError {
  return new KilnError(code, exit, message, todo, { ...more, ...(target === undefined ? {} : { target }) });
}
