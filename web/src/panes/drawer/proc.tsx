// A process in the drawer's bar: its state and figures, and what one can do to it.
import { useRef } from "preact/hooks";
import { bytes, grouped, percent } from "../../core/format";
import { endText } from "../../core/lives";
import { procSays, SPINS } from "../../core/says";
import { isAlive, procOf } from "../../core/select";
import type { ProcSpec } from "../../protocol/types";
import { useLab } from "../../ui/pane";

export function Proc(props: { readonly node: string; readonly spec: ProcSpec }) {
  const { node, spec } = props;
  const file = useRef<HTMLInputElement>(null);
  const lab = useLab();
  const view = lab.node(node);
  const p = procOf(view.now.value, spec.name);
  const says = procSays(p, spec.program);
  const alive = p !== undefined && isAlive(p);
  const doing = lab.programs.busy(node, spec.name);
  const off = !lab.live.value || doing !== undefined;
  const program = p?.program || spec.program;
  // A command that has ended is in no state any more.
  const life = p === undefined ? view.lives.value.findLast((l) => l.name === spec.name) : undefined;
  const known = lab.topology.value.nodes.some((n) => n.name === node && n.procs.some((x) => x.name === spec.name));
  const command = (op: "start" | "stop" | "kill"): void => {
    void lab.send({ op, node, proc: spec.name });
  };
  // The buttons come first: what stands behind them changes its length all the time.
  return (
    <>
      <div class="group">
        {alive || !known ? (
          <button
            type="button"
            disabled={off || !alive}
            onClick={() => command("stop")}
            title="SIGTERM"
            class="swap"
            data-testid="stop"
          >
            stop
          </button>
        ) : (
          <button
            type="button"
            disabled={off || program === ""}
            onClick={() => command("start")}
            class="swap"
            data-testid="start"
          >
            start
          </button>
        )}
        <button
          type="button"
          disabled={off || !alive}
          onClick={() => command("kill")}
          title="SIGKILL"
          data-testid="kill"
        >
          kill
        </button>
        {spec.slot && (
          <>
            <button
              type="button"
              disabled={off}
              onClick={() => file.current?.click()}
              title="Choose a WebAssembly program, or drop one here: it takes this one's place and is started"
              data-testid="upload"
            >
              upload .wasm
            </button>
            <input
              ref={file}
              type="file"
              accept=".wasm,application/wasm"
              hidden
              data-testid="file"
              onChange={(e) => {
                const chosen = e.currentTarget.files?.[0];
                // The same file may be chosen again after it was built anew.
                e.currentTarget.value = "";
                if (chosen !== undefined) void lab.programs.give(node, spec.name, chosen);
              }}
            />
          </>
        )}
      </div>
      <span class={`procstate ${says.tone}`} data-testid="proc-state">
        {life !== undefined ? endText(life) : p === undefined || p.state === "stopped" ? says.text : p.state}
        {p?.state === "sleeping" && p.wchan !== "" && <span class="dim"> on {p.wchan}</span>}
        {p?.exit !== undefined && !alive && (
          <span title={p.exit.why}>
            {" "}
            with code {p.exit.code}
            {p.exit.why !== "" && `: ${p.exit.why}`}
          </span>
        )}
      </span>
      {p !== undefined && (
        <span class="figures">
          <span>
            <span class="dim">fuel</span> {grouped(p.fuel)}
          </span>
          {alive && (
            <span
              class={p.cpu >= SPINS ? "hot" : ""}
              title={`Share of ${node}'s CPU over the last virtual second`}
              data-testid="cpu"
            >
              <span class="dim">CPU</span>{" "}
              <meter min={0} max={1} value={p.cpu} aria-label={`CPU share of ${spec.name}`} /> {percent(p.cpu)}
            </span>
          )}
          {alive && p.memory > 0 && (
            <span>
              <span class="dim">memory</span> {bytes(p.memory)}
            </span>
          )}
        </span>
      )}
      <span class="dim program" title="the program">
        {doing ?? (program === "" ? "no program yet: upload a .wasm" : program)}
      </span>
    </>
  );
}
