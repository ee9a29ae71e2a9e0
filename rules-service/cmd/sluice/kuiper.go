package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"sluice/rules-service/internal/definition"
)

// kuiperWords are commands of eKuiper's own command line, for scripts that have
// them. Its other words are our own.
type kuiperWords struct {
	Create    createCmd    `cmd:"" hidden:"" help:"create stream | table | rule, as kuiper does."`
	Show      showCmd      `cmd:"" hidden:"" help:"show streams | tables | rules, as kuiper does."`
	Drop      deleteCmd    `cmd:"" hidden:"" help:"drop stream | table | rule, as kuiper does."`
	Getstatus getstatusCmd `cmd:"" hidden:"" help:"getstatus rule ID | import, as kuiper does."`
	Gettopo   gettopoCmd   `cmd:"" hidden:"" help:"gettopo rule ID, as kuiper does."`
	Validate  validateCmd  `cmd:"" hidden:"" help:"validate rule, as kuiper does."`
}

// source is text on the command line or in a file.
type source struct {
	Words []string `arg:"" optional:"" name:"text"`
	File  string   `short:"f" name:"file" placeholder:"FILE"`
}

// text is what was given; skip words stand in front of it.
func (c *source) text(s *session, skip int) (string, error) {
	rest := c.Words[min(skip, len(c.Words)):]
	switch {
	case c.File != "" && len(rest) > 0:
		return "", usage{errors.New("give the text or a file, and not both")}
	case c.File != "":
		text, err := s.readFile(c.File)
		if err != nil {
			return "", usage{err}
		}
		return text, nil
	case len(rest) == 0:
		return "", usage{errors.New("give the text, or its file with -f")}
	}
	return strings.Join(rest, " "), nil
}

// createCmd creates one definition.
type createCmd struct {
	Kind string `arg:"" enum:"stream,table,rule" help:"stream, table or rule."`
	source
}

// Run sends the definition; one that exists is refused.
func (c *createCmd) Run(s *session) error {
	if c.Kind == "rule" {
		return c.rule(s)
	}
	text, err := c.text(s, 0)
	if err != nil {
		return err
	}
	if c.File == "" {
		text = "CREATE " + strings.ToUpper(c.Kind) + " " + text
	}
	answer, err := s.statement("/"+c.Kind+"s", text)
	if err != nil {
		return err
	}
	return s.outcomes([]outcome{{Name: c.Kind, Success: true, Message: strings.TrimSpace(answer)}})
}

func (c *createCmd) rule(s *session) error {
	if len(c.Words) == 0 {
		return usage{errors.New("create rule wants an id, and JSON or -f FILE")}
	}
	text, err := c.text(s, 1)
	if err != nil {
		return err
	}
	rule, err := definition.ReadRule(c.Words[0], []byte(text))
	if err != nil {
		return usage{err}
	}
	a, err := s.api.call(s.ctx, http.MethodPost, "/rules", rule.Text)
	if err != nil {
		return err
	}
	return s.outcomes([]outcome{{Name: rule.ID, Success: true, Message: strings.TrimSpace(a.body), Error: ""}})
}

// showCmd lists definitions.
type showCmd struct {
	Kind string `arg:"" enum:"streams,tables,rules" help:"streams, tables or rules."`
}

// Run lists them as get does.
func (c *showCmd) Run(s *session) error { return s.list(c.Kind, "") }

// getstatusCmd shows the status of a rule, with the service's own keys.
type getstatusCmd struct {
	Kind string `arg:"" enum:"rule,import" help:"rule or import."`
	ID   string `arg:"" optional:"" name:"rule" help:"Id of the rule."`
}

// Run prints JSON.
func (c *getstatusCmd) Run(s *session) error {
	if c.Kind == "import" {
		return s.fetch("/data/import/status")
	}
	if c.ID == "" {
		return usage{errors.New("getstatus rule wants an id")}
	}
	return s.fetch("/rules/" + escape(c.ID) + "/status")
}

// gettopoCmd shows the way of the rows through a rule.
type gettopoCmd struct {
	Kind string `arg:"" enum:"rule" help:"rule."`
	ID   string `arg:"" name:"rule" help:"Id of the rule."`
}

// Run prints JSON.
func (c *gettopoCmd) Run(s *session) error { return s.fetch("/rules/" + escape(c.ID) + "/topo") }

// fetch prints an answer.
func (s *session) fetch(path string) error {
	a, err := s.api.call(s.ctx, http.MethodGet, path, "")
	if err != nil {
		return err
	}
	return s.showText(a.body)
}

// validateCmd asks the service whether it would take a rule.
type validateCmd struct {
	Kind string `arg:"" enum:"rule" help:"rule."`
	source
}

// Run prints the answer.
func (c *validateCmd) Run(s *session) error {
	text, err := c.text(s, 1)
	if err != nil {
		return err
	}
	a, err := s.api.call(s.ctx, http.MethodPost, "/rules/validate", text)
	if err != nil {
		return fmt.Errorf("rule is not valid: %w", err)
	}
	return s.showText(a.body)
}
