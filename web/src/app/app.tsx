// The whole page: the start, a bench for each lab, or what is said when there is none.
import { useEffect } from "preact/hooks";
import { ShellProvider } from "../ui/shell";
import css from "./app.module.css";
import { Bench } from "./bench";
import { Keys, listenKeys } from "./keys";
import type { Page } from "./page";
import { Start } from "./start";

export function App(props: { readonly page: Page }) {
  const { page } = props;
  useEffect(() => listenKeys(page), [page]);
  return (
    <ShellProvider value={page}>
      <Phase page={page} />
      <Keys page={page} />
    </ShellProvider>
  );
}

function Phase(props: { readonly page: Page }) {
  const { page } = props;
  const p = page.phase.value;
  switch (p.kind) {
    case "starting":
      return (
        <Splash title="Starting a lab…" text={`A network of your own is being wired up. ${p.about?.goal ?? ""}`} />
      );
    case "failed":
      return <Splash title="No lab could be started" text={p.error} again={() => page.again()} />;
    case "start":
      return <Start page={page} />;
    case "labs":
      return (
        <div class={css.benches}>
          {p.labs.map((lab) => (
            <Bench key={lab.id} lab={lab} again={() => page.again()} />
          ))}
        </div>
      );
    default:
      return p satisfies never;
  }
}

function Splash(props: { readonly title: string; readonly text: string; readonly again?: () => void }) {
  return (
    <main class={css.splash} aria-live="polite">
      <h1>{props.title}</h1>
      <p>{props.text}</p>
      {props.again !== undefined && (
        <button type="button" onClick={props.again}>
          try again
        </button>
      )}
    </main>
  );
}
