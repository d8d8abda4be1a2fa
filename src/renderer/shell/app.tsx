/**
 * The page around the screens: sidebar, palette, help, messages, and the keys that hold everywhere.
 *   address -> screen (each its own piece of the build) inside an error boundary
 * May import: react.
 */
import { Suspense, useCallback, useEffect, useMemo, useState, type ComponentType } from 'react';
import { useSessionActions } from '../model/actions.tsx';
import { useConnection, useConsole, useEmitted } from '../model/console.tsx';
import { clock, counted } from '../model/format.ts';
import { useKeys, type KeyMap } from '../model/keys.ts';
import { addressOf, go, useRoute, type Screen } from '../model/route.ts';
import { Overview } from '../overview/overview.tsx';
import { ConfirmProvider, preloadConfirmation } from '../ui/confirm.tsx';
import { piece } from '../ui/piece.tsx';
import { Bones, ErrorBoundary } from '../ui/states.tsx';
import { runUndo, toast, ToastPlace } from '../ui/toast.tsx';
import { ExportPlace } from './export-place.tsx';
import { ImportPlace, preloadImport } from './import-place.tsx';
import { Sidebar } from './sidebar.tsx';
import { StaleBar } from './stale-bar.tsx';
import { PaletteContext } from './top-bar.tsx';

const attention = piece(() => import('../attention/attention.tsx'));
const sessions = piece(() => import('../sessions/sessions.tsx'));
const machines = piece(() => import('../machines/machines.tsx'));
const log = piece(() => import('../log/log.tsx'));
const settings = piece(() => import('../settings/settings.tsx'));
const help = piece(() => import('./help.tsx'));
const palette = piece(() => import('./palette.tsx'));
const shown: Record<Screen, ComponentType> = {
  overview: Overview,
  attention: attention.Shown,
  sessions: sessions.Shown,
  machines: machines.Shown,
  log: log.Shown,
  settings: settings.Shown,
};
/** How long after the first word the other parts are loaded: the first screen goes first. */
const settledMs = 1500;

export function App() {
  return (
    <ErrorBoundary name="page">
      <ConfirmProvider>
        <Page />
        <ToastPlace />
        <ExportPlace />
        <ImportPlace />
      </ConfirmProvider>
    </ErrorBoundary>
  );
}

function Page() {
  const { screen } = useRoute();
  const connection = useConnection();
  const offsetMs = useConsole((context) => Math.round(context.clockOffsetMs / 1000) * 1000);
  const [over, setOver] = useState<'palette' | 'help' | null>(null);
  const openPalette = useCallback(() => setOver('palette'), []);
  const openHelp = useCallback(() => setOver('help'), []);
  const close = useCallback(() => setOver(null), []);
  const notLoaded = useCallback(() => {
    setOver(null);
    toast('This could not be shown. Load the page again when the service is back.', {
      label: 'Load again',
      run: () => location.reload(),
    });
  }, []);
  const actions = useSessionActions();
  const isLive = connection === 'live';
  useEffect(() => {
    if (!isLive) return;
    // Whoever presses Ctrl-K types at once: the palette is there before. And what is here can be shown while the service,
    // which serves the console too, is away.
    palette.preload();
    const timer = setTimeout(() => {
      for (const part of [help, attention, sessions, machines, log, settings]) part.preload();
      preloadConfirmation();
      preloadImport();
    }, settledMs);
    return () => clearTimeout(timer);
  }, [isLive]);
  useEmitted(
    'service.returned',
    useCallback(
      ({ changes, silentSince }) => {
        if (silentSince === 0) return;
        toast(`Live again. ${counted(changes, 'change')} since ${clock(silentSince + offsetMs)}.`);
      },
      [offsetMs],
    ),
  );
  useKeys(
    useMemo<KeyMap>(
      () => ({
        'mod+k': () => setOver((before) => (before === 'palette' ? null : 'palette')),
        '?': () => setOver('help'),
        // A screen with a search of its own takes it first.
        '/': () => setOver('palette'),
        'mod+Enter': () => void actions.sendNow(),
        'mod+z': () => runUndo(),
        F6: focusNextArea,
        'shift+F6': focusNextArea,
        'g o': () => go(addressOf('overview')),
        'g a': () => go(addressOf('attention')),
        'g s': () => go(addressOf('sessions')),
        'g m': () => go(addressOf('machines')),
        'g l': () => go(addressOf('log')),
        'g t': () => go(addressOf('settings')),
      }),
      [actions],
    ),
  );
  const ShownScreen = shown[screen];
  return (
    <PaletteContext value={openPalette}>
      <div className="page">
        <Sidebar onHelp={openHelp} />
        <main className={connection === 'stale' ? 'main is-stale' : 'main'} data-area tabIndex={-1}>
          <StaleBar />
          <div className="screen">
            <ErrorBoundary key={screen} name={screen} isLive={isLive}>
              <Suspense fallback={<Bones lines={6} />}>
                <ShownScreen />
              </Suspense>
            </ErrorBoundary>
          </div>
        </main>
      </div>
      {over !== null && (
        <ErrorBoundary name={over} onFailed={notLoaded}>
          <Suspense>
            {over === 'palette' ? <palette.Shown onClose={close} onHelp={openHelp} /> : <help.Shown onClose={close} />}
          </Suspense>
        </ErrorBoundary>
      )}
    </PaletteContext>
  );
}

/** F6: sidebar, list, drawer, and round again. An area that is divided into others is not one of them. */
function focusNextArea(event: KeyboardEvent): void {
  const areas = [...document.querySelectorAll<HTMLElement>('[data-area]')].filter(
    (area) => area.querySelector('[data-area]') === null,
  );
  const here = areas.findIndex((area) => area.contains(document.activeElement));
  const next = event.shiftKey ? (here === -1 ? areas.length : here) - 1 + areas.length : here + 1;
  areas[next % areas.length]?.focus();
}
