/**
 * What comes in from a console or a script, checked against the contract before the service sees it: one rule and one
 * sentence for the IPC handlers of the desktop and the HTTP API of the headless host.
 * May import: zod, src/common.
 */
import { z } from 'zod';
import { requests } from './contract.ts';
import type { Params, RequestName } from './contract.ts';
import { CourierError } from './errors.ts';

type Issue = z.core.$ZodIssue;

export const isRequestName = (name: string): name is RequestName => Object.hasOwn(requests, name);

/**
 * The payload of a request as the contract types it; a missing one (`undefined`) is an empty one.
 * @throws CourierError `ERR_PAYLOAD_INVALID`: the message names the field and what it must be, never the given value.
 */
export function checkedParams<Name extends RequestName>(name: Name, payload: unknown): Params<Name> {
  const parsed = requests[name].params.safeParse(payload === undefined ? {} : payload);
  if (parsed.success) return parsed.data as Params<Name>;
  throw new CourierError('ERR_PAYLOAD_INVALID', `The payload of ${name} is not valid: ${inWords(parsed.error.issues)}.`);
}

function inWords(issues: readonly Issue[]): string {
  const [issue] = issues;
  if (issue === undefined) return 'it does not fit its description';
  if (issue.code === 'invalid_union') return unionInWords(issue.errors);
  if (issue.code === 'unrecognized_keys') return `it has no field "${shortened(issue.keys[0] ?? '')}"`;
  const expected = issue.message.replace(/^(Invalid input|Invalid option|Too big|Too small|Invalid key in record): /, '');
  if (issue.path.length === 0) return `it must be a JSON object (${expected})`;
  const field = shortened(issue.path.join('.'));
  return isMissing(issue) ? `"${field}" is missing` : `"${field}" is wrong (${expected})`;
}

/** Of several forms that a payload can have, the one meant is the one that fits best. */
function unionInWords(forms: readonly (readonly Issue[])[]): string {
  const [best, next] = [...forms].sort((one, other) => badness(one) - badness(other));
  if (best === undefined) return 'it does not fit its description';
  const isUnclear = next !== undefined && badness(next) === badness(best);
  const fields = forms.flat().flatMap((issue) => (isMissing(issue) ? [`"${issue.path.join('.')}"`] : []));
  return isUnclear && fields.length > 1 ? `one of ${[...new Set(fields)].join(', ')} must be given` : inWords(best);
}

const isMissing = (issue: Issue) => issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
const badness = (issues: readonly Issue[]) => issues.length + issues.filter(isMissing).length;
/** Names come from outside: long ones are cut, so that a sentence stays one. */
const shortened = (name: string) => (name.length > 80 ? `${name.slice(0, 80)}...` : name);
