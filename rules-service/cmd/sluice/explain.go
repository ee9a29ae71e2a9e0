package main

import (
	"errors"
	"net/http"
	"strings"
)

// explainCmd shows plans.
type explainCmd struct {
	Args []string `arg:"" name:"rule" help:"A rule of the service; or files with rules and their streams: then streams that are in none of them are the service's."`
}

// plan is the plan of a rule.
type plan struct {
	Rule string   `json:"rule"`
	Plan []string `json:"plan"`
}

// Run asks the service, or plans the rules of files.
func (c *explainCmd) Run(s *session) error {
	args := (&selection{Rules: c.Args}).named()
	plans, err := s.plansOf(args)
	if err != nil {
		return err
	}
	if !s.tables() {
		return s.show(plans)
	}
	for i, p := range plans {
		if len(plans) > 1 {
			s.printf("rule %s\n", p.Rule)
		}
		s.printf("%s\n", strings.Join(p.Plan, "\n"))
		if i < len(plans)-1 {
			s.printf("\n")
		}
	}
	return nil
}

func (s *session) plansOf(args []string) ([]plan, error) {
	if !isFile(args[0]) {
		if len(args) > 1 {
			return nil, usage{errors.New("give one rule of the service, or files")}
		}
		a, err := s.api.call(s.ctx, http.MethodGet, "/rules/"+escape(args[0])+"/explain", "")
		if err != nil {
			return nil, err
		}
		return []plan{{args[0], lines(a.body)}}, nil
	}
	d, err := s.mustRead(args)
	if err != nil {
		return nil, err
	}
	if len(d.rules) == 0 {
		return nil, usage{errors.New("no rule is in the files")}
	}
	var plans []plan
	for i := range d.rules {
		q, err := s.compile(&d.rules[i], d)
		if err != nil {
			return nil, err
		}
		plans = append(plans, plan{d.rules[i].id, lines(q.Explain())})
	}
	return plans, nil
}

func lines(text string) []string { return strings.Split(strings.TrimRight(text, "\n"), "\n") }
