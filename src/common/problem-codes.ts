/**
 * Codes of problems (`status.problems`) that more than one room goes by; docs/operator.md says what each means.
 * May import: nothing.
 */

/** An endpoint is set and cannot be used: a file of its certificate is missing, say. */
export const unusableEndpointCode = 'endpoint.unusable';
