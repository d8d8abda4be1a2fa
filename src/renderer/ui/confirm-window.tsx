/**
 * The window of a confirmation; loaded when the first one is asked.
 * May import: react.
 */
import { useState } from 'react';
import { Button } from './button.tsx';
import { Checkbox } from './checkbox.tsx';
import type { Question } from './confirm.tsx';
import { Window } from './window.tsx';

export default function ConfirmWindow({ question, onAnswer }: { question: Question; onAnswer: (isConfirmed: boolean) => void }) {
  return (
    <Window title={question.title} isOpen onClose={() => onAnswer(false)} role="alertdialog">
      <QuestionBody question={question} onAnswer={onAnswer} />
    </Window>
  );
}
function QuestionBody({ question, onAnswer }: { question: Question; onAnswer: (isConfirmed: boolean) => void }) {
  const [isAcknowledged, setAcknowledged] = useState(question.acknowledge === undefined);
  return (
    <>
      <div className="text2">{question.body}</div>
      {question.acknowledge !== undefined && (
        <Checkbox label={question.acknowledge} isSelected={isAcknowledged} onChange={setAcknowledged} />
      )}
      <div className="window-actions">
        <Button autoFocus onPress={() => onAnswer(false)}>
          Cancel
        </Button>
        <Button
          look={question.isDangerous === true ? 'danger' : 'primary'}
          isDisabled={!isAcknowledged}
          onPress={() => onAnswer(true)}
        >
          {question.confirm}
        </Button>
      </div>
    </>
  );
}
