// A link in the drawer: what goes through it, what is done to its frames, and what one can do
// to it.
import { useState } from "preact/hooks";
import { holdsBack, vlansOf } from "../../core/fabric";
import { bytes, count, grouped, percent, span } from "../../core/format";
import type { Edge } from "../../core/graph";
import type { Traffic } from "../../core/state";
import type { ImpairState } from "../../protocol/types";
import type { EndView } from "../../session/views";
import { useLab } from "../../ui/pane";
import { Frame } from "./frame";

export function LinkDrawer(props: { readonly edge: Edge }) {
  const { a, b, delay } = props.edge;
  const lab = useLab();
  const link = lab.link(props.edge);
  const way = (from: string, to: string, t: Traffic) => {
    return (
      <>
        <dt>
          {from} → {to}
        </dt>
        <dd>
          {count(t.frames, "frame")}, {bytes(t.bytes)}
        </dd>
      </>
    );
  };
  return (
    <Frame title={`link ${a} – ${b}`}>
      <div class="tables fabric">
        <dl>
          <dt>delay, each way</dt>
          <dd>{delay === 0 ? "none" : span(delay)}</dd>
          {way(a, b, link.a.value)}
          {way(b, a, link.b.value)}
          {link.ends.map((e) => (
            <End key={e.port} end={e} />
          ))}
        </dl>
        <Impair key={`${a} out`} from={a} to={b} way={link.ends[0].way.value} />
        <Impair key={`${b} out`} from={b} to={a} way={link.ends[1].way.value} />
        <div class="group">
          {link.ends.map(
            (e) =>
              e.is.value !== undefined && (
                <button
                  key={e.port}
                  type="button"
                  disabled={!lab.live.value}
                  onClick={() =>
                    void lab.send({ op: "port", port: e.port, link: e.is.value?.link === "off" ? "up" : "down" })
                  }
                >
                  switch {e.port} {e.is.value.link === "off" ? "on" : "off"}
                </button>
              ),
          )}
          <button
            type="button"
            data-testid="unplug"
            disabled={!lab.live.value}
            onClick={() => void lab.send({ op: "unplug", port: a })}
          >
            unplug
          </button>
        </div>
      </div>
    </Frame>
  );
}

/** What the port at an end is, where it is a switch's. */
function End(props: { readonly end: EndView }) {
  const { port, is } = props.end;
  const p = is.value;
  if (p === undefined || (p.role === "" && p.link === "up" && vlansOf(p) === "")) return null;
  const says = [
    p.link === "up" ? "" : p.link,
    p.role === "" ? "" : `${p.role} port, ${p.state}`,
    vlansOf(p) === "" ? "" : `VLAN ${vlansOf(p)}`,
  ].filter((s) => s !== "");
  return (
    <>
      <dt>{port}</dt>
      <dd class={holdsBack(p) ? "held" : ""}>{says.join(", ")}</dd>
    </>
  );
}

/** What is done to the frames that go one way. */
function Impair(props: { readonly from: string; readonly to: string; readonly way: ImpairState | undefined }) {
  const { from, to, way } = props;
  const lab = useLab();
  const words = way?.words.join("; ") ?? "";
  const [typed, setTyped] = useState<string>();
  const send = (text: string): void => {
    const all = text
      .split(";")
      .map((w) => w.trim())
      .filter((w) => w !== "");
    void lab.send({ op: "impair", port: from, way: "out", words: all }).then((done) => {
      if (done) setTyped(undefined);
    });
  };
  return (
    <form
      class="impair"
      aria-label={`What is done to frames from ${from}`}
      onSubmit={(e) => {
        e.preventDefault();
        send(typed ?? words);
      }}
    >
      <h3>
        {from} → {to}
      </h3>
      <div class="group">
        <input
          class="mono"
          size={36}
          aria-label={`words of tc netem for frames from ${from}`}
          placeholder="delay 10ms 2ms loss 1%"
          value={typed ?? words}
          onInput={(e) => setTyped(e.currentTarget.value)}
        />
        <button type="submit" disabled={!lab.live.value}>
          impair
        </button>
        <button type="button" disabled={!lab.live.value || words === ""} onClick={() => send("")}>
          plain
        </button>
      </div>
      {way !== undefined && <Figures way={way} />}
    </form>
  );
}

function Figures(props: { readonly way: ImpairState }) {
  const w = props.way;
  const counts: readonly (readonly [string, number])[] = [
    ["waiting", w.waiting],
    ["lost", w.lost],
    ["found no room", w.full],
    ["dropped by CoDel", w.dropped],
    ["duplicated", w.duplicated],
    ["reordered", w.reordered],
    ["corrupted", w.corrupted],
    ["marked", w.marked],
  ];
  return (
    <dl data-testid="impaired">
      <dt>means</dt>
      <dd class="mono">{w.stages.join("; ")}</dd>
      <dt>entered</dt>
      <dd>{grouped(w.entered)}</dd>
      {counts.map(
        ([name, n]) =>
          n > 0 && (
            <>
              <dt>{name}</dt>
              <dd>
                {grouped(n)}
                {name === "lost" && w.entered > 0 && ` (${percent(n / w.entered)})`}
              </dd>
            </>
          ),
      )}
      {w.came > 0 && (
        <>
          <dt>came out</dt>
          <dd>
            {grouped(w.came)}, after {span(w.least)} to {span(w.longest)}, {span(w.mean)} in the mean
          </dd>
        </>
      )}
    </dl>
  );
}

/** A link that was unplugged: it can be plugged in again. */
export function Unplugged(props: { readonly id: string }) {
  const lab = useLab();
  const [a = "", b = ""] = props.id.split("|");
  const delay = lab.state.value.fabric.unplugged.get(props.id);
  return (
    <Frame title="This link is not there any more">
      {delay !== undefined && (
        <p>
          {a} and {b} were connected.{" "}
          <button
            type="button"
            data-testid="plug"
            disabled={!lab.live.value}
            onClick={() => void lab.send({ op: "plug", a, b, delay })}
          >
            plug it in again
          </button>
        </p>
      )}
    </Frame>
  );
}
