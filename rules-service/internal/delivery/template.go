package delivery

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

// functions are those of eKuiper's templates: sprig without what reads the
// service's surroundings, and json and base64.
var functions = func() template.FuncMap {
	f := sprig.TxtFuncMap()
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(f, name)
	}
	f["json"] = toJSON
	f["toJson"] = toJSON
	f["base64"] = toBase64
	return f
}()

func parseTemplate(name, text string) (*template.Template, error) {
	t, err := template.New(name).Funcs(functions).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("property %q: %s", name, strings.TrimPrefix(err.Error(), "template: "))
	}
	return t, nil
}

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
