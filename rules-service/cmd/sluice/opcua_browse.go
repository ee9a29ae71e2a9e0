package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

// opcuaBrowseCmd shows what a server has.
type opcuaBrowseCmd struct {
	Where string `arg:"" name:"server" help:"Address of a server, such as opc.tcp://10.0.0.5:4840, or the name of a device of the service, whose server and user it is."`

	Policy         string `group:"Connection, with an address" placeholder:"NAME" help:"Security policy, such as Basic256Sha256."`
	Mode           string `group:"Connection, with an address" placeholder:"NAME" help:"None, Sign or SignAndEncrypt."`
	Authentication string `group:"Connection, with an address" placeholder:"NAME" help:"anonymous, username or certificate."`
	SecretName     string `group:"Connection, with an address" placeholder:"NAME" help:"Where the secret store of the service has the user."`
	Timeout        string `group:"Connection, with an address" placeholder:"TIME" help:"Of a connect and of a request, such as 10s."`

	Start      string `group:"What" placeholder:"NODE" help:"Node to begin with, such as nsu=urn:plant;s=PLC; without, the folder Objects."`
	Depth      int    `group:"What" placeholder:"LEVELS" help:"How many levels below it; 10."`
	Match      string `group:"What" placeholder:"REGEX" help:"Only paths, such as Axes/X/Position, in which this regular expression is found."`
	Exclude    string `group:"What" placeholder:"REGEX" help:"Not these paths, and nothing below them."`
	NoMethods  bool   `group:"What" help:"Variables only."`
	Properties bool   `group:"What" help:"Properties of objects and variables, too."`
	MaxNodes   int    `group:"What" placeholder:"COUNT" help:"At most so many nodes are looked at; 10000."`

	Profile     string `group:"Files" placeholder:"FILE" help:"Write a device profile; - for the standard output."`
	ProfileName string `group:"Files" placeholder:"NAME" help:"Its name; that of the file is the default."`
	Devices     string `group:"Files" placeholder:"FILE" help:"Write a device with this profile, as a file of devices."`
	DeviceName  string `group:"Files" placeholder:"NAME" help:"Its name; that of the profile in small letters is the default."`
}

// Help shows how.
func (*opcuaBrowseCmd) Help() string {
	return `Variables become resources, with type, access, units and range; methods become resources that are set.

  sluice opcua browse opc.tcp://10.0.0.5:4840 --depth 2                        look around
  sluice opcua browse press-1 --start 'nsu=urn:plant;s=Press' --match '^Axes'  with the connection of a device
  sluice opcua browse opc.tcp://10.0.0.5:4840 --profile press.yaml --devices devices.yaml`
}

// browseStatus is how far a browse has come.
type browseStatus struct {
	ID, State, Endpoint, Error string
	Seen, Found, Described     int
	Truncated                  bool
	Problems                   []string
	LeftOut                    int
}

// browsePause is the time between two looks at a browse.
const browsePause = 200 * time.Millisecond

// Run starts a browse, waits for it and shows what was found. One that is
// interrupted is cancelled.
func (c *opcuaBrowseCmd) Run(s *session, d *deviceService) error {
	if err := c.check(); err != nil {
		return usage{err}
	}
	request, err := c.request(s, d)
	if err != nil {
		return err
	}
	var status browseStatus
	if _, err := d.exchange(s.ctx, http.MethodPost, "opcua/browse", request, &status); err != nil {
		return d.withHint(s.ctx, c.Where, "", err)
	}
	defer d.forgetBrowse(s.ctx, status.ID)
	if err := c.await(s, d, &status); err != nil {
		return err
	}
	nodes, err := browsedNodes(s, d, status.ID)
	if err != nil {
		return err
	}
	for _, p := range status.Problems {
		s.notef("left out: %s\n", p)
	}
	if more := status.LeftOut - len(status.Problems); more > 0 {
		s.notef("left out: %d more\n", more)
	}
	if status.Truncated {
		s.notef("there are more than %d nodes; start lower, or raise --max-nodes\n", status.Seen)
	}
	return c.conclude(s, nodes, request)
}

// check finds what does not go together.
func (c *opcuaBrowseCmd) check() error {
	switch {
	case !c.byAddress() && c.Policy+c.Mode+c.Authentication+c.SecretName+c.Timeout != "":
		return errors.New("--policy, --mode, --authentication, --secret-name and --timeout go with an address; a device has its own")
	case c.Devices != "" && c.Profile == "":
		return errors.New("--devices needs --profile, which the device has")
	case c.Devices == standardInput || c.Profile == standardInput && c.ProfileName == "":
		return errors.New("a profile on the standard output needs --profile-name, and devices need a file")
	}
	return nil
}

func (c *opcuaBrowseCmd) byAddress() bool { return strings.Contains(c.Where, "://") }

// browseRequest is what a device service takes.
type browseRequest struct {
	Device     string         `json:"device,omitempty"`
	Protocol   map[string]any `json:"protocol,omitempty"`
	Start      string         `json:"start,omitempty"`
	Depth      int            `json:"depth,omitempty"`
	Match      string         `json:"match,omitempty"`
	Exclude    string         `json:"exclude,omitempty"`
	NoMethods  bool           `json:"noMethods,omitempty"`
	Properties bool           `json:"properties,omitempty"`
	MaxNodes   int            `json:"maxNodes,omitempty"`

	shown map[string]any // properties of the device that is written
}

func (c *opcuaBrowseCmd) request(s *session, d *deviceService) (*browseRequest, error) {
	r := &browseRequest{Start: c.Start, Depth: c.Depth, Match: c.Match, Exclude: c.Exclude, NoMethods: c.NoMethods, Properties: c.Properties, MaxNodes: c.MaxNodes}
	if c.byAddress() {
		r.Protocol = map[string]any{"Endpoint": c.Where}
		for name, value := range map[string]string{"Policy": c.Policy, "Mode": c.Mode, "Authentication": c.Authentication, "SecretName": c.SecretName, "Timeout": c.Timeout} {
			if value != "" {
				r.Protocol[name] = value
			}
		}
		r.shown = r.Protocol
		return r, nil
	}
	r.Device = c.Where
	if c.Devices == "" {
		return r, nil
	}
	one, _, err := d.device(s.ctx, c.Where)
	r.shown = one.Protocols["opcua"]
	return r, err
}

// await waits until a browse has ended.
func (c *opcuaBrowseCmd) await(s *session, d *deviceService, status *browseStatus) error {
	for status.State == "running" {
		done := s.busy("%s: %d nodes, %d found, %d read", status.Endpoint, status.Seen, status.Found, status.Described)
		select {
		case <-s.ctx.Done():
		case <-time.After(browsePause):
		}
		done()
		if s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		if _, err := d.exchange(s.ctx, http.MethodGet, browsePath(status.ID), nil, status); err != nil {
			return err
		}
	}
	if status.State != "done" {
		return &refusal{status: http.StatusBadGateway, message: fmt.Sprintf("browse of %s: %s", status.Endpoint, orElse(status.Error, status.State))}
	}
	return nil
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// browsedNodes fetches all that was found.
func browsedNodes(s *session, d *deviceService, id string) ([]browsedNode, error) {
	all := []browsedNode{}
	for {
		var page struct {
			TotalCount int
			Nodes      []browsedNode
		}
		if _, err := d.exchange(s.ctx, http.MethodGet, fmt.Sprintf("%s/nodes?offset=%d", browsePath(id), len(all)), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Nodes...)
		if len(page.Nodes) == 0 || len(all) >= page.TotalCount {
			return all, nil
		}
	}
}

// conclude writes the files, or shows what was found.
func (c *opcuaBrowseCmd) conclude(s *session, nodes []browsedNode, r *browseRequest) error {
	if c.Profile != "" {
		return c.writeFiles(s, nodes, r.shown)
	}
	if !s.tables() {
		return s.show(nodes)
	}
	rows := [][]string{{"NAME", "TYPE", "ACCESS", "UNITS", "DATA TYPE", "NODE"}}
	for i := range nodes {
		n := &nodes[i]
		rows = append(rows, []string{n.Name, n.Type, n.ReadWrite, n.Units, orElse(n.DataType, n.Kind+n.signature()), n.NodeID})
	}
	return s.table(rows)
}

func (c *opcuaBrowseCmd) writeFiles(s *session, nodes []browsedNode, properties map[string]any) error {
	if len(nodes) == 0 {
		return found{"nothing was found that could be a resource"}
	}
	p := newOPCUAProfile(c.profileName(), nodes)
	text, err := p.text()
	if err != nil {
		return err
	}
	if c.Profile == standardInput {
		s.printf("%s", text)
	} else if err := os.WriteFile(c.Profile, []byte(text), 0o644); err != nil {
		return usage{err}
	}
	if c.Devices != "" {
		list, err := p.devices(c.DeviceName, properties)
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.Devices, []byte(list), 0o644); err != nil {
			return usage{err}
		}
	}
	if c.Profile != standardInput {
		s.printf("%s: profile %s with %d resources\n", c.Profile, p.Name, len(p.Resources))
	}
	return nil
}
