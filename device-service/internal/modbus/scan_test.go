package modbus

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestScan(t *testing.T) {
	s, err := parseScan(map[string]string{scanHosts: "10.0.0.0/30 plc-7, 10.0.1.254-10.0.2.1 plc-7 ::1", scanPorts: "502 1502-1503", scanUnits: "1-3, 247", scanTimeout: "300ms", scanFraming: "RTU",
		"AutoDown": "1m"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{1, 2, 3, 247}; !slices.Equal(s.units, want) || s.timeout != 300*time.Millisecond || s.scheme != schemeRTU {
		t.Errorf("%+v", s)
	}
	var want []string
	for _, host := range []string{"10.0.0.1", "10.0.0.2", "plc-7", "10.0.1.254", "10.0.1.255", "10.0.2.0", "10.0.2.1", "[::1]"} {
		for _, port := range []int{502, 1502, 1503} {
			want = append(want, fmt.Sprint(host, ":", port))
		}
	}
	if !slices.Equal(s.endpoints, want) {
		t.Errorf("endpoints %v", s.endpoints)
	}
	s, err = parseScan(map[string]string{scanHosts: "10.0.0.4/31"})
	if err != nil || !slices.Equal(s.endpoints, []string{"10.0.0.4:502", "10.0.0.5:502"}) || !slices.Equal(s.units, []int{1}) || s.timeout != time.Second || s.scheme != schemeTCP {
		t.Errorf("defaults %+v, %v", s, err)
	}
}

func TestBadScan(t *testing.T) {
	with := func(key, value string) map[string]string {
		return map[string]string{scanHosts: "plc", key: value}
	}
	for _, c := range []struct {
		config map[string]string
		want   string
	}{
		{nil, `configuration Driver.DiscoveryHosts says nowhere to look; set it to addresses such as "192.168.0.0/24 plc-7 10.0.0.10-10.0.0.19"`},
		{with("DiscoveryHost", "x"), `configuration Driver.DiscoveryHost is unknown. Did you mean "DiscoveryHosts"?`},
		{with(scanHosts, "10.0.0/24"), `configuration Driver.DiscoveryHosts: "10.0.0/24" is no network such as 192.168.0.0/24`},
		{with(scanHosts, "10.0.0.9-10.0.0.1"), `configuration Driver.DiscoveryHosts: "10.0.0.9-10.0.0.1" is no range such as 10.0.0.10-10.0.0.19`},
		{with(scanHosts, "10.0.0.9-plc"), `configuration Driver.DiscoveryHosts: "10.0.0.9-plc" is no range such as 10.0.0.10-10.0.0.19`},
		{with(scanHosts, "plc:502"), `configuration Driver.DiscoveryHosts: "plc:502" is neither a host name nor an IP address; ports stand in Driver.DiscoveryPorts`},
		{with(scanHosts, "10.0.0.0/8"), `configuration Driver.DiscoveryHosts: "10.0.0.0/8" has more than 4096 addresses`},
		{with(scanHosts, "::1-ffff::"), `configuration Driver.DiscoveryHosts: "::1-ffff::" has more than 4096 addresses`},
		{map[string]string{scanHosts: "10.0.0.0/22", scanPorts: "1-9"}, `configuration Driver.DiscoveryHosts: 9198 endpoints; 4096 are the most`},
		{with(scanPorts, "0"), `configuration Driver.DiscoveryPorts: 0 is not between 1 and 65535`},
		{with(scanUnits, "1-256"), `configuration Driver.DiscoveryUnits: 256 is not between 0 and 255`},
		{with(scanUnits, "9-1"), `configuration Driver.DiscoveryUnits: "9-1" begins behind its end`},
		{with(scanTimeout, "5000"), `configuration Driver.DiscoveryTimeout: 5000 is too long; a plain number is in seconds, a text such as "500ms" has its unit`},
		{with(scanTimeout, "0"), `configuration Driver.DiscoveryTimeout: must be above 0`},
		{with(scanFraming, "ascii"), `configuration Driver.DiscoveryFraming: unknown framing "ascii"; it is tcp or rtu`},
	} {
		if _, err := parseScan(c.config); err == nil || err.Error() != c.want {
			t.Errorf("%v:\n got %v\nwant %s", c.config, err, c.want)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("10.0.0.0/24 plc-7 10.0.0.10-10.0.0.19", "502", "1-10", "1s")
	f.Add("::/120 ::1-::9", "1-65535", "", "500ms")
	f.Fuzz(func(t *testing.T, hosts, ports, units, timeout string) {
		s, err := parseScan(map[string]string{scanHosts: hosts, scanPorts: ports, scanUnits: units, scanTimeout: timeout})
		if err != nil {
			return
		}
		if len(s.endpoints) > mostEndpoints || len(s.units) > 256 || s.timeout <= 0 {
			t.Fatalf("%d endpoints, %d units, %v", len(s.endpoints), len(s.units), s.timeout)
		}
		for _, e := range s.endpoints {
			if d := s.device(e, 1); strings.ContainsAny(d.Name, ".:/+#") && !strings.ContainsAny(hosts, "/+#") {
				t.Fatalf("name %q", d.Name)
			}
		}
	})
}
