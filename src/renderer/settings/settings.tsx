/**
 * Settings: how is it set? Every key with its range, checked as it is typed; the test of the connection beside it; saved
 * all together or not at all.
 * May import: react, lucide-react.
 */
import { Download, Info } from 'lucide-react';
import { useEffect } from 'react';
import type { ShownSettings } from '../../common/contract.ts';
import { useSessionActions } from '../model/actions.tsx';
import { useAsk, useConsole, useNow } from '../model/console.tsx';
import { ago, count, counted, verb } from '../model/format.ts';
import { useQuery } from '../model/query.ts';
import { addressOf, go, useRoute } from '../model/route.ts';
import { TopBar } from '../shell/top-bar.tsx';
import { Button } from '../ui/button.tsx';
import { useConfirm } from '../ui/confirm.tsx';
import { Instant } from '../ui/instant.tsx';
import { Bones } from '../ui/states.tsx';
import { toast } from '../ui/toast.tsx';
import { Backup, exportSettings } from './backup.tsx';
import { groups, labelOf, settingFields, type GroupId } from './catalogue.ts';
import { authorizationThen, hasUnsaved, useDraft, type Draft } from './draft.ts';
import { Look } from './look.tsx';
import { CaptureControl, CleanupControl } from './operate.tsx';
import { SettingRow } from './setting-row.tsx';
import { TestPanel } from './test-panel.tsx';
import './settings.css';

export default function SettingsScreen() {
  const shown = useConsole((context) => context.settings);
  return (
    <>
      <TopBar
        title="Settings"
        action={
          shown !== null && (
            <Button icon={<Download aria-hidden="true" />} onPress={() => exportSettings(shown)}>
              Export without secrets
            </Button>
          )
        }
      />
      {shown === null ? <Bones lines={8} /> : <SettingsForm shown={shown} />}
    </>
  );
}

function SettingsForm({ shown }: { shown: ShownSettings }) {
  const { place, query } = useRoute();
  const group = groups.find(({ id }) => id === place) ?? groups[0];
  const draft = useDraft(shown);
  const focus = query.get('focus');
  useEffect(
    () => () => {
      if (hasUnsaved())
        toast('Changes in Settings are kept, not saved.', {
          label: 'Go back',
          run: () => go(addressOf('settings', group.id)),
          isUndo: true,
        });
    },
    // Told when the screen is left, not when another group is shown.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [],
  );
  return (
    <div className="settings">
      <nav className="settings-nav" aria-label="Groups of settings" data-area tabIndex={-1}>
        {groups.map(({ id, label }) => (
          <a key={id} href={addressOf('settings', id)} {...(id === group.id ? { 'aria-current': 'page' as const } : {})}>
            {label}
            {hasChange(draft, id) && <span className="settings-dot" role="img" aria-label="changed" />}
          </a>
        ))}
      </nav>
      <div className="settings-form" data-area tabIndex={-1}>
        <div className="settings-scroll scroll">
          <h2 className="settings-title">{group.label}</h2>
          <p className="text2 settings-intro">{group.intro}</p>
          {group.id === 'capture' && <CaptureControl />}
          {settingFields
            .filter((field) => field.group === group.id)
            .map((field) => (
              <SettingRow key={`${field.key} ${draft.round}`} field={field} draft={draft} isFocused={focus === field.key} />
            ))}
          {group.id === 'storage' && <CleanupControl />}
          {group.id === 'look' && <Look />}
          {group.id === 'backup' && <Backup shown={shown} draft={draft} />}
        </div>
        {draft.size > 0 && <SaveBar shown={shown} draft={draft} />}
      </div>
      <aside className="settings-side scroll" aria-label="Beside the settings" tabIndex={0}>
        <TestPanel
          change={draft.errorsSize === 0 ? draft.change : {}}
          isValid={draft.errorsSize === 0}
          startNow={query.get('test') === 'now'}
        />
        <AfterSaving draft={draft} />
        <Earlier />
      </aside>
    </div>
  );
}
const hasChange = (draft: Draft, group: GroupId) =>
  settingFields.some((field) => field.group === group && Object.hasOwn(draft.change, field.key));

function SaveBar({ shown, draft }: { shown: ShownSettings; draft: Draft }) {
  const ask = useAsk();
  const confirm = useConfirm();
  const actions = useSessionActions();
  const save = async () => {
    const endpoint = draft.change.submissionEndpoint;
    if (typeof endpoint === 'string' && endpoint !== '') {
      const isMeant = await confirm({
        title: `Send results to ${shown.settings.submissionEndpoint === '' ? 'this' : 'another'} address?`,
        body: `From now on results go to ${new URL(endpoint).host}, ${authorizationThen(shown, draft.change)}`,
        confirm: 'Change URL',
      });
      if (!isMeant) return;
    }
    const answer = await actions.attempt(() => ask('updateSettings', draft.change));
    if (answer === null) return;
    draft.drop();
    toast('Saved.');
  };
  return (
    <div className="save-bar" role="region" aria-label="Unsaved changes">
      <span className="text2">
        {counted(draft.size, 'change')}
        {draft.errorsSize > 0 && `, ${draft.errorsSize} ${draft.errorsSize === 1 ? 'needs' : 'need'} correcting`}
      </span>
      <span className="space" />
      <Button onPress={() => draft.drop()}>Discard</Button>
      <Button look="primary" isDisabled={draft.errorsSize > 0 || !actions.isEnabled} onPress={save}>
        Save changes
      </Button>
    </div>
  );
}

const destination = [
  'submissionEndpoint',
  'submissionAuthHeader',
  'submissionCaFile',
  'submissionClientCertFile',
  'submissionClientKeyFile',
] as const;
function AfterSaving({ draft }: { draft: Draft }) {
  const status = useConsole((context) => context.status);
  const isDestination = destination.some((key) => Object.hasOwn(draft.change, key));
  const isStopped = status?.circuit?.state === 'open';
  if (!isStopped && draft.size === 0) return null;
  const pending = status?.pending ?? 0;
  return (
    <section className="panel side-note" aria-label="After saving">
      <h2 className="row">
        <Info size={16} strokeWidth={1.5} aria-hidden="true" />
        After saving
      </h2>
      <p className="text2">
        {isStopped && pending > 0 && (isDestination || draft.size === 0)
          ? `One held session is tried at once with the new value.${pending === 1 ? '' : ` If it is accepted, the other ${count(pending - 1)} ${verb(pending - 1, 'follows', 'follow')}.`}`
          : 'It takes effect at once, without a restart. What is on its way ends as it began.'}
      </p>
    </section>
  );
}

function Earlier() {
  const now = useNow();
  const { data } = useQuery('getSettingsVersions', {});
  const versions = data?.versions ?? [];
  const [last] = versions;
  // The latest is the one in use: with it alone there is nothing to go back to.
  if (last === undefined || versions.length < 2) return null;
  return (
    <section className="panel side-note" aria-label="Earlier versions">
      <div className="row">
        <h2>Earlier versions</h2>
        <span className="space" />
        <a className="small medium" href={addressOf('settings', 'backup')}>
          Show {versions.length - 1}
        </a>
      </div>
      <p className="text2">
        Last change <Instant at={last.at}>{ago(last.at, now)}</Instant>
        {last.changed.length === 0 ? '' : `: ${last.changed.map(labelOf).join(', ')}`}. Secrets are not kept in earlier versions.
      </p>
    </section>
  );
}
