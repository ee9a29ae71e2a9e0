package geneva

// profileV1 is a profile of v1. All its values are texts.
type profileV1 struct {
	Name            string         `yaml:"name"`
	Manufacturer    string         `yaml:"manufacturer"`
	Model           string         `yaml:"model"`
	Description     string         `yaml:"description"`
	Labels          []string       `yaml:"labels"`
	DeviceResources []resourceV1   `yaml:"deviceResources"`
	DeviceCommands  []commandV1    `yaml:"deviceCommands"`
	CoreCommands    []coreV1       `yaml:"coreCommands"`
	Rest            map[string]any `yaml:",inline"`
}

type resourceV1 struct {
	Name        string            `yaml:"name"`
	Description string            `yaml:"description"`
	Tag         string            `yaml:"tag"`
	Attributes  map[string]string `yaml:"attributes"`
	Properties  struct {
		Value map[string]string `yaml:"value"`
		Units map[string]string `yaml:"units"`
	} `yaml:"properties"`
	Rest map[string]any `yaml:",inline"`
}

type commandV1 struct {
	Name string         `yaml:"name"`
	Get  []operationV1  `yaml:"get"`
	Set  []operationV1  `yaml:"set"`
	Rest map[string]any `yaml:",inline"`
}

// operationV1 is what a command does with one resource. Operation and the
// deprecated names beside deviceResource say nothing that v3 wants to know.
type operationV1 struct {
	Index          string            `yaml:"index"`
	Operation      string            `yaml:"operation"`
	Object         string            `yaml:"object"` // deviceResource before Fuji
	DeviceResource string            `yaml:"deviceResource"`
	DeviceCommand  string            `yaml:"deviceCommand"`
	Parameter      string            `yaml:"parameter"`
	Mappings       map[string]string `yaml:"mappings"`
	Rest           map[string]any    `yaml:",inline"`
}

func (o operationV1) resource() string {
	if o.DeviceResource != "" {
		return o.DeviceResource
	}
	return o.Object
}

// coreV1 is a command of core-command. Its name is all that v3 wants to know.
type coreV1 struct {
	Name string `yaml:"name"`
}

// configurationV1 is the configuration of a device service, as far as it
// matters here. Case does not matter in its keys.
type configurationV1 struct {
	DeviceList []deviceV1
}

type deviceV1 struct {
	Name        textV1
	Profile     textV1
	Description textV1
	Labels      []textV1
	Protocols   map[string]map[string]textV1
	AutoEvents  []autoEventV1
}

type autoEventV1 struct {
	Frequency textV1
	OnChange  textV1
	Resource  textV1
}

// textV1 is a text in TOML, where quotes may be missing around numbers and
// booleans, as in YAML.
type textV1 string

// UnmarshalText takes what stands there.
func (t *textV1) UnmarshalText(b []byte) error {
	*t = textV1(b)
	return nil
}
