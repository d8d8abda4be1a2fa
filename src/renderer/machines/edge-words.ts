/**
 * What a transition of a chart means, in a word or two, where its events alone do not say it or say it at length.
 * May import: nothing.
 */

const words: Record<string, Record<string, string>> = {
  capture: {
    'stopped > starting': 'start',
    'starting > capturing': 'ready',
    'starting > failed': 'tool ended',
    'starting > paused': 'pause',
    'capturing > failed': 'tool ended',
    'capturing > paused': 'pause',
    'capturing > starting': 'new plan',
    'paused > starting': 'resume',
    'failed > starting': 'retry',
    'failed > paused': 'pause',
    '* > stopped': 'stop',
  },
  worker: {
    'idle > discovering': 'timer',
    'discovering > dispatching': 'found some',
    'discovering > idle': 'none found',
    'dispatching > idle': 'drained',
    '* > stopping': 'quit',
  },
  endpoint: {
    'closed > open': 'failures',
    'closed > halfOpen': 'was down',
    'open > halfOpen': 'next cycle',
    'open > closed': 'late answer',
    'halfOpen > closed': 'accepted',
    'halfOpen > open': 'still down',
  },
  retention: {
    'idle > scanning': 'due',
    'scanning > purging': 'looked',
    'scanning > idle': 'dry run, failed',
    'purging > idle': 'done',
  },
  session: {
    'ready > attempt': 'slot granted',
    'ready > recording': 'only the record is missing',
    'ready > deferred': 'circuit opens',
    'attempt > recording': 'answer is there',
    'attempt > deferred': 'withdrawn',
    'recording > submitted': 'accepted',
    'recording > failed': 'refused or used up',
    'recording > backoffWait': 'try again later',
    'recording > deferred': 'no answer',
    'backoffWait > ready': 'wait over',
    'backoffWait > deferred': 'circuit opens',
  },
};

/** @param edge `from > to` */
export const edgeWord = (machine: string, edge: string): string | undefined => words[machine]?.[edge];
