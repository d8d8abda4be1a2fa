/**
 * The contract's requests about the live capture.
 * May import: src/common, src/service.
 */
import { CourierError } from '../common/errors.ts';
import type { CaptureService } from './capture/capture-service.ts';
import { listInterfaces } from './capture/network-interfaces.ts';
import type { HandlersOf } from './handlers.ts';

type Answered = 'startCapture' | 'stopCapture' | 'pauseCapture' | 'resumeCapture' | 'getNetworkInterfaces';

/** @param capture the capture; null before the service runs. */
export function captureHandlers(capture: () => CaptureService | null): HandlersOf<Answered> {
  const running = (): CaptureService => {
    const service = capture();
    if (service !== null) return service;
    throw new CourierError('ERR_STATE_CONFLICT', 'The service is not running yet; try again in a moment.');
  };
  return {
    startCapture: () => {
      const service = running();
      if (service.status().interface === undefined)
        throw new CourierError('ERR_STATE_CONFLICT', 'No network interface is chosen; set captureInterface first.');
      return { started: service.start() };
    },
    stopCapture: () => ({ stopped: running().stop() }),
    pauseCapture: () => ({ paused: running().pause() }),
    resumeCapture: () => ({ resumed: running().resume() }),
    getNetworkInterfaces: async () => ({ interfaces: await listInterfaces() }),
  };
}
