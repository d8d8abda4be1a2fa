/**
 * Confirmations: the title is the question, the button repeats the verb and the number, Cancel has the focus.
 * May import: react.
 */
import { createContext, useCallback, useContext, useState, type ReactNode } from 'react';
import { Button } from './button.tsx';
import { Checkbox } from './fields.tsx';
import { Window } from './overlay.tsx';

export interface Question {
  title: string;
  body: ReactNode;
  /** Verb and number: `Retry 412`. */
  confirm: string;
  isDangerous?: boolean;
  /** A box that must be ticked first. */
  acknowledge?: string;
}
type Confirm = (question: Question) => Promise<boolean>;
const ConfirmContext = createContext<Confirm>(() => Promise.resolve(false));
export const useConfirm = (): Confirm => useContext(ConfirmContext);

export function ConfirmProvider({ children }: { children: ReactNode }) {
  const [asked, setAsked] = useState<{ question: Question; answer: (isConfirmed: boolean) => void } | null>(null);
  const confirm = useCallback<Confirm>((question) => new Promise((answer) => setAsked({ question, answer })), []);
  const answerWith = (isConfirmed: boolean) => {
    asked?.answer(isConfirmed);
    setAsked(null);
  };
  return (
    <ConfirmContext.Provider value={confirm}>
      {children}
      <Window title={asked?.question.title ?? ''} isOpen={asked !== null} onClose={() => answerWith(false)} role="alertdialog">
        {asked !== null && <QuestionBody question={asked.question} onAnswer={answerWith} />}
      </Window>
    </ConfirmContext.Provider>
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
