package modbus

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/sqlengine/diag"
)

// The keys of the configuration that say where to look for devices.
const (
	scanHosts   = "DiscoveryHosts"
	scanPorts   = "DiscoveryPorts"
	scanUnits   = "DiscoveryUnits"
	scanTimeout = "DiscoveryTimeout"
	scanFraming = "DiscoveryFraming"
)

var scanKeys = []string{scanHosts, scanPorts, scanUnits, scanTimeout, scanFraming}

// A discovery looks at so many endpoints at most: more is a mistake, and an
// attack in the eyes of others.
const mostEndpoints = 4096

// Defaults of a discovery. Many devices answer for every unit, so that only one
// is tried.
const (
	defaultScanUnits   = "1"
	defaultScanTimeout = time.Second
	longestScanTimeout = 30 * time.Second
)

// scan says where to look for devices.
type scan struct {
	endpoints []string // host:port
	units     []int
	timeout   time.Duration // of connecting, and of a request
	scheme    string        // schemeTCP or schemeRTU
}

// parseScan reads where to look from the configuration of the driver. Keys of
// other things stand beside it.
func parseScan(config map[string]string) (scan, error) {
	for _, key := range slices.Sorted(maps.Keys(config)) {
		if strings.HasPrefix(key, "Discovery") && !slices.Contains(scanKeys, key) {
			return scan{}, fmt.Errorf("configuration Driver.%s is unknown. %s", key, diag.DidYouMean(key, scanKeys))
		}
	}
	if strings.TrimSpace(config[scanHosts]) == "" {
		return scan{}, errors.New("configuration Driver." + scanHosts + " says nowhere to look; set it to addresses such as \"192.168.0.0/24 plc-7 10.0.0.10-10.0.0.19\"")
	}
	s := scan{scheme: schemeTCP, timeout: defaultScanTimeout}
	hosts, err := each(config[scanHosts], hostsOf)
	if err != nil {
		return scan{}, fmt.Errorf("configuration Driver.%s: %w", scanHosts, err)
	}
	ports, err := each(otherwise(config[scanPorts], strconv.Itoa(defaultPort)), numbers(1, 65535))
	if err != nil {
		return scan{}, fmt.Errorf("configuration Driver.%s: %w", scanPorts, err)
	}
	if s.units, err = each(otherwise(config[scanUnits], defaultScanUnits), numbers(0, 255)); err != nil {
		return scan{}, fmt.Errorf("configuration Driver.%s: %w", scanUnits, err)
	}
	if len(hosts)*len(ports) > mostEndpoints {
		return scan{}, fmt.Errorf("configuration Driver.%s: %d endpoints; %d are the most", scanHosts, len(hosts)*len(ports), mostEndpoints)
	}
	if t := config[scanTimeout]; t != "" {
		if s.timeout, err = duration(t, longestScanTimeout); err == nil && s.timeout <= 0 {
			err = errors.New("must be above 0")
		}
		if err != nil {
			return scan{}, fmt.Errorf("configuration Driver.%s: %w", scanTimeout, err)
		}
	}
	switch strings.ToLower(config[scanFraming]) {
	case "", "tcp":
	case "rtu":
		s.scheme = schemeRTU
	default:
		return scan{}, fmt.Errorf("configuration Driver.%s: unknown framing %q; it is tcp or rtu", scanFraming, config[scanFraming])
	}
	for _, host := range hosts {
		for _, port := range ports {
			s.endpoints = append(s.endpoints, net.JoinHostPort(host, strconv.Itoa(port)))
		}
	}
	return s, nil
}

func otherwise(text, fallback string) string {
	if strings.TrimSpace(text) == "" {
		return fallback
	}
	return text
}

// each reads the words of a list, which blanks and commas separate, and leaves
// out what stands there twice.
func each[T comparable](list string, read func(word string) ([]T, error)) (all []T, err error) {
	seen := map[T]bool{}
	for _, word := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' }) {
		found, err := read(word)
		if err != nil {
			return nil, err
		}
		for _, x := range found {
			if !seen[x] {
				seen[x] = true
				all = append(all, x)
			}
		}
	}
	return all, nil
}

// numbers reads a number, or a range such as 1-10.
func numbers(low, high int) func(string) ([]int, error) {
	return func(word string) ([]int, error) {
		first, last, ranged := strings.Cut(word, "-")
		if !ranged {
			last = first
		}
		a, err := integer(first, low, high)
		if err != nil {
			return nil, err
		}
		b, err := integer(last, low, high)
		if err != nil {
			return nil, err
		}
		if b < a {
			return nil, fmt.Errorf("%q begins behind its end", word)
		}
		var all []int
		for n := a; n <= b; n++ {
			all = append(all, n)
		}
		return all, nil
	}
}

// hostsOf reads a host, a network such as 10.0.0.0/24, or a range such as
// 10.0.0.10-10.0.0.19.
func hostsOf(word string) ([]string, error) {
	if strings.Contains(word, "/") {
		network, err := netip.ParsePrefix(word)
		if err != nil {
			return nil, fmt.Errorf("%q is no network such as 192.168.0.0/24", word)
		}
		return hostsOfNetwork(network.Masked())
	}
	first, last, ranged := strings.Cut(word, "-")
	from, err := netip.ParseAddr(first)
	if err != nil || !ranged {
		if strings.ContainsAny(word, ":[]") && err != nil {
			return nil, fmt.Errorf("%q is neither a host name nor an IP address; ports stand in Driver.%s", word, scanPorts)
		}
		return []string{word}, nil // names may have a dash
	}
	to, err := netip.ParseAddr(last)
	if err != nil || to.Less(from) || to.BitLen() != from.BitLen() {
		return nil, fmt.Errorf("%q is no range such as 10.0.0.10-10.0.0.19", word)
	}
	var all []string
	for at := from; at.IsValid() && !to.Less(at); at = at.Next() {
		if all = append(all, at.String()); len(all) > mostEndpoints {
			return nil, fmt.Errorf("%q has more than %d addresses", word, mostEndpoints)
		}
	}
	return all, nil
}

// hostsOfNetwork are the addresses of a network but for its own and, of IPv4,
// that of the broadcast.
func hostsOfNetwork(network netip.Prefix) ([]string, error) {
	var all []string
	for at := network.Addr(); network.Contains(at); at = at.Next() {
		if all = append(all, at.String()); len(all) > mostEndpoints+2 {
			return nil, fmt.Errorf("%q has more than %d addresses", network, mostEndpoints)
		}
	}
	if at := network.Addr(); at.Is4() && network.Bits() < 31 {
		return all[1 : len(all)-1], nil
	}
	return all, nil
}
