package opcua

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/device-service/internal/driver"
	"sluice/tests/servers"
)

func TestDefaults(t *testing.T) {
	defaults := Defaults{DeviceName: "one", Policy: "Basic256", Mode: "Sign", Writable: Writable{Resources: "A,B"}}
	for _, tc := range []struct {
		name        string
		given, want map[string]any
	}{
		{"one", map[string]any{"Endpoint": "e"}, map[string]any{"Endpoint": "e", "Policy": "Basic256", "Mode": "Sign", "Resources": "A,B"}},
		{"one", map[string]any{"Mode": "None", "Resources": "*"}, map[string]any{"Mode": "None", "Resources": "*"}},
		{"two", map[string]any{"Endpoint": "e"}, map[string]any{"Endpoint": "e"}},
	} {
		got := defaults.apply(driver.Device{Name: tc.name, Protocols: map[string]map[string]any{Protocol: tc.given}})
		if diff := cmp.Diff(tc.want, got.Protocols[Protocol]); diff != "" {
			t.Errorf("%s %v: %s", tc.name, tc.given, diff)
		}
	}
	var none Defaults
	if got := none.apply(driver.Device{Name: ""}); got.Protocols != nil {
		t.Errorf("%+v", got)
	}
}

// What the section subscribes to changes while the service runs.
func setWritable(t *testing.T, peer *servers.OPCUA) {
	peer.Tell(t, "counters 2")
	o := brisk
	o.Defaults = Defaults{DeviceName: "one", Writable: Writable{Resources: "C0,Gone"}}
	d := newDriver(t, o)
	if err := d.SetWritable(Writable{Resources: "C0,Gone"}); err != nil {
		t.Errorf("without the device: %v", err)
	}
	dev := fast("one", peer.Endpoint())
	delete(dev.Protocols[Protocol], resourcesProperty)
	resources := counters(2)
	if err := d.Validate(dev, resources); err != nil {
		t.Errorf("the section is no fault of the device: %v", err)
	}
	b := subscribeTo(t, d, dev, resources)
	if b.logged(`the profile has no resource \"Gone\"`) != 1 {
		t.Error("a resource that there is not is not logged")
	}
	b.awaitCount(t, resources[:1], stepTo(t, peer, 1))
	if err := d.SetWritable(Writable{Resources: "C1"}); err != nil {
		t.Fatal(err)
	}
	b.awaitCount(t, resources[1:], stepTo(t, peer, 1))
	if got := peer.Tell(t, "items"); got != "1" {
		t.Errorf("%s items", got)
	}
}

// The service shows the certificate that it is given, and makes none.
func TestCertificateFromElsewhere(t *testing.T) {
	elsewhere := NewPKI(t.TempDir(), ApplicationURI)
	want, _, err := elsewhere.own()
	if err != nil {
		t.Fatal(err)
	}
	pki := NewPKI(t.TempDir(), ApplicationURI)
	pki.Use(filepath.Join(elsewhere.dir, "own", "cert.pem"), filepath.Join(elsewhere.dir, "own", "key.pem"))
	if got, _, err := pki.own(); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v", err)
	}
	missing := NewPKI(t.TempDir(), ApplicationURI)
	missing.Use(filepath.Join(t.TempDir(), "cert.pem"), "")
	if _, _, err := missing.own(); err == nil {
		t.Error("a certificate that is not there was taken")
	}
	for _, p := range []*PKI{pki, missing} {
		if _, err := os.Stat(filepath.Join(p.dir, "own")); err == nil {
			t.Error("a certificate was made")
		}
	}
}
