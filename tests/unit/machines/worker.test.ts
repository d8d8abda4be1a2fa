/**
 * The delivery policy of design section 6, as an operator would tell it: the worked examples, the slots, the order, the
 * circuit, disk failures and the stop, on a simulated clock.
 */
import { afterEach, describe, expect, test } from 'vitest';
import {
  accepted,
  broken,
  busy,
  refused,
  settings,
  unauthorized,
  unheard,
  World,
  type WorldOptions,
} from '../../support/world.ts';

const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(4, '0')}`);
let world: World;
const make = (options: WorldOptions = {}) => (world = new World(options));
afterEach(() => expect(world.broken).toEqual([]));

describe('the worked examples', () => {
  test('one session alone that always gets 500 fails after three attempts, and is tried again when another is accepted', async () => {
    make({ answer: (id) => (id === 'bad' ? broken : accepted) }).add('bad');
    await world.cycle();
    expect(world.withStatus('failed')).toEqual(['bad']);
    expect(world.postsOf('bad')).toBe(3);
    for (let life = 1; life <= 5; life++) {
      await world.pass(60_000, 30_000);
      world.add(`good${life}`);
      await world.cycle();
    }
    expect(world.postsOf('bad')).toBe(3 + 3 * 3);
    expect(world.withStatus('failed')).toEqual(['bad']);
  });

  test('one that always gets 500 among good ones fails and holds nobody up', async () => {
    make({ answer: (id) => (id === 's0003' ? broken : accepted), answerMs: 100 }).add(...numbered('s', 20));
    await world.cycle();
    expect(world.withStatus('failed')).toEqual(['s0003']);
    expect(world.withStatus('submitted')).toHaveLength(19);
    expect(world.posts.at(-1)?.id).toBe('s0003');
    expect(world.postsOf('s0003')).toBe(3);
  });

  test('an hour without an answer costs one probe a cycle, and all is delivered in the cycle of the return', async () => {
    make({ answer: (_id, _attempt, now) => (now < 4_600_000 ? unheard : accepted) }).add(...numbered('s', 200));
    await world.cycle();
    expect(world.circuit).toBe('open');
    expect(world.withStatus('failed')).toEqual([]);
    const before = world.posts.length;
    await world.pass(330_000, 5_000);
    expect(new Set(world.posts.slice(before).map(({ id }) => id)).size).toBe(1);
    await world.pass(3_600_000, 5_000);
    await world.rest();
    expect(world.withStatus('submitted')).toHaveLength(200);
    expect(world.circuit).toBe('closed');
  });

  test('the same with 503: five fail, are set back at the return, and go in the cycle that follows at once', async () => {
    make({ answer: (_id, _attempt, now) => (now < 2_000_000 ? busy : accepted) }).add(...numbered('s', 50));
    await world.cycle();
    expect(world.withStatus('failed')).toHaveLength(5);
    expect(world.ends).toEqual(['circuitOpen']);
    await world.pass(320_000, 5_000);
    expect(world.withStatus('failed')).toHaveLength(5);
    await world.pass(2_000_000, 5_000);
    expect(world.withStatus('submitted')).toHaveLength(50);
    expect(world.ends.slice(-2)).toEqual(['drained', 'drained']);
  });

  test('an expired token costs at most one POST a slot, and a new one delivers everything', async () => {
    let isExpired = true;
    make({ answer: () => (isExpired ? unauthorized : accepted), answerMs: 20 }).add(...numbered('s', 100));
    await world.cycle();
    expect(world.posts.length).toBeLessThanOrEqual(2);
    expect(world.withStatus('pending')).toHaveLength(100);
    expect(world.circuit).toBe('open');
    isExpired = false;
    world.worker.send({ type: 'settings.changed', settings: { ...settings, destination: 'lab with a new header' } });
    await world.rest();
    expect(world.withStatus('submitted')).toHaveLength(100);
  });

  test.each([1, 2, 5])(
    'five that crash the endpoint do not stand in the way of a hundred good ones (concurrency %i)',
    async (concurrency) => {
      make({ answer: (id) => (id.startsWith('bad') ? unheard : accepted), settings: { concurrency } }).add(
        ...numbered('bad', 5),
        ...numbered('good', 100),
      );
      await world.cycle();
      await world.cycle();
      expect(world.withStatus('submitted')).toEqual(numbered('good', 100));
      expect(world.withStatus('pending')).toEqual(numbered('bad', 5));
    },
  );
});

describe('sessions the endpoint cannot digest', () => {
  const crashing = (bad: number, options: Partial<typeof settings>) =>
    make({ answer: (id) => (id.startsWith('bad') ? unheard : accepted), settings: options }).add(
      ...numbered('bad', bad),
      ...numbered('good', 100),
    );

  test.each([
    [5, 1, 1],
    [5, 2, 1],
    [10, 2, 2],
    [10, 2, 3],
    [30, 1, 1],
  ])(
    '%i of them at the head do not stand in the way of a hundred others (concurrency %i, attempts %i)',
    async (bad, concurrency, attemptsMax) => {
      crashing(bad, { concurrency, attemptsMax });
      // Each look at the folder begins with a probe; those that were not tried yet may be the probe first.
      for (let cycles = 0; cycles < bad + 2; cycles++) {
        await world.cycle();
        await world.pass(1000, 1000);
      }
      expect(world.withStatus('submitted')).toEqual(numbered('good', 100));
    },
  );

  test('after the first acceptance all go in their original order', async () => {
    let isDown = true;
    make({ answer: () => (isDown ? unheard : accepted), settings: { concurrency: 1, attemptsMax: 1 } }).add(
      's1',
      's2',
      's3',
      's4',
    );
    await world.cycle();
    world.add('s5', 's6');
    isDown = false;
    world.posts.length = 0;
    await world.cycle();
    expect(world.posts.map(({ id }) => id)).toEqual(['s5', 's1', 's2', 's3', 's4', 's6']);
  });
});

describe('slots', () => {
  test.each([1, 2, 10])('never more than %i requests are in flight, and all slots are used', async (concurrency) => {
    make({ settings: { concurrency }, answerMs: 50 }).add(...numbered('s', 60));
    await world.cycle();
    expect(world.inFlightMax).toBe(concurrency);
    expect(world.withStatus('submitted')).toHaveLength(60);
  });

  test('a session that waits for its next attempt gives its slot to the next one', async () => {
    make({ settings: { concurrency: 1 }, answer: (id) => (id === 'slow' ? busy : accepted) }).add('slow', 'quick');
    world.worker.send({ type: 'cycle.requested' });
    await world.settle();
    expect(world.withStatus('submitted')).toEqual(['quick']);
  });

  test('a session whose wait is over goes before new ones', async () => {
    make({
      settings: { concurrency: 1 },
      answerMs: 1500,
      answer: (id, attempt) => (id === 's0000' && attempt === 1 ? busy : accepted),
    });
    world.add(...numbered('s', 6));
    await world.cycle();
    expect(world.posts.map(({ id }) => id).slice(0, 4)).toEqual(['s0000', 's0001', 's0000', 's0002']);
  });

  test('at most four deliveries a slot are under way, waiting ones included', async () => {
    make({ settings: { concurrency: 2 }, answer: () => busy }).add(...numbered('s', 30));
    world.worker.send({ type: 'cycle.requested' });
    await world.settle();
    expect(world.worker.getSnapshot().context.underWay).toHaveLength(8);
    expect(world.posts).toHaveLength(8);
  });

  test('sessions under way stay within 32 MB, and a larger one goes alone', async () => {
    make({ settings: { concurrency: 10 }, answerMs: 100 }).add(...numbered('s', 8));
    const sizes = [20, 20, 40, 1, 1, 1, 1, 1];
    [...world.sessions.values()].forEach(({ entry }, index) => (entry.bytes = (sizes[index] as number) * 1024 * 1024));
    world.worker.send({ type: 'cycle.requested' });
    await world.settle();
    expect(world.posts.map(({ id }) => id)).toEqual(['s0000']);
    await world.rest();
    const starts = world.posts.map(({ at }) => at - (world.posts[0]?.at as number));
    expect(starts.slice(0, 4)).toEqual([0, 250, 500, 750]);
    expect(new Set(starts.slice(3)).size).toBe(1);
  });

  test('a new concurrency applies to the next dispatch', async () => {
    make({ settings: { concurrency: 1 }, answerMs: 1000 }).add(...numbered('s', 10));
    world.worker.send({ type: 'cycle.requested' });
    await world.settle();
    world.worker.send({ type: 'settings.changed', settings: { ...settings, concurrency: 5 } });
    await world.settle();
    expect(world.inFlightMax).toBe(5);
  });
});

describe('order and delays', () => {
  test('sessions start in the order of their first byte', async () => {
    make({ settings: { concurrency: 3 } }).add(...numbered('s', 30));
    await world.cycle();
    expect(world.posts.map(({ id }) => id)).toEqual(numbered('s', 30));
  });

  test('attempts are one, two and four seconds apart, and never more than a minute', async () => {
    make({ settings: { attemptsMax: 9 }, answer: () => busy }).add('s');
    await world.cycle();
    const starts = world.posts.map(({ at }) => at);
    expect(starts.slice(1).map((at, index) => (at - (starts[index] as number)) / 1000)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  });

  test('jitter adds its share of the delay', async () => {
    make({ settings: { jitter: 1 }, answer: (_id, attempt) => (attempt === 1 ? busy : accepted) }).add('s');
    await world.cycle();
    // The world draws 0.5 for every attempt.
    expect((world.posts[1]?.at as number) - (world.posts[0]?.at as number)).toBe(1500);
  });

  test('Retry-After holds back every new attempt to that endpoint', async () => {
    make({
      answer: (id, attempt) => (id === 's0000' && attempt === 1 ? { ...busy, retryAfterMs: 30_000 } : accepted),
      settings: { concurrency: 1 },
    });
    world.add(...numbered('s', 4));
    await world.cycle();
    expect(world.posts.map(({ at }) => at - 1_000_000)).toEqual([0, 30_000, 30_000, 30_000, 30_000]);
    expect(world.posts.slice(1, 3).map(({ id }) => id)).toContain('s0000');
  });

  test('a hold outlasts its cycle, and another endpoint is free of it', async () => {
    make({
      answer: (_id, attempt) => (attempt === 1 ? { ...busy, retryAfterMs: 400_000 } : accepted),
      settings: { attemptsMax: 1 },
    }).add('s0000');
    await world.cycle();
    world.add('s0001');
    world.worker.send({ type: 'cycle.requested' });
    await world.pass(10_000, 5000);
    expect(world.postsOf('s0001')).toBe(0);
    world.worker.send({ type: 'settings.changed', settings: { ...settings, destination: 'elsewhere' } });
    await world.settle();
    expect(world.postsOf('s0001')).toBe(1);
  });

  test('an operator who does not want to wait gets the next attempt at once', async () => {
    make({ answer: (_id, attempt) => (attempt === 1 ? busy : accepted) }).add('s');
    world.worker.send({ type: 'cycle.requested' });
    await world.settle();
    world.worker.send({ type: 'retry.requested', id: 's' });
    world.worker.send({ type: 'retry.requested', id: 'nobody' });
    await world.settle();
    expect(world.withStatus('submitted')).toEqual(['s']);
  });
});

describe('the timer and triggers', () => {
  test('a cycle runs every five minutes', async () => {
    make();
    await world.pass(299_999, 299_999);
    expect(world.discoveries).toBe(0);
    await world.pass(1);
    expect(world.discoveries).toBe(1);
    await world.pass(300_000, 300_000);
    expect(world.discoveries).toBe(2);
  });

  test('a new interval re-arms the timer', async () => {
    make();
    await world.pass(100_000, 100_000);
    world.worker.send({ type: 'settings.changed', settings: { ...settings, intervalMs: 60_000 } });
    await world.pass(60_000, 60_000);
    expect(world.discoveries).toBe(1);
  });

  test('a setting that is not the interval leaves the timer alone', async () => {
    make();
    await world.pass(200_000, 200_000);
    world.worker.send({ type: 'settings.changed', settings: { ...settings, concurrency: 3 } });
    await world.pass(100_000, 100_000);
    expect(world.discoveries).toBe(1);
  });

  test('triggers during a cycle start exactly one more when it ends', async () => {
    make({ answerMs: 1000 }).add('s0000');
    world.worker.send({ type: 'cycle.requested' });
    world.worker.send({ type: 'cycle.requested' });
    await world.settle();
    world.add('s0001');
    world.worker.send({ type: 'cycle.requested' });
    world.worker.send({ type: 'cycle.requested' });
    await world.rest();
    expect(world.discoveries).toBe(2);
    expect(world.withStatus('submitted')).toEqual(['s0000', 's0001']);
    expect(world.postsOf('s0000')).toBe(1);
  });

  test('without an endpoint the folder is looked at and nothing is sent; setting one starts a cycle', async () => {
    make({ settings: { destination: null } }).add('s');
    await world.cycle();
    expect(world.ends).toEqual(['noEndpoint']);
    expect(world.posts).toEqual([]);
    world.worker.send({ type: 'settings.changed', settings });
    await world.rest();
    expect(world.withStatus('submitted')).toEqual(['s']);
  });

  test('an endpoint that is taken away during a cycle ends it; what is left stays pending', async () => {
    make({ answerMs: 1000 }).add(...numbered('s', 50));
    world.worker.send({ type: 'cycle.requested' });
    await world.settle();
    world.worker.send({ type: 'settings.changed', settings: { ...settings, destination: null } });
    await world.rest();
    expect(world.ends).toEqual(['noEndpoint']);
    expect(world.posts).toHaveLength(2);
    expect(world.withStatus('pending')).toHaveLength(48);
  });

  test('a folder that cannot be read ends the cycle, and the next one tries again', async () => {
    make().add('s');
    const read = world.sessions.values;
    world.sessions.values = () => {
      throw new Error('EIO');
    };
    await world.cycle();
    expect(world.ends).toEqual(['storeUnreadable']);
    expect(world.worker.getSnapshot().context.discoveryError).toEqual(new Error('EIO'));
    world.sessions.values = read;
    await world.cycle();
    expect(world.withStatus('submitted')).toEqual(['s']);
  });
});

describe('the circuit', () => {
  test('the fifth delivery in a row that used up its attempts is the last to fail', async () => {
    make({ answer: () => busy, answerMs: 40, settings: { concurrency: 4 } }).add(...numbered('s', 60));
    await world.cycle();
    expect(world.withStatus('failed')).toHaveLength(5);
    expect(world.withStatus('pending')).toHaveLength(55);
  });

  test('twenty refusals in a row open it; when the endpoint accepts again, the twenty get one second chance', async () => {
    let isMad = true;
    make({ answer: () => (isMad ? refused : accepted), settings: { concurrency: 1 } }).add(...numbered('s', 40));
    await world.cycle();
    expect(world.withStatus('failed')).toHaveLength(20);
    await world.cycle();
    expect(world.withStatus('failed')).toHaveLength(20);
    expect(world.posts).toHaveLength(21);
    isMad = false;
    await world.cycle();
    expect(world.withStatus('submitted')).toHaveLength(40);
  });

  test('a probe that is refused for its own sake closes the circuit', async () => {
    let isDown = true;
    make({ answer: (id) => (isDown ? unheard : id === 's0005' ? refused : accepted) }).add(...numbered('s', 10));
    await world.cycle();
    expect(world.circuit).toBe('open');
    isDown = false;
    for (const session of world.sessions.values()) if (session.entry.id !== 's0005') session.entry.triedAt = 900_000;
    delete world.sessions.get('s0005')?.entry.triedAt;
    await world.cycle();
    expect(world.withStatus('failed')).toEqual(['s0005']);
    expect(world.withStatus('submitted')).toHaveLength(9);
  });

  test('an acceptance that was under way when it opened closes it again, and the cycle goes on', async () => {
    make({ answer: (id) => (id.startsWith('bad') ? unheard : accepted), settings: { concurrency: 2, attemptsMax: 1 } });
    world.add('bad1', 'bad2', 'bad3', 'bad4', 'bad5', ...numbered('good', 20));
    await world.cycle();
    expect(world.withStatus('submitted')).toEqual(numbered('good', 20));
    expect(world.circuit).toBe('closed');
  });

  test('a process that finds five or more tried since the last acceptance begins with a probe', async () => {
    make({ answer: () => busy }).add(...numbered('s', 30));
    for (const session of [...world.sessions.values()].slice(0, 5))
      Object.assign(session, { status: 'failed', last: busy, entry: { ...session.entry, triedAt: 1 } });
    await world.cycle();
    expect(new Set(world.posts.map(({ id }) => id)).size).toBe(1);
    expect(world.posts.every(({ circuit }) => circuit === 'halfOpen')).toBe(true);
    expect(world.withStatus('pending')).toHaveLength(25);
  });

  test('a probe that turns out to be ignored leaves the probe to the next session', async () => {
    let isDown = true;
    make({ answer: () => (isDown ? unauthorized : accepted), settings: { concurrency: 1 } }).add(...numbered('s', 5));
    await world.cycle();
    isDown = false;
    const [, second] = [...world.sessions.values()];
    (second as { status: string }).status = 'pending';
    world.worker.send({ type: 'cycle.requested' });
    (second as { status: string }).status = 'pending';
    await world.rest();
    expect(world.withStatus('submitted')).toHaveLength(5);
  });

  test('a session ignored while it was queued is not sent', async () => {
    make({ settings: { concurrency: 1 }, answerMs: 500 }).add('s0000', 's0001', 's0002');
    world.worker.send({ type: 'cycle.requested' });
    await world.settle();
    (world.sessions.get('s0001') as { status: string }).status = 'ignored';
    world.sessions.delete('s0002');
    await world.rest();
    expect(world.posts.map(({ id }) => id)).toEqual(['s0000']);
  });
});

describe('a disk that does not take the record', () => {
  test('the session is not sent again; only the write is tried again, and counts once', async () => {
    let isFull = true;
    make({ disk: () => !isFull }).add('s');
    await world.cycle();
    expect(world.withStatus('pending')).toEqual(['s']);
    await world.cycle();
    expect(world.postsOf('s')).toBe(1);
    isFull = false;
    await world.cycle();
    expect(world.postsOf('s')).toBe(1);
    expect(world.sessions.get('s')).toMatchObject({ status: 'submitted', attempts: 1 });
  });

  test('three such failures in a row end the cycle: what cannot be recorded is not sent', async () => {
    let isFull = true;
    make({ disk: () => !isFull, settings: { concurrency: 1 } }).add(...numbered('s', 50));
    await world.cycle();
    expect(world.ends).toEqual(['diskFailing']);
    const posted = world.posts.length;
    expect(posted).toBeLessThanOrEqual(3 + 4);
    await world.cycle();
    expect(world.posts).toHaveLength(posted);
    isFull = false;
    await world.cycle();
    await world.cycle();
    expect(world.withStatus('submitted')).toHaveLength(50);
    expect(world.posts).toHaveLength(50);
  });

  test('it ends for those who wait for another attempt, too', async () => {
    let full = false;
    make({ disk: () => !full, answer: (id) => (id < 's0003' ? busy : accepted), settings: { concurrency: 2 } }).add(
      ...numbered('s', 20),
    );
    world.worker.send({ type: 'cycle.requested' });
    await world.settle();
    full = true;
    await world.rest();
    expect(world.state).toBe('idle');
  });

  test('nothing is written for a session that was deleted meanwhile', async () => {
    make({ disk: () => false }).add('s');
    await world.cycle();
    world.sessions.delete('s');
    await world.cycle();
    expect(world.worker.getSnapshot().context.unrecorded).toEqual({});
  });
});

describe('a stop', () => {
  test('waits for what is in flight, records it, and sends nothing new', async () => {
    make({ answerMs: 2000 }).add(...numbered('s', 10));
    world.worker.send({ type: 'cycle.requested' });
    await world.settle();
    world.worker.send({ type: 'stop.requested' });
    world.worker.send({ type: 'stop.requested' });
    world.worker.send({ type: 'cycle.requested' });
    await world.pass(2500);
    expect(world.state).toBe('stopping');
    expect(world.withStatus('submitted')).toEqual(['s0000', 's0001']);
    expect(world.posts).toHaveLength(2);
    expect(world.worker.getSnapshot().context.underWay).toEqual([]);
  });

  test('gives up on answers after ten seconds and leaves those sessions pending', async () => {
    make({ answer: () => 'never' }).add(...numbered('s', 3));
    world.worker.send({ type: 'cycle.requested' });
    await world.settle();
    world.worker.send({ type: 'stop.requested' });
    await world.pass(9_750);
    expect(world.worker.getSnapshot().context.underWay).toHaveLength(2);
    await world.pass(500);
    expect(world.worker.getSnapshot().context.underWay).toEqual([]);
    expect(world.sessions.get('s0000')).toMatchObject({ status: 'pending', attempts: 1 });
  });

  test('does not wait for sessions that wait for another attempt', async () => {
    make({ answer: () => busy }).add('s');
    world.worker.send({ type: 'cycle.requested' });
    await world.settle();
    world.worker.send({ type: 'stop.requested' });
    await world.settle();
    expect(world.worker.getSnapshot().context.underWay).toEqual([]);
    expect(world.withStatus('pending')).toEqual(['s']);
  });
});
