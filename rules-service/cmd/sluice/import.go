package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"sluice/rules-service/internal/definition"
)

// importCmd takes in what was exported, here or elsewhere.
type importCmd struct {
	Ruleset  importRulesetCmd  `cmd:"" help:"A ruleset that was exported."`
	Data     importDataCmd     `cmd:"" help:"Data that was exported; without --partial everything that is there is deleted first."`
	Kubeedge importKubeEdgeCmd `cmd:"" help:"Device models and devices of KubeEdge and OpenYurt."`
	Geneva   importGenevaCmd   `cmd:"" help:"Device profiles and devices of EdgeX Geneva."`
}

// exportedFile is a file that an export has made.
type exportedFile struct {
	File string `short:"f" name:"file" required:"" placeholder:"FILE" help:"The file, - for the standard input."`
}

func (f *exportedFile) text(s *session) (string, error) {
	text, err := s.readFile(f.File)
	if err != nil {
		return "", usage{err}
	}
	if strings.TrimSpace(text) == "" {
		return "", usage{fmt.Errorf("%s: is empty", f.File)}
	}
	return text, nil
}

// importRulesetCmd takes in a ruleset.
type importRulesetCmd struct{ exportedFile }

// importDataCmd takes in data.
type importDataCmd struct {
	exportedFile
	Partial bool `short:"p" help:"Keep what is there: without it, importing data deletes everything first."`
	Stop    bool `help:"End the service when the data is in it."`
	Yes     bool `short:"y" help:"Do not ask before everything is deleted."`
}

type content struct {
	Content string `json:"content"`
}

// Run sends the file and shows what was refused.
func (c *importRulesetCmd) Run(s *session) error {
	text, err := c.text(s)
	if err == nil {
		text, err = c.asJSON(text)
	}
	if err != nil {
		return err
	}
	done := s.busy("importing %s", c.File)
	a, err := s.api.exchange(s.ctx, http.MethodPost, "/ruleset/import", content{text}, nil)
	done()
	if err != nil {
		return err
	}
	err = s.outcomes([]outcome{{Name: c.File, Success: true, Message: strings.TrimSpace(a.body)}})
	if err != nil || len(a.warnings) == 0 {
		return err
	}
	return found{fmt.Sprintf("not imported: %d\n%s", len(a.warnings), strings.Join(a.warnings, "\n"))}
}

// asJSON is the ruleset as the service takes it.
func (c *importRulesetCmd) asJSON(text string) (string, error) {
	if definition.IsYAML(c.File) {
		documents, err := definition.JSONOfYAML(text)
		if err == nil && len(documents) != 1 {
			err = fmt.Errorf("%d documents; a ruleset is one", len(documents))
		}
		if err != nil {
			return "", usage{fmt.Errorf("%s: %w", c.File, err)}
		}
		return documents[0], nil
	}
	if err := definition.CheckJSON(text); err != nil {
		return "", usage{fmt.Errorf("%s: %w", c.File, err)}
	}
	return text, nil
}

// Run sends the file and shows what was refused.
func (c *importDataCmd) Run(s *session) error {
	text, err := c.text(s)
	if err != nil {
		return err
	}
	if !c.Partial && !c.Yes && s.asks && !s.confirm("everything that the service holds is deleted first; go on?") {
		return errors.New("nothing was changed")
	}
	path := "/data/import"
	if definition.IsYAML(c.File) {
		path = "/v2/data/import"
	} else if err := definition.CheckJSON(text); err != nil {
		return usage{fmt.Errorf("%s: %w", c.File, err)}
	}
	q := url.Values{}
	if c.Partial {
		q.Set("partial", "1")
	}
	if c.Stop {
		q.Set("stop", "1")
	}
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	done := s.busy("importing %s", c.File)
	a, err := s.api.exchange(s.ctx, http.MethodPost, path, content{text}, nil)
	done()
	var refusal *refusal
	if errors.As(err, &refusal) {
		return s.notImported(refusal)
	}
	if err != nil {
		return err
	}
	if !s.tables() {
		return s.showText(a.body)
	}
	s.printf("imported %s\n", c.File)
	return nil
}

// notImported shows what the service has against parts of an import. It says so
// in the message, as text.
func (s *session) notImported(r *refusal) error {
	var wrong map[string]map[string]string // reasons by kinds and names
	if json.Unmarshal([]byte(r.message), &wrong) != nil {
		return r
	}
	var list []finding
	for _, kind := range sorted(wrong) {
		for _, name := range sorted(wrong[kind]) {
			list = append(list, finding{Kind: kind, Name: name, Message: wrong[kind][name]})
		}
	}
	return s.report("the rest was imported, this was not", list)
}
