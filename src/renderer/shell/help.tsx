/**
 * The keys, on `?`.
 * May import: react.
 */
import { keyHelp } from '../model/keys.ts';
import { setPreferences, usePreferences } from '../model/preferences.ts';
import { Button } from '../ui/button.tsx';
import { Checkbox } from '../ui/checkbox.tsx';
import { Window } from '../ui/window.tsx';

export default function Help({ onClose }: { onClose: () => void }) {
  const { singleKeys } = usePreferences();
  return (
    <Window title="Keys" isOpen onClose={onClose} size="full">
      <div className="help">
        {keyHelp.map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([key, what]) => (
                <div key={key}>
                  <dt>
                    <kbd className="key">{key}</kbd>
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <Checkbox
        label="Single letters are keys (not while you type)"
        isSelected={singleKeys}
        onChange={(isOn) => setPreferences({ singleKeys: isOn })}
      />
      <div className="window-actions">
        <Button autoFocus onPress={onClose}>
          Close
        </Button>
      </div>
    </Window>
  );
}
