/**
 * Confirmations: the title is the question, the button repeats the verb and the number, Cancel has the focus.
 * May import: react.
 */
import { createContext, lazy, Suspense, useCallback, useContext, useState, type ReactNode } from 'react';

const ConfirmWindow = lazy(() => import('./confirm-window.tsx'));

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
      {asked !== null && (
        <Suspense>
          <ConfirmWindow question={asked.question} onAnswer={answerWith} />
        </Suspense>
      )}
    </ConfirmContext.Provider>
  );
}
