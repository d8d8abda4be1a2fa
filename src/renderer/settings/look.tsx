/**
 * How the application starts, and how the console looks on this computer: takes effect at once, is not part of the
 * service's settings.
 * May import: react.
 */
import { useSessionActions } from '../model/actions.tsx';
import { useAsk } from '../model/console.tsx';
import { setPreferences, usePreferences } from '../model/preferences.ts';
import { useQuery } from '../model/query.ts';
import { Segmented } from '../ui/button.tsx';
import { Switch } from '../ui/switch.tsx';

export function Look() {
  const { theme, density, singleKeys } = usePreferences();
  return (
    <>
      <LaunchAtLogin />
      <div className="setting">
        <div className="setting-label">Look</div>
        <div className="setting-field">
          <Segmented
            label="Look"
            value={theme}
            onChange={(next) => setPreferences({ theme: next })}
            options={[
              { id: 'system', label: 'As the system' },
              { id: 'light', label: 'Light' },
              { id: 'dark', label: 'Dark' },
            ]}
          />
        </div>
      </div>
      <div className="setting">
        <div className="setting-label">Rows</div>
        <div className="setting-field">
          <Segmented
            label="Rows"
            value={density}
            onChange={(next) => setPreferences({ density: next })}
            options={[
              { id: 'compact', label: 'Compact' },
              { id: 'comfortable', label: 'Comfortable' },
            ]}
          />
        </div>
      </div>
      <div className="setting">
        <div className="setting-label">Single keys</div>
        <div className="setting-field">
          <Switch label="Single keys" value={singleKeys} onChange={(isOn) => setPreferences({ singleKeys: isOn })} />
          <p className="setting-help">Letters act without Ctrl (not while you type). Press ? for all of them.</p>
        </div>
      </div>
    </>
  );
}

function LaunchAtLogin() {
  const ask = useAsk();
  const actions = useSessionActions();
  const { data, refresh } = useQuery('getHostOptions', {});
  if (data?.launchAtLogin === undefined) return null;
  const set = async (launchAtLogin: boolean) => {
    await actions.attempt(() => ask('setHostOptions', { launchAtLogin }));
    refresh();
  };
  return (
    <div className="setting">
      <div className="setting-label">Start at login</div>
      <div className="setting-field">
        <Switch
          label="Start at login"
          value={data.launchAtLogin}
          onChange={(isOn) => void set(isOn)}
          isDisabled={!actions.isEnabled}
        />
      </div>
    </div>
  );
}
