package api

import (
	"strings"

	"sluice/sqlengine/function"
)

// functionGroup are the functions of a section of the reference.
type functionGroup struct {
	About     about          `json:"about"`
	Name      string         `json:"name"`
	Functions []functionForm `json:"functions"`
}

// functionForm describes a function for a user interface.
type functionForm struct {
	Name       string            `json:"name"`
	Aliases    []string          `json:"aliases,omitempty"`
	Example    string            `json:"example"`
	Aggregate  bool              `json:"aggregate"`
	Hint       map[string]string `json:"hint"`
	Args       []argument        `json:"args"`
	Return     result            `json:"return"`
	Node       node              `json:"node"`
	Signatures []string          `json:"signatures"`
}

type argument struct {
	Name     string            `json:"name"`
	Optional bool              `json:"optional"`
	Control  string            `json:"control"`
	Type     string            `json:"type"`
	Hint     map[string]string `json:"hint"`
	Label    map[string]string `json:"label"`
}

type result struct {
	Type string            `json:"type"`
	Hint map[string]string `json:"hint"`
}

// functionGroups describes all functions, by the declarations that they are
// bound and documented by.
func functionGroups() []functionGroup {
	set := function.Builtin()
	groups := []functionGroup{}
	for _, section := range function.Sections() {
		g := functionGroup{About: aboutOf(section), Name: section, Functions: []functionForm{}}
		for _, name := range set.Names() {
			if f, ok := describe(set, name, section); ok {
				g.Functions = append(g.Functions, f)
			}
		}
		for _, s := range function.Specials() {
			if s.Section == section {
				g.Functions = append(g.Functions, newFunctionForm(s.Name, s.Summary, []string{s.Signature}))
			}
		}
		groups = append(groups, g)
	}
	return groups
}

// describe finds the declaration of a name in a section.
func describe(set *function.Set, name, section string) (functionForm, bool) {
	if f, ok := set.Scalar(name); ok && f.Name == name && f.Section == section {
		d := newFunctionForm(name, f.Summary, f.Signatures())
		d.Aliases = f.Aliases
		if len(f.Examples) > 0 {
			d.Example = f.Examples[0].SQL
		}
		return d, true
	}
	if f, ok := set.Aggregate(name); ok && f.Name == name && f.Section == section {
		d := newFunctionForm(name, f.Summary, f.Signatures())
		d.Aliases, d.Aggregate = f.Aliases, true
		if len(f.Examples) > 0 {
			d.Example = f.Examples[0].SQL
		}
		return d, true
	}
	if f, ok := set.Analytic(name); ok && f.Section == section {
		d := newFunctionForm(name, f.Summary, f.Signatures())
		if len(f.Examples) > 0 {
			d.Example = f.Examples[0].SQL
		}
		return d, true
	}
	return functionForm{}, false
}

func newFunctionForm(name, summary string, signatures []string) functionForm {
	call, gives, _ := strings.Cut(signatures[0], " → ")
	return functionForm{Name: name, Example: call, Hint: bilingual(summary), Args: argumentsOf(call), Return: result{gives, bilingual(gives)},
		Node: nodeOf("function", name), Signatures: signatures}
}

// argumentsOf reads the parameters of a signature such as "round(number [, BIGINT])".
func argumentsOf(call string) []argument {
	args := []argument{}
	_, inner, _ := strings.Cut(call, "(")
	inner = strings.TrimSuffix(inner, ")")
	optional := false
	for _, part := range strings.Split(inner, ", ") {
		word := strings.TrimSpace(strings.NewReplacer("[", "", "]", "").Replace(part))
		optional = optional || strings.HasPrefix(part, "[")
		if word != "" && word != "…" {
			args = append(args, argument{Name: word, Optional: optional, Control: "field", Type: word, Hint: bilingual(word), Label: bilingual(word)})
		}
		optional = optional || strings.HasSuffix(part, "[")
	}
	return args
}
