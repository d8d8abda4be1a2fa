/**
 * Search and commands (Ctrl/Cmd-K): type, choose with the arrows, Enter.
 * May import: react, react-aria-components (by src/renderer/ui).
 */
import { useMemo, useState } from 'react';
import { useSessionActions } from '../model/actions.tsx';
import { useCaptureActions } from '../model/capture-actions.ts';
import { useAsk, useConsole, useNow } from '../model/console.tsx';
import { count, counted, moment } from '../model/format.ts';
import { openImport } from '../model/import-place.ts';
import { modKey } from '../model/keys.ts';
import { setPreferences, usePreferences } from '../model/preferences.ts';
import { useQuery } from '../model/query.ts';
import { causeText } from '../model/reasons.ts';
import { addressOf, go } from '../model/route.ts';
import { wordOf } from '../model/words.ts';
import { groups, settingFields } from '../settings/catalogue.ts';
import { CommandList, type Command } from '../ui/command-list.tsx';
import { Window } from '../ui/window.tsx';
import { toast } from '../ui/toast.tsx';

interface PaletteProps {
  onClose: () => void;
  onHelp: () => void;
}
/** From so many letters on sessions are looked for, and single settings. */
const wantedMin = 2;
const firstNeeds = 4;

export default function Palette(props: PaletteProps) {
  return (
    <Window title="Search sessions or run a command" isOpen onClose={props.onClose} size="palette">
      <PaletteBody {...props} />
    </Window>
  );
}

function PaletteBody({ onClose, onHelp }: PaletteProps) {
  const [text, setText] = useState('');
  const { first, more } = useCommands(onHelp);
  const now = useNow();
  const wanted = text.trim().toLowerCase();
  const isSearch = wanted.length >= wantedMin;
  const { data, isCurrent } = useQuery('getSessions', { filter: { text: text.trim().slice(0, 256) }, limit: isSearch ? 6 : 0 });
  // At first what fits without scrolling; by a letter everything is found.
  const found = [...first, ...(wanted === '' ? [] : more), ...(isSearch ? settingCommands : [])].filter(({ label }) =>
    label.toLowerCase().includes(wanted),
  );
  const sessions: Command[] =
    !isSearch || data === null
      ? []
      : data.sessions.map((summary) => ({
          id: summary.sessionId,
          label: `Session ${summary.counter}`,
          detail: `${summary.device}, ${wordOf(summary, now).word}, ${moment(summary.startTime, now)}`,
          run: () => go(addressOf('sessions', null, new URLSearchParams({ open: summary.sessionId }))),
        }));
  const all: Command[] = !isSearch
    ? []
    : [
        {
          id: 'search',
          label: `Find “${text.trim()}” in sessions`,
          detail: data === null || !isCurrent ? '' : `${count(data.total)} found, hidden fields searched`,
          run: () => go(addressOf('sessions', null, new URLSearchParams({ text: text.trim() }))),
        },
      ];
  return <CommandList text={text} onText={setText} commands={[...found, ...sessions, ...all]} onClose={onClose} />;
}

const to = (label: string, address: string, more: Pick<Command, 'shortcut' | 'detail'> = {}): Command => ({
  // Two commands may lead to one place.
  id: `${label} ${address}`,
  label,
  run: () => go(address),
  ...more,
});
const settingCommands: Command[] = settingFields.map(({ key, label, group }) =>
  to(`Setting: ${label}`, addressOf('settings', group, new URLSearchParams({ focus: key })), { detail: key }),
);

function useCommands(onHelp: () => void): { first: Command[]; more: Command[] } {
  const needs = useNeeds();
  const doings = useDoings();
  const { savedViews, density } = usePreferences();
  return useMemo(
    () => ({
      first: [
        ...screens,
        ...doings,
        ...needs.slice(0, firstNeeds),
        { id: 'keys', label: 'Keys and help', shortcut: '?', run: onHelp },
      ],
      more: [
        ...needs.slice(firstNeeds),
        ...savedViews.map(({ name, query }) => to(`View: ${name}`, addressOf('sessions', null, new URLSearchParams(query)))),
        ...groups.map(({ id, label }) => to(`Settings: ${label}`, addressOf('settings', id))),
        { id: 'light', label: 'Look: light', run: () => setPreferences({ theme: 'light' }) },
        { id: 'dark', label: 'Look: dark', run: () => setPreferences({ theme: 'dark' }) },
        { id: 'system', label: 'Look: as the system', run: () => setPreferences({ theme: 'system' }) },
        density === 'compact'
          ? { id: 'density', label: 'Rows: comfortable', run: () => setPreferences({ density: 'comfortable' }) }
          : { id: 'density', label: 'Rows: compact', run: () => setPreferences({ density: 'compact' }) },
      ],
    }),
    [needs, doings, savedViews, density, onHelp],
  );
}

const screens: Command[] = [
  to('Go to Overview', addressOf('overview'), { shortcut: 'g o' }),
  to('Go to Attention', addressOf('attention'), { shortcut: 'g a' }),
  to('Go to Sessions', addressOf('sessions'), { shortcut: 'g s' }),
  to('Go to Machines', addressOf('machines'), { shortcut: 'g m' }),
  to('Go to Log', addressOf('log'), { shortcut: 'g l' }),
  to('Go to Settings', addressOf('settings'), { shortcut: 'g t' }),
  to('Test connection', addressOf('settings', 'endpoint', new URLSearchParams({ test: 'now' }))),
  to('Change authorization', addressOf('settings', 'endpoint', new URLSearchParams({ focus: 'submissionAuthHeader' }))),
];

/** What is open on Attention. */
function useNeeds(): Command[] {
  const causes = useConsole((context) => context.causes);
  return useMemo(
    () =>
      Object.values(causes ?? {})
        .filter(({ state }) => state === 'open')
        .map((cause) =>
          to(
            `Needs you: ${causeText(cause, cause.lastAt).title}`,
            addressOf('attention', cause.id),
            cause.count === 0 ? {} : { detail: counted(cause.count, 'session') },
          ),
        ),
    [causes],
  );
}

/** What asks something of the service: not offered while it is away. */
function useDoings(): Command[] {
  const actions = useSessionActions();
  const { start, pause, resume, stop } = useCaptureActions();
  const ask = useAsk();
  const capture = useConsole(({ status }) => status?.capture?.state ?? 'stopped');
  const hasInterface = useConsole(({ settings }) => (settings?.settings.captureInterface ?? '') !== '');
  const hasEndpoint = useConsole(({ status }) => (status?.endpoint ?? '') !== '');
  return useMemo(() => {
    if (!actions.isEnabled) return [];
    const mayStart = hasInterface && (capture === 'stopped' || capture === 'failed');
    return [
      ...(hasEndpoint ? [{ id: 'send', label: 'Send now', shortcut: `${modKey} Enter`, run: () => actions.sendNow() }] : []),
      ...(mayStart ? [{ id: 'start', label: 'Start capture', run: start }] : []),
      ...(capture === 'capturing' ? [{ id: 'pause', label: 'Pause capture', run: pause }] : []),
      ...(capture === 'paused' ? [{ id: 'resume', label: 'Resume capture', run: resume }] : []),
      ...(capture === 'stopped' ? [] : [{ id: 'stop', label: 'Stop capture', run: stop }]),
      { id: 'import', label: 'Import capture files', run: openImport },
      {
        id: 'clean',
        label: 'Clean up now (report only)',
        run: async () => {
          const answer = await actions.attempt(() => ask('runCleanupNow', { dryRun: true }));
          if (answer !== null) toast('Looking for sessions past their time. Nothing is moved.');
        },
      },
    ];
  }, [actions, ask, capture, hasEndpoint, hasInterface, start, pause, resume, stop]);
}
