/**
 * Settings taken along and brought back, without secrets; earlier versions; who looked at patient fields.
 * May import: react, lucide-react.
 */
import { Download, Upload } from 'lucide-react';
import { useRef } from 'react';
import type { ShownSettings } from '../../common/contract.ts';
import { settingsShape, secretKeys, type SettingKey } from '../../common/settings.ts';
import { useSessionActions } from '../model/actions.tsx';
import { useAsk, useNow } from '../model/console.tsx';
import { ago, brief, day } from '../model/format.ts';
import { useQuery } from '../model/query.ts';
import { addressOf } from '../model/route.ts';
import { saveText } from '../model/save.ts';
import { Button } from '../ui/button.tsx';
import { useConfirm } from '../ui/confirm.tsx';
import { Instant } from '../ui/instant.tsx';
import { toast } from '../ui/toast.tsx';
import { labelOf } from './catalogue.ts';
import type { Draft } from './draft.ts';
import { exportedSettings } from './exported.ts';

export function exportSettings(shown: ShownSettings): void {
  const { text, remark } = exportedSettings(shown);
  saveText('hl7-courier-settings.json', text);
  if (remark !== null) toast(remark);
}

/** Puts a file's values into the form; nothing is saved before the operator says so. */
async function importInto(draft: Draft, file: File): Promise<void> {
  try {
    const parsed: unknown = JSON.parse(await file.text());
    const settings: unknown = typeof parsed === 'object' && parsed !== null && 'settings' in parsed ? parsed.settings : parsed;
    if (typeof settings !== 'object' || settings === null) throw new Error('no settings');
    const known = Object.entries(settings).filter(
      ([key]) => Object.hasOwn(settingsShape, key) && !secretKeys.includes(key as SettingKey),
    );
    for (const [key, value] of known) draft.set(key as SettingKey, value);
    toast(known.length === 0 ? 'This file holds no settings.' : 'Read into the form. Look at the changes, then save.');
  } catch {
    toast('This file could not be read as settings. Nothing was changed.');
  }
}

export function Backup({ shown, draft }: { shown: ShownSettings; draft: Draft }) {
  const file = useRef<HTMLInputElement>(null);
  return (
    <>
      <div className="setting">
        <div className="setting-label">Export</div>
        <div className="setting-field">
          <Button icon={<Download aria-hidden="true" />} onPress={() => exportSettings(shown)}>
            Export without secrets
          </Button>
          <p className="setting-help">
            A JSON file with every setting but Authorization, and an endpoint with a ? in its address.
          </p>
        </div>
      </div>
      <div className="setting">
        <div className="setting-label">Import</div>
        <div className="setting-field">
          <input
            ref={file}
            type="file"
            accept="application/json,.json"
            hidden
            aria-label="Settings file"
            onChange={(event) => {
              const [chosen] = event.target.files ?? [];
              if (chosen !== undefined) void importInto(draft, chosen);
              event.target.value = '';
            }}
          />
          <Button icon={<Upload aria-hidden="true" />} onPress={() => file.current?.click()}>
            Import
          </Button>
          <p className="setting-help">The values appear in the form. Nothing changes before you save.</p>
        </div>
      </div>
      <div className="setting">
        <div className="setting-label">Earlier versions</div>
        <div className="setting-field">
          <Versions />
        </div>
      </div>
      <div className="setting">
        <div className="setting-label">Patient fields</div>
        <div className="setting-field">
          <Accesses />
        </div>
      </div>
    </>
  );
}

function Versions() {
  const ask = useAsk();
  const confirm = useConfirm();
  const actions = useSessionActions();
  const now = useNow();
  const { data, error, refresh } = useQuery('getSettingsVersions', {});
  const restore = async (version: number, at: number) => {
    const isMeant = await confirm({
      title: 'Bring these settings back?',
      body: `As they were from ${brief(at, now)} on. Secrets stay as they are now.`,
      confirm: 'Bring back',
    });
    if (!isMeant) return;
    const answer = await actions.attempt(() => ask('restoreSettingsVersion', { version }));
    if (answer !== null) toast('The earlier settings are back.');
    refresh();
  };
  if (error !== null && data === null) return <p className="text2">{error}</p>;
  if (data !== null && data.versions.length === 0) return <p className="text2">None yet.</p>;
  return (
    <>
      <ul className="plain-list">
        {(data?.versions ?? []).map(({ version, at, changed }, index) => (
          <li key={version} className="row">
            <Instant at={at}>{ago(at, now)}</Instant>
            <span className="text2 cut">{changed.length === 0 ? 'As it began' : changed.map(labelOf).join(', ')}</span>
            <span className="space" />
            {index === 0 ? (
              <span className="text2">As it is now</span>
            ) : (
              <Button isSmall isDisabled={!actions.isEnabled} onPress={() => restore(version, at)}>
                Bring back
              </Button>
            )}
          </li>
        ))}
      </ul>
      <p className="setting-help">Secrets are not kept in earlier versions.</p>
    </>
  );
}

const actionWords = { shown: 'looked at', copied: 'copied', exported: 'exported' };
function Accesses() {
  const now = useNow();
  const { data, error } = useQuery('getPatientAccess', {}, 10_000);
  if (error !== null && data === null) return <p className="text2">{error}</p>;
  if (data !== null && data.entries.length === 0) return <p className="text2">Nobody has looked at patient fields.</p>;
  return (
    <ul className="plain-list">
      {(data?.entries ?? []).slice(0, 50).map(({ at, sessionId, counter, action }) => (
        <li key={`${at} ${sessionId} ${action}`} className="row">
          <Instant at={at}>{day(at, now)}</Instant>
          <a href={addressOf('sessions', null, new URLSearchParams({ open: sessionId }))}>Session {counter}</a>
          <span className="text2">{actionWords[action]}</span>
        </li>
      ))}
    </ul>
  );
}
