// A machine of v86's, whose network is a WebSocket and whose serial line is standard output:
//
//   node guest.mjs RELAY KERNEL INITRD [CARD]
//
// The BIOS, which is not in v86's package, is that of Debian's package seabios. CARD is ne2k or virtio.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { V86 } from "v86";
import { WebSocket } from "ws";

globalThis.WebSocket = WebSocket; // of a browser, which Node has from 22 on

const [relay, kernel, initrd, card = "ne2k"] = process.argv.slice(2);
const file = (path) => {
  const b = readFileSync(path);
  return { buffer: b.buffer.slice(b.byteOffset, b.byteOffset + b.byteLength) };
};

const machine = new V86({
  wasm_path: fileURLToPath(import.meta.resolve("v86/build/v86.wasm")),
  bios: file("/usr/share/seabios/bios.bin"),
  vga_bios: file("/usr/share/seabios/vgabios-stdvga.bin"),
  bzimage: file(kernel),
  initrd: file(initrd),
  cmdline: "console=ttyS0 rdinit=/wireloom quiet tsc=reliable mitigations=off random.trust_cpu=on",
  memory_size: 128 << 20,
  net_device: { type: card, relay_url: relay },
  disable_speaker: true,
  autostart: true,
});
machine.add_listener("serial0-output-byte", (b) => process.stdout.write(String.fromCharCode(b)));
