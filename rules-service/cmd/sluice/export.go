package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
)

// exportCmd writes what the service holds into a file.
type exportCmd struct {
	Kind    string   `arg:"" enum:"ruleset,data" help:"ruleset: streams, tables and rules; data: all of it, with connections, configuration keys, schemas and uploads."`
	File    string   `arg:"" optional:"" help:"Where to; without it, or with -, to the standard output. A name that ends with .yaml makes it YAML."`
	Rules   []string `short:"r" name:"rule" sep:"none" placeholder:"ID" help:"Only these rules of the data, with what they need; give it several times for several."`
	Secrets bool     `help:"With passwords in clear text. The file can then be read by its owner only."`
}

// Run fetches the export and writes it.
func (c *exportCmd) Run(s *session) error {
	if c.Kind == "ruleset" && len(c.Rules) > 0 {
		return usage{errors.New("--rule is for data")}
	}
	text, err := c.fetch(s)
	if err != nil {
		return err
	}
	if c.File == "" || c.File == standardInput {
		s.printf("%s\n", strings.TrimRight(text, "\n"))
		return nil
	}
	if err := os.WriteFile(c.File, []byte(text), 0o600); err != nil {
		return usage{err}
	}
	if !s.tables() {
		return s.show(map[string]string{"file": c.File})
	}
	s.printf("exported to %s\n", c.File)
	return nil
}

func (c *exportCmd) fetch(s *session) (string, error) {
	asYAML := s.form == "yaml" || isYAML(c.File)
	query := ""
	if c.Secrets {
		query = "?secrets=true"
	}
	method, path, body := http.MethodPost, "/ruleset/export", ""
	switch {
	case c.Kind == "ruleset":
	case len(c.Rules) > 0:
		b, err := json.Marshal(c.ids())
		if err != nil {
			return "", err
		}
		path, body = "/data/export", string(b)
	case asYAML:
		method, path, asYAML = http.MethodGet, "/v2/data/export", false // it is YAML
	default:
		method, path = http.MethodGet, "/data/export"
	}
	a, err := s.api.call(s.ctx, method, path+query, body)
	if err != nil || strings.HasPrefix(path, "/v2/") {
		return answerText(a, err)
	}
	if asYAML {
		return yamlOf(a.body)
	}
	out, err := indented(a.body)
	return out + "\n", err
}

func answerText(a *answer, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return a.body, nil
}

// ids are those of --rule; kuiper writes them as one list: ["r1","r2"].
func (c *exportCmd) ids() []string {
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
