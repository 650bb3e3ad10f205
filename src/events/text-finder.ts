/** Finds many texts in another one in a single pass over it (the automaton of Aho and Corasick). */
export interface TextFinder {
  /** Every place of every text, in ascending order of ends: `text` is the index of the longest one that ends there. */
  find(within: string): { readonly hits: readonly Hit[]; readonly open: number };
}

export interface Hit {
  readonly start: number;
  readonly end: number;
  readonly text: number;
}

interface State {
  readonly next: Map<number, State>;
  /** Characters from the start to here. */
  readonly depth: number;
  /** Where the search goes on when there is no next character: the longest end of this that begins a text as well. */
  fallback: State | undefined;
  /** The longest text that ends here. */
  text: number | undefined;
}

/**
 * @returns a finder whose `open` is how many characters at the end may be the beginning of a text that goes on behind it
 */
export function textFinder(texts: readonly string[]): TextFinder {
  const root = state(0);
  for (const [index, text] of texts.entries()) {
    let at = root;
    for (let i = 0; i < text.length; i++) at = entered(at, text.charCodeAt(i));
    if (at !== root) at.text ??= index;
  }
  link(root);
  return {
    find(within) {
      const hits: Hit[] = [];
      let at = root;
      for (let i = 0; i < within.length; i++) {
        const code = within.charCodeAt(i);
        let next = at.next.get(code);
        while (next === undefined && at.fallback !== undefined) {
          at = at.fallback;
          next = at.next.get(code);
        }
        if (next === undefined) continue;
        at = next;
        if (at.text !== undefined) {
          const length = texts[at.text]?.length ?? 0;
          hits.push({ start: i + 1 - length, end: i + 1, text: at.text });
        }
      }
      return { hits, open: at.depth };
    },
  };
}

function state(depth: number): State {
  return { next: new Map(), depth, fallback: undefined, text: undefined };
}

function entered(from: State, code: number): State {
  const known = from.next.get(code);
  if (known !== undefined) return known;
  const made = state(from.depth + 1);
  from.next.set(code, made);
  return made;
}

/** Breadth first: the fallback of a state is not as deep as the state. */
function link(root: State): void {
  const queue = [root];
  for (const from of queue) {
    for (const [code, to] of from.next) {
      let at = from.fallback;
      while (at !== undefined && !at.next.has(code)) at = at.fallback;
      to.fallback = at?.next.get(code) ?? root;
      to.text ??= to.fallback.text;
      queue.push(to);
    }
  }
}
