package opcua

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
	"sluice/tests/servers"
)

func discover(ctx context.Context, d *Driver) (list []driver.Discovered, err error) {
	err = d.Discover(ctx, func(f driver.Discovered) { list = append(list, f) })
	return list, err
}

// A server that is found becomes a device with the best security there is; once
// it is one, it is not found again. One that is away keeps no other from it.
func discoverPeer(t *testing.T, peer *servers.OPCUA) {
	gone := "opc.tcp://" + freeAddress(t)
	o := patient
	o.PKI, o.Config = newPKI(t, peer.Certificate), map[string]string{discoveryServers: fmt.Sprintf("%s, %s %[2]s", gone, peer.Endpoint()), "PKI": "./pki"}
	d := newDriver(t, o)
	list, err := discover(t.Context(), d)
	if len(list) != 1 || err == nil || !strings.HasPrefix(err.Error(), "discovery: "+gone+": ") || strings.Contains(err.Error(), peer.Endpoint()) {
		t.Fatalf("%+v, %v", list, err)
	}
	f := list[0]
	properties := f.Protocols[Protocol]
	if f.Name != fmt.Sprintf("opcua-127-0-0-1-%d", peer.Port) || properties[endpointProperty] != peer.Endpoint() || properties[applicationURIProperty] != "urn:peer" ||
		properties[policyProperty] == noSecurity || properties[modeProperty] != "SignAndEncrypt" || properties[applicationNameProperty] == "" {
		t.Errorf("%+v", f)
	}
	if err := d.Validate(f.Device, nil); err != nil {
		t.Error(err)
	}
	add(t, d, driver.Device{Name: "dev", Protocols: f.Protocols})
	if r := mustRead(t, d, "dev", pressure)[0]; r.Err != nil {
		t.Error(r.Err)
	}
	if list, _ = discover(t.Context(), d); len(list) != 0 {
		t.Errorf("found again: %+v", list)
	}
}

func TestDiscoveryIsCancelled(t *testing.T) {
	p := newPlant(t, 0, answerOf{"Word": uint16(1)})
	p.Silence(true)
	o := patient
	o.Config = map[string]string{discoveryServers: p.endpoint()}
	d := newDriver(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() {
		_, err := discover(ctx, d)
		result <- err
	}()
	await(t, "a connection", func() bool { return p.accepted.Load() > 0 })
	cancel()
	p.Silence(false) // the library's handshake does not end before
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestDiscoverySaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		config map[string]string
		want   string
	}{
		{nil, "discovery: nobody to ask; set Driver.DiscoveryServers to addresses"},
		{map[string]string{"DiscoveryServer": "x"}, `unknown key Driver.DiscoveryServer. Did you mean "DiscoveryServers"?`},
		{map[string]string{discoveryServers: "http://x"}, `address 1 in Driver.DiscoveryServers: scheme "http" is not supported`},
		{map[string]string{discoveryServers: strings.Repeat("opc.tcp://a ", mostAsked+1)}, "101 servers in Driver.DiscoveryServers; 100 are the most"},
	} {
		if _, err := discover(t.Context(), newDriver(t, Options{Config: c.config})); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.config, err)
		}
	}
}

// A discovery server tells of several; it is none of them.
func TestAddressOfAServer(t *testing.T) {
	const asked = "opc.tcp://10.0.0.5:4840"
	for _, c := range []struct {
		kind ua.ApplicationType
		urls []string
		of   int
		want string
	}{
		{ua.ApplicationTypeServer, []string{"opc.tcp://PLC:4840"}, 1, asked},
		{ua.ApplicationTypeServer, []string{"opc.tcp://PLC:4840"}, 2, "opc.tcp://PLC:4840"},
		{ua.ApplicationTypeClientAndServer, []string{"https://PLC:443", "opc.tcp://PLC:4841/A"}, 2, "opc.tcp://PLC:4841/A"},
		{ua.ApplicationTypeServer, []string{"opc.tcp://PLC:4840", asked}, 2, asked},
		{ua.ApplicationTypeServer, []string{"https://PLC:443"}, 2, ""},
		{ua.ApplicationTypeDiscoveryServer, []string{asked}, 1, ""},
		{ua.ApplicationTypeClient, nil, 2, ""},
	} {
		if got := addressOf(&ua.ApplicationDescription{ApplicationType: c.kind, DiscoveryURLs: c.urls}, asked, c.of); got != c.want {
			t.Errorf("%v %v: %q, want %q", c.kind, c.urls, got, c.want)
		}
	}
	for address, want := range map[string]string{asked: "opcua-10-0-0-5-4840", "opc.tcp://[fe80::1]:4840/": "opcua--fe80--1--4840", "opc.tcp://PLC:4841/UA/A": "opcua-PLC-4841-UA-A"} {
		if got := deviceName(address); got != want {
			t.Errorf("%s is named %q, want %q", address, got, want)
		}
	}
}

func FuzzParseDiscovery(f *testing.F) {
	f.Add("opc.tcp://a:4840, opc.tcp://b")
	f.Add("http://a")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parseDiscovery(map[string]string{discoveryServers: text})
		if (err == nil) != (len(list) > 0) || len(list) > mostAsked {
			t.Errorf("%q: %v, %v", text, list, err)
		}
		for _, address := range list {
			if deviceName(address) == "" {
				t.Errorf("%q has no name", address)
			}
		}
	})
}
