package main

import "runtime/debug"

// version is set by the linker: -ldflags "-X main.version=1.2.3".
var version string

// versionCmd shows versions.
type versionCmd struct {
	Client bool `help:"Only that of this program: no service is asked."`
}

// Run asks the service for its version.
func (c *versionCmd) Run(s *session) error {
	var v struct {
		Program string `json:"program"`
		Service string `json:"service,omitempty"`
	}
	v.Program = builtVersion()
	var err error
	if !c.Client {
		var info struct{ Version string }
		err = s.api.get(s.ctx, "/", &info)
		v.Service = info.Version
	}
	if !s.tables() {
		if shown := s.show(v); shown != nil {
			return shown
		}
		return err
	}
	s.printf("sluice         %s\n", v.Program)
	if v.Service != "" {
		s.printf("rules service  %s\n", v.Service)
	}
	return err
}

// builtVersion is the version that the linker was told, or else the one that
// Go noted when it built the program.
func builtVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
