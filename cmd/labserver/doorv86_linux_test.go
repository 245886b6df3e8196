//go:build v86

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A machine of v86's, in JavaScript, joins a lab by a WebSocket door: it pings a node and a
// node pings it, and the run replays. It takes minutes: make door-v86.
func TestAV86GuestAtAWebSocketDoor(t *testing.T) {
	kernel, from := debian("i386")
	for card, drivers := range map[string]string{"ne2k": "ne2k-pci", "virtio": "virtio_pci virtio_net"} {
		t.Run(card, func(t *testing.T) {
			initrd := filepath.Join(t.TempDir(), "initrd.gz")
			if err := os.WriteFile(initrd, smallInitrd(t, from, guestFiles, guestScript(drivers)), 0o600); err != nil {
				t.Fatal(err)
			}
			l := openDoors(t, doorScenario("websocket", "stream"), nil, "--door", "websocket")
			relay := "ws" + strings.TrimPrefix(l.s.url, "http") + l.path + "/doors/s1.3"
			guest := startGuest(t, installed(t, "node"), "../../tools/v86/guest.mjs", relay, kernel, initrd, card)
			guest.says(t, "guest: up")
			guest.pinged(t)
			if said := l.at("alice", "ping", "-c", "3", "-i", "0.5", "10.0.0.9"); !strings.Contains(said, "3 packets received") {
				t.Errorf("alice pings the guest: %s", said)
			}
			l.same(8)
		})
	}
}
