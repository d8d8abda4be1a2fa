/**
 * Test connection: DNS, proxy, TCP, TLS chain, credentials, path, each told apart; no session is sent.
 * May import: react, lucide-react.
 */
import { PlugZap } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { connectionStep, type ConnectionTest } from '../../common/console.ts';
import { useAsk, useIsLive } from '../model/console.tsx';
import { clock, duration } from '../model/format.ts';
import type { Glyph, Tone } from '../model/words.ts';
import { Button } from '../ui/button.tsx';
import { GlyphMark } from '../ui/marks.tsx';
import { withLabels } from './catalogue.ts';
import type { Change } from './draft.ts';

type Step = ConnectionTest['steps'][number];
const titles: Record<Step['step'], Record<Step['result'], string>> = {
  name: { ok: 'Name found', failed: 'Name not found', skipped: 'No name to find', unknown: 'Name not checked' },
  proxy: { ok: 'Proxy reached', failed: 'Proxy refuses', skipped: 'Proxy not used', unknown: 'Proxy not checked' },
  connection: { ok: 'Connected', failed: 'Nobody answers', skipped: 'Not connected', unknown: 'Connection not checked' },
  certificate: {
    ok: 'Certificate trusted',
    failed: 'Certificate not trusted',
    skipped: 'No encryption',
    unknown: 'Certificate not checked',
  },
  credentials: {
    ok: 'Credentials accepted',
    failed: 'Credentials refused',
    skipped: 'No credentials set',
    unknown: 'Credentials not checked',
  },
  path: { ok: 'Address known', failed: 'Address not known', skipped: 'Address not checked', unknown: 'Path not checked' },
};
function titleOf({ step, result, httpStatus = 0 }: Step): string {
  if (step === 'path' && result === 'failed' && httpStatus >= 300 && httpStatus < 400) return 'Endpoint points elsewhere';
  return titles[step][result];
}
const marks: Record<Step['result'], { glyph: Glyph; tone: Tone }> = {
  ok: { glyph: 'tick', tone: 'ok' },
  failed: { glyph: 'cross', tone: 'fail' },
  skipped: { glyph: 'slash', tone: 'off' },
  unknown: { glyph: 'dashed', tone: 'off' },
};

/** @param startNow the address asked for a test: one begins as the panel is shown. */
export function TestPanel({ change, isValid, startNow }: { change: Change; isValid: boolean; startNow: boolean }) {
  const ask = useAsk();
  const isLive = useIsLive();
  const [outcome, setOutcome] = useState<{ test: ConnectionTest | null; error: string | null; withChange: boolean } | null>(null);
  const [isRunning, setRunning] = useState(false);
  const latestChange = useRef(change);
  useEffect(() => {
    latestChange.current = change;
  });
  const run = useCallback(async () => {
    const tried = latestChange.current;
    const withChange = Object.keys(tried).length > 0;
    setRunning(true);
    try {
      setOutcome({ test: await ask('testConnection', withChange ? { change: tried } : {}), error: null, withChange });
    } catch (error) {
      setOutcome({ test: null, error: error instanceof Error ? error.message : 'The test could not be made.', withChange });
    } finally {
      setRunning(false);
    }
  }, [ask]);
  const hasStarted = useRef(false);
  useEffect(() => {
    if (!startNow || !isLive || hasStarted.current) return;
    hasStarted.current = true;
    const start = async () => run();
    void start();
  }, [startNow, isLive, run]);
  const test = outcome?.test ?? null;
  return (
    <section className="panel" aria-label="Connection test">
      <div className="panel-head">
        <h2>Connection test</h2>
        <span className="space" />
        <Button isSmall icon={<PlugZap aria-hidden="true" />} isDisabled={!isLive || !isValid || isRunning} onPress={run}>
          {isRunning ? 'Testing' : outcome === null ? 'Test connection' : 'Test again'}
        </Button>
      </div>
      <div role="status">
        {outcome === null && !isRunning && (
          <p className="test-none small text2">
            Finds out where it goes wrong: name, proxy, connection, certificate, credentials. No session is sent.
          </p>
        )}
        {isRunning && <TestWaiting />}
        {!isRunning && outcome?.error !== null && outcome !== null && (
          <p className="test-none tone-fail">{withLabels(outcome.error)}</p>
        )}
        {!isRunning && test !== null && (
          <>
            <div className="test-verdict">
              <GlyphMark {...marks[test.result]} size="large" />
              <div>
                <b>{withLabels(test.message)}</b>
                <p className="small text2">
                  {clock(test.at)}, took {duration(test.durationMs)}, tested with the{' '}
                  {outcome?.withChange === true ? 'values entered here' : 'saved values'}. No session was sent.
                </p>
              </div>
            </div>
            <ul className="test-steps">
              {test.steps.map((step) => (
                <li key={step.step}>
                  <GlyphMark {...marks[step.result]} />
                  <b className={step.result === 'failed' ? 'tone-fail' : ''}>{titleOf(step)}</b>
                  <span className="small text3 figures">{step.durationMs === undefined ? '' : duration(step.durationMs)}</span>
                  <span className="small text2 test-message">{withLabels(step.message)}</span>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
    </section>
  );
}
function TestWaiting() {
  return (
    <ul className="test-steps">
      {connectionStep.shape.step.options.map((step) => (
        <li key={step}>
          <GlyphMark glyph="dots" tone="wait" />
          <b className="text2">{titles[step].unknown}</b>
        </li>
      ))}
    </ul>
  );
}
