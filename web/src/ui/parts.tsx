// Small parts that the pages of a class are made of.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Tone } from "../core/class/lesson";
import { ago, dateIn } from "../core/class/when";

/** Refused is what a server says where it doesn't do something. */
export function Refused(props: { readonly error: string | undefined; readonly again?: () => void }) {
  if (props.error === undefined || props.error === "") return null;
  return (
    <p class="refused" role="alert" data-testid="refused">
      <span>{props.error}</span>
      {props.again !== undefined && (
        <button type="button" class="small" onClick={props.again}>
          load again
        </button>
      )}
    </p>
  );
}

export function Badge(props: { readonly tone: Tone; readonly children: ComponentChildren; readonly title?: string }) {
  return (
    <span class={`badge ${props.tone}`} title={props.title}>
      {props.children}
    </span>
  );
}

/** Field is an input with its label above it, and what helps below. */
export function Field(props: {
  readonly label: string;
  readonly hint?: string;
  readonly children: (id: string, describedBy: string | undefined) => JSX.Element;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.children(id, props.hint === undefined ? undefined : `${id}-hint`)}
      {props.hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
    </div>
  );
}

/** TextField is a Field with a line of text. */
export function TextField(props: {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly hint?: string;
  readonly testid: string;
  readonly required?: boolean;
  readonly mono?: boolean;
  readonly autocomplete?: string;
  readonly placeholder?: string;
  readonly max?: number;
}) {
  return (
    <Field label={props.label} {...(props.hint === undefined ? {} : { hint: props.hint })}>
      {(id, by) => (
        <input
          id={id}
          aria-describedby={by}
          class={props.mono === true ? "mono" : ""}
          value={props.value}
          required={props.required === true}
          maxLength={props.max ?? 200}
          autocomplete={props.autocomplete ?? "off"}
          placeholder={props.placeholder}
          spellcheck={false}
          data-testid={props.testid}
          onInput={(e) => props.onInput(e.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** Dialog is in front of everything until it is closed. */
export function Dialog(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const d = ref.current;
    d?.showModal();
    return () => d?.close();
  }, []);
  return (
    <dialog ref={ref} class={`modal ${props.wide === true ? "wide" : ""}`} aria-labelledby={id} onClose={props.onClose}>
      <header>
        <h2 id={id}>{props.title}</h2>
        <button type="button" class="plain close" aria-label="close" onClick={() => ref.current?.close()}>
          ✕
        </button>
      </header>
      {props.children}
    </dialog>
  );
}

/** When is a time, how long ago it was, and on which date. */
export function When(props: { readonly at: number; readonly now: number; readonly zone: string }) {
  return (
    <time datetime={new Date(props.at).toISOString()} title={dateIn(props.at, props.zone, props.now)}>
      {ago(props.at, props.now)}
    </time>
  );
}

/** Copy puts a text on the clipboard. */
export function Copy(props: { readonly text: string; readonly what: string }) {
  const [done, setDone] = useState(false);
  return (
    <button
      type="button"
      class="small"
      onClick={() =>
        void navigator.clipboard.writeText(props.text).then(
          () => setDone(true),
          () => setDone(false),
        )
      }
    >
      {done ? "copied" : `copy ${props.what}`}
    </button>
  );
}

/** Pick is a button that chooses a file. */
export function Pick(props: {
  readonly label: string;
  readonly accept: string;
  readonly busy?: boolean;
  readonly primary?: boolean;
  readonly testid: string;
  readonly onFile: (file: File) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class={props.primary === true ? "primary" : ""}
        disabled={props.busy === true}
        onClick={() => input.current?.click()}
      >
        {props.busy === true ? "uploading…" : props.label}
      </button>
      <input
        ref={input}
        type="file"
        class="away"
        tabIndex={-1}
        accept={props.accept}
        aria-label={props.label}
        data-testid={props.testid}
        onChange={(e) => {
          const [file] = e.currentTarget.files ?? [];
          e.currentTarget.value = "";
          if (file !== undefined) props.onFile(file);
        }}
      />
    </>
  );
}

/** Empty is what is said where there is nothing yet. */
export function Empty(props: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="emptystate">
      <p class="lead">{props.title}</p>
      {props.children}
    </div>
  );
}
