/**
 * One setting: label, field, help, what is wrong with it, and what overrides it.
 * May import: react, lucide-react.
 */
import { Trash2 } from 'lucide-react';
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { answerClass, type AnswerClass } from '../../common/outcome.ts';
import type { SettingKey } from '../../common/settings.ts';
import { useSessionActions } from '../model/actions.tsx';
import { useAsk, useConsole } from '../model/console.tsx';
import { useQuery } from '../model/query.ts';
import { statusTexts } from '../model/words.ts';
import { Button } from '../ui/button.tsx';
import { Choice } from '../ui/choice.tsx';
import { Switch } from '../ui/switch.tsx';
import { TextInput } from '../ui/text-input.tsx';
import { GlyphMark } from '../ui/marks.tsx';
import type { SettingField } from './catalogue.ts';
import { numberOf, portsOf, rangeOf, type Draft } from './draft.ts';

interface RowProps {
  field: SettingField;
  draft: Draft;
  isFocused: boolean;
}

export function SettingRow({ field, draft, isFocused }: RowProps) {
  const id = useId();
  const row = useRef<HTMLDivElement>(null);
  const overriddenBy = useConsole(({ settings }) =>
    settings?.overridden.includes(field.key) === true ? (settings.overriddenBy?.[field.key] ?? 'set') : null,
  );
  const error = draft.errors[field.key];
  useEffect(() => {
    if (!isFocused) return;
    row.current?.scrollIntoView({ block: 'center' });
    row.current?.querySelector<HTMLElement>('input, textarea, button')?.focus();
  }, [isFocused]);
  return (
    <div className="setting" ref={row}>
      <div className="setting-label" id={`${id} label`}>
        {field.label}
      </div>
      <div className="setting-field" role="group" aria-labelledby={`${id} label`}>
        <div className="row">
          {overriddenBy === null ? (
            <Field field={field} draft={draft} describedBy={`${id} help`} isInvalid={error !== undefined} />
          ) : (
            <>
              <Overridden field={field} draft={draft} />
              {field.kind === 'number' && <Unit field={field} />}
            </>
          )}
          {overriddenBy !== null && <span className="tag">{overriddenBy === 'set' ? 'Set by --set' : 'From environment'}</span>}
        </div>
        <div className="setting-help" id={`${id} help`}>
          {error !== undefined && (
            <p className="setting-error tone-fail" role="alert">
              <GlyphMark glyph="cross" tone="fail" />
              <span>{error}</span>
            </p>
          )}
          {overriddenBy === 'set' && <p>Set for this run on the command line. Change it there.</p>}
          {overriddenBy === 'environment' && <p>Set by the environment of the service. Change it there.</p>}
          {overriddenBy === null && field.kind === 'secret' && <SecretHelp />}
          {overriddenBy === null && field.help !== undefined && <p>{field.help}</p>}
        </div>
      </div>
    </div>
  );
}

function Unit({ field }: { field: SettingField & { kind: 'number' } }) {
  const range = rangeOf(field.key);
  return (
    <span className="text2">
      {field.unit}
      {range !== undefined && <span className="text3 figures"> ({range.replace('-', '–')})</span>}
    </span>
  );
}

function Overridden({ field, draft }: { field: SettingField; draft: Draft }) {
  const value = draft.value(field.key);
  const shown = field.kind === 'secret' ? 'Set' : typeof value === 'object' ? JSON.stringify(value) : String(value ?? '');
  return (
    <TextInput
      label={field.label}
      isLabelHidden
      value={shown}
      onChange={() => {}}
      isReadOnly
      isMono
      className={field.kind === 'number' ? 'narrow' : 'wide'}
    />
  );
}

function SecretHelp() {
  const { data } = useQuery('getHostOptions', {});
  const places = {
    keychain: 'It is kept in the keychain of this computer and never shown again.',
    file: 'It is kept in a file that only the service can read, and never shown again.',
    environment: 'It comes from the environment of the service, and is never shown.',
    none: 'This computer has no keychain: it holds until the application ends, and is never shown again.',
  };
  return <p>The old value stays until you save. {data === null ? '' : places[data.secretStorage]}</p>;
}

function Field({
  field,
  draft,
  describedBy,
  isInvalid,
}: {
  field: SettingField;
  draft: Draft;
  describedBy: string;
  isInvalid: boolean;
}): ReactNode {
  const value = draft.value(field.key);
  const base = { label: field.label, isLabelHidden: true, describedBy, isInvalid };
  switch (field.kind) {
    case 'text':
      return (
        <TextInput
          {...base}
          value={String(value ?? '')}
          onChange={(text) => draft.set(field.key, text.trim())}
          isMono={field.isMono ?? false}
          placeholder={field.placeholder ?? ''}
          className="wide"
        />
      );
    case 'secret':
      return <SecretField settingKey={field.key} draft={draft} describedBy={describedBy} isInvalid={isInvalid} />;
    case 'file':
      return <FileField field={field} draft={draft} describedBy={describedBy} isInvalid={isInvalid} />;
    case 'number':
      return (
        <>
          <TextInput
            {...base}
            value={String(value ?? '')}
            onChange={(text) => draft.set(field.key, numberOf(text))}
            className="narrow"
          />
          <Unit field={field} />
        </>
      );
    case 'ports':
      return (
        <PortsField settingKey={field.key} label={field.label} draft={draft} describedBy={describedBy} isInvalid={isInvalid} />
      );
    case 'flag':
      return <Switch label={field.label} value={value === true} onChange={(isOn) => draft.set(field.key, isOn)} />;
    case 'choice':
      return (
        <Choice label={field.label} options={field.options} value={String(value)} onChange={(id) => draft.set(field.key, id)} />
      );
    case 'interface':
      return <InterfaceField draft={draft} />;
    case 'rules':
      return <RulesField draft={draft} />;
    case 'markers':
      return <MarkersField draft={draft} />;
  }
}

function SecretField({
  settingKey,
  draft,
  describedBy,
  isInvalid,
}: {
  settingKey: SettingKey;
  draft: Draft;
  describedBy: string;
  isInvalid: boolean;
}) {
  const isSet = useConsole(({ settings }) => settings?.secretsSet.includes(settingKey) ?? false);
  const isTyped = Object.hasOwn(draft.change, settingKey);
  const [isOpen, setOpen] = useState(false);
  if (!isOpen && !isTyped)
    return (
      <>
        <span className="secret">{isSet ? 'Set, not shown' : 'Not set'}</span>
        <Button onPress={() => setOpen(true)}>{isSet ? 'Enter a new one' : 'Enter'}</Button>
        {isSet && (
          <Button look="quiet" onPress={() => draft.set(settingKey, '')}>
            Remove
          </Button>
        )}
      </>
    );
  const value = String(draft.value(settingKey) ?? '');
  return (
    <>
      {isTyped && value === '' && !isOpen ? (
        <span className="secret">Will be removed</span>
      ) : (
        <TextInput
          label="Authorization"
          isLabelHidden
          type="password"
          isMono
          placeholder="Bearer ..."
          value={value}
          onChange={(text) => draft.set(settingKey, text)}
          describedBy={describedBy}
          isInvalid={isInvalid}
          autoFocus={isOpen}
          className="wide"
        />
      )}
      <Button
        look="quiet"
        onPress={() => {
          draft.drop(settingKey);
          setOpen(false);
        }}
      >
        Cancel
      </Button>
    </>
  );
}

function FileField({
  field,
  draft,
  describedBy,
  isInvalid,
}: {
  field: SettingField & { kind: 'file' };
  draft: Draft;
  describedBy: string;
  isInvalid: boolean;
}) {
  const ask = useAsk();
  const actions = useSessionActions();
  const { data } = useQuery('getHostOptions', {});
  const choose = async () => {
    const answer = await actions.attempt(() => ask('chooseFile', { purpose: field.purpose }));
    if (answer?.path !== undefined) draft.set(field.key, answer.path);
  };
  return (
    <>
      <TextInput
        label={field.label}
        isLabelHidden
        isMono
        placeholder={data?.canChooseFile === false ? 'Path on the computer of the service' : 'None'}
        value={String(draft.value(field.key) ?? '')}
        onChange={(text) => draft.set(field.key, text)}
        describedBy={describedBy}
        isInvalid={isInvalid}
        className="wide"
      />
      {data?.canChooseFile === true && <Button onPress={choose}>Choose file</Button>}
    </>
  );
}

function PortsField(props: { settingKey: SettingKey; label: string; draft: Draft; describedBy: string; isInvalid: boolean }) {
  const value = props.draft.value(props.settingKey);
  const saved = Array.isArray(value) ? value.join(', ') : '';
  const [typed, setText] = useState(saved);
  // What was typed is shown as it was typed, as long as it says what is meant: another tab may have changed it since.
  const text = JSON.stringify(portsOf(typed)) === JSON.stringify(value) ? typed : saved;
  return (
    <TextInput
      label={props.label}
      isLabelHidden
      isMono
      placeholder="None"
      value={text}
      onChange={(next) => {
        setText(next);
        props.draft.set(props.settingKey, portsOf(next));
      }}
      describedBy={props.describedBy}
      isInvalid={props.isInvalid}
      className="wide"
    />
  );
}

function InterfaceField({ draft }: { draft: Draft }) {
  const { data, error, isLoading } = useQuery('getNetworkInterfaces', {});
  const value = String(draft.value('captureInterface') ?? '');
  if (error !== null || isLoading)
    return (
      <TextInput
        label="Interface"
        isLabelHidden
        isMono
        placeholder="Name, for example eth1"
        value={value}
        onChange={(text) => draft.set('captureInterface', text)}
        className="wide"
      />
    );
  const known = (data?.interfaces ?? []).map(({ name, description, addresses }) => ({
    id: name,
    label: [name, description, addresses[0]].filter((part) => part !== undefined).join(', '),
  }));
  const options = [{ id: 'none', label: 'No live capture' }, ...known];
  if (value !== '' && !known.some(({ id }) => id === value)) options.push({ id: value, label: `${value} (not here)` });
  return (
    <Choice
      label="Interface"
      options={options}
      value={value === '' ? 'none' : value}
      onChange={(id) => draft.set('captureInterface', id === 'none' ? '' : id)}
    />
  );
}

const classWords: Record<AnswerClass, string> = {
  accepted: 'Accepted: it is done',
  later: 'Later: try again',
  refused: 'Refused: this session failed',
  endpoint: 'Endpoint: stop and tell',
};
const classOptions = answerClass.options.map((id) => ({ id, label: classWords[id] }));

function RulesField({ draft }: { draft: Draft }) {
  const rules = Object.entries((draft.value('submissionStatusRules') ?? {}) as Record<string, AnswerClass>);
  const [status, setStatus] = useState('');
  const isNew = /^[1-5]\d\d$/.test(status) && !rules.some(([each]) => each === status);
  const setRules = (next: [string, AnswerClass][]) => draft.set('submissionStatusRules', Object.fromEntries(next));
  const add = () => {
    if (!isNew) return;
    setRules([...rules, [status, 'accepted']]);
    setStatus('');
  };
  return (
    <div className="rules">
      {rules.length === 0 && <p className="text2">No exceptions.</p>}
      {rules.map(([code, meaning]) => (
        <div key={code} className="row">
          <span className="mono rule-code">{code}</span>
          <span className="text2 rule-text cut">{statusTexts[Number(code)] ?? ''}</span>
          <Choice
            label={`${code} means`}
            options={classOptions}
            value={meaning}
            onChange={(next) => setRules(rules.map((rule) => (rule[0] === code ? [code, next] : rule)))}
          />
          <Button
            look="quiet"
            label={`Remove the exception for ${code}`}
            icon={<Trash2 aria-hidden="true" />}
            onPress={() => setRules(rules.filter(([each]) => each !== code))}
          />
        </div>
      ))}
      <div className="row">
        <TextInput label="HTTP status" isLabelHidden placeholder="409" value={status} onChange={setStatus} className="narrow" />
        <Button isDisabled={!isNew} onPress={add}>
          Add exception
        </Button>
      </div>
    </div>
  );
}

const markerNames = [
  ['enq', 'ENQ'],
  ['stx', 'STX'],
  ['frameEnd', 'Frame end'],
  ['ack', 'ACK'],
  ['eot', 'EOT'],
] as const;
function MarkersField({ draft }: { draft: Draft }) {
  const value = (draft.value('captureMarkers') ?? {}) as Record<string, string>;
  return (
    <div className="markers">
      {markerNames.map(([key, label]) => (
        <TextInput
          key={key}
          label={label}
          isMono
          value={value[key] ?? ''}
          onChange={(text) => draft.set('captureMarkers', { ...value, [key]: text.trim() })}
        />
      ))}
    </div>
  );
}
