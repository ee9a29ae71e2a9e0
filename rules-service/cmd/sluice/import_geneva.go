package main

import (
	"slices"

	"sluice/profiles/geneva"
)

// importGenevaCmd imports profiles and devices of EdgeX Geneva.
type importGenevaCmd struct {
	deviceImport
	Service     string `default:"device-modbus" placeholder:"NAME" help:"Device service of the devices."`
	ReplaceDots bool   `help:"Write dashes for dots in the names of devices and profiles: dots part topics on EdgeX's Redis bus."`
}

// Help shows the usual ways.
func (*importGenevaCmd) Help() string {
	return `Files are device profiles of API v1 in YAML, and configurations with a DeviceList in TOML. Addresses of Modbus begin with 1 there, and with 0 in
what is made of them. What could not be taken over, or means something else now, is told.

  sluice import geneva thermostat.yaml configuration.toml --out res
  sluice import geneva res/ --apply`
}

var genevaEndings = []string{".yaml", ".yml", ".toml"}

// genevaBody is what the service is sent.
type genevaBody struct {
	Files       []manifest `json:"files"`
	Service     string     `json:"service"`
	ReplaceDots bool       `json:"replaceDots,omitempty"`
	DryRun      bool       `json:"dryRun,omitempty"`
}

// Run writes files, or asks the service.
func (c *importGenevaCmd) Run(s *session) error {
	files, err := s.manifests(c.Files, genevaEndings)
	if err != nil {
		return err
	}
	if c.Out != "" {
		if err := c.write(s, files); err != nil || !c.Apply {
			return err
		}
	}
	return s.importDevices("/import/geneva", genevaBody{files, c.Service, c.ReplaceDots, !c.Apply})
}

// write writes what the device service reads into a folder.
func (c *importGenevaCmd) write(s *session, files []manifest) error {
	list := make([]geneva.File, len(files))
	for i, f := range files {
		list[i] = geneva.File{Name: f.Name, Data: []byte(f.Data)}
	}
	made, notes := geneva.Convert(list, geneva.Options{Service: c.Service, ReplaceDots: c.ReplaceDots})
	r := imported{Notes: notes}
	if slices.ContainsFunc(notes, func(n geneva.Note) bool { return n.Error }) {
		return s.showFailed(&r, "nothing was written")
	}
	out := outFolder{dir: c.Out}
	for _, p := range made.Profiles {
		out.profile(c.Service, p)
	}
	out.devices(made.Devices)
	return s.writeFiles(&r, &out)
}
