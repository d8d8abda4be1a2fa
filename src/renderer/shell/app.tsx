/**
 * The page around the screens: sidebar, palette, help, messages, and the keys that hold everywhere.
 *   address -> screen (each its own piece of the build) inside an error boundary
 * May import: react.
 */
import { lazy, Suspense, useCallback, useEffect, useMemo, useState, type ComponentType } from 'react';
import { useSessionActions } from '../model/actions.tsx';
import { useConnection, useEmitted } from '../model/console.tsx';
import { clock } from '../model/format.ts';
import { useKeys, type KeyMap } from '../model/keys.ts';
import { addressOf, go, useRoute, type Screen } from '../model/route.ts';
import { Overview } from '../overview/overview.tsx';
import { ConfirmProvider } from '../ui/confirm.tsx';
import { Bones, ErrorBoundary } from '../ui/states.tsx';
import { runToastAction, toast, ToastPlace } from '../ui/toast.tsx';
import { Sidebar } from './sidebar.tsx';
import { StaleBar } from './stale-bar.tsx';
import { PaletteContext } from './top-bar.tsx';

const shown: Record<Screen, ComponentType> = {
  overview: Overview,
  attention: lazy(() => import('../attention/attention.tsx')),
  sessions: lazy(() => import('../sessions/sessions.tsx')),
  machines: lazy(() => import('../machines/machines.tsx')),
  log: lazy(() => import('../log/log.tsx')),
  settings: lazy(() => import('../settings/settings.tsx')),
};

const Help = lazy(() => import('./help.tsx'));
const loadPalette = () => import('./palette.tsx');
const Palette = lazy(loadPalette);

export function App() {
  return (
    <ConfirmProvider>
      <Page />
      <ToastPlace />
    </ConfirmProvider>
  );
}

function Page() {
  const { screen } = useRoute();
  const connection = useConnection();
  const [over, setOver] = useState<'palette' | 'help' | null>(null);
  const openPalette = useCallback(() => setOver('palette'), []);
  const close = useCallback(() => setOver(null), []);
  const actions = useSessionActions();
  // Whoever presses Ctrl-K types at once: the palette is there before.
  useEffect(() => void loadPalette(), []);
  useEmitted(
    'service.returned',
    useCallback(({ changes, silentSince }) => {
      if (silentSince === 0) return;
      toast(`Live again. ${changes === 1 ? '1 change' : `${changes} changes`} since ${clock(silentSince)}.`);
    }, []),
  );
  useKeys(
    useMemo<KeyMap>(
      () => ({
        'mod+k': () => setOver((before) => (before === 'palette' ? null : 'palette')),
        '?': () => setOver('help'),
        'mod+Enter': () => void actions.sendNow(),
        'mod+z': () => runToastAction(),
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
        <Sidebar onHelp={() => setOver('help')} />
        <main className={connection === 'stale' ? 'main is-stale' : 'main'} data-area tabIndex={-1}>
          <StaleBar />
          <div className="screen">
            <ErrorBoundary key={screen} name={screen}>
              <Suspense fallback={<Bones lines={6} />}>
                <ShownScreen />
              </Suspense>
            </ErrorBoundary>
          </div>
        </main>
      </div>
      <Suspense>
        {over === 'palette' && <Palette onClose={close} />}
        {over === 'help' && <Help onClose={close} />}
      </Suspense>
    </PaletteContext>
  );
}

/** F6: sidebar, list, drawer, and round again. */
function focusNextArea(event: KeyboardEvent): void {
  const areas = [...document.querySelectorAll<HTMLElement>('[data-area]')];
  const here = areas.findLastIndex((area) => area.contains(document.activeElement));
  const step = event.shiftKey ? areas.length - 1 : 1;
  areas[(here + step) % areas.length]?.focus();
}
