package main

import (
	"net/http"
	"net/url"
)

// deviceExport is an export of devices.
type deviceExport struct {
	File    string   `arg:"" optional:"" help:"Where to; without it, or with -, to the standard output."`
	Devices []string `name:"device" sep:"none" placeholder:"NAME" help:"Only this device with its profile; give it several times for several."`
}

// fetch asks the service for the devices in a format.
func (c *deviceExport) fetch(s *session, format string) error {
	q := url.Values{"format": {format}, "device": c.Devices}
	done := s.busy("exporting devices")
	a, err := s.api.call(s.ctx, http.MethodGet, "/export/kubeedge?"+q.Encode(), "")
	done()
	if err != nil {
		return err
	}
	for _, w := range a.warnings {
		s.notef("%s\n", w)
	}
	return s.save(c.File, a.body)
}

// exportKubeEdgeCmd exports devices for KubeEdge.
type exportKubeEdgeCmd struct {
	deviceExport
	Format string `enum:"v1beta1,v1alpha2" default:"v1beta1" help:"Version of KubeEdge's device API: v1beta1 or v1alpha2."`
}

// Run fetches the devices and writes them.
func (c *exportKubeEdgeCmd) Run(s *session) error { return c.fetch(s, c.Format) }

// exportOpenYurtCmd exports devices for OpenYurt.
type exportOpenYurtCmd struct{ deviceExport }

// Run fetches the devices and writes them.
func (c *exportOpenYurtCmd) Run(s *session) error { return c.fetch(s, "openyurt") }
