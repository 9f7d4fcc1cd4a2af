'use client';
/** React: a guardrail that looks on while one types. */
import {
  createContext,
  createElement,
  useCallback,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from 'react';
import type { FunctionComponentElement, ProviderProps, ReactNode } from 'react';
import type { CheckOptions } from './checking.js';
import { EngineHolder } from './engine-holder.js';
import type { EngineSource } from './engine-holder.js';
import { EdgerailError } from './errors.js';
import { LiveChecker, decisionOn } from './live-checker.js';
import type { LiveStatus } from './live-checker.js';
import type { Decision, Finding } from './types.js';

export { EdgerailError, isEdgerailError } from './errors.js';
export type { EngineSource } from './engine-holder.js';
export type { AnyEngine, AsyncEngine, Decision, Engine, Finding, Source } from './types.js';

/**
 * - `idle`: nothing to do yet: on the server, while the component is hidden, or there is no engine yet (`engine` is `null`)
 * - `loading`: the engine is loading
 * - `checking`: the text was not decided yet
 * - `ready`: `decision` is the decision on `text`
 * - `error`: there is no engine, or it failed; `error` says why
 */
export type GuardrailStatus = LiveStatus;

export interface UseGuardrailOptions extends CheckOptions {
  /**
   * An engine, a promise of one, or a function that loads one, which is called once, when the component is first
   * shown (not on the server). `null`: not yet. Left out: the engine of the {@link GuardrailProvider} around.
   * Keep promises outside of the component; one that is made anew in every render loads an engine in every render.
   */
  engine?: EngineSource | null;
  /** The text, where the application keeps it. Left out, the hook keeps it, and gives `setText`. */
  text?: string;
  /** The text to begin with, where the hook keeps it. */
  initialText?: string;
  /** How long the text must rest before it is checked, in milliseconds. Default 150. */
  debounce?: number;
}

export interface Guardrail {
  /** The text that everything else here is about. */
  readonly text: string;
  /** Changes the text, where the hook keeps it; where the application does, it does nothing. */
  readonly setText: (text: string) => void;
  /** The decision on `text`; `null` while it is not known. Never that of another text. */
  readonly decision: Decision | null;
  /** What was found in `text`; empty while that is not known. */
  readonly findings: readonly Finding[];
  /** Whether `decision` is there, and is that of `text`. */
  readonly isCurrent: boolean;
  /** The last decision and its text, current or not: for displays that should not flicker while one types. */
  readonly latest: { readonly text: string; readonly decision: Decision } | null;
  readonly status: GuardrailStatus;
  /** Why there is no decision: mostly an {@link EdgerailError}, whose `code` is stable. */
  readonly error: Error | null;
  /**
   * Decides the text as it is now (or the one given) without delay: for submitting. Waits for the engine where it
   * is still loading, and tries again to load one that failed. Rejects with `aborted` if the component goes away.
   */
  readonly check: (text?: string) => Promise<Decision>;
}

const EngineContext = createContext<EngineHolder | null | undefined>(undefined);

export interface GuardrailProviderProps {
  /** As in {@link UseGuardrailOptions}. */
  engine: EngineSource | null;
  children?: ReactNode;
}

/** Gives one engine to all `useGuardrail` below that name none: it is loaded once, when the first of them needs it. */
export function GuardrailProvider({
  engine,
  children,
}: GuardrailProviderProps): FunctionComponentElement<ProviderProps<EngineHolder | null | undefined>> {
  return createElement(EngineContext.Provider, { value: useHolder(engine) }, children);
}

/**
 * Checks a text while it is typed, and when it is submitted.
 *
 * Shows a decision only with the text it was made for. Checks are debounced, cancelled by newer texts and when the
 * component goes away. Nothing happens on the server.
 *
 * @example
 * const { text, setText, findings, check } = useGuardrail({ engine: () => loadEngineInWorker('/guardrail.bundle') });
 */
export function useGuardrail(options: UseGuardrailOptions = {}): Guardrail {
  const { engine, text: given, initialText = '', debounce = 150, source, model, outputScope } = options;
  const around = useContext(EngineContext);
  const own = useHolder(engine ?? null);
  const holder = engine === undefined ? around : own;
  if (holder === undefined) {
    throw new EdgerailError('invalid_argument', 'useGuardrail needs the option engine, or a GuardrailProvider around it');
  }
  const [checker] = useState(() => new LiveChecker(given ?? initialText));
  const state = useSyncExternalStore(checker.subscribe, checker.snapshot, checker.initial);
  const isGiven = given !== undefined;
  const text = given ?? state.text;

  // Before anything else can happen, so that a check in an event handler is about what is on the screen.
  useBrowserLayoutEffect(() => checker.configure(holder, { source, model, outputScope }, debounce), [
    checker,
    holder,
    source,
    model,
    outputScope,
    debounce,
  ]);
  useBrowserLayoutEffect(() => {
    if (given !== undefined) checker.setText(given);
  }, [checker, given]);
  useEffect(() => {
    checker.start();
    return () => checker.stop();
  }, [checker]);

  const setText = useCallback(
    (next: string) => {
      if (!isGiven) checker.setText(next);
    },
    [checker, isGiven],
  );
  return useMemo(() => {
    // The checker learns only after this rendering of a text of the application's, another engine or other options.
    const decision = decisionOn(state, text, holder, { source, model, outputScope });
    return {
      text,
      setText,
      decision,
      findings: decision?.findings ?? NONE,
      isCurrent: decision !== null,
      latest: state.latest,
      status: decision === null && state.status === 'ready' ? 'checking' : state.status,
      error: state.error,
      check: checker.check,
    };
  }, [text, setText, state, checker, holder, source, model, outputScope]);
}

const NONE: readonly Finding[] = [];

/** React warns of layout effects on the server, where they do not run anyway. */
const useBrowserLayoutEffect = typeof document === 'undefined' ? useEffect : useLayoutEffect;

/** The holder of an engine. Functions are asked once: mostly they are another one in every rendering. */
function useHolder(engine: EngineSource | null): EngineHolder | null {
  const [held, setHeld] = useState(() => hold(engine));
  if (keyOf(engine) === held.key) return held.holder;
  const next = hold(engine);
  setHeld(next);
  return next.holder;
}

function hold(engine: EngineSource | null): { key: unknown; holder: EngineHolder | null } {
  return { key: keyOf(engine), holder: engine === null ? null : new EngineHolder(engine) };
}

function keyOf(engine: EngineSource | null): unknown {
  return typeof engine === 'function' ? 'function' : engine;
}
