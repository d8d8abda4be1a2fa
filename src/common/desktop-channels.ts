/**
 * The channels between the desktop's window and its host: four, whatever the contract grows to.
 *   request -> answer or refusal;  subscribe -> events until unsubscribe
 * May import: src/common.
 */
import type { CourierEvent, EventName } from './contract.ts';

export const channels = {
  request: 'courier:request',
  subscribe: 'courier:subscribe',
  unsubscribe: 'courier:unsubscribe',
  events: 'courier:events',
} as const;

export interface BridgeRequest {
  name: string;
  params: unknown;
}
/** `subscription` is a number of the window's choice, `names` what it wants to hear; null for all. */
export interface BridgeSubscription {
  subscription: number;
  names: EventName[] | null;
}
/** Events in their order, as many as came within one turn. */
export interface ToldEvents {
  subscription: number;
  events: CourierEvent[];
}
