// Made from internal/protocol by internal/typescript. Change that, then run make protocol.

/** A MatchFrame is a frame, and what else a filter may ask for. */
export interface MatchFrame {
  readonly link: LinkType;
  readonly hex: string;
  /** bytes that it had, where hex has its beginning */
  readonly size: number;
  /** virtual nanoseconds */
  readonly at: number;
  /** where it was seen */
  readonly port: string;
}

/** A Reply answers a command. */
export interface Reply {
  readonly kind: "reply";
  readonly id: number;
  readonly ok: boolean;
  /** if ok */
  readonly result: unknown;
  /** a sentence, if not */
  readonly error: string;
}

/** A Bye is the last message of a server that says why. */
export interface Bye {
  readonly kind: "bye";
  readonly reason: string;
}

/** An ExecResult is the process that now runs in front. */
export interface ExecResult {
  readonly proc: string;
}

/** A TryResult is the process that now runs in front at a node, if a button gave its prompt a line. */
export interface TryResult {
  readonly node: string;
  readonly proc: string;
}

/** A DecodeResult is what a frame is made of. */
export interface DecodeResult {
  readonly fields: readonly Field[];
  readonly summary: Summary;
}

/** A TextResult is what a process wrote, as far as the log still has it. */
export interface TextResult {
  readonly parts: readonly TextPart[];
  /** the event to ask from for what follows; beyond To if nothing does */
  readonly next: number;
  /** events before Parts that are gone, of whatever kind */
  readonly missed: number;
}

/** A TextPart is what a process wrote at once, or several times in a row. */
export interface TextPart {
  readonly fd: number;
  readonly text: string;
}

/** A MatchResult is which frames a filter chooses. */
export interface MatchResult {
  /** 1 or 0 for each frame, of those that were looked at: ask again for the others */
  readonly matched: string;
}

/** A Batch is what happened from one event up to, but not with, another: shown, counted, or gone. In a message most of its events are in a member parts, in short: see [Part]. */
export interface Batch {
  readonly kind: "events";
  /** its number: the page says when it has taken it in */
  readonly n: number;
  readonly from: number;
  readonly next: number;
  /** events of the stretch that the server had no more */
  readonly missed: number;
  readonly events: readonly Event[];
}

/** A LabEvent begins a lab. */
export interface LabEvent {
  readonly kind: "lab";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  /** the scenario */
  readonly text: string;
  readonly seed: number;
}

/** A CommandEvent is something that came from outside. */
export interface CommandEvent {
  readonly kind: "command";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  readonly op: string;
  readonly node: string;
  readonly proc: string;
  readonly port: string;
  /** of the lab's loop, at which it was done */
  readonly step: number;
  /** the command, as JSON */
  readonly text: string;
  readonly frame: number;
  /** the beginning, if Size says so */
  readonly data: string;
  /** how many there are, if they are more than data has */
  readonly size: number;
}

/** A StartEvent begins a process. */
export interface StartEvent {
  readonly kind: "start";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  readonly node: string;
  readonly proc: string;
  readonly pid: number;
  /** the program's name */
  readonly text: string;
  /** the program's hash */
  readonly path: string;
}

/** An ExitEvent ends a process. */
export interface ExitEvent {
  readonly kind: "exit";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  readonly node: string;
  readonly proc: string;
  readonly pid: number;
  readonly code: number;
  /** "exit", "trap", "killed" or "limit" */
  readonly op: string;
  /** why */
  readonly text: string;
  readonly fuel: number;
}

/** A CallEvent is a system call that has returned. */
export interface CallEvent {
  readonly kind: "call";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  readonly node: string;
  readonly proc: string;
  readonly pid: number;
  /** its identity, 0 for no frame */
  readonly frame: number;
  /** seq of the event that has the members below */
  readonly as: number | undefined;
  /** the beginning, if Size says so */
  readonly data: string;
  /** how many there are, if they are more than data has */
  readonly size: number;
  /** what the frame begins with; "" is Ethernet where there is a sum */
  readonly link: LinkType | undefined;
  /** bytes of the driver's before the frame: the family of TUNSIFHEAD, or the address of TUNSLMODE */
  readonly head: number;
  readonly sum: Summary | undefined;
  readonly op: string;
  readonly fd: number;
  readonly path: string;
  /** bytes asked for */
  readonly len: number;
  readonly n: number;
  /** "" if it succeeded */
  readonly errno: string;
  /** virtual nanoseconds */
  readonly began: number;
  readonly fuel: number;
  readonly text: string;
}

/** A FrameEvent puts a frame on a link. */
export interface FrameEvent {
  readonly kind: "frame";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  /** its identity, 0 for no frame */
  readonly frame: number;
  /** seq of the event that has the members below */
  readonly as: number | undefined;
  /** the beginning, if Size says so */
  readonly data: string;
  /** how many there are, if they are more than data has */
  readonly size: number;
  /** what the frame begins with; "" is Ethernet where there is a sum */
  readonly link: LinkType | undefined;
  /** bytes of the driver's before the frame: the family of TUNSIFHEAD, or the address of TUNSLMODE */
  readonly head: number;
  readonly sum: Summary | undefined;
  /** the sender's */
  readonly port: string;
  /** the receiver's */
  readonly peer: string;
  /** "injected" or "output" if no node sent it */
  readonly op: string;
  /** virtual nanoseconds */
  readonly delay: number;
}

/** A DropEvent loses a frame. */
export interface DropEvent {
  readonly kind: "drop";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  /** its identity, 0 for no frame */
  readonly frame: number;
  /** seq of the event that has the members below */
  readonly as: number | undefined;
  /** the beginning, if Size says so */
  readonly data: string;
  /** how many there are, if they are more than data has */
  readonly size: number;
  /** what the frame begins with; "" is Ethernet where there is a sum */
  readonly link: LinkType | undefined;
  /** bytes of the driver's before the frame: the family of TUNSIFHEAD, or the address of TUNSLMODE */
  readonly head: number;
  readonly sum: Summary | undefined;
  readonly port: string;
  readonly node: string;
  /** why, a word */
  readonly op: string;
  /** why, a sentence */
  readonly text: string;
}

/** A LearnEvent puts an address into the table of a switch. */
export interface LearnEvent {
  readonly kind: "learn";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  /** the switch */
  readonly node: string;
  readonly port: string;
  /** the address */
  readonly text: string;
  /** 0 where the switch knows none */
  readonly vlan: number;
}

/** A ForgetEvent takes an address out of the table of a switch. */
export interface ForgetEvent {
  readonly kind: "forget";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  /** the switch */
  readonly node: string;
  readonly port: string;
  /** the address */
  readonly text: string;
  /** why: "aged", "moved", "port-down", "vlan-left", "flushed" or "topology-change" */
  readonly op: string;
  /** 0 where the switch knows none */
  readonly vlan: number;
}

/** An IfaceEvent changes an interface. */
export interface IfaceEvent {
  readonly kind: "iface";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  readonly node: string;
  readonly port: string;
  /** what changed */
  readonly op: string;
  /** a sentence */
  readonly text: string;
}

/** A ConsoleEvent is what a process wrote. It may stand for many events. */
export interface ConsoleEvent {
  readonly kind: "console";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  readonly node: string;
  readonly proc: string;
  readonly pid: number;
  readonly fd: number;
  readonly text: string;
  /** the bytes, if text can't tell them */
  readonly data: string;
  /** that this one stands for; 0 is this one alone */
  readonly events: number;
  /** the last of them */
  readonly to: number;
  /** what is left out behind text */
  readonly left: LeftText | undefined;
  /** what follows that */
  readonly tail: string;
}

/** LeftText is how much was left out: it came faster than people read. */
export interface LeftText {
  readonly lines: number;
  readonly bytes: number;
}

/** A SignalEvent posts a signal to a process. */
export interface SignalEvent {
  readonly kind: "signal";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  readonly node: string;
  readonly proc: string;
  readonly pid: number;
  /** its name */
  readonly op: string;
  /** what becomes of it */
  readonly text: string;
  readonly fuel: number;
}

/** A LogEvent is a message of a node's kernel. */
export interface LogEvent {
  readonly kind: "log";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  readonly node: string;
  readonly text: string;
}

/** A PanicEvent says that the real kernel would have panicked. */
export interface PanicEvent {
  readonly kind: "panic";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  readonly node: string;
  /** why */
  readonly text: string;
}

/** A LimitEvent says that a limit took effect. */
export interface LimitEvent {
  readonly kind: "limit";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  readonly node: string;
  readonly proc: string;
  readonly pid: number;
  readonly port: string;
  /** which */
  readonly op: string;
  /** a sentence */
  readonly text: string;
  /** the limit */
  readonly n: number;
  readonly fuel: number;
  readonly frame: number;
  /** the beginning, if Size says so */
  readonly data: string;
  /** how many there are, if they are more than data has */
  readonly size: number;
}

/** A StepEvent is a step of the scenario. */
export interface StepEvent {
  readonly kind: "step";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  /** its name */
  readonly op: string;
  /** a sentence */
  readonly text: string;
}

/** A CheckEvent is a check of the scenario that was decided. */
export interface CheckEvent {
  readonly kind: "check";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  /** its name */
  readonly op: string;
  /** a sentence */
  readonly text: string;
  readonly points: number;
  /** "" if it passed */
  readonly errno: string;
}

/** A TreeEvent is a change in the spanning tree of a switch. */
export interface TreeEvent {
  readonly kind: "tree";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  /** the switch */
  readonly node: string;
  readonly port: string;
  /** what: "state", "role", "root", "proposal", "agreement", "topology-change", "flush", "short-age", "guard" or "blocked" */
  readonly op: string;
  /** the new state, role or root; "sent" or "received"; why */
  readonly text: string;
  /** of a root the cost of the way there, of a flush how many addresses */
  readonly n: number;
}

/** A LeftEvent stands for events of one process, port or node that the server only counts: there were too many. Its seq is that of the first. */
export interface LeftEvent {
  readonly kind: "left";
  /** position in the lab's log */
  readonly seq: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  /** the kind of those events */
  readonly of: string;
  readonly node: string;
  readonly proc: string;
  readonly port: string;
  readonly fd: number;
  readonly events: number;
  readonly bytes: number;
  /** of text */
  readonly lines: number;
  /** the last of them */
  readonly to: number;
}

/** An OtherEvent is of a kind that the page does not know, because the server is newer. */
export interface OtherEvent {
  readonly kind: "other";
  readonly seq: number;
  readonly at: number;
  /** of its kind */
  readonly name: string;
  readonly node: string;
  readonly text: string;
}

/** A SwitchState is what has changed of a switch since the last state that told of it. */
export interface SwitchState {
  readonly switch: string;
  /** only there if it has changed */
  readonly now: SwitchNow | undefined;
  /** those that have changed */
  readonly ports: readonly PortState[];
}

/** A SwitchNow is what a switch is like, but for its ports. */
export interface SwitchNow {
  /** "standard" or "linux" */
  readonly dialect: string;
  readonly tree: TreeState | undefined;
  /** the first VLANs in which it knows addresses */
  readonly known: readonly VLANState[];
  /** how many others there are */
  readonly more: number;
}

/** A TreeState is what a switch knows of its spanning tree. */
export interface TreeState {
  /** "8000.025300010000" */
  readonly id: string;
  /** likewise */
  readonly root: string;
  /** of the way there; 0 at the root */
  readonly cost: number;
  /** "" at the root */
  readonly rootPort: string;
  /** it tells of a change of the topology */
  readonly changing: boolean;
  /** that it has detected or heard of */
  readonly changes: number;
  /** virtual nanoseconds, of the last of them */
  readonly changedAt: number;
}

/** A VLANState is how many addresses a switch knows in a VLAN. */
export interface VLANState {
  /** 0 where it knows no VLANs */
  readonly vlan: number;
  readonly addresses: number;
}

/** A PortLink is the link of a port. */
export type PortLink = "up" | "down" | "off";

/** A PortState is a port of a switch. */
export interface PortState {
  readonly port: string;
  readonly link: PortLink;
  /** "disabled", "discarding", "listening", "learning" or "forwarding" */
  readonly state: string;
  /** "" where there is no spanning tree; else "disabled", "root", "designated", "alternate" or "backup" */
  readonly role: string;
  readonly cost: number;
  /** "edge": nobody else speaks a spanning tree there; "stp": a neighbour makes it speak STP */
  readonly flags: readonly string[];
  /** why a guard has shut it */
  readonly guarded: string;
  /** the VLAN of an access port */
  readonly access: number;
  /** of a trunk: that of frames without a tag */
  readonly native: number;
  /** of a trunk: VLANs whose frames have a tag, as "10,20-30" */
  readonly tagged: string;
  /** others whose frames leave without one */
  readonly untagged: string;
  /** frames */
  readonly in: number;
  readonly out: number;
  readonly flooded: number;
  /** addresses */
  readonly learned: number;
  readonly moved: number;
  /** of the frames that came in */
  readonly dropped: readonly DropCount[];
}

/** A DropCount is how many frames were dropped for a reason. */
export interface DropCount {
  readonly why: string;
  readonly n: number;
}

/** An ImpairState is what is done to the frames that leave a port, in the words of tc netem. */
export interface ImpairState {
  readonly port: string;
  /** a text for each stage; none: the link is plain again */
  readonly words: readonly string[];
  /** what they mean, as tc shows it */
  readonly stages: readonly string[];
  readonly waiting: number;
  /** this and what follows: since the words were said */
  readonly entered: number;
  readonly lost: number;
  readonly marked: number;
  readonly duplicated: number;
  readonly corrupted: number;
  readonly reordered: number;
  /** that found no room in a queue */
  readonly full: number;
  /** by CoDel */
  readonly dropped: number;
  /** frames that came out, with copies */
  readonly came: number;
  /** nanoseconds that they took */
  readonly mean: number;
  readonly least: number;
  readonly longest: number;
}

/** A TableResult is the beginning of a switch's table. */
export interface TableResult {
  readonly entries: readonly TableEntry[];
  /** how many there are */
  readonly total: number;
}

/** A TableEntry is an address that a switch knows. */
export interface TableEntry {
  readonly mac: string;
  /** 0 where it knows no VLANs */
  readonly vlan: number;
  readonly port: string;
  /** virtual nanoseconds since the lab began */
  readonly seen: number;
  /** it does not age */
  readonly static: boolean;
}

/** A Hello is what a viewer is told first, each time that it connects. */
export interface Hello {
  readonly kind: "hello";
  readonly protocol: number;
  readonly lab: Lab;
  readonly topology: Topology;
  /** the oldest event that the server still has */
  readonly first: number;
  /** the event that it writes next */
  readonly next: number;
}

/** A Lab says which one it is. */
export interface Lab {
  readonly id: string;
  readonly scenario: string;
  readonly title: string;
  /** a text: it may be larger than what the page counts exactly */
  readonly seed: string;
  readonly version: string;
  /** Markdown */
  readonly brief: string;
  /** what is to be reached, a sentence; "" if the scenario says none */
  readonly goal: string;
  readonly tries: readonly Button[];
}

/** A Button is something that the scenario offers to do: the command "try" does it. */
export interface Button {
  /** its number, from 1 */
  readonly n: number;
  /** what stands on it */
  readonly label: string;
  /** what to look at then, a sentence; "" if nothing is said */
  readonly look: string;
  /** what it does, in words */
  readonly says: string;
  /** whose prompt it gives a line, "" if none */
  readonly node: string;
  /** it was done when the lab began */
  readonly auto: boolean;
}

/** A Topology is what a lab is made of, as its scenario has it. */
export interface Topology {
  readonly nodes: readonly Node[];
  readonly switches: readonly Switch[];
  readonly links: readonly Link[];
  readonly doors: readonly Door[];
}

/** A Door is a port of a switch whose cable leads out of the lab. Its other end is called "door:" and the port. */
export interface Door {
  readonly port: string;
  /** what a peer there speaks: "websocket" */
  readonly kind: string;
}

/** A Node is a machine. */
export interface Node {
  readonly name: string;
  /** whose drivers it has: "freebsd" */
  readonly dialect: string;
  readonly ifaces: readonly Iface[];
  readonly procs: readonly ProcSpec[];
}

/** An IfaceKind is what an interface is. */
export type IfaceKind = "nic" | "tap" | "tun";

/** An Iface is an interface of a node. */
export interface Iface {
  readonly name: string;
  readonly kind: IfaceKind;
  /** "" of a tun */
  readonly mac: string;
  readonly addresses: readonly string[];
  /** the other end of its link, "" if it is plugged into nothing */
  readonly port: string;
}

/** A ProcSpec is a process that the scenario has. */
export interface ProcSpec {
  readonly name: string;
  readonly argv: readonly string[];
  /** it takes an uploaded program */
  readonly slot: boolean;
  /** the name of its file, "" if there is none yet */
  readonly program: string;
}

/** A Switch joins links. */
export interface Switch {
  readonly name: string;
  readonly ports: readonly string[];
}

/** A Link is a cable between two ports. */
export interface Link {
  readonly a: string;
  readonly b: string;
  /** one way, in virtual nanoseconds */
  readonly delay: number;
}

/** People says who is at a lab that is a student's bench: it comes after the hello, and when it has changed. */
export interface People {
  readonly kind: "people";
  readonly type: string;
  /** the names of the staff who look at it now */
  readonly watching: readonly string[];
  /** the name of who asks to type in it */
  readonly asks: string;
  /** the name of who may type in it, besides the student */
  readonly helper: string;
  /** what this viewer may do */
  readonly may: Rights;
}

/** Rights are what a viewer may do with a lab. */
export type Rights = "watch" | "type";

/** A LinkType is what a frame begins with. */
export type LinkType = "ethernet" | "raw" | "null";

/** A Status is what a lab is like at an instant. */
export interface Status {
  readonly kind: "state";
  /** its number: the page says when it has taken it in */
  readonly n: number;
  /** virtual nanoseconds since the lab began */
  readonly at: number;
  readonly rate: Rate;
  readonly paused: boolean;
  /** how far virtual time is behind, in nanoseconds of real time */
  readonly lag: number;
  /** real time that it was too far behind to catch up with, likewise */
  readonly slipped: number;
  /** of the lab's loop */
  readonly steps: number;
  readonly ended: boolean;
  /** why it has ended, a sentence */
  readonly why: string;
  readonly procs: readonly ProcStatus[];
  readonly ifaces: readonly IfaceStatus[];
  readonly viewers: number;
  /** only there if it lacks something */
  readonly capture: Capture | undefined;
  /** only there if the lab has doors */
  readonly doors: readonly DoorStatus[];
  /** only there if it has changed since the last state */
  readonly nodes: readonly NodeStatus[] | undefined;
  readonly drops: Drops;
  readonly links: readonly Link[] | undefined;
  readonly switches: readonly SwitchState[] | undefined;
  readonly impaired: readonly ImpairState[] | undefined;
}

/** A Rate is how many virtual seconds a real second has; 0 is as fast as it goes. */
export type Rate = 1 | 10 | 0;

/** A Capture says what the lab's capture lacks. */
export interface Capture {
  /** frames that the server's disk did not take */
  readonly missing: number;
  /** why it takes none now; "" if it does again */
  readonly why: string;
}

/** A DoorStatus is a door of the lab, into which a peer from outside may be plugged. */
export interface DoorStatus {
  readonly port: string;
  /** what the peer speaks: "websocket" */
  readonly kind: string;
  /** where it connects to, if that is not the lab's address */
  readonly at: string;
  /** why nobody can, a sentence */
  readonly shut: string;
  /** who is there */
  readonly by: string;
  /** why the last one went */
  readonly last: string;
  /** frames */
  readonly in: number;
  readonly out: number;
  /** frames that were lost at the door, by reason */
  readonly dropped: { readonly [name: string]: number };
}

/** Drops are what this viewer was not shown. */
export interface Drops {
  /** that were gone from the log */
  readonly events: number;
  /** that were only counted */
  readonly left: number;
}

/** A ProcState is what a process does. */
export type ProcState = "running" | "ready" | "sleeping" | "exited" | "stopped";

/** A ProcStatus is a process at an instant. */
export interface ProcStatus {
  readonly node: string;
  readonly proc: string;
  readonly pid: number;
  /** of the process that started it; 0 for the lab and the node's prompt */
  readonly ppid: number;
  readonly state: ProcState;
  /** where it sleeps */
  readonly wchan: string;
  readonly fuel: number;
  /** share of its node's CPU over the last second of virtual time, 0 to 1 */
  readonly cpu: number;
  /** bytes */
  readonly memory: number;
  /** the name of its file */
  readonly program: string;
  /** bytes that it wrote to its console and that were dropped */
  readonly dropped: number;
  readonly exit: Exit | undefined;
}

/** An Exit is how a process ended. */
export interface Exit {
  readonly code: number;
  /** "exit", "trap", "killed" or "limit" */
  readonly how: string;
  readonly why: string;
}

/** An IfaceStatus is an interface at an instant. */
export interface IfaceStatus {
  readonly port: string;
  readonly kind: IfaceKind;
  readonly mac: string;
  readonly mtu: number;
  /** as ifconfig has them: "10.0.0.1/24", "10.8.0.1 --> 10.8.0.2" */
  readonly addresses: readonly string[];
  readonly flags: readonly string[];
  /** "up" or "down" */
  readonly link: string;
  /** packets in its send queue, and how many that takes */
  readonly qlen: number;
  readonly qmax: number;
  /** by the names that netstat(1) has */
  readonly counters: { readonly [name: string]: number };
}

/** A NodeStatus is how a node passes packets on. */
export interface NodeStatus {
  readonly node: string;
  readonly forward: boolean;
  readonly forward6: boolean;
  readonly routes: readonly Route[];
}

/** A Route is a line of netstat -rn. */
export interface Route {
  readonly to: string;
  /** the gateway, "" if the destination is on the interface itself */
  readonly via: string;
  readonly dev: string;
  readonly flags: string;
}

/** A Summary is a frame in one line. */
export interface Summary {
  /** the innermost protocol: "ARP", "ICMP", "TCP", ... */
  readonly proto: string;
  /** IP address, or MAC where there is none */
  readonly src: string;
  /** likewise */
  readonly dst: string;
  /** "echo request id 7 seq 12" */
  readonly info: string;
  /** what is malformed or has a bad checksum; "" when nothing is */
  readonly bad: string;
}

/** A Field is a protocol layer or a field in one, with its place in the frame. */
export interface Field {
  /** Wireshark's display-filter name: "eth.dst", "arp.opcode"; of a layer "eth", "arp" */
  readonly name: string;
  /** "Destination" */
  readonly label: string;
  /** as [Build] and [NewWant] take it: "02:00:00:00:00:01", "0x0800", "64"; of long bytes only the start */
  readonly value: string;
  /** what the value means: "IPv4", "echo request" */
  readonly text: string;
  /** first byte in the frame */
  readonly off: number;
  /** bytes */
  readonly len: number;
  /** what is wrong with it: "should be 0x1c2d" */
  readonly bad: string;
  /** a display filter that chooses frames with this value, or with this layer */
  readonly filter: string;
  /** the fields of a layer, the bits of a field */
  readonly fields: readonly Field[];
}

export type Message = Hello | Batch | Status | Reply | Bye | People;

export type Event =
  | LabEvent
  | CommandEvent
  | StartEvent
  | ExitEvent
  | CallEvent
  | FrameEvent
  | DropEvent
  | LearnEvent
  | ForgetEvent
  | IfaceEvent
  | ConsoleEvent
  | SignalEvent
  | LogEvent
  | PanicEvent
  | LimitEvent
  | StepEvent
  | CheckEvent
  | TreeEvent
  | LeftEvent
  | OtherEvent;

export type Command =
  | { readonly op: "pause" }
  | { readonly op: "resume" }
  | { readonly op: "rate"; readonly rate: Rate }
  | { readonly op: "step" }
  | { readonly op: "start"; readonly node: string; readonly proc: string }
  | { readonly op: "stop"; readonly node: string; readonly proc: string }
  | { readonly op: "kill"; readonly node: string; readonly proc: string }
  | { readonly op: "exec"; readonly node: string; readonly line: string }
  | { readonly op: "try"; readonly n: number }
  | { readonly op: "stdin"; readonly node: string; readonly proc: string; readonly text: string }
  | { readonly op: "decode"; readonly link: LinkType; readonly hex: string }
  | { readonly op: "text"; readonly node: string; readonly proc: string; readonly from: number; readonly to: number }
  | { readonly op: "port"; readonly port: string; readonly link: string }
  | {
      readonly op: "vlan";
      readonly port: string;
      readonly access: number;
      readonly native: number;
      readonly trunk: string;
    }
  | { readonly op: "impair"; readonly port: string; readonly way: string; readonly words: readonly string[] }
  | { readonly op: "plug"; readonly a: string; readonly b: string; readonly delay: number }
  | { readonly op: "unplug"; readonly port: string }
  | { readonly op: "table"; readonly switch: string; readonly vlan: number }
  | { readonly op: "match"; readonly filter: string; readonly frames: readonly MatchFrame[] };
