/**
 * Takes the machine-readable code out of an `application/problem+json` answer (RFC 9457), and nothing else: free text of
 * an endpoint may repeat patient data from the request, so it never reaches an outcome.
 * May import: zod.
 */
import { z } from 'zod';

const safeCode = /^[A-Za-z0-9_.:-]{1,64}$/;
const problem = z.looseObject({ code: z.union([z.string(), z.number()]).optional(), type: z.string().optional() });

/** Whether a Content-Type says that the body is a problem document. */
export function isProblemDocument(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/problem\+json\s*(;|$)/i.test(contentType.trim());
}

/** The member `code` of a problem document, else the last segment of its `type`; undefined when neither is a plain word. */
export function problemCode(body: string): string | undefined {
  const parsed = problem.safeParse(jsonOf(body));
  if (!parsed.success) return undefined;
  const { code, type } = parsed.data;
  const segment = type === 'about:blank' ? undefined : type?.split(/[/#]/).findLast((part) => part !== '');
  return [code === undefined ? undefined : String(code), segment].find((word) => word !== undefined && safeCode.test(word));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not JSON: the answer has no code, its status says enough.
  }
}
