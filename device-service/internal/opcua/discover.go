package opcua

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
	"sluice/sqlengine/diag"
)

// discoveryServers is the key of the configuration that says whom to ask.
const discoveryServers = "DiscoveryServers"

const (
	mostAsked      = 100  // servers of the configuration
	mostDiscovered = 1000 // servers that they tell of
)

// What a server says about itself: provision watchers look for it. It does not
// matter for a connection.
const (
	applicationURIProperty  = "ApplicationURI"
	applicationNameProperty = "ApplicationName"
	productURIProperty      = "ProductURI"
)

var discoveredProperties = []string{applicationURIProperty, applicationNameProperty, productURIProperty}

var _ driver.Discoverer = (*Driver)(nil)

// Discover asks the servers of the configuration which servers they know: one
// that is no discovery server knows itself. Servers of devices are left alone.
func (d *Driver) Discover(ctx context.Context, found func(driver.Discovered)) error {
	asked, err := parseDiscovery(d.options.Config)
	if err != nil {
		return fmt.Errorf("discovery: %w", err)
	}
	seen := map[string]bool{}
	var failed []error
	for _, address := range asked {
		servers, err := d.serversAt(ctx, address)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("discovery: %s: %w", address, named(err)))
		}
		for _, s := range servers {
			at := addressOf(s, address, len(servers))
			if at == "" || seen[at] || len(seen) >= mostDiscovered || d.serves(at) {
				continue
			}
			seen[at] = true
			one, err := d.discovered(ctx, s, at)
			if err != nil {
				failed = append(failed, fmt.Errorf("discovery: %s: %w", at, named(err)))
				continue
			}
			found(one)
		}
	}
	return errors.Join(failed...)
}

// serversAt asks a server which servers it knows. The library's handshake ends
// with the time of a context alone.
func (d *Driver) serversAt(ctx context.Context, address string) ([]*ua.ApplicationDescription, error) {
	ctx, cancel := context.WithTimeout(ctx, d.options.Timeout)
	defer cancel()
	return opcua.FindServers(ctx, address, opcua.RequestTimeout(d.options.Timeout))
}

// parseDiscovery reads whom to ask.
func parseDiscovery(config map[string]string) ([]string, error) {
	for _, key := range slices.Sorted(maps.Keys(config)) {
		if strings.HasPrefix(key, "Discovery") && key != discoveryServers {
			return nil, fmt.Errorf("unknown key Driver.%s. %s", key, diag.DidYouMean(key, []string{discoveryServers}))
		}
	}
	list := strings.FieldsFunc(config[discoveryServers], func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	switch {
	case len(list) == 0:
		return nil, errors.New("nobody to ask; set Driver." + discoveryServers + ` to addresses such as "opc.tcp://10.0.0.5:4840 opc.tcp://plc-7:4840"`)
	case len(list) > mostAsked:
		return nil, fmt.Errorf("%d servers in Driver.%s; %d are the most", len(list), discoveryServers, mostAsked)
	}
	for i, address := range list {
		if _, err := parseEndpoint(address); err != nil { // without the address, which may hold a password
			return nil, fmt.Errorf("address %d in Driver.%s: %w", i+1, discoveryServers, err)
		}
	}
	return list, nil
}

// addressOf is where a server is; "": it is none for devices. The server that was
// asked is there, whatever it calls itself.
func addressOf(s *ua.ApplicationDescription, asked string, of int) string {
	if s.ApplicationType != ua.ApplicationTypeServer && s.ApplicationType != ua.ApplicationTypeClientAndServer {
		return ""
	}
	if of == 1 || slices.Contains(s.DiscoveryURLs, asked) {
		return asked
	}
	for _, address := range s.DiscoveryURLs {
		if at, err := parseEndpoint(address); err == nil {
			return at
		}
	}
	return ""
}

// serves tells whether a device uses a server.
func (d *Driver) serves(address string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for t := range d.links {
		if strings.EqualFold(t.url, address) {
			return true
		}
	}
	return false
}

// discovered makes a device of a server, with the best security that it offers.
func (d *Driver) discovered(ctx context.Context, s *ua.ApplicationDescription, address string) (driver.Discovered, error) {
	ctx, cancel := context.WithTimeout(ctx, d.options.Timeout)
	defer cancel()
	endpoints, err := opcua.GetEndpoints(ctx, address, opcua.RequestTimeout(d.options.Timeout))
	if err != nil {
		return driver.Discovered{}, err
	}
	properties := map[string]any{endpointProperty: address, applicationURIProperty: s.ApplicationURI, productURIProperty: s.ProductURI}
	if s.ApplicationName != nil {
		properties[applicationNameProperty] = s.ApplicationName.Text
	}
	if best := safest(endpoints); best != nil && best.SecurityMode != ua.MessageSecurityModeNone {
		properties[policyProperty] = strings.TrimPrefix(best.SecurityPolicyURI, policyStart)
		properties[modeProperty] = strings.TrimPrefix(best.SecurityMode.String(), "MessageSecurityMode")
	}
	return driver.Discovered{
		Device:      driver.Device{Name: deviceName(address), Protocols: map[string]map[string]any{Protocol: properties}},
		Description: fmt.Sprintf("found at %s: %s", address, s.ApplicationURI),
	}, nil
}

// safest is the endpoint with the most security of those that this service can
// use; nil: it can use none.
func safest(endpoints []*ua.EndpointDescription) *ua.EndpointDescription {
	usable := slices.DeleteFunc(slices.Clone(endpoints), func(e *ua.EndpointDescription) bool {
		return !slices.Contains(policies, strings.TrimPrefix(e.SecurityPolicyURI, policyStart))
	})
	if len(usable) == 0 {
		return nil
	}
	return slices.MaxFunc(usable, func(a, b *ua.EndpointDescription) int { return cmp.Compare(a.SecurityLevel, b.SecurityLevel) })
}

// deviceName makes the name of a device of its address. Dots would tear topics of
// Redis apart.
func deviceName(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // it was parsed before
	}
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return '-'
	}, "opcua-"+u.Host+u.Path)
	return strings.TrimRight(name, "-")
}
