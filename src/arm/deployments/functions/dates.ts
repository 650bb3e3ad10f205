import { formatDate } from '../date-format.ts';
import type { Call, Functions } from './call.ts';

/** What a date is written as when no format is asked for. */
const ISO = "yyyy-MM-dd'T'HH:mm:ss'Z'";

export const dateFunctions: Functions = {
  utcNow: {
    arity: [0, 1],
    run: call => {
      if (!call.context.fresh) throw call.invalid('it is for default values of parameters only');
      return written(call, call.context.scope.now, 0, "yyyyMMdd'T'HHmmss'Z'");
    },
  },
  dateTimeAdd: {
    arity: [2, 3],
    run: call => written(call, added(call, date(call), call.text(1)), 2, ISO),
  },
  dateTimeToEpoch: { arity: [1, 1], run: call => Math.floor(date(call).getTime() / 1000) },
  dateTimeFromEpoch: {
    arity: [1, 1],
    run: call => formatDate(existing(call, new Date(call.integer(0) * 1000)), ISO),
  },
};

function written(call: Call, value: Date, index: number, usual: string): string {
  const format = call.has(index) ? call.text(index) : usual;
  // A letter of a format stands for ten characters at most.
  return call.bounded(format.length * 10, () => formatDate(value, format));
}

const BASIC = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;
const EXTENDED = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,7})?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** The date of the first argument; one without a zone is in UTC. */
function date(call: Call): Date {
  const text = call.text(0).trim();
  const iso = text.replace(BASIC, '$1-$2-$3T$4:$5:$6Z');
  if (!EXTENDED.test(iso)) throw call.invalid("argument 1 is no date such as '2020-04-07T14:53:14Z'");
  const zoned = /(Z|[+-]\d{2}:\d{2})$/.test(iso.slice(10)) || iso.length === 10 ? iso : `${iso}Z`;
  return existing(call, new Date(zoned.replace(' ', 'T').replace(/(\.\d{3})\d+/, '$1')));
}

function existing(call: Call, value: Date): Date {
  const year = value.getUTCFullYear();
  if (Number.isNaN(year) || year < 1 || year > 9999) throw call.invalid('there is no such date');
  return value;
}

const DURATION =
  /^(-)?P(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,7})?)S)?)?$/;

/** A date and a duration in ISO 8601. Years and months are of the calendar: the day is the last one of a shorter month. */
function added(call: Call, start: Date, duration: string): Date {
  const found = DURATION.exec(duration);
  if (found === null || !/\d/.test(duration)) throw call.invalid("argument 2 is no duration such as 'P3Y' or '-PT1H'");
  const sign = found[1] === undefined ? 1 : -1;
  const part = (index: number): number => sign * Number(found[index] ?? 0);
  const day = start.getUTCDate();
  const shifted = new Date(start);
  shifted.setUTCDate(1);
  shifted.setUTCMonth(shifted.getUTCMonth() + part(2) * 12 + part(3));
  const lastDay = new Date(Date.UTC(shifted.getUTCFullYear(), shifted.getUTCMonth() + 1, 0)).getUTCDate();
  shifted.setUTCDate(Math.min(day, lastDay));
  const seconds = ((part(4) * 7 + part(5)) * 24 + part(6)) * 3600 + part(7) * 60 + part(8);
  return existing(call, new Date(shifted.getTime() + seconds * 1000));
}
