/**
 * Search and commands (Ctrl/Cmd-K): type, choose with the arrows, Enter.
 * May import: react, react-aria-components (by src/renderer/ui).
 */
import { useMemo, useState } from 'react';
import { useConsole } from '../model/console.tsx';
import { useSessionActions } from '../model/actions.tsx';
import { moment } from '../model/format.ts';
import { modKey } from '../model/keys.ts';
import { setPreferences, usePreferences } from '../model/preferences.ts';
import { useAsk, useNow } from '../model/console.tsx';
import { useQuery } from '../model/query.ts';
import { addressOf, go } from '../model/route.ts';
import { wordOf } from '../model/words.ts';
import { CommandList, type Command } from '../ui/command-list.tsx';
import { Window } from '../ui/window.tsx';
import { toast } from '../ui/toast.tsx';

export default function Palette({ onClose }: { onClose: () => void }) {
  return (
    <Window title="Search sessions or run a command" isOpen onClose={onClose} size="palette">
      <PaletteBody onClose={onClose} />
    </Window>
  );
}

function PaletteBody({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('');
  const commands = useCommands();
  const now = useNow();
  const wanted = text.trim().toLowerCase();
  const { data } = useQuery('getSessions', { filter: { text: text.trim().slice(0, 256) }, limit: wanted.length < 2 ? 0 : 6 });
  const found = commands.filter(({ label }) => label.toLowerCase().includes(wanted));
  const sessions: Command[] =
    wanted.length < 2 || data === null
      ? []
      : data.sessions.map((summary) => ({
          id: summary.sessionId,
          label: `Session ${summary.counter}`,
          detail: `${summary.device}, ${wordOf(summary, now).word}, ${moment(summary.startTime, now)}`,
          run: () => go(addressOf('sessions', null, new URLSearchParams({ open: summary.sessionId }))),
        }));
  const all: Command[] =
    wanted.length < 2
      ? []
      : [
          {
            id: 'search',
            label: `Find “${text.trim()}” in sessions`,
            detail: data === null ? '' : `${data.total} found`,
            run: () => go(addressOf('sessions', null, new URLSearchParams({ text: text.trim() }))),
          },
        ];
  return <CommandList text={text} onText={setText} commands={[...found, ...sessions, ...all]} onClose={onClose} />;
}

function useCommands(): Command[] {
  const actions = useSessionActions();
  const ask = useAsk();
  const { density } = usePreferences();
  const capture = useConsole(({ status }) => status?.capture?.state);
  return useMemo(() => {
    const to = (label: string, address: string, shortcut?: string): Command => ({
      id: address,
      label,
      run: () => go(address),
      ...(shortcut === undefined ? {} : { shortcut }),
    });
    return [
      to('Go to Overview', addressOf('overview'), 'g o'),
      to('Go to Attention', addressOf('attention'), 'g a'),
      to('Go to Sessions', addressOf('sessions'), 'g s'),
      to('Go to Machines', addressOf('machines'), 'g m'),
      to('Go to Log', addressOf('log'), 'g l'),
      to('Go to Settings', addressOf('settings'), 'g t'),
      { id: 'send', label: 'Send now', shortcut: `${modKey} Enter`, run: () => actions.sendNow() },
      to('Test connection', addressOf('settings', 'endpoint', new URLSearchParams({ test: 'now' }))),
      to('Change authorization', addressOf('settings', 'endpoint', new URLSearchParams({ focus: 'submissionAuthHeader' }))),
      to('Failed sessions', addressOf('sessions', null, new URLSearchParams({ state: 'failed' }))),
      ...(capture === 'paused'
        ? [{ id: 'resume', label: 'Resume capture', run: () => actions.attempt(() => ask('resumeCapture', {})) }]
        : []),
      {
        id: 'clean',
        label: 'Clean up now (report only)',
        run: async () => {
          const answer = await actions.attempt(() => ask('runCleanupNow', { dryRun: true }));
          if (answer !== null) toast('Looking for sessions past their time. Nothing is moved.');
        },
      },
      { id: 'light', label: 'Look: light', run: () => setPreferences({ theme: 'light' }) },
      { id: 'dark', label: 'Look: dark', run: () => setPreferences({ theme: 'dark' }) },
      { id: 'system', label: 'Look: as the system', run: () => setPreferences({ theme: 'system' }) },
      density === 'compact'
        ? { id: 'density', label: 'Rows: comfortable', run: () => setPreferences({ density: 'comfortable' }) }
        : { id: 'density', label: 'Rows: compact', run: () => setPreferences({ density: 'compact' }) },
    ];
  }, [actions, ask, capture, density]);
}
