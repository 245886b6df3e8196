// Draws what flies, over the topology. Colours are the style sheet's.
import type { Dot } from "../../core/flight";
import { edgeId, type Point } from "../../core/graph";
import type { Ends } from "../../core/plan";

/** byPort finds the end of a link that a port is. */
export function byPort(ends: Iterable<Ends>): ReadonlyMap<string, readonly [number, number]> {
  const out = new Map<string, readonly [number, number]>();
  for (const e of ends) {
    out.set(e.a, [e.ax, e.ay]);
    out.set(e.b, [e.bx, e.by]);
  }
  return out;
}

/** drawFlight draws all dots at a real time, zoom times as small. Still: for who asked for less motion, dots wait half-way. */
export function drawFlight(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  zoom: number,
  dots: readonly Dot[],
  ends: ReadonlyMap<string, Ends>,
  ports: ReadonlyMap<string, readonly [number, number]>,
  now: number,
  chosen: number,
  still: boolean,
): void {
  const scale = devicePixelRatio;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const c = canvas.getContext("2d");
  if (c === null) return;
  c.setTransform(scale / zoom, 0, 0, scale / zoom, 0, 0);
  c.clearRect(0, 0, width * zoom, height * zoom);
  if (dots.length === 0) return;
  const style = getComputedStyle(canvas);
  const colours = new Map<string, string>();
  const colour = (name: string): string => {
    let v = colours.get(name);
    if (v === undefined) {
      v = style.getPropertyValue(name).trim();
      colours.set(name, v);
    }
    return v;
  };
  const around = colour("--bg");
  for (const d of dots) {
    if (d.kind === "drop") {
      drawDrop(c, ports.get(d.port), colour("--bad"));
      continue;
    }
    const e = ends.get(edgeId(d.port, d.peer));
    if (e === undefined) continue;
    const k = still ? 0.5 : (now - d.start) / (d.end - d.start);
    const f = e.a === d.port ? k : 1 - k;
    const x = e.ax + (e.bx - e.ax) * f;
    const y = e.ay + (e.by - e.ay) * f;
    const on = chosen !== 0 && d.frame === chosen;
    c.beginPath();
    c.arc(x, y, on ? 8 : 6, 0, 2 * Math.PI);
    c.fillStyle = colour(`--p-${d.proto}`);
    c.fill();
    c.lineWidth = 2;
    c.strokeStyle = on ? colour("--accent") : around;
    c.stroke();
  }
}

/** A drop is a cross at the port where it was. */
function drawDrop(c: CanvasRenderingContext2D, at: readonly [number, number] | undefined, colour: string): void {
  if (at === undefined) return;
  const [x, y] = at;
  c.beginPath();
  c.moveTo(x - 6, y - 6);
  c.lineTo(x + 6, y + 6);
  c.moveTo(x + 6, y - 6);
  c.lineTo(x - 6, y + 6);
  c.lineWidth = 2.5;
  c.strokeStyle = colour;
  c.stroke();
}

/** dotPlace is where a dot is at a real time, undefined for what is on no link. */
export function dotPlace(dot: Dot, ends: ReadonlyMap<string, Ends>, now: number): Point | undefined {
  for (const e of ends.values()) {
    if ((e.a === dot.port && e.b === dot.peer) || (e.b === dot.port && e.a === dot.peer)) {
      const k = (now - dot.start) / (dot.end - dot.start);
      const f = e.a === dot.port ? k : 1 - k;
      return { x: e.ax + (e.bx - e.ax) * f, y: e.ay + (e.by - e.ay) * f };
    }
  }
  return undefined;
}
