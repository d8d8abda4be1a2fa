/**
 * Types that other programs are written against: what follows from the contract by inference, checked by the compiler
 * (`npm run types`); the runtime half shows that the same names are there.
 */
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  type CourierApi,
  type CourierEvent,
  type EventName,
  eventNames,
  type EventPayload,
  type Params,
  type RequestName,
  requestNames,
  type Result,
} from '../../src/common/contract.ts';
import type { Outcome, OutcomeClass } from '../../src/common/outcome.ts';
import type { SessionFile, SubmissionStatus } from '../../src/common/session.ts';
import type { Settings } from '../../src/common/settings.ts';
import type { Bridge } from '../../src/preload/bridge.ts';
import type { Handlers } from '../../src/service/handlers.ts';
import type { Verdict } from '../../machines/session.ts';
import { workerMachine } from '../../machines/worker.ts';
import type { StateValueFrom } from 'xstate';

describe('the contract', () => {
  test('gives every request its params and its result', () => {
    expectTypeOf<Params<'getSession'>>().toEqualTypeOf<{ sessionId: string }>();
    expectTypeOf<Result<'triggerSubmissionNow'>>().toEqualTypeOf<{ started: boolean }>();
    expectTypeOf<Result<'getSession'>['session']>().toEqualTypeOf<SessionFile>();
    expectTypeOf<keyof Handlers>().toEqualTypeOf<RequestName>();
    expectTypeOf<ReturnType<CourierApi['request']>>().toExtend<Promise<unknown>>();
    expect(requestNames).toContain('getSession');
  });

  test('gives every event its payload, and its name tells which', () => {
    expectTypeOf<EventPayload<'onSubmissionProgress'>>().toEqualTypeOf<{
      inFlight: number;
      queueSize: number;
      activeWorker: boolean;
    }>();
    expectTypeOf<CourierEvent['name']>().toEqualTypeOf<EventName>();
    expectTypeOf<
      Extract<CourierEvent, { name: 'onSubmissionResult' }>['payload']['submissionStatus']
    >().toEqualTypeOf<SubmissionStatus>();
    expect(eventNames).toContain('onSubmissionResult');
  });

  test('never shows the secret among the settings', () => {
    expectTypeOf<Result<'getSettings'>['settings']>().toEqualTypeOf<Omit<Settings, 'submissionAuthHeader'>>();
  });

  test('is what the desktop’s bridge offers, name by name', () => {
    expectTypeOf<Bridge>().toHaveProperty('triggerSubmissionNow');
    expectTypeOf<Bridge>().toHaveProperty('onSubmissionResult');
    expectTypeOf<RequestName>().toExtend<keyof Bridge>();
    expectTypeOf<EventName>().toExtend<keyof Bridge>();
  });
});

describe('the machines', () => {
  test('name their states as the design does', () => {
    expectTypeOf<StateValueFrom<typeof workerMachine>>().toEqualTypeOf<'idle' | 'discovering' | 'dispatching' | 'stopping'>();
    expectTypeOf<Verdict>().toEqualTypeOf<'submitted' | 'failed' | 'deferred'>();
    expectTypeOf<Outcome['kind']>().toEqualTypeOf<OutcomeClass>();
    expect(Object.keys(workerMachine.states)).toEqual(['idle', 'discovering', 'dispatching', 'stopping']);
  });
});
