/** The settings as a file: what may be a secret stays here. */
import { expect, test } from 'vitest';
import { defaultSettings, settingKeys } from '../../../src/common/settings.ts';
import { exportedSettings } from '../../../src/renderer/settings/exported.ts';

const exportOf = (submissionEndpoint: string) => {
  const { submissionAuthHeader: _, ...shown } = { ...defaultSettings, submissionEndpoint };
  const { text, remark } = exportedSettings({ settings: shown as never });
  return { text, remark, settings: (JSON.parse(text) as { settings: Record<string, unknown> }).settings };
};

test('an export has every setting that is shown', () => {
  const { settings, remark } = exportOf('https://results.example.org/sessions');
  expect(Object.keys(settings).length).toBe(settingKeys.length - 1);
  expect(settings['submissionEndpoint']).toBe('https://results.example.org/sessions');
  expect(remark).toBe(null);
});

test('an endpoint whose address may hold a key is left out as a whole, and that is said', () => {
  const { text, settings, remark } = exportOf('https://results.example.org/sessions?key=s3cret');
  expect(settings).not.toHaveProperty('submissionEndpoint');
  expect(text).not.toContain('s3cret');
  expect(remark).toContain('The endpoint is not in the file');
});
