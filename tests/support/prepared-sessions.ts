/**
 * Session files as a working day leaves them: every state that a file can say, written before the service starts.
 * May import: tests/support.
 */
import { dropFile, dropSession, type StoredHistory } from './session-folder.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;

/** One session of every kind; nothing of it is sent by itself. */
export const standing = {
  accepted: 'accepted001',
  acceptedAfterRetries: 'retried001',
  refused: ['refused001', 'refused002', 'refused003'],
  exhausted: 'exhausted001',
  ignored: 'ignored001',
  damaged: 'damaged001',
  incomplete: 'talking001',
} as const;

/** Fills `<dataDir>/sessions`, with a file among them that is no session. */
export function prepareStanding(dataDir: string): void {
  dropRefused(dataDir, standing.refused, 10);
  dropSession(dataDir, standing.exhausted, 20, {
    ...failed('HTTP 500 Internal Server Error', [
      attempt(1, 21, 'later', 500),
      attempt(2, 22, 'later', 500),
      attempt(3, 23, 'later', 500),
    ]),
  });
  // Accepted after all that failed: so none of them gets a second chance.
  dropSession(dataDir, standing.accepted, 40, accepted([attempt(1, 41, 'accepted', 201)]));
  dropSession(
    dataDir,
    standing.acceptedAfterRetries,
    50,
    accepted([attempt(1, 51, 'later', 503), attempt(2, 52, 'later', 503), attempt(3, 53, 'accepted', 201)]),
  );
  dropSession(dataDir, standing.ignored, 60, {
    submissionStatus: 'ignored',
    submissionHistory: [{ at: at(61), outcome: 'ignored' }],
  });
  dropSession(dataDir, standing.damaged, 70, {
    submissionStatus: 'ignored',
    isComplete: false,
    messages: [],
    captureGaps: [{ timestamp: at(70), missingBytes: 1460 }],
    elements: [{ id: 1, timestamp: at(70), direction: 'device-to-pc', type: 'fragment', hexData: '4d5348' }],
  });
  dropSession(dataDir, standing.incomplete, 80, { isComplete: false, _saved_at: Date.now() });
  dropFile(dataDir, 'broken.json', '{"id": "broken", "startTime":');
}

/** Sessions that the endpoint refused for that reason, one after the other from that minute on. */
export function dropRefused(dataDir: string, ids: readonly string[], minute = 10, code = 'OBX-3.unknown-code'): void {
  // As the service writes it: its own sentence, with the endpoint's code.
  const error = `HTTP 422 Unprocessable Entity (${code})`;
  ids.forEach((id, index) =>
    dropSession(dataDir, id, minute + index, failed(error, [attempt(1, minute + index, 'refused', 422, error)])),
  );
}

const at = (minute: number) => Date.now() - dayMs + minute * minuteMs + 2000;
function attempt(nth: number, minute: number, outcome: string, httpStatus: number, error?: string): StoredHistory {
  return { attempt: nth, startedAt: at(minute), durationMs: 40, outcome, httpStatus, ...(error === undefined ? {} : { error }) };
}
const failed = (submissionError: string, submissionHistory: StoredHistory[]) => ({
  submissionStatus: 'failed',
  submissionAttempts: submissionHistory.length,
  submissionError,
  submissionHistory,
});
const accepted = (submissionHistory: StoredHistory[]) => ({
  submissionStatus: 'submitted',
  submissionAttempts: submissionHistory.length,
  submittedAt: (submissionHistory.at(-1)?.startedAt ?? 0) + 40,
  submissionHistory,
});
