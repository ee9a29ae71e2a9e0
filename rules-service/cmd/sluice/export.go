package main

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"

	"sluice/rules-service/internal/definition"
)

// exportCmd writes what there is into a file.
type exportCmd struct {
	Ruleset  exportRulesetCmd  `cmd:"" help:"Streams, tables and rules."`
	Data     exportDataCmd     `cmd:"" help:"All that the service holds, with connections, configuration keys, schemas and uploads."`
	Kubeedge exportKubeEdgeCmd `cmd:"" help:"Devices of EdgeX as device models and devices of KubeEdge."`
	Openyurt exportOpenYurtCmd `cmd:"" help:"Devices of EdgeX as those of OpenYurt."`
}

// target is where an export goes.
type target struct {
	File    string `arg:"" optional:"" help:"Where to; without it, or with -, to the standard output. A name that ends with .yaml makes it YAML."`
	Secrets bool   `help:"With passwords in clear text. The file can then be read by its owner only."`
}

func (t *target) query() string {
	if t.Secrets {
		return "?secrets=true"
	}
	return ""
}

// exportRulesetCmd exports streams, tables and rules.
type exportRulesetCmd struct{ target }

// Run fetches the export and writes it.
func (c *exportRulesetCmd) Run(s *session) error {
	a, err := s.api.call(s.ctx, http.MethodPost, "/ruleset/export"+c.query(), "")
	if err != nil {
		return err
	}
	return s.export(c.File, a.body)
}

// exportDataCmd exports everything.
type exportDataCmd struct {
	target
	Rules []string `short:"r" name:"rule" sep:"none" placeholder:"ID" help:"Only these rules, with what they need; give it several times for several."`
}

// Run fetches the export and writes it.
func (c *exportDataCmd) Run(s *session) error {
	method, path, body := http.MethodGet, "/data/export", ""
	switch {
	case len(c.Rules) > 0:
		b, err := json.Marshal(c.ids())
		if err != nil {
			return err
		}
		method, body = http.MethodPost, string(b)
	case s.wantsYAML(c.File):
		path = "/v2/data/export" // it is YAML
	}
	a, err := s.api.call(s.ctx, method, path+c.query(), body)
	switch {
	case err != nil:
		return err
	case strings.HasPrefix(path, "/v2/"):
		return s.save(c.File, a.body)
	}
	return s.export(c.File, a.body)
}

func (s *session) wantsYAML(file string) bool { return s.form == "yaml" || definition.IsYAML(file) }

// export writes JSON in the form that is wanted.
func (s *session) export(file, text string) error {
	var err error
	if s.wantsYAML(file) {
		text, err = yamlOf(text)
	} else {
		text, err = indented(text)
	}
	if err != nil {
		return err
	}
	return s.save(file, strings.TrimRight(text, "\n")+"\n")
}

// save writes an export to its file or to the standard output.
func (s *session) save(file, text string) error {
	if file == "" || file == standardInput {
		s.printf("%s\n", strings.TrimRight(text, "\n"))
		return nil
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return usage{err}
	}
	if !s.tables() {
		return s.show(map[string]string{"file": file})
	}
	s.printf("exported to %s\n", file)
	return nil
}

// ids are those of --rule; kuiper writes them as one list: ["r1","r2"].
func (c *exportDataCmd) ids() []string {
	var ids []string
	for _, r := range c.Rules {
		var list []string
		if json.Unmarshal([]byte(r), &list) != nil {
			list = []string{r}
		}
		ids = append(ids, list...)
	}
	return ids
}
