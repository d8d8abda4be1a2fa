/**
 * The side of every screen: where to go, the four lights, the host and the connection.
 * May import: react, lucide-react.
 */
import {
  CircleHelp,
  Gauge,
  List,
  Moon,
  SlidersHorizontal,
  SquareTerminal,
  Sun,
  SunMoon,
  TriangleAlert,
  Workflow,
} from 'lucide-react';
import { useEffect, useRef, type ComponentType } from 'react';
import { useConnection, useConsole, useMinute, useNow } from '../model/console.tsx';
import { count, duration, zone } from '../model/format.ts';
import { lightsOf } from '../model/lights.ts';
import { setPreferences, usePreferences, type Preferences } from '../model/preferences.ts';
import { useQuery } from '../model/query.ts';
import { addressOf, useRoute, type Screen } from '../model/route.ts';
import { filterOf } from '../model/session-filter.ts';
import { connectionWords } from '../model/words.ts';
import { Button } from '../ui/button.tsx';
import { BrandMark, GlyphMark } from '../ui/marks.tsx';

const screens: {
  screen: Screen;
  label: string;
  icon: ComponentType<{ size: number; strokeWidth: number; 'aria-hidden': 'true' }>;
}[] = [
  { screen: 'overview', label: 'Overview', icon: Gauge },
  { screen: 'attention', label: 'Attention', icon: TriangleAlert },
  { screen: 'sessions', label: 'Sessions', icon: List },
  { screen: 'machines', label: 'Machines', icon: Workflow },
  { screen: 'log', label: 'Log', icon: SquareTerminal },
  { screen: 'settings', label: 'Settings', icon: SlidersHorizontal },
];
const themes: Record<Preferences['theme'], { next: Preferences['theme']; label: string; icon: typeof Sun }> = {
  system: { next: 'light', label: 'Look: as the system. Change to light', icon: SunMoon },
  light: { next: 'dark', label: 'Look: light. Change to dark', icon: Sun },
  dark: { next: 'system', label: 'Look: dark. Change to system', icon: Moon },
};
export function Sidebar({ onHelp }: { onHelp: () => void }) {
  const route = useRoute();
  const connection = useConnection();
  const status = useConsole((context) => context.status);
  const openCauses = useConsole(({ causes, status: said }) =>
    causes === null ? (said?.openCauses ?? 0) : Object.values(causes).filter(({ state }) => state === 'open').length,
  );
  const total = status === null ? null : status.pending + status.submitted + status.failed + status.ignored;
  return (
    <aside className="side" aria-label="Navigation and state" data-area tabIndex={-1}>
      <div className="brand">
        <BrandMark />
        <span>HL7 Courier</span>
      </div>
      <nav aria-label="Screens" className="side-nav">
        {screens.map(({ screen, label, icon: Icon }) => (
          <div key={screen}>
            <a
              className="side-link"
              href={addressOf(screen)}
              title={label}
              {...(route.screen === screen ? { 'aria-current': 'page' as const } : {})}
            >
              <Icon size={16} strokeWidth={1.5} aria-hidden="true" />
              <span className="side-label">{label}</span>
              {screen === 'attention' && <Badge causes={openCauses} />}
              {screen === 'sessions' && total !== null && <span className="side-count">{count(total)}</span>}
            </a>
            {screen === 'sessions' && route.screen === 'sessions' && <SavedViews current={route.query} />}
          </div>
        ))}
      </nav>
      <div className="side-heading" id="right-now">
        Right now
      </div>
      <div className={connection === 'stale' ? 'lights is-stale' : 'lights'} role="group" aria-labelledby="right-now">
        {status === null
          ? null
          : lightsOf(status).map(({ station, name, glyph, tone, figure, word }) => (
              <div key={station} title={`${name}: ${figure}`} aria-label={`${name}: ${word}, ${figure}`} role="img">
                <GlyphMark glyph={glyph} tone={tone} />
                <span className="light-name">{name}</span>
                <span className={`light-figure ${tone === 'ok' || tone === 'off' ? '' : `strong tone-${tone}`}`}>{figure}</span>
              </div>
            ))}
      </div>
      <Foot onHelp={onHelp} />
    </aside>
  );
}

function Badge({ causes }: { causes: number }) {
  if (causes === 0) return <span className="side-count">0</span>;
  return (
    <span className="side-badge">
      {count(causes)}
      <span className="hidden-text"> open</span>
    </span>
  );
}

function SavedViews({ current }: { current: URLSearchParams }) {
  const { savedViews } = usePreferences();
  const here = new URLSearchParams(current);
  here.delete('open');
  return (
    <div className="side-views" role="group" aria-label="Saved views">
      {savedViews.map(({ name, query }) => (
        <SavedView key={name} name={name} query={query} isHere={here.toString() === query} />
      ))}
    </div>
  );
}
function SavedView({ name, query, isHere }: { name: string; query: string; isHere: boolean }) {
  const params = new URLSearchParams(query);
  const { data, refresh } = useQuery('getSessions', { filter: filterOf(params, useMinute()), limit: 0 }, 15_000);
  // What an operator does is seen here at once, beside the table.
  const standing = useConsole(({ status }) => `${status?.failed} ${status?.ignored}`);
  const counted = useRef(standing);
  useEffect(() => {
    if (counted.current === standing) return;
    counted.current = standing;
    refresh();
  }, [standing, refresh]);
  return (
    <a className="side-view" href={addressOf('sessions', null, params)} {...(isHere ? { 'aria-current': 'true' as const } : {})}>
      <span className="cut" title={name}>
        {name}
      </span>
      <span className="side-count">{data === null ? '' : count(data.total)}</span>
    </a>
  );
}

/** At least one; nobody counts the seconds of a service. */
const wholeMinutes = (ms: number) => Math.max(1, Math.floor(ms / 60_000)) * 60_000;

function Foot({ onHelp }: { onHelp: () => void }) {
  const now = useNow();
  const status = useConsole((context) => context.status);
  const connection = connectionWords[useConnection()];
  const { theme } = usePreferences();
  const { next, label, icon: ThemeIcon } = themes[theme];
  const running = status?.startedAt === undefined ? undefined : `running ${duration(wholeMinutes(now - status.startedAt))}`;
  const host = [status?.host, running].filter((part) => part !== undefined).join(' · ');
  const build = `${status?.version === undefined ? '' : `Version ${status.version} · `}times in ${zone(now)}`;
  return (
    <div className="side-foot">
      {status?.sampleData === true && <span className="sample">Sample data</span>}
      <div className="side-host">
        {host}
        <br />
        {build}
      </div>
      <div className="row side-tools">
        <Button
          look="quiet"
          isSmall
          label={label}
          icon={<ThemeIcon aria-hidden="true" />}
          onPress={() => setPreferences({ theme: next })}
        />
        <Button
          look="quiet"
          isSmall
          label="Keys and help"
          shortcut="?"
          icon={<CircleHelp aria-hidden="true" />}
          onPress={onHelp}
        />
        <span className="space" />
        {/* Where the side is narrow, this is where all of it is. */}
        <span className="row connection" role="status" title={[connection.word, host, build].join('\n')}>
          <GlyphMark glyph={connection.glyph} tone={connection.tone} />
          <span className="connection-word">{connection.word}</span>
        </span>
      </div>
    </div>
  );
}
