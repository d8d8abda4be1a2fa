/**
 * Bodies that a courier would POST, for tests of the collector.
 */
export interface Body {
  sessionId: string;
  startTime: number;
  endTime: number;
  deviceIP: string;
  lisIP: string;
  messages: string[];
  performer?: string;
}

/** A small session; `change` replaces fields. */
export function bodyOf(sessionId: string, change: Partial<Body> = {}): Body {
  return {
    sessionId,
    startTime: 1_795_500_000_000,
    endTime: 1_795_500_001_500,
    deviceIP: '192.0.2.11',
    lisIP: '192.0.2.200',
    messages: [
      'MSH|^~\\&|CHEM-1|LAB|LIS|HOSPITAL|20261124190000||ORU^R01^ORU_R01|1|P|2.5.1\rPID|1||TEST0001||TEST^PATIENT-0001\r',
    ],
    ...change,
  };
}

/** POSTs it as a courier does, on a connection of its own: one that was kept may be given up the moment it is used again. */
export function post(endpoint: string, body: Body | string, headers: Record<string, string> = {}): Promise<Response> {
  const key = typeof body === 'string' ? {} : { 'Idempotency-Key': body.sessionId };
  return fetch(endpoint, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Connection: 'close', ...key, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}
