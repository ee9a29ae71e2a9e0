package opcua

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"sluice/device-service/internal/driver"
	"sluice/sqlengine/diag"
)

// Protocol is the name under which a device holds its OPC UA properties.
const Protocol = "opcua"

const (
	endpointProperty = "Endpoint"
	policyProperty   = "Policy"
	modeProperty     = "Mode"
	timeoutProperty  = "Timeout"
	authProperty     = "Authentication"
	secretProperty   = "SecretName"
)

var properties = slices.Concat([]string{endpointProperty, policyProperty, modeProperty, timeoutProperty, authProperty, secretProperty}, subscriptionProperties, discoveredProperties)

// target is what makes a connection the one it is: devices with equal targets
// share one.
type target struct {
	url     string
	timeout time.Duration
	security
}

// parseTarget reads the properties of a device and joins all findings.
func parseTarget(d driver.Device, timeout time.Duration) (target, error) {
	given, ok := d.Protocols[Protocol]
	if !ok {
		return target{}, missingProtocol(d)
	}
	t := target{timeout: timeout}
	var findings []error
	report := func(property string, err error) {
		if err != nil {
			findings = append(findings, &driver.AttributeError{Attribute: property, Err: err})
		}
	}
	var err error
	t.url, err = parseEndpoint(given[endpointProperty])
	report(endpointProperty, err)
	t.security = parseSecurity(given, report)
	if value, ok := given[timeoutProperty]; ok {
		t.timeout, err = parseTimeout(value)
		report(timeoutProperty, err)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(properties, name) {
			findings = append(findings, unknown("unknown property", "", name, properties))
		}
	}
	return t, errors.Join(findings...)
}

func missingProtocol(d driver.Device) error {
	finding := &driver.AttributeError{
		Attribute: Protocol,
		Err:       fmt.Errorf("missing; the device needs protocol %q with property %q", Protocol, endpointProperty),
	}
	for _, name := range slices.Sorted(maps.Keys(d.Protocols)) {
		if diag.Nearest(name, []string{Protocol}) != "" {
			finding.Hint = fmt.Sprintf("Rename protocol %q.", name)
		}
	}
	return finding
}

func unknown(what, resource, name string, known []string) error {
	return &driver.AttributeError{
		Resource:  resource,
		Attribute: name,
		Err:       errors.New(what),
		Hint:      diag.DidYouMean(name, known),
	}
}

func parseEndpoint(value any) (string, error) {
	const form = "write it as opc.tcp://host:4840"
	text, _ := value.(string)
	text = strings.TrimSpace(text)
	if text == "" {
		return "", fmt.Errorf("missing; %s", form)
	}
	u, err := url.Parse(text)
	switch {
	case err != nil: // without the text, which may hold a password
		return "", fmt.Errorf("not a URL; %s", form)
	case u.User != nil:
		return "", fmt.Errorf("holds a user name, which does not belong there; %s", form)
	case u.Scheme != "opc.tcp":
		return "", fmt.Errorf("scheme %q is not supported; %s", u.Scheme, form)
	case u.Hostname() == "":
		return "", fmt.Errorf("no host; %s", form)
	}
	return text, nil
}

func parseTimeout(value any) (time.Duration, error) {
	text, _ := value.(string)
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%v is not a time span; write it with its unit, such as 5s or 500ms", value)
	}
	return d, nil
}
