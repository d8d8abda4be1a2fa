/**
 * The line between console and service, on both hosts: what is shown while the service says nothing, and that it is live
 * again by itself. The tests mostly wait, so they wait side by side.
 */
import { expect, test } from 'vitest';
import { onEveryHost, whyNoFreeze } from '../support/console-hosts.ts';
import { startService, until } from '../support/courier-process.ts';
import { notRun } from '../support/not-run.ts';
import { prepareStanding } from '../support/prepared-sessions.ts';
import { dropSession, readStored, statusCounts } from '../support/session-folder.ts';

onEveryHost(
  (host) => {
    test('a service that hangs is shown as stale with what was last known, and is live again by itself', async (context) => {
      const reason = whyNoFreeze(host);
      if (reason !== null) notRun(context, reason);
      const opened = await host.open({ prepare: prepareStanding, address: '#/sessions', finished: context.onTestFinished });
      const { page, dataDir } = opened;
      await page.getByText('after 2 retries').waitFor();
      opened.freeze();
      await page.getByText(/No word from the service since \d\d?:\d\d:\d\d/).waitFor();
      await page.getByText('after 2 retries').waitFor();
      expect(await page.getByRole('button', { name: 'Send now' }).isDisabled()).toBe(true);
      dropSession(dataDir, 'meanwhile', 200);
      opened.thaw();
      await page.getByText(/Live again\./).waitFor();
      await page.getByText('No word from the service').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Send now' }).click();
      await page.locator('.table-row').getByText('201', { exact: true }).waitFor();
      await until('it is delivered', () => readStored(dataDir, 'meanwhile').submissionStatus === 'submitted');
    });

    // What the desktop shows is in the same process as its service.
    if (host.name === 'browser')
      test('a service that was stopped is stale at once, and live again by itself when it is started again', async ({
        onTestFinished: finished,
      }) => {
        const opened = await host.open({ prepare: prepareStanding, address: '#/overview', finished });
        const { page, dataDir, service } = opened;
        if (service === null) throw new Error('the browser has a service of its own');
        await page.getByText(/^Results are flowing/).waitFor();
        await service.stop();
        await page.getByText(/No word from the service since \d\d:\d\d:\d\d/).waitFor();
        await page.getByText('9 sessions kept, 30 days').waitFor();
        dropSession(dataDir, 'meanwhile', 200);
        const again = await startService(dataDir, ['--port', new URL(service.file.url).port]);
        try {
          // Not to wait for the next try; it may have come before the button is pressed, and with it the button is gone.
          const isLive = page.getByText(/Live again\./).waitFor();
          const isPressed = page.getByRole('button', { name: 'Try now' }).click();
          isPressed.catch(() => {});
          await isLive;
          await page.getByText('10 sessions kept, 30 days').waitFor();
          await until('what came meanwhile is delivered', () => statusCounts(dataDir)['submitted'] === 3);
        } finally {
          await again.stop();
        }
      });
  },
  { concurrent: true },
);
