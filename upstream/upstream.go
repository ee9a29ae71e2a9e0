// Package upstream lets a service start while the services it depends on are
// out of reach: it keeps the last known state of each on disk, and answers in
// their place from there until they return. Consul is one of them; what else a
// service needs to know, it keeps in a File of its own.
package upstream

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

// Settings are the section Autonomy of a service's private configuration file.
// They are needed before any configuration provider is reached, so the file and
// the environment alone have them.
type Settings struct {
	Enabled  bool
	Dir      string        // holds a folder for each service
	Patience time.Duration // how long the start waits for a service that is away
}

const (
	variableEnabled  = "AUTONOMY_ENABLED"
	variableDir      = "AUTONOMY_DIR"
	variablePatience = "AUTONOMY_PATIENCE"
)

// defaultPatience is enough for a service that is just being started again.
const defaultPatience = 3 * time.Second

// ReadSettings reads the section of a configuration file, and over it the
// environment. Without the file, which a service with a configuration provider
// can do without, the defaults hold; dir is that of Dir.
func ReadSettings(file, dir string) (Settings, error) {
	s := Settings{Enabled: true, Dir: dir, Patience: defaultPatience}
	var private struct {
		Autonomy struct {
			Enabled  *bool  `yaml:"Enabled"`
			Dir      string `yaml:"Dir"`
			Patience string `yaml:"Patience"`
		} `yaml:"Autonomy"`
	}
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("section Autonomy: %w", err)
	}
	if err := yaml.Unmarshal(text, &private); err != nil {
		return s, fmt.Errorf("section Autonomy of %s: %w", file, err)
	}
	section := private.Autonomy
	if section.Enabled != nil {
		s.Enabled = *section.Enabled
	}
	if section.Dir != "" {
		s.Dir = section.Dir
	}
	if err := s.setPatience("Autonomy.Patience in "+file, section.Patience); err != nil {
		return s, err
	}
	return s, s.takeEnvironment()
}

func (s *Settings) takeEnvironment() error {
	if text := os.Getenv(variableEnabled); text != "" {
		enabled, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%s: %q is neither true nor false", variableEnabled, text)
		}
		s.Enabled = enabled
	}
	if text := os.Getenv(variableDir); text != "" {
		s.Dir = text
	}
	return s.setPatience(variablePatience, os.Getenv(variablePatience))
}

func (s *Settings) setPatience(where, text string) error {
	if text == "" {
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return fmt.Errorf("%s: %q is no duration such as \"3s\"", where, text)
	}
	s.Patience = d
	return nil
}

// File is where a service keeps what it last knew of another.
func (s Settings) File(service, of string) *File {
	return &File{path: filepath.Join(s.Dir, service, of+".json"), service: service}
}
