/** The message at the foot of the page: what it says can be taken back can be, for as long as it promises. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runUndo, toast } from '../../../src/renderer/ui/toast.tsx';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.runAllTimers();
  vi.useRealTimers();
});
const undo = (run: () => unknown) => ({ label: 'Undo', run, isUndo: true });

test('Undo holds for ten seconds, although another message took its place', () => {
  const bringBack = vi.fn();
  toast('Moved to trash for 7 days.', undo(bringBack));
  toast('Live again. 14 changes since 09:53:12.');
  vi.advanceTimersByTime(9999);
  expect(runUndo()).toBe(true);
  expect(bringBack).toHaveBeenCalledTimes(1);
  expect(runUndo()).toBe(false);
  toast('Moved to trash for 7 days.', undo(bringBack));
  vi.advanceTimersByTime(10_000);
  expect(runUndo()).toBe(false);
});

test('a message that counts two takes back both', () => {
  const taken: string[] = [];
  toast(
    'Moved to trash for 7 days.',
    undo(() => taken.push('first')),
  );
  toast(
    'Moved to trash for 7 days.',
    undo(() => taken.push('second')),
  );
  runUndo();
  expect(taken).toEqual(['second', 'first']);
});

test('the key for Undo leaves alone what takes nothing back', () => {
  const reload = vi.fn();
  toast('This could not be shown.', { label: 'Load again', run: reload });
  expect(runUndo()).toBe(false);
  expect(reload).not.toHaveBeenCalled();
});
