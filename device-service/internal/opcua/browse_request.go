package opcua

import (
	"errors"
	"fmt"
	"regexp"

	"sluice/device-service/internal/driver"
)

const (
	depthDefault  = 10
	deepestBrowse = 50
	nodesDefault  = 10000
	mostNodes     = 100000
	// objectsFolder is where servers have what they are about.
	objectsFolder = "i=85"
)

// BrowseRequest asks for what a server has.
type BrowseRequest struct {
	// Device is one of this service whose server is meant; without, Protocol says
	// where the server is, in the properties that a device has.
	Device   string         `json:"device,omitempty"`
	Protocol map[string]any `json:"protocol,omitempty"`

	Start      string `json:"start,omitempty"`      // node id; the folder Objects
	Depth      int    `json:"depth,omitempty"`      // levels below it; 10
	Match      string `json:"match,omitempty"`      // regular expression of paths that are wanted
	Exclude    string `json:"exclude,omitempty"`    // of those that are left out, with all below
	NoMethods  bool   `json:"noMethods,omitempty"`  // variables only
	Properties bool   `json:"properties,omitempty"` // properties of objects and variables, too
	MaxNodes   int    `json:"maxNodes,omitempty"`   // that are looked at; 10000
}

// wish is a request that was checked.
type wish struct {
	BrowseRequest
	start          nodeRef
	match, exclude *regexp.Regexp // nil: all, none
}

// check fills in defaults and joins all that is wrong.
func (r BrowseRequest) check() (wish, error) {
	w := wish{BrowseRequest: r}
	var findings []error
	report := func(field string, err error) {
		if err != nil {
			findings = append(findings, fmt.Errorf("%s: %w", field, err))
		}
	}
	if w.Start == "" {
		w.Start = objectsFolder
	}
	var err error
	w.start, err = parseNodeID(w.Start)
	report("start", err)
	w.match, err = expression(r.Match)
	report("match", err)
	w.exclude, err = expression(r.Exclude)
	report("exclude", err)
	w.Depth, err = bounded(r.Depth, depthDefault, deepestBrowse)
	report("depth", err)
	w.MaxNodes, err = bounded(r.MaxNodes, nodesDefault, mostNodes)
	report("maxNodes", err)
	if (r.Device == "") == (len(r.Protocol) == 0) {
		findings = append(findings, errors.New(`either "device" names a device of this service, or "protocol" has the properties of one, such as {"Endpoint": "opc.tcp://10.0.0.5:4840"}`))
	}
	return w, errors.Join(findings...)
}

func expression(text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	return regexp.Compile(text)
}

func bounded(n, def, most int) (int, error) {
	switch {
	case n == 0:
		return def, nil
	case n < 0 || n > most:
		return def, fmt.Errorf("%d is not a number from 1 to %d", n, most)
	}
	return n, nil
}

// browseTarget is the server that a request means.
func (d *Driver) browseTarget(r BrowseRequest) (target, error) {
	if r.Device == "" {
		return parseTarget(driver.Device{Protocols: map[string]map[string]any{Protocol: r.Protocol}}, d.options.Timeout)
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	if dev := d.devices[r.Device]; dev != nil {
		return dev.link.target, nil
	}
	return target{}, fmt.Errorf("%w %q", driver.ErrUnknownDevice, r.Device)
}
