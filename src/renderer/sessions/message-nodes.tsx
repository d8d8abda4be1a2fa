/**
 * The messages of a session as a tree: messages when there are several, their segments, their fields. What is hidden is
 * not in it, and cannot be copied. A message is taken apart when it is opened.
 * May import: react, lucide-react, @medplum/core (by hl7.ts).
 */
import { Lock } from 'lucide-react';
import { GlyphMark } from '../ui/marks.tsx';
import type { TreeNode } from '../ui/tree-lines.ts';
import { segmentsOf, type Hl7Segment } from './hl7.ts';
import { linesOf } from './patient.ts';
import { placeName, type RefusedPlace } from './refused-place.ts';
import { Masked, TextValue } from './text-value.tsx';

/** A message with more segments than this begins closed, each result in one line. */
const openSegmentsMax = 14;

/** Null when there is one message only and it is no HL7. @param refused what the endpoint's code names. */
export function messageNodes(
  messages: readonly string[],
  isShown: boolean,
  refused: RefusedPlace | null = null,
): readonly TreeNode[] | null {
  const [first = ''] = messages;
  if (messages.length === 1) {
    const segments = segmentsOf(first, isShown, fieldOf(refused));
    return segments === null ? null : segmentNodes('1', segments, refused);
  }
  return messages.map((message, index) => ({
    id: `${index + 1}`,
    text: 'MESSAGE',
    isOpenFirst: index === 0,
    children: once(() => {
      const segments = segmentsOf(message, isShown, fieldOf(refused));
      return segments === null ? lineNodes(`${index + 1}`, message, isShown) : segmentNodes(`${index + 1}`, segments, refused);
    }),
    content: () => (
      <>
        <span className="strong">
          Message {index + 1} of {messages.length}
        </span>
        <span className="mono text2 cut">
          <TextValue value={headOf(message)} />
        </span>
      </>
    ),
  }));
}

/** Ids down to the first line that the endpoint's code names; null when none is. */
export function pathToMarked(nodes: readonly TreeNode[]): string[] | null {
  for (const node of nodes) {
    if (node.isMarked === true) return [node.id];
    const below = pathToMarked(node.children?.() ?? []);
    if (below !== null) return [node.id, ...below];
  }
  return null;
}

const fieldOf = (refused: RefusedPlace | null) =>
  refused === null || refused.field === null ? undefined : `${refused.segment}-${refused.field}`;

function segmentNodes(message: string, segments: readonly Hl7Segment[], refused: RefusedPlace | null): TreeNode[] {
  return segments.map((segment, index): TreeNode => {
    const title = segment.number === null ? segment.segment : `${segment.segment} ${segment.number}`;
    const isMeant = refused?.segment === segment.segment && (refused.nth === null || refused.nth === (segment.number ?? 1));
    const isNamed = isMeant && refused?.field === null;
    return {
      id: `${message}/${index}`,
      text: title,
      isOpenFirst: segments.length <= openSegmentsMax,
      isMarked: isNamed,
      children: once(() => fieldNodes(`${message}/${index}`, segment, isMeant ? refused : null)),
      content: (isOpen) => (
        <>
          <span className="mono strong">{title}</span>
          <span className="text2">{segment.name}</span>
          {segment.isPatient && <Lock size={13} strokeWidth={1.5} aria-label="about the patient" />}
          {isNamed && <Named what="" />}
          {!isOpen && segment.summary !== '' && (
            <span className="mono cut tree-summary">
              <TextValue value={segment.summary} />
            </span>
          )}
        </>
      ),
    };
  });
}
function fieldNodes(parent: string, { segment, fields }: Hl7Segment, refused: RefusedPlace | null): TreeNode[] {
  return fields.map(({ position, name, value }): TreeNode => {
    const isNamed = refused !== null && position === `${segment}-${refused.field}`;
    return {
      id: `${parent}/${position}`,
      isMarked: isNamed,
      ...(value === null || value === '' ? {} : { copy: value }),
      content: () => (
        <>
          <span className="mono text2">{position}</span>
          <span className="cut text2" title={name}>
            {name}
          </span>
          <span className="mono tree-value">
            {value === null ? <Masked /> : value === '' ? <span className="tree-empty">empty</span> : <TextValue value={value} />}
            {isNamed && <Named what={refused.part === '' ? '' : `${placeName(refused)} `} />}
          </span>
        </>
      ),
    };
  });
}
/** Of a message that is no HL7: its lines as they are. */
function lineNodes(parent: string, message: string, isShown: boolean): TreeNode[] {
  return linesOf(message, isShown).map(({ text, isHidden }, index) => ({
    id: `${parent}/${index}`,
    ...(text === '' || isHidden ? {} : { copy: text }),
    content: () => (
      <span className="mono tree-value tree-whole">
        <TextValue value={text} /> {isHidden && <Masked />}
      </span>
    ),
  }));
}
function Named({ what }: { what: string }) {
  return (
    <span className="tree-named">
      <GlyphMark glyph="cross" tone="fail" />
      {what}named in the refusal
    </span>
  );
}

/** Type and control id of a message that is not taken apart yet. */
function headOf(message: string): string {
  const fields = /^MSH(.)/.test(message)
    ? message
        .slice(0, 2048)
        .split(/[\r\n]/, 1)[0]
        ?.split(message[3] ?? '|', 10)
    : undefined;
  return fields === undefined ? '' : `${fields[8] ?? ''} ${fields[9] ?? ''}`.trim();
}

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | null = null;
  return () => (made ??= { value: make() }).value;
}
