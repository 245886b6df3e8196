// The drawer: the selected thing, what it does, and what one can do to it.
import { useLab } from "../../ui/pane";
import { Frame } from "./frame";
import { LinkDrawer, Unplugged } from "./link";
import { NodeDrawer } from "./node";
import { SwitchDrawer } from "./switch";

export function Drawer() {
  const lab = useLab();
  const t = lab.selection.thing.value;
  if (t === undefined) {
    return (
      <Frame title="Nothing selected">
        Choose a node, a program, a switch or a link in the topology to see it here.
      </Frame>
    );
  }
  switch (t.kind) {
    case "switch":
      return <SwitchDrawer name={t.name} />;
    case "link": {
      const e = lab.graph.value.edges.find((x) => x.id === t.id);
      return e === undefined ? <Unplugged id={t.id} /> : <LinkDrawer edge={e} />;
    }
    case "node":
    case "proc":
    case "iface": {
      const node = lab.topology.value.nodes.find((n) => n.name === t.node);
      if (node === undefined) return <Frame title={`${t.node} is not there any more`} />;
      const specs = lab.node(node.name).specs.value;
      const proc = t.kind === "proc" ? specs.find((p) => p.name === t.proc) : (specs.find((p) => p.slot) ?? specs[0]);
      const iface = t.kind === "iface" ? t.iface : node.ifaces[0]?.name;
      return <NodeDrawer key={node.name} node={node} proc={proc} iface={iface} specs={specs} />;
    }
    default:
      return t satisfies never;
  }
}
