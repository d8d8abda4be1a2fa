/**
 * Pictures of every screen, light and dark, into docs/screenshots: `node tests/e2e/screenshots.ts [screen...]`.
 * Needs the built console (out/renderer).
 * May import: tests/support.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openBrowser } from '../support/browser.ts';
import type { Scenario } from '../support/scripted-data.ts';
import { smallPng } from '../support/small-png.ts';
import { startScriptedService, type ScriptedService } from '../support/scripted-service.ts';
import type { Page } from 'playwright-core';

interface Picture {
  name: string;
  scenario: Scenario;
  address: string | ((service: ScriptedService) => string);
  prepare?: (page: Page, service: ScriptedService) => Promise<void>;
  size?: { width: number; height: number };
}
const pictures: Picture[] = [
  { name: 'overview', scenario: 'healthy', address: '#/overview' },
  { name: 'overview-stopped', scenario: 'stopped', address: '#/overview' },
  { name: 'overview-empty', scenario: 'empty', address: '#/overview' },
  { name: 'attention', scenario: 'busy', address: '#/attention' },
  {
    name: 'sessions',
    scenario: 'busy',
    address: (service) => `#/sessions?captured=today&open=${service.sessions[9]?.sessionId ?? ''}`,
    prepare: async (page) => {
      await page.getByText('Patient identification').waitFor();
    },
  },
  { name: 'sessions-100000', scenario: 'large', address: '#/sessions' },
  { name: 'machines', scenario: 'busy', address: '#/machines' },
  { name: 'machines-worker', scenario: 'busy', address: '#/machines/worker' },
  { name: 'log', scenario: 'busy', address: '#/log' },
  {
    name: 'settings',
    scenario: 'stopped',
    address: '#/settings/endpoint?test=now',
    prepare: async (page) => {
      await page.getByText('Credentials refused').waitFor();
    },
  },
  {
    name: 'palette',
    scenario: 'healthy',
    address: '#/overview',
    prepare: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByPlaceholder('Search sessions or run a command').fill('chem');
      await page.getByText('Find “chem” in sessions').waitFor();
    },
  },
  {
    name: 'overview-stale',
    scenario: 'healthy',
    address: '#/overview',
    prepare: async (page, service) => {
      service.goAway();
      await page.getByText('No word from the service').waitFor();
    },
  },
  { name: 'overview-1280', scenario: 'stopped', address: '#/overview', size: { width: 1280, height: 720 } },
];

const wanted = process.argv.slice(2);
const folder = process.env.SCREENSHOTS_FOLDER ?? resolve(import.meta.dirname, '../../docs/screenshots');
await mkdir(folder, { recursive: true });
const browser = await openBrowser();
for (const picture of pictures) {
  if (wanted.length > 0 && !wanted.includes(picture.name)) continue;
  for (const colorScheme of ['light', 'dark'] as const) {
    const service = await startScriptedService(
      picture.scenario,
      picture.scenario === 'healthy' || picture.scenario === 'stopped' ? { total: 41_208 } : {},
    );
    const page = await browser.newPage({
      viewport: picture.size ?? { width: 1440, height: 900 },
      colorScheme,
      reducedMotion: 'reduce',
      locale: 'en-GB',
    });
    page.on('pageerror', (error) => console.error(picture.name, error));
    page.on('console', (line) => line.type() === 'error' && console.error(picture.name, line.text()));
    await page.goto(service.url + (typeof picture.address === 'string' ? picture.address : picture.address(service)));
    await page.locator('.lights > div').first().waitFor();
    await page.waitForLoadState('networkidle', { timeout: 3000 }).catch(() => {});
    await picture.prepare?.(page, service);
    await page.waitForTimeout(400);
    await writeFile(join(folder, `${picture.name}-${colorScheme}.png`), smallPng(await page.screenshot()));
    await page.close();
    await service.close();
  }
}
await browser.close();
