/** How long and how often a download tries. All times are in milliseconds. */
export interface FetchLimits {
  /** Attempts in a row that bring no new byte. */
  readonly attempts: number;
  /** Attempts in all. */
  readonly attemptsInAll: number;
  /** First pause between attempts; each is twice as long as the one before. */
  readonly pause: number;
  /** Longest pause, also when the server asks for a longer one with `Retry-After`. */
  readonly longestPause: number;
  readonly connect: number;
  /** From the request to the first byte of the answer. */
  readonly headers: number;
  /** Between two pieces of the body. */
  readonly idle: number;
  readonly redirects: number;
}

export const FETCH_LIMITS: FetchLimits = {
  attempts: 5,
  attemptsInAll: 50,
  pause: 500,
  longestPause: 120_000,
  connect: 15_000,
  headers: 60_000,
  idle: 60_000,
  redirects: 10,
};
