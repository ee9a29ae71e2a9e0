package delivery

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"text/template"
	"unicode"

	"github.com/Masterminds/sprig/v3"
)

// functions are those of eKuiper's templates: sprig but for what is withheld,
// and json, base64, prop, xml and xmlTime. Most services need few of them, and some none.
var functions = sync.OnceValue(func() template.FuncMap {
	f := sprig.TxtFuncMap()
	for name := range withheld {
		delete(f, name)
	}
	f["json"] = toJSON
	f["toJson"] = toJSON
	f["base64"] = toBase64
	f["xml"] = toXML
	f["xmlTime"] = toXMLTime
	f["prop"] = prop
	return f
})

// withheld are functions of sprig that a template must not have, with the
// reason.
var withheld = map[string]string{
	"env":           "the environment of the service has secrets",
	"expandenv":     "the environment of the service has secrets",
	"getHostByName": "a rule must not wait for a name server",
}

func parseTemplate(name, text string) (*template.Template, error) {
	t, err := template.New(name).Funcs(usedIn(text)).Parse(text)
	if err == nil {
		return t, nil
	}
	message := strings.TrimPrefix(err.Error(), "template: ")
	for function, reason := range withheld {
		if strings.HasSuffix(message, fmt.Sprintf("function %q not defined", function)) {
			message += ": " + reason
		}
	}
	return nil, fmt.Errorf("property %q: %s", name, message)
}

// usedIn are the functions that a text may call. A template keeps a copy of all
// that it is given, and there may be thousands.
func usedIn(text string) template.FuncMap {
	used := template.FuncMap{}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }) {
		if f, ok := functions()[word]; ok {
			used[word] = f
		}
	}
	return used
}

// prop is a named property of the service. There are none; what is not there
// stands for itself, as with eKuiper.
func prop(name string) string { return name }

func toJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

func toBase64(v any) (string, error) {
	switch t := v.(type) {
	case string:
		return base64.StdEncoding.EncodeToString([]byte(t)), nil
	case []byte:
		return base64.StdEncoding.EncodeToString(t), nil
	}
	s, err := toJSON(v)
	return base64.StdEncoding.EncodeToString([]byte(s)), err
}
