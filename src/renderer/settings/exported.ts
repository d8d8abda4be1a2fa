/**
 * What of the settings leaves this computer in a file.
 * May import: src/common.
 */
import type { ShownSettings } from '../../common/contract.ts';

export interface ExportedSettings {
  /** The content of the file. */
  text: string;
  /** What is missing in it and why, for the operator; null: nothing but the secrets, which are never shown. */
  remark: string | null;
}

/**
 * An endpoint whose address has a query is left out as a whole: the query may be a key, and without it the address would be
 * another one.
 */
export function exportedSettings({ settings }: Pick<ShownSettings, 'settings'>): ExportedSettings {
  const { submissionEndpoint, ...rest } = settings;
  const hasQuery = submissionEndpoint.includes('?');
  const exported = hasQuery ? rest : settings;
  return {
    text: JSON.stringify({ hl7CourierSettings: 1, settings: exported }, null, 2),
    remark: hasQuery
      ? 'The endpoint is not in the file: what follows the ? in its address may be a secret. Enter it where you import this.'
      : null,
  };
}
