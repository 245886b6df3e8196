import type { LabSession } from "../../session/session";
import type { Pane } from "../../ui/pane";
import { RATES } from "./rates";
import { TimeBar } from "./timebar";

export const timebar: Pane = {
  id: "timebar",
  title: "time bar",
  component: TimeBar,
  keys: [
    { shown: "Space", does: "pause, or run on", presses: [" "], run: (lab) => lab.togglePause() },
    { shown: ".", does: "step: one event", presses: ["."], run: (lab) => void lab.step() },
    {
      shown: RATES.map((r) => r.key).join("  "),
      does: "speed: 1x, 10x, as fast as it goes",
      presses: RATES.map((r) => r.key),
      run: setRate,
    },
  ],
};

function setRate(lab: LabSession, press: string): void {
  const chosen = RATES.find((r) => r.key === press);
  if (chosen !== undefined) void lab.send({ op: "rate", rate: chosen.rate });
}
