// The bench: time bar, topology, time line, detail, drawer; and what is said when there is no lab.
import { useEffect } from "preact/hooks";
import { Detail } from "./detail";
import { Drawer } from "./drawer";
import { Keys, listenKeys } from "./keys";
import { connection, lab, notice, phase, retry, startLab } from "./store";
import { TimeBar } from "./timebar";
import { TimeLine } from "./timeline";
import { TopologyPane } from "./topology";

export function App() {
  useEffect(listenKeys, []);
  const p = phase.value;
  switch (p.kind) {
    case "starting":
      return <Splash title="Starting a lab…" text="A network of your own is being wired up." />;
    case "failed":
      return <Splash title="No lab could be started" text={p.error} action="try again" />;
    case "lab":
      return (
        <div class="bench">
          <TimeBar />
          <Banner />
          {lab.value.lab === undefined ? (
            <div class="main empty" role="status">
              {connection.value.kind === "closed" ? "" : "Opening the lab…"}
            </div>
          ) : (
            <main class="main">
              <TopologyPane />
              <div class="right">
                <TimeLine />
                <Detail />
              </div>
              <Drawer />
            </main>
          )}
          <Keys />
        </div>
      );
    default:
      return p satisfies never;
  }
}

function Splash(props: { readonly title: string; readonly text: string; readonly action?: string }) {
  return (
    <main class="splash" aria-live="polite">
      <h1>{props.title}</h1>
      <p>{props.text}</p>
      {props.action !== undefined && (
        <button type="button" onClick={() => void startLab()}>
          {props.action}
        </button>
      )}
    </main>
  );
}

/** What stands between the page and its lab, in a sentence, with what can be done about it. */
function Banner() {
  const c = connection.value;
  const said = notice.value;
  return (
    <div aria-live="polite">
      {c.kind === "reconnecting" && (
        <div class="banner warn" data-testid="banner">
          <span>
            {c.refused
              ? `This lab can't be shown: ${c.why}.`
              : `The connection to the lab was lost${c.why === "" ? "" : ` (${c.why})`}. The lab goes on.`}{" "}
            Trying again {c.waitMs < 1000 ? "now" : `in ${Math.round(c.waitMs / 1000)} s`} (attempt {c.attempt}).
          </span>
          <button type="button" onClick={retry}>
            try now
          </button>
        </div>
      )}
      {c.kind === "closed" && (
        <div class="banner error" data-testid="banner">
          <span>{c.reason}</span>
          {!c.gone && (
            <button type="button" onClick={retry}>
              connect again
            </button>
          )}
          <button type="button" onClick={() => void startLab()}>
            start a new lab
          </button>
        </div>
      )}
      {said !== undefined && (
        <div class="banner error" data-testid="notice">
          <span>{said}</span>
          <button
            type="button"
            onClick={() => {
              notice.value = undefined;
            }}
          >
            dismiss
          </button>
        </div>
      )}
    </div>
  );
}
